package zigbeehome

import (
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
func (r *Radio) lockOperated(id home.DeviceID, d *zigbee.Device, c zcl.LockOperation, say func(home.Trait, home.Value)) {
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
	if u.Means != home.ByHub { // what the hub did is a line of its own
		r.house.LockUsed(id, u)
	}
}

// warnsOf tells whether a lock says that its cover was taken off, or the door
// forced.
func warnsOf(d *zigbee.Device) bool {
	e, ok := d.Serving(zcl.DoorLock)
	return ok && e.Serves(zcl.Alarms)
}
