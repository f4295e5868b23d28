package homekit

import (
	"crypto/rand"
	"crypto/sha512"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"gatehouse/hub/face/homekit/hap"
)

// State is what the face keeps, in one cell: whatever happens while it is saved,
// a device is paired or it is not.
type State struct {
	ID      string `json:"id"`   // of the bridge, "AA:BB:CC:DD:EE:FF"
	Seed    []byte `json:"seed"` // of its long-term key
	Code    string `json:"code"` // "123-45-678"
	SetupID string `json:"setup_id"`
	Port    int    `json:"port"` // remembered when it was free to choose

	Pairings []hap.Pairing `json:"pairings"`

	// Accessories are the numbers that were given, and Next the one to come.
	Accessories map[string]uint64 `json:"accessories"`
	Next        uint64            `json:"next"`
	// Config counts the shapes that the bridge had, Shape is the last one's print.
	Config int    `json:"config"`
	Shape  string `json:"shape"`

	Settings Settings `json:"settings"`

	Form int `json:"form"` // of this state; see upgrade
}

// Settings are what the owner chose. All are off at first.
type Settings struct {
	Disarm  bool `json:"disarm"`   // Apple Home may disarm
	Unlock  bool `json:"unlock"`   // Apple Home may unlock
	ArmOpen bool `json:"arm_open"` // what is open is left out when Apple Home arms
	Cameras bool `json:"cameras"`  // Apple Home shows the cameras
}

// upgrade brings a state that an older hub kept to the present form.
//
// 0 → 1: cameras are shown by the owner's choice. They were shown before if they told
// anything, and then they have numbers: whoever had them keeps them.
//
//	BEFORE {"accessories":{"camera-porch":12},"settings":{}}
//	AFTER  {"accessories":{"camera-porch":12},"settings":{"cameras":true},"form":1}
func (s *State) upgrade() {
	if s.Form == 0 {
		for key := range s.Accessories {
			s.Settings.Cameras = s.Settings.Cameras || strings.HasPrefix(key, "camera-")
		}
		s.Form = 1
	}
}

// category is what the bridge says it is.
const category = 2

// newState makes the identity of a hub that had none.
func newState() State {
	s := State{Accessories: map[string]uint64{}, Next: firstDevice, Config: 1, Seed: make([]byte, 32), Form: 1}
	_, _ = rand.Read(s.Seed) // never fails, here and below
	var id [6]byte
	_, _ = rand.Read(id[:])
	s.ID = fmt.Sprintf("%02X:%02X:%02X:%02X:%02X:%02X", id[0], id[1], id[2], id[3], id[4], id[5])
	_ = s.renew() // says no to nobody
	return s
}

// renew makes another setup code. What was seen of the old one is worth nothing.
func (s *State) renew() error {
	s.Code = randomCode()
	s.SetupID = ""
	for range 4 {
		s.SetupID += string("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[below(36)])
	}
	return nil
}

// below is a random number.
func below(n uint64) uint64 {
	var b [8]byte
	_, _ = rand.Read(b[:])
	return binary.LittleEndian.Uint64(b[:]) % n // 2^64 is so much more that no number is favoured
}

// randomCode is a setup code that Apple does not refuse (§4.2.1.2).
func randomCode() string {
	for {
		digits := fmt.Sprintf("%08d", below(100_000_000))
		if digits != "12345678" && digits != "87654321" && strings.Trim(digits, digits[:1]) != "" {
			return digits[:3] + "-" + digits[3:5] + "-" + digits[5:]
		}
	}
}

// setupURI is what the QR code says: version, category, the flag for IP, and the
// code in 46 bits, in base 36, then the setup id.
func setupURI(s State) string {
	code, err := strconv.ParseUint(strings.ReplaceAll(s.Code, "-", ""), 10, 27)
	if err != nil {
		return ""
	}
	const ip = 1 << 28
	payload := strings.ToUpper(strconv.FormatUint(category<<31|ip|code, 36))
	return "X-HM://" + strings.Repeat("0", 9-len(payload)) + payload + s.SetupID
}

// text is what the announcement tells (§6.4).
func text(s State, name string) []string {
	unpaired := "0"
	if len(s.Pairings) == 0 {
		unpaired = "1"
	}
	sum := sha512.Sum512([]byte(s.SetupID + s.ID))
	return []string{
		"c#=" + strconv.Itoa(s.Config), "ff=0", "id=" + s.ID, "md=" + short(name, 32), "pv=1.1", "s#=1",
		"sf=" + unpaired, "ci=" + strconv.Itoa(category), "sh=" + base64.StdEncoding.EncodeToString(sum[:4]),
	}
}

// keeper holds the state: read by many, changed by one at a time, and only once
// the change is on disk.
type keeper struct {
	store Store
	note  func(who, line string)

	saving sync.Mutex
	now    atomic.Pointer[State]
}

func openKeeper(store Store, port func() int, note func(who, line string)) (*keeper, error) {
	k := &keeper{store: store, note: note}
	s, ok, err := store.Load()
	if err != nil {
		return nil, err
	}
	if !ok {
		s = newState()
		s.Port = port()
		if err := store.Save(s); err != nil {
			return nil, err
		}
	}
	s.upgrade()
	k.now.Store(&s)
	return k, nil
}

// state is never changed.
func (k *keeper) state() State { return *k.now.Load() }

// update changes a copy and keeps it, unless change says no.
func (k *keeper) update(change func(*State) error) error {
	k.saving.Lock()
	defer k.saving.Unlock()
	s := k.state()
	s.Pairings, s.Accessories = slices.Clone(s.Pairings), maps.Clone(s.Accessories)
	if err := change(&s); err != nil {
		return err
	}
	if err := k.store.Save(s); err != nil {
		return err
	}
	k.now.Store(&s)
	return nil
}

// Identity, SetupCode, Pairings, Pairing, Put and Remove make it a hap.Keeper.

// Identity is the bridge's own.
func (k *keeper) Identity() hap.Identity {
	s := k.state()
	return hap.Identity{ID: s.ID, Seed: s.Seed}
}

// SetupCode is the code of this hub.
func (k *keeper) SetupCode() string { return k.state().Code }

// Pairings are the devices that are let in.
func (k *keeper) Pairings() []hap.Pairing { return k.state().Pairings }

// Pairing is one of them.
func (k *keeper) Pairing(id string) (hap.Pairing, bool) {
	list := k.state().Pairings
	if i := at(list, id); i >= 0 {
		return list[i], true
	}
	return hap.Pairing{}, false
}

func at(list []hap.Pairing, id string) int {
	return slices.IndexFunc(list, func(p hap.Pairing) bool { return p.ID == id })
}

// apples is who does what an Apple device asks for.
const apples = "Apple Home"

var errPaired = errors.New("an Apple device is paired already")

// Put lets a device in.
func (k *keeper) Put(p hap.Pairing, by string) error {
	known := false
	err := k.update(func(s *State) error {
		if by == "" && len(s.Pairings) > 0 {
			return errPaired // two came at once
		}
		if i := at(s.Pairings, p.ID); i >= 0 {
			s.Pairings[i], known = p, true
			return nil
		}
		s.Pairings = append(s.Pairings, p)
		return nil
	})
	switch {
	case err != nil:
		return err
	case by == "":
		k.note("", "An Apple device gave the setup code and is paired with this home.")
	case known:
		k.note(apples, "Apple Home changed what one of its devices may do.")
	default:
		k.note(apples, "Apple Home let another device in.")
	}
	return nil
}

// Remove lets a device in no longer, and none if it was the last that may let
// others in.
func (k *keeper) Remove(id, _ string) error { return k.remove(id, apples) }

func (k *keeper) remove(id, who string) error {
	was, is := 0, 0
	err := k.update(func(s *State) error {
		was = len(s.Pairings)
		s.Pairings = slices.DeleteFunc(s.Pairings, func(p hap.Pairing) bool { return p.ID == id })
		if !slices.ContainsFunc(s.Pairings, func(p hap.Pairing) bool { return p.Admin }) {
			s.Pairings = nil
		}
		if is = len(s.Pairings); is == 0 && was > 0 {
			return s.renew()
		}
		return nil
	})
	switch {
	case err != nil:
		return err
	case is == 0 && was > 0:
		k.note(who, "No Apple device is paired with this home any more.")
	case is < was:
		k.note(who, "An Apple device was removed and may not come in any more.")
	}
	return nil
}

// short cuts a text to what fits, between characters.
func short(s string, most int) string {
	return strings.ToValidUTF8(s[:min(len(s), most)], "")
}
