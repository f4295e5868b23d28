package demo

import (
	"testing"
	"testing/synctest"
	"time"

	"gatehouse/hub/home"
	"gatehouse/zwave/zwavesim"
)

// A busy machine is too slow for the last devices: they sleep before the hub
// comes to them, and are woken until it knows them.
func TestWakeUntilKnown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFamily(zwavesim.Options{}, newMesh())
		began := time.Now()
		known := func(home.DeviceID) (home.Device, bool) {
			switch after := time.Since(began); {
			case after < 2*wakeAgain:
				return home.Device{}, false
			case after < 4*wakeAgain:
				return home.Device{Health: home.HealthJoining}, true
			default:
				return home.Device{Health: home.HealthOK}, true
			}
		}
		if left := f.unknown(known); len(left) != 10 {
			t.Errorf("%d devices are not known at the beginning, want the 10 of the Z-Wave stick", len(left))
		}
		f.wakeUntilKnown(t.Context(), known)
		if got := time.Since(began); got != 4*wakeAgain {
			t.Errorf("it stopped after %v, want %v, when all are known", got, 4*wakeAgain)
		}
	})
}

// A hub that starts again knows the devices and has heard none: they slept when
// they were woken before it listened.
func TestSleepersThatWereNotHeardAreWoken(t *testing.T) {
	f := NewFamily(zwavesim.Options{})
	heard := home.Device{Health: home.HealthOK, Traits: map[home.Trait]home.State{home.Contact: {Value: home.Closed, Fresh: true}, home.Battery: {}}}
	silent := home.Device{Health: home.HealthOK, Traits: map[home.Trait]home.State{home.Contact: {Value: home.Closed}, home.Battery: {}}}
	front := f.items[0].device()
	left := f.unknown(func(id home.DeviceID) (home.Device, bool) {
		if id == front {
			return silent, true
		}
		return heard, true
	})
	if len(left) != 1 || left[0].device() != front {
		t.Errorf("%d devices are to be woken, want the front door alone", len(left))
	}
}
