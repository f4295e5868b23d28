package mqtt

import (
	"strings"
	"testing"

	"gatehouse/hub/home"
)

var alarmPayloads = []struct {
	in   string
	want alarmCommand
	err  string // part of it; "" for none
}{
	{"DISARM", alarmCommand{mode: home.Disarmed}, ""},
	{"ARM_HOME", alarmCommand{mode: home.Home}, ""},
	{"ARM_NIGHT", alarmCommand{mode: home.Night}, ""},
	{"arm_away\n", alarmCommand{mode: home.Away}, ""},
	{"TRIGGER", alarmCommand{trigger: true}, ""},
	{`{"action":"DISARM","code":"1234"}`, alarmCommand{mode: home.Disarmed, code: "1234"}, ""},
	{`{"action":"ARM_AWAY","code":null}`, alarmCommand{mode: home.Away}, ""},
	{`{"action":"ARM_AWAY"}`, alarmCommand{mode: home.Away}, ""},
	{"", alarmCommand{}, "want DISARM"},
	{"1234", alarmCommand{}, "want DISARM"},
	{"ARM_VACATION", alarmCommand{mode: "vacation"}, ""},
	{`{"action":"ARM","mode":"guests","area":"flat","force":true,"code":"1234"}`, alarmCommand{mode: "guests", area: "flat", force: true, code: "1234"}, ""},
	{`{"action":"DISARM","area":"flat"}`, alarmCommand{mode: home.Disarmed, area: "flat"}, ""},
	{"ARM", alarmCommand{}, `"mode":"guests"`},
	{`{"action":"ARM","code":"1234"}`, alarmCommand{}, `"mode":"guests"`},
	{`{"action":"ARM","mode":"disarmed"}`, alarmCommand{}, `"mode":"guests"`},
	{`{"action":"ARM_AWAY","mode":"guests"}`, alarmCommand{}, "with no other"},
	{"ARM_CUSTOM_BYPASS", alarmCommand{}, "want DISARM"},
	{`{"code":"1234"}`, alarmCommand{}, "want DISARM"},
	{`{"action":"DISARM","pin":"1234"}`, alarmCommand{}, `"pin"`},
	{`{"action":"DISARM","code":1234}`, alarmCommand{}, "code can't be a number"},
	{`{"action":"DISARM"`, alarmCommand{}, "not the JSON"},
	{`{"action":"DISARM"} {}`, alarmCommand{}, "more after"},
	{strings.Repeat("A", maxPayload+1), alarmCommand{}, "longer"},
}

func TestParseAlarmCommand(t *testing.T) {
	for _, test := range alarmPayloads {
		got, err := parseAlarmCommand([]byte(test.in))
		if got != test.want && test.err == "" {
			t.Errorf("%.40s: got %+v, want %+v", test.in, got, test.want)
		}
		if (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
			t.Errorf("%.40s: error %v, want %q", test.in, err, test.err)
		}
		if err != nil && strings.Contains(err.Error(), "1234") {
			t.Errorf("%.40s: the error repeats a code: %v", test.in, err)
		}
	}
}

func FuzzParseAlarmCommand(f *testing.F) {
	for _, test := range alarmPayloads {
		f.Add([]byte(test.in))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		got, err := parseAlarmCommand(in)
		if err == nil && got.trigger == (got.mode != "") {
			t.Errorf("%q: %+v is neither a mode nor an alarm, or both", in, got)
		}
		if err != nil && got.code != "" && got.mode != "" {
			t.Errorf("%q: refused (%v) and taken", in, err)
		}
	})
}

var devicePayloads = []struct {
	in       string
	tellable []home.Trait
	trait    home.Trait
	value    home.Value
	err      string
}{
	{"on", []home.Trait{home.Switch}, home.Switch, home.On, ""},
	{"OFF", []home.Trait{home.Switch}, home.Switch, home.Off, ""},
	{`"on"`, []home.Trait{home.Switch}, home.Switch, home.On, ""},
	{"42", []home.Trait{home.Level}, home.Level, home.Number(42), ""},
	{`{"value":42.5}`, []home.Trait{home.Level}, home.Level, home.Number(42.5), ""},
	{`{"trait":"siren","value":"on"}`, []home.Trait{home.Siren, home.Switch}, home.Siren, home.On, ""},
	{`{"trait":"siren","value":"on","for":"30s"}`, []home.Trait{home.Siren}, home.Siren, home.On, ""},
	{`{"trait":"siren","value":"on","for":"soon"}`, []home.Trait{home.Siren}, "", home.Value{}, "not the JSON"},
	{`{"trait":"lock","value":"unlocked"}`, nil, home.Lock, home.Unlocked, ""},
	{"on", []home.Trait{home.Siren, home.Switch}, "", home.Value{}, "siren switch"},
	{"on", nil, "", home.Value{}, "trait"},
	{"", []home.Trait{home.Switch}, "", home.Value{}, "empty"},
	{`{"trait":"switch"}`, []home.Trait{home.Switch}, "", home.Value{}, "value"},
	{`{"trait":"switch","value":null}`, []home.Trait{home.Switch}, "", home.Value{}, "value"},
	{`{"trait":"switch","value":{}}`, []home.Trait{home.Switch}, "", home.Value{}, "not the JSON"},
	{`{"trait":"switch","state":"on"}`, []home.Trait{home.Switch}, "", home.Value{}, `"state"`},
}

func TestParseDeviceCommand(t *testing.T) {
	for _, test := range devicePayloads {
		got, err := parseDeviceCommand([]byte(test.in), test.tellable)
		if got.Trait != test.trait || got.Value != test.value {
			t.Errorf("%s: got %s %s, want %s %s", test.in, got.Trait, got.Value, test.trait, test.value)
		}
		if (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
			t.Errorf("%s: error %v, want %q", test.in, err, test.err)
		}
	}
}

func FuzzParseDeviceCommand(f *testing.F) {
	for _, test := range devicePayloads {
		f.Add([]byte(test.in), len(test.tellable) == 1)
	}
	f.Fuzz(func(t *testing.T, in []byte, one bool) {
		tellable := []home.Trait{home.Switch}
		if !one {
			tellable = append(tellable, home.Siren)
		}
		cmd, err := parseDeviceCommand(in, tellable)
		if err == nil && (cmd.Trait == "" || !cmd.Value.Known()) {
			t.Errorf("%q: taken as %q %q", in, cmd.Trait, cmd.Value)
		}
	})
}

func TestAlarmWord(t *testing.T) {
	tests := []struct {
		mode  home.Mode // what the panel's mode is like
		phase home.Phase
		want  string
	}{
		{home.Disarmed, home.PhaseDisarmed, "disarmed"},
		{home.Away, home.PhaseArming, "arming"},
		{home.Home, home.PhaseArmed, "armed_home"},
		{home.Night, home.PhaseArmed, "armed_night"},
		{home.Away, home.PhaseArmed, "armed_away"},
		{home.Away, home.PhaseEntry, "pending"},
		{home.Away, home.PhaseAlarm, "triggered"},
		{home.Disarmed, home.PhaseAlarm, "triggered"}, // fire, say
	}
	for _, test := range tests {
		if got := alarmWord(home.Alarm{Mode: test.mode, Like: test.mode, Phase: test.phase}); got != test.want {
			t.Errorf("%s %s: got %s, want %s", test.mode, test.phase, got, test.want)
		}
	}
	for mode, want := range map[home.Mode]string{"vacation": "armed_vacation", "guests": "armed_away"} {
		if got := alarmWord(home.Alarm{Mode: mode, Like: home.Away, Phase: home.PhaseArmed}); got != want {
			t.Errorf("%s, like away: got %s, want %s", mode, got, want)
		}
	}
}

func TestTopicsOfPeople(t *testing.T) {
	for topic, want := range map[string]string{
		"gatehouse/presence/Ada/set":     "Ada",
		"gatehouse/presence/Ada L./set":  "Ada L.",
		"gatehouse/presence//set":        "",
		"gatehouse/presence/a/b/set":     "",
		"gatehouse/presence/Ada":         "",
		"gatehouse/device/Ada/set":       "",
		"gatehouse/presence/Ada/set/set": "",
	} {
		if got, ok := personOfSet(topic); ok != (want != "") || ok && got != want {
			t.Errorf("%s: got %q %v, want %q", topic, got, ok, want)
		}
	}
}

func TestTopicsOfDevices(t *testing.T) {
	for topic, want := range map[string]home.DeviceID{
		"gatehouse/device/zwave-5/set":   "zwave-5",
		"gatehouse/device//set":          "",
		"gatehouse/device/a/b/set":       "",
		"gatehouse/device/zwave-5":       "",
		"gatehouse/device/zwave-5/set/x": "",
		"gatehouse/alarm/set":            "",
	} {
		if got, ok := deviceOfSet(topic); got != want || ok != (want != "") {
			t.Errorf("%s: got %q %v, want %q", topic, got, ok, want)
		}
	}
}
