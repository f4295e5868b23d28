package zwavehome

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"gatehouse/hub/alarm"
	"gatehouse/hub/home"
	"gatehouse/zwave"
	"gatehouse/zwave/cc"
)

var update = flag.Bool("update", false, "rewrite testdata")

// TestMeaningsAsReviewed holds the tables to the form in which a person
// reviewed them.
func TestMeaningsAsReviewed(t *testing.T) {
	var b strings.Builder
	for _, kind := range slices.Sorted(maps.Keys(notified)) {
		for _, event := range slices.Sorted(maps.Keys(notified[kind])) {
			m := notified[kind][event]
			fmt.Fprintf(&b, "notification %2d event %2d  →  %s %s\n", kind, event, m.trait, m.value)
		}
	}
	for _, sensor := range slices.Sorted(maps.Keys(sensed)) {
		fmt.Fprintf(&b, "binary sensor 0x%02x on     →  %s %s\n", byte(sensor), sensed[sensor], truth(sensed[sensor], true))
	}
	for _, sensor := range slices.Sorted(maps.Keys(measured)) {
		fmt.Fprintf(&b, "multilevel sensor 0x%02x   →  %s\n", sensor, measured[sensor].trait)
	}
	reviewed(t, "testdata/meanings.txt", b.String())
}

// reviewed compares a table with the file in which a person reviewed it.
func reviewed(t *testing.T, file, table string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(table), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(table, string(want)); diff != "" {
		t.Errorf("%s changed (-got +reviewed); if meant, go test -update:\n%s", file, diff)
	}
}

// house notes all that the radio says and does.
type house struct {
	said  []string
	nodes []zwave.Node
	err   error
}

func (h *house) note(format string, args ...any) {
	h.said = append(h.said, fmt.Sprintf(format, args...))
}

func (h *house) Introduce(d home.Device) {
	var list []string
	for trait := range d.Traits {
		list = append(list, string(trait))
	}
	slices.Sort(list)
	h.note("introduce %s %q %s %s %s", d.ID, d.Name, d.Power, d.Health, strings.Join(list, "+"))
}

func (h *house) Report(readings ...home.Reading) {
	for _, r := range readings {
		h.note("%s %s %s", r.Device, r.Trait, r.Value)
	}
}
func (h *house) SetHealth(id home.DeviceID, s home.Health) { h.note("%s %s", id, s) }
func (h *house) Seen(id home.DeviceID, _ time.Time)        { h.note("%s seen", id) }
func (h *house) Left(id home.DeviceID, _ string)           { h.note("%s left", id) }
func (h *house) RadioUp()                                  { h.note("up") }
func (h *house) RadioDown(why error)                       { h.note("down: %v", why) }
func (h *house) DeviceReady(d home.Device)                 { h.note("%s ready", d.ID) }
func (h *house) KeypadHere(id home.DeviceID)               { h.note("%s here", id) }
func (h *house) Joining(j zwave.Join)                      { h.note("joining %s", j.Step) }
func (h *house) KeypadUsed(id home.DeviceID, encrypted bool, a alarm.KeypadAction, code string) {
	h.note("%s keypad encrypted=%v %s code=%s", id, encrypted, a, code)
}

func (h *house) Send(n zwave.NodeID, payload []byte, lane zwave.Lane, done func(error)) {
	h.note("send %d % x %s", n, payload, lane)
	if done != nil {
		done(h.err)
	}
}
func (h *house) Refresh(n zwave.NodeID)                        { h.note("refresh %d", n) }
func (h *house) RemoveFailed(n zwave.NodeID, done func(error)) { h.note("remove %d", n); done(h.err) }
func (h *house) Nodes() []zwave.Node                           { return h.nodes }
func (h *house) take() (said []string)                         { said, h.said = h.said, nil; return said }

func (h *house) want(t *testing.T, what string, want ...string) { t.Helper(); h.compare(t, what, want) }

func (h *house) compare(t *testing.T, what string, want []string) {
	t.Helper()
	if diff := gocmp.Diff(h.take(), want); diff != "" {
		t.Errorf("%s (-got +want):\n%s", what, diff)
	}
}

func classes(list ...cc.Class) map[cc.Class]byte {
	m := make(map[cc.Class]byte)
	for _, c := range list {
		m[c] = 1
	}
	return m
}

var (
	contact = zwave.Node{
		ID: 5, State: zwave.StateAsleep, Stage: zwave.StageDone,
		Classes:       classes(cc.Notification, cc.Battery, cc.WakeUp),
		Notifications: map[byte][]byte{6: {22, 23}, 7: {3}},
	}
	siren = zwave.Node{
		ID: 7, State: zwave.StateAlive, Stage: zwave.StageDone, Listening: true,
		Generic: genericBinarySwitch, Specific: specificSiren,
		Classes: classes(cc.SoundSwitch, cc.BinarySwitch, cc.Supervision),
	}
	oldSiren = zwave.Node{
		ID: 8, State: zwave.StateAlive, Stage: zwave.StageDone, Listening: true,
		Generic: genericBinarySwitch, Specific: specificSiren, Classes: classes(cc.BinarySwitch),
	}
	plug = zwave.Node{
		ID: 9, State: zwave.StateAlive, Stage: zwave.StageDone, Listening: true,
		Generic: genericBinarySwitch, Classes: classes(cc.BinarySwitch, cc.Basic),
	}
	keypad = zwave.Node{
		ID: 10, State: zwave.StateAsleep, Stage: zwave.StageDone, Classes: classes(cc.EntryControl, cc.Battery),
	}
	plain = zwave.Node{ID: 11, State: zwave.StateAsleep, Stage: zwave.StageDone, Classes: classes(cc.Basic, cc.Association)}
)

func ready(t *testing.T) (*house, *Radio) {
	t.Helper()
	h := &house{nodes: []zwave.Node{contact, siren, oldSiren, plug, keypad, plain}}
	r := New(h, h, slog.New(slog.DiscardHandler))
	r.Attach(h)
	r.OnEvent(zwave.Ready{})
	return h, r
}

func TestNodesBecomeDevices(t *testing.T) {
	h, r := ready(t)
	h.want(t, "at ready",
		`introduce zwave-5 "Door or window sensor 5" battery ok battery+contact+low_battery+tamper`, "zwave-5 ready", "zwave-5 ok",
		`introduce zwave-7 "Siren 7" mains ok siren`, "zwave-7 ready", "zwave-7 ok",
		`introduce zwave-8 "Siren 8" mains ok siren`, "zwave-8 ready", "zwave-8 ok",
		`introduce zwave-9 "Plug 9" mains ok switch`, "zwave-9 ready", "zwave-9 ok",
		`introduce zwave-10 "Keypad 10" battery ok battery+keypad+low_battery`, "zwave-10 ready", "zwave-10 ok", "zwave-10 here",
		`introduce zwave-11 "Z-Wave device 11" battery ok `, "zwave-11 ready", "zwave-11 ok", "up")

	fresh := zwave.Node{ID: 12, Stage: zwave.StageClasses}
	r.OnEvent(zwave.NodeAdded{Node: fresh})
	h.want(t, "added", `introduce zwave-12 "" battery joining `, "zwave-12 joining")
	fresh.Stage, fresh.Sensors = zwave.StageDone, []byte{byte(cc.SensorMotion)}
	r.OnEvent(zwave.NodeChanged{Node: fresh})
	h.want(t, "interviewed", `introduce zwave-12 "Motion sensor 12" battery ok motion`, "zwave-12 ready", "zwave-12 ok")
	fresh.LastSeen = time.Date(2026, 1, 10, 8, 0, 0, 0, time.UTC)
	r.OnEvent(zwave.NodeChanged{Node: fresh})
	h.want(t, "acknowledged something", "zwave-12 seen", "zwave-12 ok")
	fresh.State = zwave.StateDead
	r.OnEvent(zwave.NodeChanged{Node: fresh})
	h.want(t, "dead", "zwave-12 failed")
	r.OnEvent(zwave.NodeRemoved{Node: 12})
	r.OnEvent(zwave.Down{Err: errors.New("pulled")})
	h.want(t, "gone", "zwave-12 left", "down: pulled")
}

func TestReportsBecomeReadings(t *testing.T) {
	h, r := ready(t)
	for _, tt := range []struct {
		name string
		node zwave.NodeID
		in   cc.Command
		want []string
	}{
		{"door opens", 5, cc.NotificationReport{Type: cc.NotifyAccessControl, Event: 22}, []string{"zwave-5 contact open"}},
		{"door closes", 5, cc.NotificationReport{Type: cc.NotifyAccessControl, Event: 23}, []string{"zwave-5 contact closed"}},
		{"cover off", 5, cc.NotificationReport{Type: cc.NotifyHomeSecurity, Event: 3}, []string{"zwave-5 tamper true"}},
		{"cover on again", 5, cc.NotificationReport{Type: cc.NotifyHomeSecurity, Parameters: []byte{3}}, []string{"zwave-5 tamper false"}},
		{"all of a type idle", 5, cc.NotificationReport{Type: cc.NotifyHomeSecurity}, []string{"zwave-5 tamper false"}},
		{"idle of access control says nothing of the door", 5, cc.NotificationReport{Type: cc.NotifyAccessControl}, []string{"zwave-5 seen"}},
		{"event that no one knows", 5, cc.NotificationReport{Type: 0x77, Event: 9}, []string{"zwave-5 seen"}},
		{"battery", 5, cc.BatteryReport{Level: 80}, []string{"zwave-5 battery 80", "zwave-5 low_battery false"}},
		{"battery low", 5, cc.BatteryReport{Level: cc.BatteryLow}, []string{"zwave-5 battery 0", "zwave-5 low_battery true"}},
		{"basic set of a sensor with better words", 5, cc.BasicSet{Value: cc.On}, []string{"zwave-5 seen"}},
		{"basic set of a plain sensor", 11, cc.BasicSet{Value: cc.On}, []string{"zwave-11 contact open"}},
		{"binary sensor", 11, cc.BinarySensorReport{Value: cc.On, Sensor: cc.SensorWater}, []string{"zwave-11 water true"}},
		{"fahrenheit", 11, cc.MultilevelSensorReport{Sensor: cc.MultilevelTemperature, Scale: 1, Number: cc.Number{Value: 212, Size: 2}}, []string{"zwave-11 temperature 100"}},
		{"scale that no one knows", 11, cc.MultilevelSensorReport{Sensor: cc.MultilevelPower, Scale: 1, Number: cc.Number{Value: 1, Size: 1}}, []string{"zwave-11 seen"}},
		{"plug", 9, cc.BinarySwitchReport{Value: cc.On}, []string{"zwave-9 switch on"}},
		{"siren as a switch", 8, cc.BinarySwitchReport{Value: cc.Off}, []string{"zwave-8 siren off"}},
		{"siren as a sound", 7, cc.SoundSwitchTonePlayReport{Tone: 3}, []string{"zwave-7 siren on"}},
		{"keypad", 10, cc.EntryControlNotification{DataType: cc.EntryASCII, Event: cc.EntryDisarmAll, Data: []byte("1234\xff\xff")}, []string{"zwave-10 seen", "zwave-10 keypad encrypted=false disarm code=1234"}},
		{"code that is still being typed", 10, cc.EntryControlNotification{DataType: cc.EntryASCII, Event: cc.EntryCaching, Data: []byte("12")}, []string{"zwave-10 seen", "zwave-10 keypad encrypted=false touch code="}},
		{"code that was left standing", 10, cc.EntryControlNotification{DataType: cc.EntryASCII, Event: cc.EntryCached, Data: []byte("12345")}, []string{"zwave-10 seen", "zwave-10 keypad encrypted=false touch code="}},
		{"hash of a code", 10, cc.EntryControlNotification{DataType: cc.EntryMD5, Event: cc.EntryEnter, Data: []byte("0123456789abcdef")}, []string{"zwave-10 seen", "zwave-10 keypad encrypted=false enter code="}},
		{"tag", 10, cc.EntryControlNotification{DataType: cc.EntryRaw, Event: cc.EntryRFID, Data: []byte{4, 0xa2}}, []string{"zwave-10 seen", "zwave-10 keypad encrypted=false tag code=\x04\xa2"}},
		{"bell", 10, cc.EntryControlNotification{Event: cc.EntryBell}, []string{"zwave-10 seen", "zwave-10 keypad encrypted=false touch code="}},
		{"node that no one knows", 99, cc.BinarySwitchReport{Value: cc.On}, nil},
	} {
		h.take()
		r.OnEvent(zwave.Report{Node: tt.node, Command: tt.in})
		h.compare(t, tt.name, tt.want)
	}
}

func TestCommandsFindTheBestClass(t *testing.T) {
	h, r := ready(t)
	h.take()
	var got error
	tell := func(id home.DeviceID, trait home.Trait, v home.Value) {
		got = nil
		r.Command(home.Command{Device: id, Trait: trait, Value: v}, func(err error) { got = cmp.Or(err, errors.New("done")) })
	}
	tell("zwave-7", home.Siren, home.On)
	tell("zwave-7", home.Siren, home.Off)
	tell("zwave-8", home.Siren, home.On)
	tell("zwave-9", home.Switch, home.On)
	h.want(t, "sent",
		"send 7 79 08 ff siren", "zwave-7 siren on",
		"send 7 79 08 00 siren", "zwave-7 siren off",
		"send 8 25 01 ff siren", "refresh 8",
		"send 9 25 01 ff user", "refresh 9")
	if got == nil || got.Error() != "done" {
		t.Errorf("answer %v, want done", got)
	}
	h.err = errors.New("no ack")
	tell("zwave-9", home.Switch, home.Off)
	h.want(t, "failed command leaves no reading", "send 9 25 01 00 user")
	tell("zwave-5", home.Switch, home.On)
	tell("zwave-99", home.Switch, home.On)
	tell("camera-porch", home.Switch, home.On)
	h.want(t, "refused")
	if !errors.Is(got, zwave.ErrNoNode) {
		t.Errorf("answer %v, want ErrNoNode", got)
	}
}

func TestSleeperIsAskedOnceAfterAStart(t *testing.T) {
	h, r := ready(t)
	h.take()
	awake := contact
	awake.State = zwave.StateAwake
	r.OnEvent(zwave.NodeChanged{Node: awake})
	r.OnEvent(zwave.NodeChanged{Node: contact})
	r.OnEvent(zwave.NodeChanged{Node: awake})
	h.want(t, "woke up twice", "refresh 5", "zwave-5 ok", "zwave-5 ok", "zwave-5 ok")
	r.OnEvent(zwave.Ready{})
	h.take()
	r.OnEvent(zwave.NodeChanged{Node: awake})
	h.want(t, "woke up after the stick came back", "refresh 5", "zwave-5 ok")
}

func TestRemove(t *testing.T) {
	h, r := ready(t)
	h.take()
	if err := r.Remove(t.Context(), "zwave-5"); err != nil {
		t.Error(err)
	}
	if err := r.Remove(t.Context(), "zwave-99"); err != nil {
		t.Error(err)
	}
	h.want(t, "asked", "remove 5")
	if err := r.Remove(context.Background(), "porch"); err == nil {
		t.Error("removed what is no Z-Wave device")
	}
}
