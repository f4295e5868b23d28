package homekit

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/brutella/hap/characteristic"

	"gatehouse/hub/face/homekit/hap"
	"gatehouse/hub/home"
)

// Numbers of accessories. Those of devices and further areas are given one after
// the other and never twice.
const (
	aidBridge   = 1
	aidHouse    = 2
	firstDevice = 10

	// mostAccessories is what Apple Home takes of one bridge.
	mostAccessories = 150
)

// accessory is one thing that Apple Home shows.
type accessory struct {
	aid    uint64
	key    string // what it is about: a device's id, "area/…", "" for the bridge
	kinds  []*kind
	values []any // of the kinds' characteristics, one after the other

	subject subject
	until   time.Time // subject.asked holds
}

// bridge holds what is shown. Connections read it, the teller alone changes it,
// and nobody waits for anything while holding it.
type bridge struct {
	face *Face

	mu   sync.Mutex
	all  []*accessory // by number
	keys map[string]*accessory

	waiting []asked // soonest first
}

func newBridge(f *Face) *bridge { return &bridge{face: f, keys: map[string]*accessory{}} }

func (b *bridge) clear() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.all, b.keys, b.waiting = nil, map[string]*accessory{}, nil
}

// kindsOf are the services that a subject has, none if it is not shown: a battery
// alone is no accessory.
func kindsOf(s *subject) []*kind {
	if s.unshown {
		return nil
	}
	var list []*kind
	main := false
	for _, k := range kinds() {
		if k.wants(s) {
			list = append(list, k)
			main = main || k.number > 0 && k.label != "Battery"
		}
	}
	if !main {
		return nil
	}
	return list
}

func valuesOf(list []*kind, s *subject) []any {
	var values []any
	for _, k := range list {
		for _, r := range k.reads {
			if r == nil {
				values = append(values, nil)
				continue
			}
			values = append(values, r(s))
		}
	}
	return values
}

// put shows an accessory whose services are known already, and returns what is
// new of it.
func (b *bridge) put(key string, s subject) []hap.Change {
	b.mu.Lock()
	defer b.mu.Unlock()
	a, ok := b.keys[key]
	if !ok {
		return nil // shown once the shape is looked at
	}
	if a.subject.asked.Known() && time.Now().Before(a.until) && s.value(home.Lock) != a.subject.asked {
		s.asked = a.subject.asked
	}
	return a.set(s)
}

func (a *accessory) set(s subject) []hap.Change {
	a.subject = s
	values := valuesOf(a.kinds, &s)
	var changes []hap.Change
	i := 0
	for _, k := range a.kinds {
		for n := range k.reads {
			if values[i] != a.values[i] && values[i] != nil {
				changes = append(changes, hap.Change{ID: a.id(k, n), Value: values[i], Keep: k.keeps})
			}
			i++
		}
	}
	a.values = values
	return changes
}

// id is that of the n-th characteristic of a service.
func (a *accessory) id(k *kind, n int) hap.ID {
	return hap.ID{AID: a.aid, IID: k.iid() + 1 + uint64(n)}
}

// shape takes what there is to show and makes the accessories of it, with their
// numbers. It tells whether the bridge has another shape than before, and how many
// are left out.
func (b *bridge) shape(subjects map[string]subject) (changed bool, leftOut int, err error) {
	want := map[string][]*kind{}
	var fresh []string
	numbers := b.face.keeper.state().Accessories
	for key, s := range subjects {
		if list := kindsOf(&s); list != nil {
			want[key] = list
			if _, known := numbers[key]; !known && numbered(key) {
				fresh = append(fresh, key)
			}
		}
	}
	slices.Sort(fresh)
	numbers, err = b.number(subjects, fresh)
	if err != nil {
		return false, 0, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	var all []*accessory
	for key, list := range want {
		a := &accessory{aid: aidOf(key, numbers), key: key, kinds: list}
		s := subjects[key]
		a.values = valuesOf(list, &s)
		if was, ok := b.keys[key]; ok && was.aid == a.aid && slices.Equal(was.kinds, list) {
			a = was
		} else {
			a.subject = s
		}
		all = append(all, a)
	}
	slices.SortFunc(all, func(x, y *accessory) int { return cmp.Compare(x.aid, y.aid) })
	leftOut = max(len(all)-mostAccessories, 0)
	all = all[:len(all)-leftOut]
	b.all, b.keys = all, map[string]*accessory{}
	for _, a := range all {
		b.keys[a.key] = a
	}
	print := b.print()
	if print == b.face.keeper.state().Shape {
		return false, leftOut, nil
	}
	err = b.face.keeper.update(func(s *State) error {
		s.Shape = print
		s.Config = s.Config%65535 + 1
		return nil
	})
	return true, leftOut, err
}

func numbered(key string) bool { return key != "" && key != houseKey }

func aidOf(key string, numbers map[string]uint64) uint64 {
	switch key {
	case "":
		return aidBridge
	case houseKey:
		return aidHouse
	default:
		return numbers[key]
	}
}

// number gives numbers to what has none, and takes them from what has left: a
// device that comes in its place is another one.
func (b *bridge) number(there map[string]subject, fresh []string) (map[string]uint64, error) {
	k := b.face.keeper
	gone := func(key string) bool { _, ok := there[key]; return !ok }
	leaves := false
	for key := range k.state().Accessories {
		leaves = leaves || gone(key)
	}
	if !leaves && len(fresh) == 0 {
		return k.state().Accessories, nil
	}
	err := k.update(func(s *State) error {
		for key := range s.Accessories {
			if gone(key) {
				delete(s.Accessories, key)
			}
		}
		for _, key := range fresh {
			s.Accessories[key] = s.Next
			s.Next++
		}
		return nil
	})
	return k.state().Accessories, err
}

// print is a mark of the bridge's shape: which accessories with which services.
func (b *bridge) print() string {
	h := sha256.New()
	for _, a := range b.all {
		h.Write(strconv.AppendUint(nil, a.aid, 10))
		for _, k := range a.kinds {
			h.Write(strconv.AppendUint([]byte{' '}, k.number, 10))
			h.Write(strconv.AppendInt([]byte{'/'}, int64(len(k.reads)), 10))
		}
		h.Write([]byte{'\n'})
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// find is a characteristic by its number; the caller holds mu.
func (b *bridge) find(id hap.ID) (a *accessory, k *kind, n, at int, ok bool) {
	i, found := slices.BinarySearchFunc(b.all, id.AID, func(a *accessory, aid uint64) int { return cmp.Compare(a.aid, aid) })
	if !found {
		return nil, nil, 0, 0, false
	}
	a = b.all[i]
	for _, k := range a.kinds {
		if n := int(id.IID) - int(k.iid()) - 1; n >= 0 && n < len(k.reads) {
			return a, k, n, at + n, true
		}
		at += len(k.reads)
	}
	return nil, nil, 0, 0, false
}

// described is a library characteristic with our value.
func described(c *characteristic.C, v any) hap.Characteristic {
	format := c.Format
	if format == characteristic.FormatInt32 {
		format = "int" // as the protocol calls it (§9, table 6-5)
	}
	ch := hap.Characteristic{
		Type: c.Type, Format: format, Perms: c.Permissions, Unit: c.Unit,
		Min: c.MinVal, Max: c.MaxVal, Step: c.StepVal, MaxLen: c.MaxLen, Valid: c.ValidVals, Value: v,
	}
	if v == nil && c.IsReadable() && c.Type != characteristic.TypeProgrammableSwitchEvent {
		ch.Status = hap.StatusUnreachable // nothing has been heard
	}
	return ch
}

// The database as the protocol has it (§6.3).
type (
	database struct {
		Accessories []databaseAccessory `json:"accessories"`
	}
	databaseAccessory struct {
		AID      uint64            `json:"aid"`
		Services []databaseService `json:"services"`
	}
	databaseService struct {
		IID             uint64         `json:"iid"`
		Type            string         `json:"type"`
		Primary         bool           `json:"primary,omitempty"`
		Characteristics []databaseItem `json:"characteristics"`
	}
	databaseItem struct {
		IID    uint64          `json:"iid"`
		Type   string          `json:"type"`
		Perms  []string        `json:"perms"`
		Format string          `json:"format"`
		Value  json.RawMessage `json:"value,omitempty"`
		Unit   string          `json:"unit,omitempty"`
		Min    any             `json:"minValue,omitempty"`
		Max    any             `json:"maxValue,omitempty"`
		Step   any             `json:"minStep,omitempty"`
		MaxLen int             `json:"maxLen,omitempty"`
		Valid  []int           `json:"valid-values,omitempty"`
	}
)

func (b *bridge) database() []byte {
	b.mu.Lock()
	defer b.mu.Unlock()
	d := database{Accessories: make([]databaseAccessory, 0, len(b.all))}
	for _, a := range b.all {
		da := databaseAccessory{AID: a.aid}
		at, primary := 0, true
		for _, k := range a.kinds {
			ds := databaseService{IID: k.iid(), Type: k.about.Type}
			if k.number > 1 && primary {
				ds.Primary, primary = true, false
			}
			for n, c := range k.about.Cs {
				ch := described(c, a.values[at])
				item := databaseItem{
					IID: a.id(k, n).IID, Type: ch.Type, Perms: ch.Perms, Format: ch.Format,
					Unit: ch.Unit, Min: ch.Min, Max: ch.Max, Step: ch.Step, MaxLen: ch.MaxLen, Valid: ch.Valid,
				}
				if c.IsReadable() {
					item.Value = encode(orIdle(c, ch.Value))
				}
				ds.Characteristics = append(ds.Characteristics, item)
				at++
			}
			da.Services = append(da.Services, ds)
		}
		d.Accessories = append(d.Accessories, da)
	}
	return encode(d)
}

// orIdle puts a value of the right form where the database wants one and nothing
// has been heard. Whoever reads it by itself is told that nothing was; the
// service's status says so too.
func orIdle(c *characteristic.C, v any) any {
	if v != nil || c.Type == characteristic.TypeProgrammableSwitchEvent {
		return v
	}
	if c.Type == characteristic.TypeContactSensorState {
		return 1 // not known is not closed
	}
	return c.Val
}

// encode writes one of our own objects, which cannot fail.
func encode(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic("homekit: " + err.Error()) // a type that JSON has no form for: a mistake in the program
	}
	return b
}

func itoa(n int) string { return strconv.Itoa(n) }

// shows tells whether an accessory is shown with the services that it should have.
func (b *bridge) shows(key string, s *subject) bool {
	want := kindsOf(s)
	b.mu.Lock()
	defer b.mu.Unlock()
	a, ok := b.keys[key]
	if !ok {
		return want == nil || len(b.all) >= mostAccessories
	}
	return slices.Equal(a.kinds, want)
}

// pressed is what a button said, by each service that tells it.
func (b *bridge) pressed(r home.Reading) []hap.Change {
	press, ok := presses[r.Value]
	if !ok {
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	a, ok := b.keys[string(r.Device)]
	if !ok {
		return nil
	}
	var changes []hap.Change
	for _, k := range a.kinds {
		c := k.about.Cs[0]
		if c.Type == characteristic.TypeProgrammableSwitchEvent && slices.Contains(c.ValidVals, press) {
			changes = append(changes, hap.Change{ID: a.id(k, 0), Value: press, Keep: true})
		}
	}
	return changes
}

// expect notes that a device was asked for something: it has answerTime.
func (b *bridge) expect(a *accessory, id hap.ID, lock home.Value) {
	b.mu.Lock()
	defer b.mu.Unlock()
	until := time.Now().Add(answerTime)
	if len(b.waiting) < mostWaiting {
		b.waiting = append(b.waiting, asked{a.key, id, until})
	}
	if lock.Known() {
		a.subject.asked, a.until = lock, until
	}
}

// mostWaiting bounds what is waited for; one more is not looked after.
const mostWaiting = 256

// overdue tells how those are that had their time: who asked believes that it was
// done.
func (b *bridge) overdue(now time.Time) []hap.Change {
	b.mu.Lock()
	defer b.mu.Unlock()
	var changes []hap.Change
	for len(b.waiting) > 0 && !now.Before(b.waiting[0].due) {
		w := b.waiting[0]
		b.waiting = b.waiting[1:]
		a, ok := b.keys[w.key]
		if !ok {
			continue
		}
		s := a.subject
		if now.Before(a.until) {
			continue // asked again
		}
		s.asked = home.Value{}
		changes = append(changes, a.set(s)...)
		if _, _, _, at, ok := b.find(w.id); ok && a.values[at] != nil &&
			!slices.ContainsFunc(changes, func(c hap.Change) bool { return c.ID == w.id }) {
			changes = append(changes, hap.Change{ID: w.id, Value: a.values[at]})
		}
	}
	return changes
}

// nextOverdue is when overdue has something to say; zero for never.
func (b *bridge) nextOverdue() time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.waiting) == 0 {
		return time.Time{}
	}
	return b.waiting[0].due
}

// value is what a characteristic says now.
func (b *bridge) value(id hap.ID) (v any, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	a, _, _, at, ok := b.find(id)
	if !ok {
		return nil, false
	}
	return a.values[at], true
}
