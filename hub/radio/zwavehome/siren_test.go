package zwavehome

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"gatehouse/hub/alarm"
	"gatehouse/hub/home"
	"gatehouse/zwave"
	"gatehouse/zwave/cc"
)

// soundSiren is a siren with tones, version 2 of Sound Switch.
func soundSiren(def byte, list ...zwave.Tone) zwave.Node {
	n := siren
	n.Classes = classes(cc.SoundSwitch, cc.BinarySwitch, cc.Supervision)
	n.Classes[cc.SoundSwitch] = 2
	n.DefaultTone = def
	for i, t := range list {
		t.Number = byte(i + 1)
		n.Tones = append(n.Tones, t)
	}
	return n
}

func tone(seconds uint16, name string) zwave.Tone { return zwave.Tone{Seconds: seconds, Name: name} }

// aeotec are the tones of an Aeotec ZW164 as it tells them.
// https://github.com/zwave-js/zwave-js-ui/issues/3298 has those of its sister.
var aeotec = []zwave.Tone{
	tone(5, "01DING~1"), tone(9, "02DING~1"), tone(11, "03TRAD~1"), tone(2, "04ELEC~1"), tone(13, "05WEST~1"),
	tone(7, "06CHIM~1"), tone(31, "07CUCK~1"), tone(6, "08TRAD~1"), tone(11, "09SMOK~1"), tone(6, "10SMOK~1"),
	tone(35, "11FIRE~1"), tone(5, "12COSE~1"), tone(38, "13KLAX~1"), tone(41, "14DEEP~1"), tone(37, "15WARN~1"),
	tone(46, "16TORN~1"), tone(35, "17ALAR~1"), tone(62, "18DEEP~1"), tone(15, "19ALAR~1"), tone(7, "20ALAR~1"),
	tone(8, "21DIGI~1"), tone(64, "22ALER~1"), tone(4, "23SHIP~1"), tone(4, "24CHRI~1"), tone(12, "26GONG~1"),
}

func TestTonesArePlayedForWhatTheyMean(t *testing.T) {
	for _, tt := range []struct {
		name  string
		node  zwave.Node
		plays map[alarm.Pattern]string
	}{
		{"Aeotec, default a bell", soundSiren(1, aeotec...), map[alarm.Pattern]string{
			alarm.Steady: "17ALAR~1", alarm.Temporal3: "11FIRE~1", alarm.Temporal4: "12COSE~1", alarm.Slow: "15WARN~1",
		}},
		{"names in full", soundSiren(1, tone(20, "Door bell"), tone(30, "Burglar"), tone(60, "Smoke alarm (T3)"),
			tone(60, "Carbon monoxide alarm"), tone(10, "Medical"), tone(90, "Siren")), map[alarm.Pattern]string{
			alarm.Steady: "Burglar", alarm.Temporal3: "Smoke alarm (T3)", alarm.Temporal4: "Carbon monoxide alarm", alarm.Pulse: "Medical",
		}},
		{"CO is a word, Cosmic is another", soundSiren(2, tone(60, "Cosmic"), tone(60, "CO")), map[alarm.Pattern]string{
			alarm.Steady: "Cosmic", alarm.Temporal4: "CO",
		}},
		{"names that say nothing: the default", soundSiren(2, tone(60, "Tone 1"), tone(30, "Tone 2")), map[alarm.Pattern]string{alarm.Steady: "Tone 2"}},
		{"the default is a bell: the longest other", soundSiren(1, tone(60, "Chime"), tone(20, "Sound 2"), tone(30, "Sound 3")), map[alarm.Pattern]string{alarm.Steady: "Sound 3"}},
		{"too short for an alarm", soundSiren(1, tone(4, "Alarm"), tone(30, "Alert")), map[alarm.Pattern]string{alarm.Steady: "Alert"}},
		{"only a fire tone", soundSiren(1, tone(30, "Fire"), tone(2, "Ding")), map[alarm.Pattern]string{alarm.Steady: "Fire", alarm.Temporal3: "Fire"}},
		{"nothing but bells", soundSiren(1, tone(30, "Doorbell"), tone(20, "Gong")), map[alarm.Pattern]string{}},
		{"said nothing", soundSiren(0), map[alarm.Pattern]string{alarm.Steady: ""}},
	} {
		got := map[alarm.Pattern]string{}
		for p, tone := range played(&tt.node) {
			got[p] = tone.Name
		}
		if diff := gocmp.Diff(got, tt.plays); diff != "" {
			t.Errorf("%s (-got +want):\n%s", tt.name, diff)
		}
	}
}

func TestSirensSayWhatTheyCanDo(t *testing.T) {
	lit := soundSiren(1, aeotec...)
	lit.Classes[cc.Indicator] = 3
	lit.Indicators = map[byte][]byte{cc.IndicatorAlarming: {cc.PropertyBinary}}
	chime := soundSiren(1, tone(30, "Doorbell"))
	for _, tt := range []struct {
		name string
		node zwave.Node
		want string
	}{
		{"Aeotec", soundSiren(1, aeotec...), "inside slow=37s steady=35s temporal-3=35s temporal-4=5s"},
		{"with lights", lit, "inside slow=37s steady=35s temporal-3=35s temporal-4=5s strobe"},
		{"a switch", oldSiren, "inside steady=0s"},
		{"a bell", chime, "none"},
		{"a plug", plug, "none"},
	} {
		got := "none"
		if s := sounder(&tt.node); s != nil {
			got = string(s.Place)
			for _, p := range slices.Sorted(maps.Keys(s.Patterns)) {
				text, _ := s.Patterns[p].MarshalText()
				got += fmt.Sprintf(" %s=%s", p, text)
			}
			if s.Strobe {
				got += " strobe"
			}
		}
		if got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.name, got, tt.want)
		}
	}
	if got := kindOf(&chime); got != "Chime" {
		t.Errorf("a siren with nothing but bells is called %q, want Chime", got)
	}
}

func TestSirenIsToldToneVolumeAndLights(t *testing.T) {
	h, r := ready(t)
	blinking := soundSiren(1, aeotec...)
	blinking.Classes[cc.Indicator] = 3
	blinking.Indicators = map[byte][]byte{cc.IndicatorAlarming: {
		cc.PropertyMultilevel, cc.PropertyBinary, cc.PropertyPeriod, cc.PropertyCycles, cc.PropertyOnTime,
	}}
	r.OnEvent(zwave.NodeChanged{Node: blinking})
	h.take()
	tell := func(on home.Value, p alarm.Pattern, strobe bool) error {
		got := errors.New("no answer")
		r.Command(home.Command{
			Device: "zwave-7", Trait: home.Siren, Value: on, Sound: home.Sounding{Pattern: string(p), Strobe: strobe},
		}, func(err error) { got = err })
		return got
	}
	for _, err := range []error{
		tell(home.On, alarm.Temporal3, true), tell(home.On, alarm.Pulse, false), tell(home.Off, "", true),
		tell(home.Off, "", false),
	} {
		if err != nil {
			t.Error(err)
		}
	}
	h.want(t, "fire with lights, medical without, lights alone, nothing",
		"send 7 79 08 0b 64 siren", "send 7 87 01 00 03 0c 03 0a 0c 04 ff 0c 05 05 siren", "zwave-7 siren on",
		"send 7 79 08 11 64 siren", "send 7 87 01 00 02 0c 02 00 0c 04 00 siren", "zwave-7 siren on",
		"send 7 79 08 00 siren", "send 7 87 01 00 03 0c 03 0a 0c 04 ff 0c 05 05 siren", "zwave-7 siren off",
		"send 7 79 08 00 siren", "send 7 87 01 00 02 0c 02 00 0c 04 00 siren", "zwave-7 siren off")
	h.err = errors.New("no ack")
	if err := tell(home.Off, "", false); err == nil {
		t.Error("done although the siren did not answer")
	}
	h.take()
	r.OnEvent(zwave.Report{Node: 7, Command: cc.SoundSwitchTonePlayReport{Tone: 1}})
	r.OnEvent(zwave.Report{Node: 7, Command: cc.SoundSwitchTonePlayReport{Tone: 17}})
	h.want(t, "a bell is not the siren, an alarm tone is", "zwave-7 siren off", "zwave-7 siren on")
}
