package cc_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/zwave/cc"
)

// wires is the table that tests and the fuzz corpus share. Rows without a
// reason go both ways; those that are read only do not append to the same
// bytes, but to bytes that parse to the same.
var wires = []struct {
	name     string
	wire     []byte
	value    cc.Command
	err      string
	readOnly bool
}{
	{name: "basic set", wire: []byte{0x20, 0x01, 0xFF}, value: cc.BasicSet{Value: cc.On}},
	{name: "basic get", wire: []byte{0x20, 0x02}, value: cc.BasicGet{}},
	{name: "basic report 1", wire: []byte{0x20, 0x03, 0x63}, value: cc.BasicReport{Value: 0x63, Target: 0x63}, readOnly: true},
	{name: "basic report 2", wire: []byte{0x20, 0x03, 0x00, 0xFF, 0x02}, value: cc.BasicReport{Value: cc.Off, Target: cc.On, Duration: 2}},
	{name: "basic set too short", wire: []byte{0x20, 0x01}, err: "Basic command 0x01: too short"},
	{name: "basic unknown command", wire: []byte{0x20, 0x77, 1}, value: cc.Raw{Bytes: []byte{0x20, 0x77, 1}}},

	{name: "switch set", wire: []byte{0x25, 0x01, 0xFF}, value: cc.BinarySwitchSet{Value: cc.On}},
	{name: "switch set over time", wire: []byte{0x25, 0x01, 0x00, 0x05}, value: cc.BinarySwitchSet{Value: cc.Off, Duration: 5}},
	{name: "switch get", wire: []byte{0x25, 0x02}, value: cc.BinarySwitchGet{}},
	{name: "switch report 1", wire: []byte{0x25, 0x03, 0xFF}, value: cc.BinarySwitchReport{Value: cc.On, Target: cc.On}, readOnly: true},
	{name: "switch report 2", wire: []byte{0x25, 0x03, 0xFF, 0x00, 0x01}, value: cc.BinarySwitchReport{Value: cc.On, Target: cc.Off, Duration: 1}},

	{name: "binary sensor get 1", wire: []byte{0x30, 0x02}, value: cc.BinarySensorGet{}},
	{name: "binary sensor get 2", wire: []byte{0x30, 0x02, 0x0A}, value: cc.BinarySensorGet{Sensor: cc.SensorDoorWindow}},
	{name: "binary sensor report 1", wire: []byte{0x30, 0x03, 0xFF}, value: cc.BinarySensorReport{Value: cc.On}},
	{name: "binary sensor report 2", wire: []byte{0x30, 0x03, 0x00, 0x0C}, value: cc.BinarySensorReport{Value: cc.Off, Sensor: cc.SensorMotion}},
	{name: "binary sensor supported get", wire: []byte{0x30, 0x01}, value: cc.BinarySensorSupportedGet{}},
	{name: "binary sensor supported", wire: []byte{0x30, 0x04, 0x00, 0x05}, value: cc.BinarySensorSupportedReport{Sensors: []byte{8, 10}}},

	{name: "multilevel get 1", wire: []byte{0x31, 0x04}, value: cc.MultilevelSensorGet{}},
	{name: "multilevel get 5", wire: []byte{0x31, 0x04, 0x01, 0x08}, value: cc.MultilevelSensorGet{Sensor: 1, Scale: 1}},
	{name: "temperature -2.5 °C", wire: []byte{0x31, 0x05, 0x01, 0x22, 0xFF, 0xE7}, value: cc.MultilevelSensorReport{Sensor: 1, Number: cc.Number{Value: -25, Precision: 1, Size: 2}}},
	{name: "multilevel size 3", wire: []byte{0x31, 0x05, 0x01, 0x03, 1, 2, 3}, err: "Multilevel Sensor command 0x05: size of value is not 1, 2 or 4"},
	{name: "multilevel too short", wire: []byte{0x31, 0x05, 0x01, 0x04, 1, 2, 3}, err: "Multilevel Sensor command 0x05: too short"},

	// SDS13783 gives this frame as its example: CRC-16 around Basic Get.
	{name: "crc16", wire: []byte{0x56, 0x01, 0x20, 0x02, 0x4D, 0x26}, value: cc.CRC16Encap{Command: []byte{0x20, 0x02}}},
	{name: "crc16 wrong", wire: []byte{0x56, 0x01, 0x20, 0x02, 0x4D, 0x27}, err: "CRC-16 Encapsulation command 0x01: checksum is wrong"},
	{name: "crc16 too short", wire: []byte{0x56, 0x01, 0x20}, err: "CRC-16 Encapsulation command 0x01: too short"},

	{name: "reset locally", wire: []byte{0x5A, 0x01}, value: cc.DeviceResetNotification{}},

	{name: "plus get", wire: []byte{0x5E, 0x01}, value: cc.ZWavePlusGet{}},
	{name: "plus report", wire: []byte{0x5E, 0x02, 0x02, 0x06, 0x00, 0x0C, 0x06, 0x0C, 0x06}, value: cc.ZWavePlusReport{Version: 2, Role: 6, InstallerIcon: 0x0C06, UserIcon: 0x0C06}},
	{name: "plus report 1", wire: []byte{0x5E, 0x02, 0x01, 0x06, 0x00}, value: cc.ZWavePlusReport{Version: 1, Role: 6}, readOnly: true},

	{name: "multi channel", wire: []byte{0x60, 0x0D, 0x02, 0x00, 0x25, 0x03, 0xFF}, value: cc.MultiChannelEncap{Source: 2, Command: []byte{0x25, 0x03, 0xFF}}},
	{name: "multi channel too short", wire: []byte{0x60, 0x0D, 0x02}, err: "Multi Channel command 0x0d: too short"},

	{name: "supervision get", wire: []byte{0x6C, 0x01, 0x85, 0x03, 0x25, 0x01, 0xFF}, value: cc.SupervisionGet{Updates: true, Session: 5, Command: []byte{0x25, 0x01, 0xFF}}},
	{name: "supervision get cut off", wire: []byte{0x6C, 0x01, 0x05, 0x03, 0x25, 0x01}, err: "Supervision command 0x01: too short"},
	{name: "supervision working", wire: []byte{0x6C, 0x02, 0x85, 0x01, 0x0A}, value: cc.SupervisionReport{More: true, Session: 5, Status: cc.SupervisionWorking, Duration: 10}},
	{name: "supervision success", wire: []byte{0x6C, 0x02, 0x05, 0xFF, 0x00}, value: cc.SupervisionReport{Session: 5, Status: cc.SupervisionSuccess}},

	{name: "code and disarm", wire: []byte{0x6F, 0x01, 0x09, 0x02, 0x03, 0x04, 0x31, 0x32, 0x33, 0x34}, value: cc.EntryControlNotification{Sequence: 9, DataType: cc.EntryASCII, Event: cc.EntryDisarmAll, Data: []byte("1234")}},
	{name: "panic key", wire: []byte{0x6F, 0x01, 0x0A, 0x00, 0x11, 0x00}, value: cc.EntryControlNotification{Sequence: 10, Event: cc.EntryPolice}},
	{name: "entry control cut off", wire: []byte{0x6F, 0x01, 0x09, 0x02, 0x03, 0x04, 0x31}, err: "Entry Control command 0x01: too short"},
	{name: "entry keys get", wire: []byte{0x6F, 0x02}, value: cc.EntryControlKeySupportedGet{}},
	{name: "entry keys", wire: []byte{0x6F, 0x03, 0x07, 0, 0, 0, 0, 0, 0, 0x03}, value: cc.EntryControlKeySupportedReport{Keys: []byte{0x30, 0x31}}},
	{name: "entry events get", wire: []byte{0x6F, 0x04}, value: cc.EntryControlEventSupportedGet{}},
	{name: "entry events", wire: []byte{0x6F, 0x05, 0x01, 0x05, 0x01, 0x68, 0x01, 0x20, 0x01, 0x0A}, value: cc.EntryControlEventSupportedReport{
		DataTypes: []byte{0, 2}, Events: []byte{3, 5, 6}, MinSize: 1, MaxSize: 32, MinTimeout: 1, MaxTimeout: 10,
	}},
	{name: "entry configuration set", wire: []byte{0x6F, 0x06, 0x08, 0x05}, value: cc.EntryControlConfigurationSet{Size: 8, Timeout: 5}},
	{name: "entry configuration get", wire: []byte{0x6F, 0x07}, value: cc.EntryControlConfigurationGet{}},
	{name: "entry configuration", wire: []byte{0x6F, 0x08, 0x08, 0x05}, value: cc.EntryControlConfigurationReport{Size: 8, Timeout: 5}},

	{name: "configuration set", wire: []byte{0x70, 0x04, 0x03, 0x02, 0xFF, 0xFE}, value: cc.ConfigurationSet{Parameter: 3, Value: cc.Number{Value: -2, Size: 2}}},
	{name: "configuration default", wire: []byte{0x70, 0x04, 0x03, 0x81, 0x00}, value: cc.ConfigurationSet{Parameter: 3, Default: true, Value: cc.Number{Size: 1}}},
	{name: "configuration get", wire: []byte{0x70, 0x05, 0x03}, value: cc.ConfigurationGet{Parameter: 3}},
	{name: "configuration report", wire: []byte{0x70, 0x06, 0x03, 0x04, 0x00, 0x01, 0x00, 0x00}, value: cc.ConfigurationReport{Parameter: 3, Value: cc.Number{Value: 65536, Size: 4}}},

	{name: "door opened", wire: []byte{0x71, 0x05, 0, 0, 0, 0xFF, 0x06, 0x16, 0x00}, value: cc.NotificationReport{Status: 0xFF, Type: cc.NotifyAccessControl, Event: 22}},
	{name: "motion over, with parameter and sequence", wire: []byte{0x71, 0x05, 0, 0, 0, 0xFF, 0x07, 0x00, 0x81, 0x08, 0x2A}, value: cc.NotificationReport{
		Status: 0xFF, Type: cc.NotifyHomeSecurity, Event: cc.NotificationIdle, Parameters: []byte{8}, HasSequence: true, Sequence: 42,
	}},
	{name: "notification of version 1", wire: []byte{0x71, 0x05, 0x15, 0x01}, value: cc.NotificationReport{V1Type: 0x15, V1Level: 1}, readOnly: true},
	{name: "notification cut off", wire: []byte{0x71, 0x05, 0, 0, 0, 0xFF, 0x07, 0x00, 0x02, 0x08}, err: "Notification command 0x05: too short"},
	{name: "notification get", wire: []byte{0x71, 0x04, 0x00, 0x06, 0x16}, value: cc.NotificationGet{Type: cc.NotifyAccessControl, Event: 22}},
	{name: "notification set", wire: []byte{0x71, 0x06, 0x07, 0xFF}, value: cc.NotificationSet{Type: cc.NotifyHomeSecurity, Status: 0xFF}},
	{name: "notification supported get", wire: []byte{0x71, 0x07}, value: cc.NotificationSupportedGet{}},
	{name: "notification supported", wire: []byte{0x71, 0x08, 0x01, 0xC0}, value: cc.NotificationSupportedReport{Types: []byte{6, 7}}},
	{name: "notification supported cut off", wire: []byte{0x71, 0x08, 0x02, 0xC0}, err: "Notification command 0x08: bit mask is too short"},
	{name: "notification events get", wire: []byte{0x71, 0x01, 0x06}, value: cc.NotificationEventSupportedGet{Type: cc.NotifyAccessControl}},
	{name: "notification events", wire: []byte{0x71, 0x02, 0x06, 0x03, 0x00, 0x00, 0xC0}, value: cc.NotificationEventSupportedReport{Type: cc.NotifyAccessControl, Events: []byte{22, 23}}},

	{name: "manufacturer get", wire: []byte{0x72, 0x04}, value: cc.ManufacturerGet{}},
	{name: "manufacturer", wire: []byte{0x72, 0x05, 0x03, 0x46, 0x01, 0x01, 0x04, 0x01}, value: cc.ManufacturerReport{Maker: 0x0346, ProductType: 0x0101, Product: 0x0401}},

	{name: "tones get", wire: []byte{0x79, 0x01}, value: cc.SoundSwitchTonesNumberGet{}},
	{name: "tones", wire: []byte{0x79, 0x02, 0x1E}, value: cc.SoundSwitchTonesNumberReport{Tones: 30}},
	{name: "tone info get", wire: []byte{0x79, 0x03, 0x02}, value: cc.SoundSwitchToneInfoGet{Tone: 2}},
	{name: "tone info", wire: []byte{0x79, 0x04, 0x02, 0x00, 0x0A, 0x04, 'B', 'e', 'l', 'l'}, value: cc.SoundSwitchToneInfoReport{Tone: 2, Seconds: 10, Name: "Bell"}},
	{name: "sound configuration set", wire: []byte{0x79, 0x05, 0x64, 0x01}, value: cc.SoundSwitchConfigurationSet{Volume: 100, Tone: 1}},
	{name: "sound configuration get", wire: []byte{0x79, 0x06}, value: cc.SoundSwitchConfigurationGet{}},
	{name: "sound configuration", wire: []byte{0x79, 0x07, 0x64, 0x01}, value: cc.SoundSwitchConfigurationReport{Volume: 100, Tone: 1}},
	{name: "play the default tone", wire: []byte{0x79, 0x08, 0xFF}, value: cc.SoundSwitchTonePlaySet{Tone: cc.ToneDefault}},
	{name: "play loudly", wire: []byte{0x79, 0x08, 0x02, 0x64}, value: cc.SoundSwitchTonePlaySet{Tone: 2, Volume: 100}},
	{name: "stop", wire: []byte{0x79, 0x08, 0x00}, value: cc.SoundSwitchTonePlaySet{}},
	{name: "playing get", wire: []byte{0x79, 0x09}, value: cc.SoundSwitchTonePlayGet{}},
	{name: "playing", wire: []byte{0x79, 0x0A, 0x02, 0x64}, value: cc.SoundSwitchTonePlayReport{Tone: 2, Volume: 100}},

	{name: "battery get", wire: []byte{0x80, 0x02}, value: cc.BatteryGet{}},
	{name: "battery", wire: []byte{0x80, 0x03, 0x57}, value: cc.BatteryReport{Level: 87}},
	{name: "battery low", wire: []byte{0x80, 0x03, 0xFF}, value: cc.BatteryReport{Level: cc.BatteryLow}},

	{name: "wake up interval set", wire: []byte{0x84, 0x04, 0x00, 0x38, 0x40, 0x01}, value: cc.WakeUpIntervalSet{Seconds: 14400, Node: 1}},
	{name: "wake up interval get", wire: []byte{0x84, 0x05}, value: cc.WakeUpIntervalGet{}},
	{name: "wake up interval", wire: []byte{0x84, 0x06, 0x01, 0x51, 0x80, 0x01}, value: cc.WakeUpIntervalReport{Seconds: 86400, Node: 1}},
	{name: "wake up interval cut off", wire: []byte{0x84, 0x06, 0x01, 0x51}, err: "Wake Up command 0x06: too short"},
	{name: "woke up", wire: []byte{0x84, 0x07}, value: cc.WakeUpNotification{}},
	{name: "no more information", wire: []byte{0x84, 0x08}, value: cc.WakeUpNoMoreInformation{}},
	{name: "wake up capabilities get", wire: []byte{0x84, 0x09}, value: cc.WakeUpCapabilitiesGet{}},
	{name: "wake up capabilities", wire: []byte{0x84, 0x0A, 0, 0x02, 0x58, 0x01, 0x51, 0x80, 0, 0x38, 0x40, 0, 0, 0x3C}, value: cc.WakeUpCapabilitiesReport{Min: 600, Max: 86400, Default: 14400, Step: 60}},

	{name: "association set", wire: []byte{0x85, 0x01, 0x01, 0x01}, value: cc.AssociationSet{Group: 1, Nodes: []byte{1}}},
	{name: "association get", wire: []byte{0x85, 0x02, 0x01}, value: cc.AssociationGet{Group: 1}},
	{name: "association", wire: []byte{0x85, 0x03, 0x01, 0x05, 0x00, 0x01, 0x07}, value: cc.AssociationReport{Group: 1, Max: 5, Nodes: []byte{1, 7}}},
	{name: "association remove", wire: []byte{0x85, 0x04, 0x01, 0x07}, value: cc.AssociationRemove{Group: 1, Nodes: []byte{7}}},
	{name: "groupings get", wire: []byte{0x85, 0x05}, value: cc.AssociationGroupingsGet{}},
	{name: "groupings", wire: []byte{0x85, 0x06, 0x03}, value: cc.AssociationGroupingsReport{Groups: 3}},

	{name: "version get", wire: []byte{0x86, 0x11}, value: cc.VersionGet{}},
	{name: "version", wire: []byte{0x86, 0x12, 0x03, 0x07, 0x0F, 0x01, 0x04, 0x01, 0x00}, value: cc.VersionReport{Library: 3, Protocol: 7, ProtocolSub: 15, Firmware: 1, FirmwareSub: 4, Hardware: 1}},
	{name: "version 1", wire: []byte{0x86, 0x12, 0x03, 0x04, 0x05, 0x01, 0x04}, value: cc.VersionReport{Library: 3, Protocol: 4, ProtocolSub: 5, Firmware: 1, FirmwareSub: 4}, readOnly: true},
	{name: "class version get", wire: []byte{0x86, 0x13, 0x71}, value: cc.VersionClassGet{Of: cc.Notification}},
	{name: "class version", wire: []byte{0x86, 0x14, 0x71, 0x08}, value: cc.VersionClassReport{Of: cc.Notification, Version: 8}},

	{name: "indicator set 1", wire: []byte{0x87, 0x01, 0xFF}, value: cc.IndicatorSet{Value: cc.On}},
	{name: "indicator set 3", wire: []byte{0x87, 0x01, 0x00, 0x02, 0x0B, 0x01, 0x63, 0x0B, 0x09, 0x32}, value: cc.IndicatorSet{Objects: []cc.IndicatorObject{
		{Indicator: cc.IndicatorArmedAway, Property: cc.PropertyMultilevel, Value: 99}, {Indicator: cc.IndicatorArmedAway, Property: cc.PropertySound, Value: 50},
	}}},
	{name: "indicator set cut off", wire: []byte{0x87, 0x01, 0x00, 0x02, 0x0A, 0x01, 0x63, 0x0A}, err: "Indicator command 0x01: too short"},
	{name: "indicator get", wire: []byte{0x87, 0x02, 0x0A}, value: cc.IndicatorGet{Indicator: 10}},
	{name: "indicator", wire: []byte{0x87, 0x03, 0x00, 0x01, 0x0A, 0x01, 0x63}, value: cc.IndicatorReport{Objects: []cc.IndicatorObject{{Indicator: 10, Property: 1, Value: 99}}}},
	{name: "indicator supported get", wire: []byte{0x87, 0x04, 0x00}, value: cc.IndicatorSupportedGet{}},
	{name: "indicator supported", wire: []byte{0x87, 0x05, 0x01, 0x02, 0x02, 0x3A, 0x02}, value: cc.IndicatorSupportedReport{Indicator: 1, Next: 2, Properties: []byte{1, 3, 4, 5, 9}}},

	{name: "multi command", wire: []byte{0x8F, 0x01, 0x02, 0x02, 0x84, 0x07, 0x03, 0x80, 0x03, 0x57}, value: cc.MultiCommandEncap{Commands: [][]byte{{0x84, 0x07}, {0x80, 0x03, 0x57}}}},
	{name: "multi command cut off", wire: []byte{0x8F, 0x01, 0x02, 0x02, 0x84, 0x07, 0x03, 0x80}, err: "Multi Command command 0x01: too short"},

	{name: "a class that is not known", wire: []byte{0x32, 0x02, 0x21, 0x64}, value: cc.Raw{Bytes: []byte{0x32, 0x02, 0x21, 0x64}}},
	{name: "no operation", wire: []byte{0x00}, value: cc.Raw{Bytes: []byte{0x00}}},
	{name: "nothing", wire: []byte{}, value: cc.Raw{}},
}

func TestParse(t *testing.T) {
	for _, w := range wires {
		t.Run(w.name, func(t *testing.T) {
			before := append([]byte(nil), w.wire...)
			got, err := cc.Parse(w.wire)
			if w.err != "" {
				var bad *cc.Malformed
				if !errors.As(err, &bad) || err.Error() != w.err {
					t.Fatalf("got error %v, want %s", err, w.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(got, w.value); d != "" {
				t.Errorf("(-got +want):\n%s", d)
			}
			if d := cmp.Diff(w.wire, before, cmp.Transformer("nil", func(b []byte) string { return string(b) })); d != "" {
				t.Errorf("the wire was changed (-got +want):\n%s", d)
			}
			wire := w.value.Append([]byte{0xAA})[1:]
			if !w.readOnly {
				if d := cmp.Diff(fmt.Sprintf("% x", wire), fmt.Sprintf("% x", w.wire)); d != "" {
					t.Errorf("appended (-got +want):\n%s", d)
				}
			}
			again, err := cc.Parse(wire)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(again, w.value); d != "" {
				t.Errorf("appended and parsed (-got +want):\n%s", d)
			}
			if len(w.wire) > 0 && got.Class() != cc.Class(w.wire[0]) {
				t.Errorf("class is %s, want %s", got.Class(), cc.Class(w.wire[0]))
			}
		})
	}
}

// FuzzParse holds every class to the promises of the package.
func FuzzParse(f *testing.F) {
	for _, w := range wires {
		f.Add(w.wire)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := cc.Parse(b)
		if err != nil {
			return
		}
		again, err := cc.Parse(got.Append(nil))
		if err != nil {
			t.Fatalf("%#v appended to bytes that do not parse: %v", got, err)
		}
		if d := cmp.Diff(again, got); d != "" {
			t.Errorf("appended and parsed (-got +want):\n%s", d)
		}
		cc.Sets(b)
	})
}

func TestDuration(t *testing.T) {
	for _, tt := range []struct {
		d     cc.Duration
		want  time.Duration
		known bool
	}{
		{0, 0, true},
		{127, 127 * time.Second, true},
		{128, time.Minute, true},
		{253, 126 * time.Minute, true},
		{cc.DurationUnknown, 0, false},
		{255, 0, false},
	} {
		if got, known := tt.d.Time(); got != tt.want || known != tt.known {
			t.Errorf("duration %d: got %v, %v, want %v, %v", tt.d, got, known, tt.want, tt.known)
		}
	}
}

func TestTypedCodeIsNotPrinted(t *testing.T) {
	c := cc.EntryControlNotification{DataType: cc.EntryASCII, Event: cc.EntryDisarmAll, Data: []byte("4711\xff\xff")}
	if got := c.Typed(); got != "4711" {
		t.Errorf("typed %q, want 4711", got)
	}
	for _, format := range []string{"%v", "%+v", "%#v", "%s"} {
		if got := fmt.Sprintf(format, c); got != "entry control notification [redacted]" {
			t.Errorf("%s prints %q", format, got)
		}
	}
}

func TestWakeIntervalIsOneThatIsPossible(t *testing.T) {
	caps := cc.WakeUpCapabilitiesReport{Min: 600, Max: 86400, Step: 240}
	for want, expect := range map[uint32]uint32{14400: 14280, 60: 600, 100000: 86280, 600: 600} {
		if got := caps.Nearest(want); got != expect {
			t.Errorf("nearest to %d is %d, want %d", want, got, expect)
		}
	}
	if got := (cc.WakeUpCapabilitiesReport{}).Nearest(14400); got != 14400 {
		t.Errorf("a node without limits: got %d, want 14400", got)
	}
}

func TestNumber(t *testing.T) {
	if got := (cc.Number{Value: -25, Precision: 1, Size: 2}).Float(); got != -2.5 {
		t.Errorf("got %v, want -2.5", got)
	}
}

func TestSets(t *testing.T) {
	for _, tt := range []struct {
		cmd  cc.Command
		want bool
	}{
		{cc.BasicSet{Value: cc.On}, true},
		{cc.BinarySwitchSet{Value: cc.On}, true},
		{cc.SoundSwitchTonePlaySet{Tone: 1}, true},
		{cc.IndicatorSet{}, true},
		{cc.BinarySwitchGet{}, false},
		{cc.WakeUpNoMoreInformation{}, false},
		{cc.SupervisionReport{}, false},
		{cc.WakeUpIntervalSet{}, false},
	} {
		if got := cc.Sets(tt.cmd.Append(nil)); got != tt.want {
			t.Errorf("%T: got %v, want %v", tt.cmd, got, tt.want)
		}
	}
}

func BenchmarkParseNotification(b *testing.B) {
	wire := []byte{0x71, 0x05, 0, 0, 0, 0xFF, 0x06, 0x16, 0x00}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := cc.Parse(wire); err != nil {
			b.Fatal(err)
		}
	}
}

func TestBatteryLow(t *testing.T) {
	for _, tt := range []struct {
		r       cc.BatteryReport
		percent int
		low     bool
	}{
		{cc.BatteryReport{Level: 87}, 87, false},
		{cc.BatteryReport{Level: cc.BatteryLow}, 0, true},
		{cc.BatteryReport{Level: 20, Status: 0x01}, 20, true},
	} {
		if got, low := tt.r.Percent(), tt.r.Low(); got != tt.percent || low != tt.low {
			t.Errorf("%+v: got %d %%, low %v", tt.r, got, low)
		}
	}
}

func TestLevel(t *testing.T) {
	for level, want := range map[cc.Level]bool{cc.Off: false, 1: true, 99: true, 0xFE: false, cc.On: true} {
		if got := level.On(); got != want {
			t.Errorf("%#x: got %v, want %v", byte(level), got, want)
		}
	}
	if cc.OnOff(true) != cc.On || cc.OnOff(false) != cc.Off {
		t.Error("OnOff is wrong")
	}
}
