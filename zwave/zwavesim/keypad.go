package zwavesim

import (
	"maps"
	"slices"
	"time"
)

// Key is what a person ends an entry with (event types of Entry Control).
type Key byte

// Keys.
const (
	KeyEnter   Key = 0x02
	KeyDisarm  Key = 0x03
	KeyArm     Key = 0x04
	KeyAway    Key = 0x05
	KeyHome    Key = 0x06
	KeyFire    Key = 0x10
	KeyPolice  Key = 0x11
	KeyPanic   Key = 0x12
	KeyMedical Key = 0x13
	KeyCancel  Key = 0x19
	KeyTyping  Key = 0x00 // a code is being typed
)

var keys = []byte{
	byte(KeyTyping), byte(KeyEnter), byte(KeyDisarm), byte(KeyArm), byte(KeyAway), byte(KeyHome),
	byte(KeyFire), byte(KeyPolice), byte(KeyPanic), byte(KeyMedical), byte(KeyCancel),
}

// Indicators that the host may light, by their numbers.
const (
	IndicatorArmed    = 0x01
	IndicatorDisarmed = 0x02
	IndicatorReady    = 0x03
	IndicatorFault    = 0x04
	IndicatorRejected = 0x09
	IndicatorHome     = 0x0a
	IndicatorAway     = 0x0b
	IndicatorAlarm    = 0x0c
	IndicatorBurglary = 0x0d
	IndicatorSmoke    = 0x0e
	IndicatorCO       = 0x0f
	IndicatorBypass   = 0x10
	IndicatorEntry    = 0x11
	IndicatorExit     = 0x12
	IndicatorMedical  = 0x13
	IndicatorWater    = 0x15
	IndicatorPanic    = 0x16
	IndicatorIdentify = 0x50
	IndicatorBeep     = 0x60
	IndicatorChime    = 0x63
)

var indicators = []byte{
	IndicatorArmed, IndicatorDisarmed, IndicatorReady, IndicatorFault, IndicatorRejected, IndicatorHome, IndicatorAway,
	IndicatorAlarm, IndicatorBurglary, IndicatorSmoke, IndicatorCO, IndicatorBypass, IndicatorEntry, IndicatorExit,
	IndicatorMedical, IndicatorWater, IndicatorPanic, IndicatorIdentify, IndicatorBeep, IndicatorChime,
}

// Properties of an indicator.
const (
	propertyMinutes = 0x06
	propertySeconds = 0x07
	propertySound   = 0x09
)

// HoldTime is how long a key for help has to be held. A shorter press does
// nothing.
const HoldTime = 2 * time.Second

// Keypad has keys for codes and arming, and lights that the host sets. It counts
// a delay down by itself, once it was told for how long. It sleeps on a battery
// and wakes when it is called.
type Keypad struct {
	*Node
	seq    byte
	lights map[byte]map[byte]byte // indicator → property → value
	until  map[byte]time.Time     // indicators that go out by themselves
	held   map[Key]*time.Timer    // keys for help that are down
	heard  byte                   // the last sound that was played once; 0: none
}

// NewKeypad makes one with all lights out.
func (s *Stick) NewKeypad(m Make) *Keypad {
	k := &Keypad{
		Node: &Node{
			beams: true, generic: genericEntry, specific: specificKeypad, role: roleSleepCall, icon: 0x0b,
			events: map[byte][]byte{typeHomeSecurity: {eventTamper}},
		},
		lights: map[byte]map[byte]byte{}, until: map[byte]time.Time{}, held: map[Key]*time.Timer{},
	}
	k.handle = k.command
	s.newNode(m, k.Node, class{ccBattery, 1}, class{ccNotification, 8}, class{ccEntryControl, 1}, class{ccIndicator, 3})
	return k
}

// Enter types digits and ends them with a key. Digits may be empty, as for an
// arming key alone, or a key for help that was held for as long as it takes.
func (k *Keypad) Enter(digits string, key Key) { k.act(func() { k.enter(digits, key) }) }

func (k *Keypad) enter(digits string, key Key) {
	const none, ascii = 0x00, 0x02
	k.seq++
	kind := byte(none)
	if digits != "" {
		kind = ascii
	}
	cmd := []byte{ccEntryControl, 0x01, k.seq, kind, byte(key), byte(len(digits))}
	k.report(append(cmd, digits...))
}

// Down holds a key for help down; after HoldTime the keypad says so, once.
func (k *Keypad) Down(key Key) {
	k.act(func() {
		if k.held[key] == nil {
			k.held[key] = time.AfterFunc(HoldTime, func() { k.Enter("", key) })
		}
	})
}

// Up lets the key go.
func (k *Keypad) Up(key Key) {
	k.act(func() {
		if t := k.held[key]; t != nil {
			t.Stop()
			delete(k.held, key)
		}
	})
}

// Lights are the indicators as the host last set them, without those that have
// gone out since: indicator → property → value.
func (k *Keypad) Lights() map[byte]map[byte]byte {
	k.s.mu.Lock()
	defer k.s.mu.Unlock()
	k.expire()
	all := map[byte]map[byte]byte{}
	for id, props := range k.lights {
		all[id] = maps.Clone(props)
	}
	return all
}

// Lit tells whether the host has lit an indicator by any property.
func (k *Keypad) Lit(indicator byte) bool {
	for property, v := range k.Lights()[indicator] {
		if v != 0 && property != propertySound {
			return true
		}
	}
	return false
}

// Left is how long an indicator still counts down.
func (k *Keypad) Left(indicator byte) time.Duration {
	k.s.mu.Lock()
	defer k.s.mu.Unlock()
	k.expire()
	return max(0, time.Until(k.until[indicator]))
}

// Muted tells whether the host took the sound of an indicator away.
func (k *Keypad) Muted(indicator byte) bool {
	v, set := k.Lights()[indicator][propertySound]
	return set && v == 0
}

// Heard is the last sound that was played once, and forgets it; 0: none since.
func (k *Keypad) Heard() byte {
	k.s.mu.Lock()
	defer k.s.mu.Unlock()
	heard := k.heard
	k.heard = 0
	return heard
}

func (k *Keypad) expire() {
	now := time.Now()
	for id, end := range k.until {
		if !now.Before(end) {
			delete(k.until, id)
			delete(k.lights, id)
		}
	}
}

func (k *Keypad) command(cmd []byte) bool {
	p := cmd[2:]
	switch cmd[0] {
	case ccEntryControl:
		switch cmd[1] {
		case 0x02: // keys: the ASCII digits
			digits := []byte("0123456789")
			k.answer(append([]byte{ccEntryControl, 0x03, 8}, bitmask(digits, 0, 8)...)...)
		case 0x04: // data types none and ASCII; events; cached keys 1–10; time-out 1–30 s
			b := []byte{ccEntryControl, 0x05, 1, 0x05, 4}
			b = append(b, bitmask(keys, 0, 4)...)
			k.answer(append(b, 1, 10, 1, 30)...)
		case 0x07:
			k.answer(ccEntryControl, 0x08, 8, 5)
		case 0x06:
			return len(p) >= 2
		default:
			return false
		}
		return true
	case ccIndicator:
		return k.indicator(cmd[1], p)
	}
	return false
}

func (k *Keypad) indicator(command byte, p []byte) bool {
	// Multilevel, binary, on/off period, cycles, on time, minutes, seconds; sound.
	const properties, more = 0xfe, 0x02
	k.expire()
	switch {
	case command == 0x01 && len(p) == 1: // version 1: the first one
		k.light(IndicatorArmed, 0x02, p[0])
	case command == 0x01 && len(p) >= 2:
		count := int(p[1] & 0x1f)
		if len(p) < 2+3*count {
			return false
		}
		timed := map[byte]time.Duration{}
		for i := range count {
			id, property, value := p[2+3*i], p[3+3*i], p[4+3*i]
			if !slices.Contains(indicators, id) {
				continue
			}
			k.light(id, property, value)
			switch property {
			case propertyMinutes:
				timed[id] += time.Duration(value) * time.Minute
			case propertySeconds:
				timed[id] += time.Duration(value) * time.Second
			case propertySound:
				if id >= IndicatorBeep && value > 0 {
					k.heard = id
				}
			}
		}
		for id, d := range timed {
			k.until[id] = time.Now().Add(d)
		}
	case command == 0x02:
		id := byte(IndicatorArmed)
		if len(p) >= 1 && p[0] != 0 {
			id = p[0]
		}
		b := []byte{ccIndicator, 0x03, 0, 0}
		props := k.lights[id]
		for _, prop := range slices.Sorted(maps.Keys(props)) {
			b = append(b, id, prop, props[prop])
			b[3]++
		}
		if b[3] == 0 {
			b = append(b, id, 0x02, 0)
			b[3] = 1
		}
		k.answer(b...)
	case command == 0x04 && len(p) >= 1: // an indicator, the next one, its properties
		id := p[0]
		i := slices.Index(indicators, id)
		switch {
		case id == 0:
			i = 0
		case i < 0:
			k.answer(ccIndicator, 0x05, 0, 0, 0)
			return true
		}
		next := byte(0)
		if i+1 < len(indicators) {
			next = indicators[i+1]
		}
		k.answer(ccIndicator, 0x05, indicators[i], next, 2, properties, more)
	default:
		return false
	}
	return true
}

func (k *Keypad) light(id, property, value byte) {
	if k.lights[id] == nil {
		k.lights[id] = map[byte]byte{}
	}
	k.lights[id][property] = value
	if property <= 0x02 && value == 0 {
		delete(k.lights, id) // out
		delete(k.until, id)
	}
}
