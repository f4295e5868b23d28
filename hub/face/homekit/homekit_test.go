package homekit

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/hub/face/homekit/hap"
	"gatehouse/hub/face/homekit/hap/haptest"
	"gatehouse/hub/home"
)

// Types of characteristics, in the short form.
const (
	typeCurrentState = "66"
	typeTargetState  = "67"
	typeContactState = "6A"
	typeOn           = "25"
	typeLockCurrent  = "1D"
	typeLockTarget   = "1E"
	typePress        = "73"
	typeFault        = "77"
	typeTampered     = "7A"
	typeLowBattery   = "79"
	typeActive       = "75"
)

// TestAppleHomeShowsAndArms is the way through all layers: pairing, reading,
// events, arming, disarming.
func TestAppleHomeShowsAndArms(t *testing.T) {
	h := newHouse(device("zwave-5", "Front door", map[home.Trait]home.Value{home.Contact: home.Closed, home.Battery: home.Number(87)}))
	f, _, p := h.paired(t)
	current, target, door := p.must("Alarm", typeCurrentState), p.must("Alarm", typeTargetState), p.must("Front door", typeContactState)
	if got := p.read(door); got != `"value":0` {
		t.Errorf("the closed door reads %s", got)
	}
	p.subscribe(current, target, door)
	h.says("zwave-5", home.Contact, home.Open)
	p.hears(door, "1")

	if got := p.write(target, "1"); got != "204" {
		t.Errorf("arming: %s, want 204", got)
	}
	p.hears(current, "1")
	if got := p.write(target, "3"); got != "207 -70401" {
		t.Errorf("disarming that the owner did not allow: %s, want 207 -70401", got)
	}
	p.hears(target, "1") // what holds is told again
	if err := f.Put(Settings{Disarm: true}, "Ada"); err != nil {
		t.Fatal(err)
	}
	if got := p.write(target, "3"); got != "204" {
		t.Errorf("disarming: %s, want 204", got)
	}
	p.hears(current, "3")
}

func (h *house) asked() []home.ModeRequest {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.requests)
}

// eventually waits for something that another goroutine does.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	late := time.After(patience)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !is() {
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("never: %s", what)
		}
	}
}

// TestNothingRunsWhileNobodyIsPaired: no port, no subscription, no announcement,
// until the owner opens pairing; and none again when the window has closed.
func TestNothingRunsWhileNobodyIsPaired(t *testing.T) {
	h := newHouse(device("zwave-5", "Front door", map[home.Trait]home.Value{home.Contact: home.Closed}))
	f, _ := h.runs(t)
	subscribed := func() int {
		return h.alarms.Subscribers() + h.changes.Subscribers() + h.readings.Subscribers() + h.news.Subscribers()
	}
	if f.Port() == 0 || subscribed() != 0 || len(h.announced) != 0 {
		t.Errorf("port %d, %d subscriptions, announced %v", f.Port(), subscribed(), h.announced)
	}
	if c, err := haptest.Dial(addr(f)); err == nil {
		c.Close()
		t.Error("it listens")
	}
	if err := f.Open("Ada"); err != nil {
		t.Fatal(err)
	}
	if until := f.Status().Until; time.Until(until) > hap.Window || time.Until(until) < hap.Window-time.Minute {
		t.Errorf("pairing is open until %v", until)
	}
	eventually(t, "it is announced", func() bool {
		h.mu.Lock()
		defer h.mu.Unlock()
		return len(h.announced) > 0 && strings.HasPrefix(h.announced[0], strconv.Itoa(f.Port())+" ") && strings.Contains(h.announced[0], "sf=1")
	})
	f.Shut("Ada")
	eventually(t, "all is quiet again", func() bool {
		c, err := haptest.Dial(addr(f))
		if err == nil {
			c.Close()
		}
		h.mu.Lock()
		defer h.mu.Unlock()
		return err != nil && subscribed() == 0 && h.announced[len(h.announced)-1] == "0 "
	})
	want := "access Ada: Pairing with Apple Home is open for ten minutes.\naccess Ada: Pairing with Apple Home is closed."
	if got := h.told(); got != want {
		t.Errorf("the journal says\n%s\nwant\n%s", got, want)
	}
}

// TestWindowThatDoesNotOpen: a port in use is the answer to who opens pairing,
// not the end of Run, which may look in the moment in which the window is open.
func TestWindowThatDoesNotOpen(t *testing.T) {
	l, err := net.Listen("tcp", ownHost+":0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	o := newHouse().options()
	o.Port = l.Addr().(*net.TCPAddr).Port
	f, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- f.Run(ctx) }()
	var conflict *home.Conflict
	for range 2000 {
		f.changed() // Run looks
		if err := f.Open("Ada"); !errors.As(err, &conflict) {
			t.Fatalf("opening: %v, want a conflict", err)
		}
	}
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("Run: %v", err)
	}
}

// TestPairingIsTold: who came in, who was removed and by whom, and that there is
// another code afterwards.
func TestPairingIsTold(t *testing.T) {
	h := newHouse()
	f, d, p := h.paired(t)
	before := f.Status()
	if len(before.Paired) != 1 || !before.Paired[0].Admin || !before.Paired[0].Connected || !before.Until.IsZero() {
		t.Errorf("after pairing: %+v", before)
	}
	var conflict *home.Conflict
	if err := f.Open("Ada"); !errors.As(err, &conflict) {
		t.Errorf("opening again: %v, want a conflict", err)
	}
	var missing *home.NotFound
	if err := f.Unpair("nobody", "Ada"); !errors.As(err, &missing) {
		t.Errorf("removing nobody: %v", err)
	}
	if err := f.Unpair(d.ID, "Ada"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the phone is out", func() bool { _, open := <-p.Events; return !open })
	if _, err := d.Connect(addr(f)); err == nil {
		t.Error("it may come in again")
	}
	after := f.Status()
	if len(after.Paired) != 0 || after.Code == before.Code || after.URI == before.URI || after.ID != before.ID {
		t.Errorf("after it was removed: %+v, before %+v", after, before)
	}
	want := []string{
		"access Ada: Pairing with Apple Home is open for ten minutes.",
		"access An Apple device gave the setup code and is paired with this home.",
		"access Ada: No Apple device is paired with this home any more.",
	}
	if got := h.told(); got != strings.Join(want, "\n") {
		t.Errorf("the journal says\n%s", got)
	}
}

// TestWrongCodesAreTold: with the address, and after ten with another code.
func TestWrongCodesAreTold(t *testing.T) {
	h := newHouse()
	f, _ := h.runs(t)
	from := netip.MustParseAddr("192.168.1.66")
	before := f.Status().Code
	f.wrongCode(hap.WrongCode{From: from, Count: 1})
	if f.Status().Code != before {
		t.Error("another code after one wrong one")
	}
	f.wrongCode(hap.WrongCode{From: from, Count: 10, Closed: true})
	if f.Status().Code == before {
		t.Error("the same code after ten wrong ones")
	}
	want := "access Somebody gave a setup code for Apple Home that was not right, from 192.168.1.66.\n" +
		"access Somebody gave 10 wrong setup codes for Apple Home, the last from 192.168.1.66: pairing was closed, and there is a new code."
	if got := h.told(); got != want {
		t.Errorf("the journal says\n%s", got)
	}
}

// TestWhatAppleHomeMayNotDo: refusals have a status, the value that holds is told
// again, and the journal says so.
func TestWhatAppleHomeMayNotDo(t *testing.T) {
	h := newHouse(device("zwave-8", "Back door", map[home.Trait]home.Value{home.Lock: home.Locked}))
	f, _, p := h.paired(t)
	target, lock := p.must("Alarm", typeTargetState), p.must("Back door", typeLockTarget)
	p.subscribe(target, lock)
	h.mu.Lock()
	h.open = []home.ZoneID{"kitchen-window"}
	h.mu.Unlock()
	if got := p.write(target, "1"); got != "207 -70403" {
		t.Errorf("arming with a window open: %s", got)
	}
	p.hears(target, "3")
	if got := p.write(target, "3"); got != "207 -70401" {
		t.Errorf("disarming: %s", got)
	}
	p.hears(target, "3")
	if got := p.write(lock, "0"); got != "207 -70401" {
		t.Errorf("unlocking: %s", got)
	}
	p.hears(lock, "1")
	for range 3 {
		if got := p.write(lock, "0"); got != "207 -70401" {
			t.Errorf("unlocking again: %s", got)
		}
	}
	if n := strings.Count(h.told(), "asked to unlock"); n != 1 {
		t.Errorf("the journal says %d times that it may not unlock, want once", n)
	}
	if got := p.write(target, "4"); got != "207 -70410" {
		t.Errorf("a state that nobody can ask for: %s", got)
	}
	if len(h.asked()) != 1 || len(h.commands) != 0 {
		t.Errorf("asked %v, told %v: want the one arming", h.asked(), h.commands)
	}
	for _, line := range []string{
		"command Apple Home: Apple Home asked for away: not ready to arm: kitchen-window.",
		"command Apple Home: Apple Home asked to disarm and may not: the owner decides that in the settings.",
		"command Apple Home: Apple Home asked to unlock and may not: the owner decides that in the settings.",
	} {
		if !strings.Contains(h.told(), line) {
			t.Errorf("the journal lacks %q", line)
		}
	}
	if err := f.Put(Settings{Disarm: true, Unlock: true, ArmOpen: true}, "Ada"); err != nil {
		t.Fatal(err)
	}
	for id, v := range map[hap.ID]string{target: "2", lock: "0"} {
		if got := p.write(id, v); got != "204" {
			t.Errorf("%v to %s once it may: %s", id, v, got)
		}
	}
	all := h.asked()
	if r := all[len(all)-1]; !r.Force || r.Mode != home.Night || r.By != "Apple Home" || r.Channel != home.ByHomeKit || !r.CodeFree || r.Code != "" {
		t.Errorf("asked the panel: %+v", r)
	}
	if err := f.Put(Settings{}, "Ada"); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{"access Ada: Apple Home may unlock from now on.", "access Ada: Apple Home may not disarm any more."} {
		if !strings.Contains(h.told(), line) {
			t.Errorf("the journal lacks %q", line)
		}
	}
}

// TestFaultsAreShown: a low battery, a cover that is open, a sensor that is missing
// and a trouble of the house.
func TestFaultsAreShown(t *testing.T) {
	h := newHouse(device("zwave-5", "Front door", map[home.Trait]home.Value{home.Contact: home.Closed, home.Battery: home.Number(87), home.Tamper: home.False}))
	_, _, p := h.paired(t)
	low, fault, tampered := p.must("Front door", typeLowBattery), p.must("Front door", typeFault), p.must("Front door", typeTampered)
	active, alarm := p.must("Front door", typeActive), p.must("Alarm", typeFault)
	p.subscribe(low, fault, tampered, active, alarm)
	h.wrong(home.TroubleItem{Code: "battery-low", Device: "zwave-5", Severity: home.SeverityWarning}, true)
	p.hears(low, "1")
	h.wrong(home.TroubleItem{Code: "battery-low", Device: "zwave-5"}, false)
	p.hears(low, "0")
	h.says("zwave-5", home.Tamper, home.True)
	p.hears(tampered, "1")
	d := h.Devices()[0]
	d.Health = home.HealthMissing
	h.joins(d)
	p.hears(active, "false")
	h.mu.Lock()
	h.alarm.Troubles = []home.TroubleItem{{Code: "radio-down", Severity: home.SeverityCritical}}
	h.mu.Unlock()
	h.stands(home.Disarmed, home.PhaseDisarmed)
	p.hears(alarm, "1")
}

// TestAreasArePanelsOfTheirOwn.
func TestAreasArePanelsOfTheirOwn(t *testing.T) {
	h := newHouse()
	h.alarm.Areas = []home.AreaState{
		{ID: home.TheHouse, Name: "House", Mode: home.Disarmed, Like: home.Disarmed, Phase: home.PhaseDisarmed},
		{ID: "flat", Name: "Flat", Mode: home.Night, Like: home.Night, Phase: home.PhaseArmed},
	}
	_, _, p := h.paired(t)
	if got := p.read(p.must("Flat", typeCurrentState)); got != `"value":2` {
		t.Errorf("the flat reads %s, want 2", got)
	}
	if got := p.write(p.must("Flat", typeTargetState), "1"); got != "204" {
		t.Errorf("arming the flat: %s", got)
	}
	if all := h.asked(); len(all) != 1 || all[0].Area != "flat" {
		t.Errorf("asked %+v", all)
	}
}

// TestButtonsAreToldEachTime: two presses are two events, and a button that nobody
// may see says nothing (the registry keeps it back).
func TestButtonsAreToldEachTime(t *testing.T) {
	h := newHouse(device("zwave-6", "Bell", map[home.Trait]home.Value{home.Button: {}}))
	_, _, p := h.paired(t)
	press := p.must("Bell", typePress)
	p.subscribe(press)
	if got := p.read(press); got != `"value":null` {
		t.Errorf("a button reads %s, want null", got)
	}
	for _, v := range []string{"press", "press", "hold"} {
		h.says("zwave-6", home.Button, home.Word(v))
	}
	p.hears(press, "0")
	p.hears(press, "0")
	p.hears(press, "2")
}

// TestDevicesThatDoNotObey: a switch, a shutter and a lock that do not do what they
// were asked for are told as they are, when their time is over.
func TestDevicesThatDoNotObey(t *testing.T) {
	h := newHouse(
		device("zwave-6", "Lamp", map[home.Trait]home.Value{home.Switch: home.Off}),
		device("zwave-8", "Back door", map[home.Trait]home.Value{home.Lock: home.Unlocked}),
		device("zigbee-5", "Shutter", map[home.Trait]home.Value{home.Cover: home.Number(100)}),
	)
	f, _, p := h.paired(t)
	lamp, target, current := p.must("Lamp", typeOn), p.must("Back door", typeLockTarget), p.must("Back door", typeLockCurrent)
	if got := p.write(p.must("Shutter", "7C"), "40"); got != "204" {
		t.Errorf("shutter: %s", got)
	}
	p.subscribe(lamp, target, current)
	if got := p.write(lamp, "true"); got != "204" {
		t.Errorf("lamp: %s", got)
	}
	if got := p.write(target, "1"); got != "204" {
		t.Errorf("lock: %s", got)
	}
	want := []home.Command{{Device: "zigbee-5", Trait: home.Cover, Value: home.Number(40)}, {Device: "zwave-6", Trait: home.Switch, Value: home.On}, {Device: "zwave-8", Trait: home.Lock, Value: home.Locked}}
	if d := cmp.Diff(h.commands, want, cmp.Comparer(func(a, b home.Value) bool { return a == b })); d != "" {
		t.Errorf("commands (-got +want):\n%s", d)
	}
	h.says("zwave-8", home.Lock, home.Unlocked)
	p.hears(target, "1")
	if got := p.read(current); got != `"value":0` {
		t.Errorf("the lock is %s, want unlocked until it says otherwise", got)
	}
	if early := f.bridge.overdue(time.Now()); early != nil {
		t.Errorf("told before its time: %v", early)
	}
	late := f.bridge.overdue(time.Now().Add(answerTime))
	f.server.Notify(late...)
	p.hears(lamp, "false")
	p.hears(target, "0")
	if len(late) != 3 || !f.bridge.nextOverdue().IsZero() {
		t.Errorf("told %v", late)
	}
}

// TestDevicesComeAndGo: pairing, numbers and rooms stay; the shape is counted.
func TestDevicesComeAndGo(t *testing.T) {
	contact := map[home.Trait]home.Value{home.Contact: home.Closed}
	h := newHouse(device("zwave-5", "Front door", contact))
	f, d, p := h.paired(t)
	door := p.must("Front door", typeContactState)
	config := f.keeper.state().Config
	tell := newTeller(f)
	defer tell.close()

	h.joins(device("zwave-7", "Window", contact))
	eventually(t, "the new one waits to be shown", func() bool {
		tell.look()
		return len(tell.there) == 2
	})
	tell.everything() // what the teller itself does five seconds later
	p.look()
	window := p.must("Window", typeContactState)
	if p.must("Front door", typeContactState) != door || f.keeper.state().Config != config+1 {
		t.Errorf("after a device came: door %v, was %v; shape %d, was %d", p.must("Front door", typeContactState), door, f.keeper.state().Config, config)
	}
	tell.everything()
	if f.keeper.state().Config != config+1 {
		t.Error("the same shape is counted twice")
	}

	// It gains a trait late: what it had keeps its numbers.
	more := device("zwave-7", "Window", map[home.Trait]home.Value{home.Contact: home.Closed, home.Temperature: home.Number(20)})
	h.joins(more)
	tell.everything()
	p.look()
	if p.must("Window", typeContactState) != window {
		t.Error("the window's contact has another number")
	}

	// It joins anew, as a camera does at each start of the hub, and stays what it is.
	joining := more.Clone()
	joining.Health = home.HealthJoining
	config = f.keeper.state().Config
	h.joins(joining)
	tell.everything()
	p.look()
	if p.must("Window", typeContactState) != window || f.keeper.state().Config != config {
		t.Errorf("while it joins anew: %v, was %v; shape %d, was %d", p.must("Window", typeContactState), window, f.keeper.state().Config, config)
	}

	// Another device takes its place: it is another accessory.
	h.leaves("zwave-7")
	tell.everything()
	p.look()
	if _, ok := p.find("Window", typeContactState); ok {
		t.Error("a device that has left is shown")
	}
	h.joins(device("zwave-7", "Garage", contact))
	tell.everything()
	p.look()
	if p.must("Garage", typeContactState).AID == window.AID {
		t.Error("a number was given twice")
	}
	if d.Bridge != f.Status().ID || len(f.Status().Paired) != 1 {
		t.Error("the pairing is lost")
	}
}

// TestRestartKeepsEverything: pairing, port, numbers, what the owner chose.
func TestRestartKeepsEverything(t *testing.T) {
	h := newHouse(device("zwave-5", "Front door", map[home.Trait]home.Value{home.Contact: home.Open}))
	f, stop := h.runs(t)
	d := haptest.New("phone")
	if err := f.Open("Ada"); err != nil {
		t.Fatal(err)
	}
	if err := d.PairAt(addr(f), f.Status().Code); err != nil {
		t.Fatal(err)
	}
	p := connect(t, f, d)
	door := p.must("Front door", typeContactState)
	if err := f.Put(Settings{Disarm: true}, "Ada"); err != nil {
		t.Fatal(err)
	}
	was := f.Status()
	shape := f.keeper.state().Config
	stop()
	f, _ = h.runs(t)
	eventually(t, "it listens", func() bool {
		c, err := haptest.Dial(addr(f))
		if err == nil {
			c.Close()
		}
		return err == nil
	})
	p = connect(t, f, d)
	if got := p.read(door); got != `"value":1` {
		t.Errorf("the door reads %s", got)
	}
	is := f.Status()
	if is.Port != was.Port || is.ID != was.ID || !is.Disarm || f.keeper.state().Config != shape {
		t.Errorf("after a restart: %+v, was %+v", is, was)
	}
}

// TestFullDiskPairsNobody: and breaks nothing.
func TestFullDiskPairsNobody(t *testing.T) {
	h := newHouse()
	f, _ := h.runs(t)
	if err := f.Open("Ada"); err != nil {
		t.Fatal(err)
	}
	h.mu.Lock()
	h.fail = errors.New("disk full")
	h.mu.Unlock()
	if err := haptest.New("phone").PairAt(addr(f), f.Status().Code); err == nil {
		t.Error("paired on a full disk")
	}
	if err := f.Put(Settings{Disarm: true}, "Ada"); err == nil || f.Status().Disarm {
		t.Errorf("a choice that is not kept: %v, %+v", err, f.Status())
	}
	h.mu.Lock()
	h.fail = nil
	h.mu.Unlock()
	if err := haptest.New("phone").PairAt(addr(f), f.Status().Code); err != nil {
		t.Error(err)
	}
}

// TestLongHousesFit: 149 devices, all of them shown, and one more is left out.
func TestLongHousesFit(t *testing.T) {
	h := newHouse()
	for i := range 149 {
		id := home.DeviceID(fmt.Sprintf("zwave-%d", i+2))
		h.devices[id] = device(id, fmt.Sprintf("Door %d", i), map[home.Trait]home.Value{home.Contact: home.Closed, home.Battery: home.Number(80), home.Tamper: home.False})
	}
	_, _, p := h.paired(t)
	if n := len(p.data.Accessories); n != mostAccessories {
		t.Errorf("%d accessories, want %d", n, mostAccessories)
	}
	if h.leftOut != 1 {
		t.Errorf("%d left out, want 1", h.leftOut)
	}
}

// TestOpensWhileItCloses: an owner who opens pairing in the moment in which the
// bridge closes for want of anybody finds it open.
func TestOpensWhileItCloses(t *testing.T) {
	h := newHouse()
	f, _ := h.runs(t)
	for i := range 40 {
		if err := f.Open("Ada"); err != nil {
			t.Fatal(err)
		}
		c, err := haptest.Dial(addr(f))
		if err != nil {
			t.Fatalf("opening %d: %v", i, err)
		}
		c.Close()
		f.Shut("Ada")
	}
}
