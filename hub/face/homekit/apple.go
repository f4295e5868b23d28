package homekit

import (
	"context"
	"errors"
	"math"
	"strings"
	"time"

	"github.com/brutella/hap/characteristic"

	"gatehouse/hub/face/homekit/hap"
	"gatehouse/hub/home"
)

// apple is the face as the session layer needs it: a hap.Home.
type apple Face

// Accessories is all that is shown.
func (f *apple) Accessories() []byte { return f.bridge.database() }

// Characteristic is one value of it.
func (f *apple) Characteristic(id hap.ID) (hap.Characteristic, bool) {
	b := f.bridge
	b.mu.Lock()
	defer b.mu.Unlock()
	a, k, n, at, ok := b.find(id)
	if !ok {
		return hap.Characteristic{}, false
	}
	return described(k.about.Cs[n], a.values[at]), true
}

// Write does what Apple Home asks for, or refuses it and tells what holds.
func (f *apple) Write(ctx context.Context, id hap.ID, v any) hap.Status {
	f.bridge.mu.Lock()
	a, k, n, _, ok := f.bridge.find(id)
	var s subject
	if ok {
		s = a.subject
	}
	f.bridge.mu.Unlock()
	if !ok {
		return hap.StatusNoSuchResource
	}
	status := hap.StatusReadOnly
	switch k.about.Cs[n].Type {
	case characteristic.TypeIdentify:
		return hap.StatusOK // nothing in this house blinks
	case characteristic.TypeSecuritySystemTargetState:
		status = f.arm(ctx, s.area, int(whole(v)))
	case characteristic.TypeOn:
		value := home.Off
		if v == true {
			value = home.On
		}
		if s.has(home.Switch) {
			status = f.tell(a, id, home.Command{Device: s.device.ID, Trait: home.Switch, Value: value})
		} else { // a dimmer that has no switch
			status = f.tell(a, id, home.Command{Device: s.device.ID, Trait: home.Level, Value: home.Number(100 * float64(one(v == true)))})
		}
	case characteristic.TypeBrightness:
		status = f.tell(a, id, home.Command{Device: s.device.ID, Trait: home.Level, Value: home.Number(whole(v))})
	case characteristic.TypeTargetPosition:
		status = f.tell(a, id, home.Command{Device: s.device.ID, Trait: home.Cover, Value: home.Number(whole(v))})
	case characteristic.TypeLockTargetState:
		status = f.lock(a, id, s.device.ID, whole(v) == lockSecured)
	}
	if status != hap.StatusOK { // who asked shows what it asked for, until it hears this
		if now, ok := f.bridge.value(id); ok && now != nil {
			f.server.Notify(hap.Change{ID: id, Value: now, Keep: true})
		}
	}
	return status
}

func whole(v any) float64 {
	n, ok := v.(float64)
	if !ok {
		return -1
	}
	return math.Round(n)
}

// arm asks the panel for another mode.
func (f *apple) arm(ctx context.Context, area *home.AreaState, state int) hap.Status {
	r := home.ModeRequest{Mode: modeOf(state), By: apples, Channel: home.ByHomeKit, CodeFree: true}
	if area.ID != home.TheHouse {
		r.Area = area.ID
	}
	settings := f.keeper.state().Settings
	if r.Mode == home.Disarmed && !settings.Disarm {
		f.refused("Apple Home asked to disarm and may not: the owner decides that in the settings.")
		return hap.StatusPrivileges
	}
	r.Force = r.Mode != home.Disarmed && settings.ArmOpen
	_, err := f.o.Alarm.SetMode(ctx, r)
	var notReady *home.NotReady
	switch {
	case err == nil:
		return hap.StatusOK
	case errors.As(err, &notReady):
		f.refused("Apple Home asked for " + string(r.Mode) + ": " + notReady.Error() + ".")
		return hap.StatusBusy
	default:
		f.refused("Apple Home asked for " + string(r.Mode) + " and was refused: " + strings.TrimSuffix(err.Error(), ".") + ".")
		return hap.StatusUnreachable
	}
}

// lock tells a lock something.
func (f *apple) lock(a *accessory, id hap.ID, device home.DeviceID, secured bool) hap.Status {
	value := home.Locked
	if !secured {
		value = home.Unlocked
		if !f.keeper.state().Settings.Unlock {
			f.refused("Apple Home asked to unlock and may not: the owner decides that in the settings.")
			return hap.StatusPrivileges
		}
	}
	return f.tell(a, id, home.Command{Device: device, Trait: home.Lock, Value: value})
}

// tell gives a command. What comes of it is heard from the device, or looked at
// when its time is over.
func (f *apple) tell(a *accessory, id hap.ID, cmd home.Command) hap.Status {
	asked := home.Value{}
	if cmd.Trait == home.Lock {
		asked = cmd.Value
	}
	f.bridge.expect(a, id, asked)
	if _, err := f.o.Devices.Command(cmd, apples); err != nil {
		f.o.Log.Info("apple home command refused", "device", cmd.Device, "err", err)
		return hap.StatusUnreachable
	}
	(*Face)(f).changed() // the teller looks after its time
	return hap.StatusOK
}

// refusedAgain is how long the same refusal is not written again: a device that
// asks over and over must not push the house's own story out of the journal.
const refusedAgain = time.Minute

// refused writes what was not done, so that whoever wonders finds it.
func (f *apple) refused(line string) {
	f.mu.Lock()
	again := line == f.refusal && time.Since(f.refusedAt) < refusedAgain
	if !again {
		f.refusal, f.refusedAt = line, time.Now()
	}
	f.mu.Unlock()
	if again {
		return
	}
	f.o.Journal.Add(home.Event{At: home.At(time.Now()), Kind: home.KindCommand, Who: home.Who(apples), Text: line})
}
