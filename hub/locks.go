package hub

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"gatehouse/hub/home"
	"gatehouse/storage"
)

// locks are the codes that locks know by themselves, and who did what at them.
type locks struct {
	h     *Hub
	codes *storage.Table[home.LockCode]
}

func lockKey(d home.DeviceID, user int) string { return string(d) + "/" + strconv.Itoa(user) }

// Codes implements api.Locks.
func (l *locks) Codes(d home.DeviceID) ([]home.LockCode, error) {
	all, err := values(l.codes)
	if err != nil {
		return nil, fmt.Errorf("codes of locks: %w", err)
	}
	all = slices.DeleteFunc(all, func(c home.LockCode) bool { return c.Device != d })
	slices.SortFunc(all, func(a, b home.LockCode) int { return cmp.Compare(a.User, b.User) })
	return all, nil
}

// Put implements api.Locks.
func (l *locks) Put(ctx context.Context, c home.LockCode, pin home.PIN, by string) error {
	if err := l.has(c.Device); err != nil {
		return err
	}
	if err := l.h.zigbee.radio.SetPIN(ctx, c.Device, c.User, pin); err != nil {
		return err
	}
	if err := l.codes.Put(lockKey(c.Device, c.User), c); err != nil {
		return fmt.Errorf("codes of locks: %w", err)
	}
	l.line(c.Device, by, fmt.Sprintf("%s gave %s a code of %s.", by, c.Person, l.h.nameOf(c.Device)))
	return nil
}

// Delete implements api.Locks.
func (l *locks) Delete(ctx context.Context, d home.DeviceID, user int, by string) error {
	if err := l.has(d); err != nil {
		return err
	}
	if err := l.h.zigbee.radio.ClearPIN(ctx, d, user); err != nil {
		return err
	}
	if err := l.codes.Delete(lockKey(d, user)); err != nil {
		return fmt.Errorf("codes of locks: %w", err)
	}
	l.line(d, by, fmt.Sprintf("%s took code %d of %s away.", by, user, l.h.nameOf(d)))
	return nil
}

// has tells whether there is such a lock, and the hub can tell it codes.
func (l *locks) has(d home.DeviceID) error {
	lock, ok := l.h.devices.Device(d)
	if _, locks := lock.Traits[home.Lock]; !ok || !locks {
		return &home.NotFound{What: "lock", ID: string(d)}
	}
	if l.h.zigbee == nil || lock.Radio != "zigbee" {
		return &home.Invalid{Field: "code", Reason: "only Zigbee locks are told codes by this hub"}
	}
	return nil
}

func (l *locks) line(d home.DeviceID, by, text string) {
	l.h.journal.Add(home.Event{At: home.At(time.Now()), Kind: home.KindAccess, Device: d, Who: home.Who(by), Text: text})
}

// forget forgets the codes of a lock that has left.
func (l *locks) forget(d home.DeviceID) {
	codes, err := l.Codes(d)
	for _, c := range codes {
		if err == nil {
			err = l.codes.Delete(lockKey(d, c.User))
		}
	}
	if err != nil {
		l.h.log.Error("codes of a lock not forgotten", "device", d, "err", err)
	}
}

// person is whose code it is; "": nobody knows.
func (l *locks) person(d home.DeviceID, user int) string {
	c, ok, err := l.codes.Get(lockKey(d, user))
	if err != nil || !ok {
		return ""
	}
	return c.Person
}

// LockUsed implements zigbeehome.House. Whose code it was is looked up behind the
// radio's back.
func (z zigbeeHouse) LockUsed(d home.DeviceID, u home.LockUse) {
	at := time.Now()
	select {
	case z.lockUses <- lockUse{d, u, at}:
	default: // more than ever happened at once
		z.hub.log.Warn("use of a lock not written down", "device", d)
	}
}

// lockUse is what was done at a lock, and when.
type lockUse struct {
	device home.DeviceID
	use    home.LockUse
	at     time.Time
}

// writeLockUses writes down who did what at locks.
func (z *zigbeeNetwork) writeLockUses(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case u := <-z.lockUses:
			z.hub.lockUsed(u)
		}
	}
}

// lockUsed writes down who did what at a lock.
func (h *Hub) lockUsed(l lockUse) {
	u := l.use
	ev := home.Event{At: home.At(l.at), Kind: home.KindAccess, Device: l.device}
	who := ""
	var user *int
	if u.User >= 0 {
		user = &u.User
		if who = h.locks.person(l.device, u.User); who != "" {
			ev.Who = home.Who(who)
		}
	}
	data, err := json.Marshal(struct {
		Bolt  home.Value     `json:"bolt"`
		Means home.LockMeans `json:"means"`
		User  *int           `json:"user,omitempty"`
	}{u.Bolt, u.Means, user})
	if err != nil {
		h.log.Error("use of a lock not encoded", "device", l.device, "err", err)
	}
	ev.Text, ev.Data = lockSentence(h.nameOf(l.device), who, u), data
	h.journal.Add(ev)
}

// lockSentence tells what was done at a lock.
func lockSentence(lock, who string, u home.LockUse) string {
	switch {
	case who != "":
	case u.User >= 0:
		who = fmt.Sprintf("User %d", u.User)
	default:
		who = "Somebody"
	}
	switch {
	case u.Many:
		return lock + " was given too many wrong codes."
	case u.Refused && u.Means == home.ByHub:
		return lock + " refused what the hub told it; it may want a code."
	case u.Refused:
		return lock + " was given a wrong code."
	case u.Means == home.ByPIN:
		return fmt.Sprintf("%s %s %s with a code.", who, u.Bolt, lock)
	case u.Means == home.ByTag:
		return fmt.Sprintf("%s %s %s with a tag.", who, u.Bolt, lock)
	case u.Means == home.ByItself:
		return fmt.Sprintf("%s %s by itself.", lock, u.Bolt)
	default:
		return fmt.Sprintf("%s was %s by %s.", lock, u.Bolt, u.Means)
	}
}
