package znp_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"gatehouse/zigbee"
	"gatehouse/zigbee/zigbeesim"
)

// One request is in flight at a time; what the stick says by itself comes in
// between; and confirms are told apart by their transaction, in whatever order
// they come.
func TestTrapOneRequestInFlight(t *testing.T) {
	play(t, zigbeesim.Options{}, func(t *testing.T, h *host) {
		formed(t, h)
		door, plug, pad := h.sim.NewContact(zigbeesim.Make{}), h.sim.NewPlug(zigbeesim.Make{}), h.sim.NewKeypad(zigbeesim.Make{IEEE: 0xAB})
		h.sim.Place(door, plug)
		door.TakeBattery()
		time.Sleep(time.Minute)
		h.sim.Place(pad)
		synctest.Wait()
		h.heard = nil
		h.sim.Inject(zigbeesim.Fault{Kind: zigbeesim.LateAnswer, Command: 0x2401, For: time.Second})
		var over []string
		send := func(name string, to uint16, payload ...byte) {
			m := zigbee.Message{Peer: zigbee.Short(to), PeerEndpoint: 1, Cluster: 6, Lane: zigbee.LaneUser, Payload: payload}
			h.Send(m, func(error) {
				h.mu.Lock()
				defer h.mu.Unlock()
				over = append(over, name)
			})
		}
		send("door", door.Short(), 0x01, 7, 0x01)
		send("plug", plug.Short(), 0x01, 8, 0x01)
		synctest.Wait()
		if plug.On() {
			t.Error("a request went out before the one before was answered")
		}
		pad.Panic()
		h.want(t, "between a request and its answer", "2a03/1 cluster 0501 01 00 04")
		time.Sleep(time.Minute)
		synctest.Wait()
		h.mu.Lock()
		defer h.mu.Unlock()
		if !plug.On() || !slices.Equal(over, []string{"plug", "door"}) {
			t.Errorf("the plug is on: %v; over in the order %v", plug.On(), over)
		}
	})
}
