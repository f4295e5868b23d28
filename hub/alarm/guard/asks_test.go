package guard_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"gatehouse/hub/alarm"
	"gatehouse/hub/alarm/guard"
	"gatehouse/hub/home"
)

// Who hears of a fault tells the board, which tells the panel; and to know the area
// of a keypad the panel is asked which there are. Neither may be called with the
// panel held. (In real time: a bubble would wait for a lock for ever.)
func TestWhoIsCalledWithoutThePanelMayAskIt(t *testing.T) {
	d, h := &disk{}, &house{}
	d.set(errors.New("no space left"), nil)
	var g *guard.Guard
	told, once := make(chan struct{}), sync.Once{}
	o := options(d, h)
	o.Fault = func(string, bool, error) {
		g.Trouble(home.TroubleItem{Code: "storage-fault"}, true)
		once.Do(func() { close(told) })
	}
	o.AreaOf = func(home.DeviceID) home.AreaID { return g.Areas()[0].ID }
	g, err := guard.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() { _ = g.Run(ctx) }()
	asked := make(chan struct{})
	go func() {
		_ = g.PutZone(ctx, home.Zone{ID: "door", Device: "zwave-2", Trait: home.Contact, Kind: home.ZoneEntry}, "Anna")
		_ = g.Keypad(ctx, "zwave-9", true, alarm.KeyArmAway, "12345")
		close(asked)
	}()
	for what, done := range map[string]chan struct{}{"of the fault": told, "at the keypad": asked} {
		select {
		case <-done:
		case <-time.After(10 * time.Second):
			t.Errorf("nobody heard %s: it waits for the panel", what)
		}
	}
}
