package hub

import (
	"encoding/json"
	"fmt"
	"time"

	"gatehouse/hub/home"
)

// LockUsed implements zigbeehome.House.
func (z zigbeeHouse) LockUsed(d home.DeviceID, u home.LockUse) { z.hub.lockUsed(d, u) }

// lockUsed writes down who did what at a lock.
func (h *Hub) lockUsed(id home.DeviceID, u home.LockUse) {
	data, err := json.Marshal(struct {
		Bolt  home.Value     `json:"bolt"`
		Means home.LockMeans `json:"means"`
		User  *int           `json:"user,omitempty"`
	}{u.Bolt, u.Means, userOf(u)})
	if err != nil {
		h.log.Error("use of a lock not encoded", "device", id, "err", err)
	}
	h.journal.Add(home.Event{At: home.At(time.Now()), Kind: home.KindAccess, Device: id, Text: lockSentence(h.nameOf(id), u), Data: data})
}

func userOf(u home.LockUse) *int {
	if u.User < 0 {
		return nil
	}
	return &u.User
}

// lockSentence tells what was done at a lock.
func lockSentence(lock string, u home.LockUse) string {
	who := "Somebody"
	if u.User >= 0 {
		who = fmt.Sprintf("User %d", u.User)
	}
	switch {
	case u.Many:
		return lock + " was given too many wrong codes."
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
