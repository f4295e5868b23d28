package mqtt

import (
	"context"
	"strings"
	"time"

	"gatehouse/hub/bus"
	"gatehouse/hub/health"
	"gatehouse/hub/home"
)

// look is how often the face looks whether a token has ended or discovery was
// switched. A second is promised.
const look = 900 * time.Millisecond

// eventPage is how many journal lines are read at once to fill a gap, and
// eventMost how many a gap can have before the oldest are left out.
const (
	eventPage = 200
	eventMost = 2000
)

// teller turns news into messages. Its run is the one goroutine that does.
type teller struct {
	o Options
	b *broker
	p *picture

	alarms  *bus.Subscription[home.Alarm]
	devices *bus.Subscription[home.Device]
	healths *bus.Subscription[health.Change]
	events  *bus.Subscription[home.Event]
	notices *bus.Subscription[home.Notice]

	discovery bool
	faces     map[home.DeviceID]face
	panel     home.Alarm // as it was last shown
	panels    map[home.AreaID]panelFace
	lastEvent uint64 // 0: none told yet
}

// face is what a device's discovery pages are made of. They are made anew only
// when it changes, not with each reading.
type face struct {
	name, room, maker, model, firmware string
	traits                             uint64 // a bit for each of home.Traits
	shown                              bool
}

func faceOf(d home.Device, discovery bool) face {
	f := face{d.Name, d.Room, d.Maker, d.Model, d.Firmware, 0, discovery}
	for i, t := range home.Traits {
		if _, ok := d.Traits[t]; ok {
			f.traits |= 1 << i
		}
	}
	return f
}

// newTeller subscribes, so that nothing is missed between the first picture
// and the news.
func newTeller(o Options, b *broker) *teller {
	return &teller{
		o: o, b: b, p: b.face.picture,
		faces:   make(map[home.DeviceID]face),
		panels:  make(map[home.AreaID]panelFace),
		alarms:  o.AlarmChanges.Subscribe(32),
		devices: o.DeviceChanges.Subscribe(256),
		healths: o.HealthChanges.Subscribe(32),
		events:  o.Events.Subscribe(512),
		notices: o.Notices.Subscribe(64),
	}
}

func (t *teller) close() {
	t.alarms.Close()
	t.devices.Close()
	t.healths.Close()
	t.events.Close()
	t.notices.Close()
}

// show publishes a retained message if it is news.
func (t *teller) show(topic string, payload []byte) {
	if t.p.set(topic, payload) {
		t.b.publish(topic, payload, true)
	}
}

// everything makes the picture of the house. status comes last: who sees
// online finds the rest.
func (t *teller) everything() {
	t.discovery = t.o.Discovery()
	t.alarm(t.o.Alarm.State())
	t.health()
	t.allDevices()
	t.healthPage()
	t.show(topicStatus, []byte(online))
}

// run tells the news until ctx ends.
func (t *teller) run(ctx context.Context) error {
	tick := time.NewTicker(look)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-t.alarms.Wake():
		case <-t.devices.Wake():
		case <-t.events.Wake():
		case <-t.healths.Wake():
		case <-t.notices.Wake():
		case <-tick.C:
			t.b.face.endEnded(t.b)
			if on := t.o.Discovery(); on != t.discovery {
				t.discovery = on
				t.allDevices()
				t.panelPages()
				t.healthPage()
			}
		}
		// The alarm goes first, whatever woke us.
		t.tellAlarms()
		t.tellDevices()
		t.tellEvents(ctx)
		t.tellHealth()
		t.tellNotices()
		t.b.flush()
	}
}

// tellAlarms shows each state that the panel went through, not only the last:
// the automations of others hang on the words.
func (t *teller) tellAlarms() {
	for {
		it, ok := t.alarms.TryNext()
		if !ok {
			return
		}
		t.alarm(it.Value)
	}
}

// tellDevices shows each reading. What the bus lost is looked up.
func (t *teller) tellDevices() {
	for {
		it, ok := t.devices.TryNext()
		if !ok {
			return
		}
		if it.Gap {
			t.allDevices()
		}
		t.device(it.Value)
	}
}

func (t *teller) tellHealth() {
	news := false
	for {
		if _, ok := t.healths.TryNext(); !ok {
			break
		}
		news = true
	}
	if news {
		t.health()
	}
}

func (t *teller) alarm(a home.Alarm) {
	t.show(topicAlarmState, []byte(alarmWord(a)))
	for _, area := range a.Areas {
		if area.ID != home.TheHouse {
			t.show(topicAreaState(area.ID), []byte(panelWord(area.Phase, area.Mode, area.Like)))
		}
	}
	t.show(topicAlarm, a.AppendJSON(make([]byte, 0, 1024)))
	t.panel = a
	t.panelPages()
}

// panelFace is what an area's discovery page is made of.
type panelFace struct {
	name             string
	vacations, shown bool
}

// panelPages shows the discovery pages of the areas that there are, the house
// first, and takes back what was shown of others.
func (t *teller) panelPages() {
	_, vacations := t.panel.Ready[vacation]
	there := map[home.AreaID]bool{home.TheHouse: true}
	t.panelPage(home.TheHouse, panelFace{"", vacations, t.discovery})
	for _, area := range t.panel.Areas {
		there[area.ID] = true
		if area.ID != home.TheHouse {
			t.panelPage(area.ID, panelFace{area.Name, vacations, t.discovery})
		}
	}
	for id := range t.panels {
		if !there[id] {
			t.show(topicAreaState(id), nil)
			t.show(panelTopic(id), nil)
			delete(t.panels, id)
		}
	}
}

func (t *teller) panelPage(id home.AreaID, now panelFace) {
	if was, ok := t.panels[id]; ok && was == now {
		return
	}
	t.panels[id] = now
	page := panelPage(id, now.name, now.vacations, t.o.Version)
	if !now.shown {
		page.payload = nil
	}
	t.show(page.topic, page.payload)
}

func (t *teller) health() { t.show(topicHealth, encode(healthOf(t.o.Health.List()))) }

// offline is the last message.
func (t *teller) offline() {
	t.show(topicStatus, []byte(offline))
	t.b.flush()
}

// device shows one device, or takes it back when it has left.
func (t *teller) device(d home.Device) {
	if !nameable(d.ID) {
		return
	}
	if d.Health == "" {
		t.show(topicDevice(d.ID), nil)
		delete(t.faces, d.ID)
		t.takeBackPages(d.ID, nil)
		return
	}
	if _, ok := d.Traits[home.Keypad]; ok { // has no state; must never show one
		d = d.Clone()
		delete(d.Traits, home.Keypad)
	}
	t.show(topicDevice(d.ID), d.AppendJSON(make([]byte, 0, 1024)))
	now := faceOf(d, t.discovery)
	if was, ok := t.faces[d.ID]; ok && was == now {
		return
	}
	t.faces[d.ID] = now
	pages := make(map[string]bool)
	if t.discovery {
		for _, page := range devicePages(d, t.o.Version) {
			pages[page.topic] = true
			t.show(page.topic, page.payload)
		}
	}
	t.takeBackPages(d.ID, pages)
}

// takeBackPages removes the discovery pages of a device beside those in keep.
func (t *teller) takeBackPages(id home.DeviceID, keep map[string]bool) {
	for _, topic := range deviceTopics(id) {
		if !keep[topic] {
			t.show(topic, nil)
		}
	}
}

// allDevices shows the devices that there are and takes back the others.
func (t *teller) allDevices() {
	there := make(map[home.DeviceID]bool)
	for _, d := range t.o.Devices.Devices() {
		there[d.ID] = true
		t.device(d)
	}
	for topic := range t.p.shown {
		id, ok := strings.CutPrefix(topic, "gatehouse/device/")
		if ok && !there[home.DeviceID(id)] {
			t.device(home.Device{ID: home.DeviceID(id)})
		}
	}
}

// healthPage shows or takes back the discovery page of the house's health.
func (t *teller) healthPage() {
	page := healthPage(t.o.Version)
	if !t.discovery {
		page.payload = nil
	}
	t.show(page.topic, page.payload)
}

// tellNotices publishes what people elsewhere should know.
func (t *teller) tellNotices() {
	for {
		it, ok := t.notices.TryNext()
		if !ok {
			return
		}
		t.b.publish(topicNotice, encode(it.Value), false)
	}
}

// tellEvents publishes journal lines in order, each once. What the bus lost is
// read from the journal.
func (t *teller) tellEvents(ctx context.Context) {
	for {
		it, ok := t.events.TryNext()
		if !ok {
			return
		}
		if it.Gap && t.lastEvent > 0 {
			t.fillGap(ctx, it.Value.Seq)
		}
		t.event(it.Value)
	}
}

func (t *teller) event(e home.Event) {
	if e.Seq > t.lastEvent {
		t.lastEvent = e.Seq
		t.b.publish(topicEvent, e.AppendJSON(nil), false)
	}
}

// fillGap publishes the lines between the last one told and before.
func (t *teller) fillGap(ctx context.Context, before uint64) {
	if before > eventMost && t.lastEvent < before-eventMost {
		t.o.Log.Warn("mqtt events left out", "from", t.lastEvent+1, "to", before-eventMost-1)
		t.lastEvent = before - eventMost - 1
	}
	for t.lastEvent+1 < before && ctx.Err() == nil {
		list, err := t.o.Journal.After(t.lastEvent, eventPage)
		if err != nil {
			t.o.Log.Error("mqtt events not read", "err", err)
			return
		}
		if len(list) == 0 {
			return
		}
		for _, e := range list {
			if e.Seq >= before {
				return
			}
			t.event(e)
		}
	}
}
