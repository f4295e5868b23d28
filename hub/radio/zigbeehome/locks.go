package zigbeehome

import (
	"context"
	"time"

	"gatehouse/hub/home"
	"gatehouse/zigbee"
	"gatehouse/zigbee/zcl"
)

// bolts is the table of what happened at a lock, of what moved its bolt. A lock
// tells that at once, and its state later.
var bolts = map[zcl.LockEvent]home.Value{
	zcl.LockedEvent:      home.Locked,
	zcl.OneTouchLocked:   home.Locked,
	zcl.KeyLocked:        home.Locked,
	zcl.AutoLocked:       home.Locked,
	zcl.ScheduleLocked:   home.Locked,
	zcl.ManuallyLocked:   home.Locked,
	zcl.UnlockedEvent:    home.Unlocked,
	zcl.KeyUnlocked:      home.Unlocked,
	zcl.ScheduleUnlocked: home.Unlocked,
	zcl.ManuallyUnlocked: home.Unlocked,
}

// by is the table of who or what did it, by the event itself.
var by = map[zcl.LockEvent]home.LockMeans{
	zcl.AutoLocked: home.ByItself, zcl.ScheduleLocked: home.ByItself, zcl.ScheduleUnlocked: home.ByItself,
	zcl.KeyLocked: home.ByKey, zcl.KeyUnlocked: home.ByKey,
	zcl.ManuallyLocked: home.ByHand, zcl.ManuallyUnlocked: home.ByHand, zcl.OneTouchLocked: home.ByHand,
}

// means is the table of who or what did it, by its source.
var means = map[zcl.LockSource]home.LockMeans{
	zcl.LockByKeypad: home.ByPIN, zcl.LockByRadio: home.ByHub, zcl.LockByHand: home.ByHand, zcl.LockByRFID: home.ByTag,
}

// noUser is the user of what nobody in particular did.
const noUser = 0xFFFF

// used is what was done at a lock; false: nothing that the house knows of.
func used(c zcl.LockOperation) (home.LockUse, bool) {
	u := home.LockUse{Bolt: bolts[c.Event], Means: means[c.Source], User: -1}
	if m, ok := by[c.Event]; ok {
		u.Means = m
	}
	if c.User != noUser && (u.Means == home.ByPIN || u.Means == home.ByTag) {
		u.User = int(c.User)
	}
	switch c.Event {
	case zcl.LockWrongPIN, zcl.UnlockWrongPIN, zcl.LockWrongTime, zcl.UnlockWrongTime:
		u.Refused = true
	default:
	}
	return u, u.Refused || u.Bolt.Known()
}

// lockWarns hands on what a lock warns of.
func (r *Radio) lockWarns(id home.DeviceID, c zcl.Alarm, say func(home.Trait, home.Value)) {
	switch zcl.LockAlarmCode(c.Code) {
	case zcl.LockAlarmJammed:
		say(home.Lock, home.Jammed)
	case zcl.LockAlarmCover, zcl.LockAlarmForced:
		say(home.Tamper, home.True)
	case zcl.LockAlarmWrongCodes:
		r.house.LockUsed(id, home.LockUse{Refused: true, Means: home.ByPIN, User: -1, Many: true})
	case zcl.LockAlarmReset, zcl.LockAlarmRFModule: // said by what follows: it leaves, or asks for nothing
	}
}

// lockOperated hands on what was done at a lock.
func (r *Radio) lockOperated(id home.DeviceID, d *zigbee.Device, c zcl.LockOperation, say func(home.Trait, home.Value), tell func()) {
	u, ok := used(c)
	if !ok {
		return
	}
	if u.Bolt.Known() {
		say(home.Lock, u.Bolt)
		if warnsOf(d) { // whoever uses it as it should be used has closed it
			say(home.Tamper, home.False)
		}
	}
	tell()
	if u.Means != home.ByHub { // what the hub did is a line of its own
		r.house.LockUsed(id, u)
	}
}

// lockAnswered hands on that a lock does not do what it was told. That it does, its
// bolt says.
func (r *Radio) lockAnswered(id home.DeviceID, s zcl.Status) {
	if s != zcl.Success {
		r.house.LockUsed(id, home.LockUse{Refused: true, Means: home.ByHub, User: -1})
	}
}

// warnsOf tells whether a lock says that its cover was taken off, or the door
// forced.
func warnsOf(d *zigbee.Device) bool {
	e, ok := d.Serving(zcl.DoorLock)
	return ok && e.Serves(zcl.Alarms)
}

// SetPIN gives a user of a lock a PIN. It waits for the lock's answer.
func (r *Radio) SetPIN(ctx context.Context, id home.DeviceID, user int, pin home.PIN) error {
	cmd, err := r.askLock(ctx, id, zcl.SetPIN{User: uint16(user), Status: zcl.UserEnabled, PIN: string(pin)})
	if err != nil {
		return err
	}
	a, ok := cmd.(zcl.SetPINResponse)
	switch {
	case ok && a.Status == zcl.PINSet:
		return nil
	case ok && a.Status == zcl.PINFull:
		return &home.Conflict{Reason: "the lock has no room for another code; remove one first"}
	case ok && a.Status == zcl.PINDuplicate:
		return &home.Invalid{Field: "code", Reason: "choose other digits: the lock can't take these"}
	default:
		return &home.Invalid{Field: "code", Reason: "the lock refused it: it may have no such user, or want more or fewer digits"}
	}
}

// ClearPIN takes it away. It waits for the lock's answer.
func (r *Radio) ClearPIN(ctx context.Context, id home.DeviceID, user int) error {
	cmd, err := r.askLock(ctx, id, zcl.ClearPIN{User: uint16(user)})
	if err != nil {
		return err
	}
	if a, ok := cmd.(zcl.ClearPINResponse); !ok || a.Status != 0 {
		return &home.Conflict{Reason: "the lock did not take the code away"}
	}
	return nil
}

// lockWithin is how long somebody waits for a lock's answer.
const lockWithin = 25 * time.Second

func (r *Radio) askLock(ctx context.Context, id home.DeviceID, cmd zcl.Command) (zcl.Command, error) {
	a, ok := AddressOf(id)
	d := r.find(a)
	if !ok || d == nil {
		return nil, &home.NotFound{What: "lock", ID: string(id)}
	}
	e, ok := d.Serving(zcl.DoorLock)
	if !ok {
		return nil, &home.NotFound{What: "lock", ID: string(id)}
	}
	ctx, cancel := context.WithTimeout(ctx, lockWithin)
	defer cancel()
	answer, err := r.stick.Ask(ctx, a, e.ID, cmd)
	if err != nil {
		r.log.Info("lock does not answer", "device", id, "err", err)
		return nil, &home.Conflict{Reason: "the lock does not answer; wake it by touching its keypad, and try again"}
	}
	return answer, nil
}
