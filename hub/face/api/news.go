package api

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"sync/atomic"
	"time"

	"gatehouse/hub/bus"
	"gatehouse/hub/home"
	"gatehouse/hub/people/auth"
)

// Figures of the stream.
const (
	beatEvery  = 3 * time.Second
	gatherFor  = 10 * time.Millisecond // news of this time goes out together
	frameRing  = 512                   // frames that a browser may be behind before it is dropped
	maxReplay  = 1000                  // events that a browser gets after a break; beyond: reset
	deviceRing = 1024
	eventRing  = 4096
)

// news renders what happens in the house into frames of the event stream, once
// for all browsers, on one goroutine. Whoever publishes hands over to one
// subscription, however many browsers there are and however slow. It gathers
// for a moment before it tells: waking a hundred browsers is done when the
// reading that set it off has long reached the siren, and at most a hundred
// times a second.
type news struct {
	a      *API
	frames bus.Topic[frame]
	last   atomic.Uint64 // number of the newest event that was rendered
	open   atomic.Int64  // streams
}

// frame is one rendered message of the stream.
type frame struct {
	right auth.Right // needed to see it; "" for whoever is signed in
	seq   uint64     // of an event; 0 for state and beats
	reset bool
	bytes []byte
}

func newNews(a *API) *news {
	n := &news{a: a}
	a.set.NewGauge("gatehouse_stream_clients", func() float64 { return float64(n.open.Load()) })
	return n
}

func (n *news) run(ctx context.Context) error {
	o := &n.a.o
	alarms := o.AlarmChanges.Subscribe(64)
	defer alarms.Close()
	devices := o.DeviceChanges.Subscribe(deviceRing)
	defer devices.Close()
	events := o.Events.Subscribe(eventRing)
	defer events.Close()
	health, stop := o.HealthChanges()
	defer stop()
	n.advance(o.Journal.Last())

	beat := time.NewTicker(beatEvery)
	defer beat.Stop()
	gather := time.NewTimer(gatherFor)
	defer gather.Stop()
	gathering, unwell := true, false
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-beat.C:
			n.publish(n.beat(time.Now()))
			continue
		case <-gather.C:
			gathering = false
			n.tell(alarms, devices, events)
			if unwell {
				n.publish(n.health())
				unwell = false
			}
			continue
		case <-alarms.Wake():
		case <-devices.Wake():
		case <-events.Wake():
		case <-health:
			unwell = true
		}
		if !gathering {
			gather.Reset(gatherFor)
			gathering = true
		}
	}
}

// tell publishes what has gathered. Nothing is rendered for nobody: who opens a
// stream reads the present state after it has subscribed.
func (n *news) tell(alarms *bus.Subscription[home.Alarm], devices *bus.Subscription[home.Device], events *bus.Subscription[home.Event]) {
	if n.frames.Subscribers() == 0 {
		n.pass(alarms, devices, events)
		return
	}
	for it, ok := alarms.TryNext(); ok; it, ok = alarms.TryNext() {
		n.publish(n.alarm(it.Value))
	}
	n.devices(devices)
	for it, ok := events.TryNext(); ok; it, ok = events.TryNext() {
		if it.Gap {
			n.catchUp(it.Value.Seq)
		}
		n.event(it.Value)
	}
}

// pass takes note of what has gathered and tells nobody.
func (n *news) pass(alarms *bus.Subscription[home.Alarm], devices *bus.Subscription[home.Device], events *bus.Subscription[home.Event]) {
	for _, ok := alarms.TryNext(); ok; _, ok = alarms.TryNext() {
	}
	for _, ok := devices.TryNext(); ok; _, ok = devices.TryNext() {
	}
	for it, ok := events.TryNext(); ok; it, ok = events.TryNext() {
		n.advance(it.Value.Seq)
	}
}

func (n *news) publish(f frame) { n.frames.Publish(f) }

func (n *news) advance(seq uint64) {
	if seq > n.last.Load() {
		n.last.Store(seq)
	}
}

// event publishes one journal line, unless it was already.
func (n *news) event(e home.Event) {
	if e.Seq <= n.last.Load() {
		return
	}
	n.advance(e.Seq)
	n.publish(n.eventFrame(e))
}

// catchUp reads what was lost between the newest rendered event and next.
func (n *news) catchUp(next uint64) {
	for after := n.last.Load(); after+1 < next; {
		lost, err := n.a.o.Journal.After(after, maxReplay)
		if err != nil || len(lost) == 0 {
			if err != nil {
				n.a.log.Error("journal not read for the stream", "err", err)
			}
			n.publish(n.reset("the hub could not read the lines between"))
			return
		}
		for _, e := range lost {
			n.event(e)
		}
		after = lost[len(lost)-1].Seq
	}
}

// devices publishes each device that changed, once, as it is now.
func (n *news) devices(s *bus.Subscription[home.Device]) {
	changed := map[home.DeviceID]home.Device{}
	var order []home.DeviceID
	for it, ok := s.TryNext(); ok; it, ok = s.TryNext() {
		if it.Gap {
			for _, d := range n.a.o.Devices.Devices() {
				if _, seen := changed[d.ID]; !seen {
					order = append(order, d.ID)
				}
				changed[d.ID] = d
			}
		}
		if _, seen := changed[it.Value.ID]; !seen {
			order = append(order, it.Value.ID)
		}
		changed[it.Value.ID] = it.Value
	}
	for _, id := range order {
		n.publish(n.device(changed[id]))
	}
}

// left is what the stream says of a device that is no longer in the home.
type left struct {
	ID   home.DeviceID `json:"id"`
	Left bool          `json:"left"`
}

type beat struct {
	Seq   uint64    `json:"seq" doc:"newest event"`
	Alarm uint64    `json:"alarm" doc:"seq of the panel's state"`
	Now   home.Time `json:"now" doc:"the hub's clock"`
}

type reset struct {
	Reason string `json:"reason"`
}

type streamSession struct {
	Stage string    `json:"stage" enum:"full,ended"`
	Name  string    `json:"name"`
	Role  auth.Role `json:"role"`
}

// streamed documents what the stream's messages carry, by the name of the
// event.
type streamed struct {
	Alarm   home.Alarm         `json:"alarm"`
	Device  home.Device        `json:"device" doc:"or {\"id\":…,\"left\":true}"`
	Event   home.Event         `json:"event"`
	Health  []home.TroubleItem `json:"health" doc:"all that is present now"`
	Session streamSession      `json:"session"`
	Beat    beat               `json:"beat"`
	Reset   reset              `json:"reset" doc:"more was missed than is sent again: read everything anew"`
}

func (n *news) alarm(s home.Alarm) frame {
	return n.render(auth.AlarmRead, "alarm", settled(s))
}

func (n *news) device(d home.Device) frame {
	if d.Health == "" {
		return n.render(auth.DevicesRead, "device", left{d.ID, true})
	}
	return n.render(auth.DevicesRead, "device", described(d))
}

func (n *news) health() frame {
	return n.render(auth.HealthRead, "health", troubles(n.a.o.Health.List()))
}

func (n *news) eventFrame(e home.Event) frame {
	f := n.renderAt(e.Seq, auth.EventsRead, "event", e)
	f.seq = e.Seq
	return f
}

// beat asks the panel for its state, so that a panel that hangs is seen: the
// beats stop.
func (n *news) beat(now time.Time) frame {
	return n.render("", "beat", beat{Seq: n.last.Load(), Alarm: n.a.o.Panel.State().Seq, Now: home.At(now)})
}

func (n *news) reset(why string) frame {
	f := n.render("", "reset", reset{why})
	f.reset = true
	return f
}

func (n *news) session(stage string, c auth.Caller) frame {
	return n.render("", "session", streamSession{stage, c.Name, c.Role})
}

// render makes a frame whose id is the newest event: who comes back with it
// has missed nothing before it.
func (n *news) render(right auth.Right, name string, v any) frame {
	return n.renderAt(n.last.Load(), right, name, v)
}

func (n *news) renderAt(id uint64, right auth.Right, name string, v any) frame {
	var b bytes.Buffer
	b.WriteString("id: " + strconv.FormatUint(id, 10) + "\nevent: " + name + "\ndata: ")
	enc := json.NewEncoder(&b) // ends the line, and JSON holds no other line end
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		n.a.log.Error("stream message not encoded", "err", fmt.Errorf("%s: %w", name, err))
		b.WriteString("null\n")
	}
	b.WriteByte('\n')
	return frame{right: right, bytes: b.Bytes()}
}
