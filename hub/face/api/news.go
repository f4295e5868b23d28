package api

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"gatehouse/hub/bus"
	"gatehouse/hub/home"
	"gatehouse/hub/people/audit"
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
	viewRing   = 64
	clipRing   = 64
)

// news renders what happens in the house into frames of the event stream, once
// for all browsers, on one goroutine. Whoever publishes hands over to one
// subscription, however many browsers there are and however slow. It gathers
// for a moment before it tells: waking a hundred browsers is done when the
// reading that set it off has long reached the siren, and at most a hundred
// times a second. While no browser looks it hears nothing and sleeps.
type news struct {
	a      *API
	frames bus.Topic[frame]
	last   atomic.Uint64 // number of the newest event that was rendered

	mu      sync.Mutex
	streams int
	ears    *ears         // nil while nobody looks
	turned  chan struct{} // ears have come or gone
}

// ears are the subscriptions of what the stream tells.
type ears struct {
	alarms  *bus.Subscription[home.Alarm]
	devices *bus.Subscription[home.Device]
	events  *bus.Subscription[home.Event]
	views   *bus.Subscription[audit.Entry] // nil: there is no record of them
	clips   *bus.Subscription[home.Clip]   // nil: there are none
}

// frame is one rendered message of the stream.
type frame struct {
	right auth.Right // needed to see it; "" for whoever is signed in
	seq   uint64     // of an event; 0 for state and beats
	reset bool
	bytes []byte
}

func newNews(a *API) *news {
	n := &news{a: a, turned: make(chan struct{}, 1)}
	a.set.NewGauge("gatehouse_stream_clients", func() float64 {
		n.mu.Lock()
		defer n.mu.Unlock()
		return float64(n.streams)
	})
	return n
}

// join counts a stream in. From here on nothing is missed: who opens a stream
// joins before it reads the present state.
func (n *news) join() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.streams++; n.streams > 1 {
		return
	}
	o := &n.a.o
	n.ears = &ears{alarms: o.AlarmChanges.Subscribe(64), devices: o.DeviceChanges.Subscribe(deviceRing), events: o.Events.Subscribe(eventRing)}
	if o.ViewChanges != nil {
		n.ears.views = o.ViewChanges.Subscribe(viewRing)
	}
	if o.ClipChanges != nil {
		n.ears.clips = o.ClipChanges.Subscribe(clipRing)
	}
	n.advance(o.Journal.Last()) // of what is written, those who come back are told apart
	n.turn()
}

// leave counts a stream out.
func (n *news) leave() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.streams--; n.streams > 0 {
		return
	}
	n.ears.alarms.Close()
	n.ears.devices.Close()
	n.ears.events.Close()
	if n.ears.views != nil {
		n.ears.views.Close()
	}
	if n.ears.clips != nil {
		n.ears.clips.Close()
	}
	n.ears = nil
	n.turn()
}

func (n *news) turn() {
	select {
	case n.turned <- struct{}{}:
	default:
	}
}

// wakes are what the ears are woken by; nil while nobody looks.
func (n *news) wakes() (alarms, devices, events, views, clips <-chan struct{}) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.ears == nil {
		return nil, nil, nil, nil, nil
	}
	if n.ears.views != nil {
		views = n.ears.views.Wake()
	}
	if n.ears.clips != nil {
		clips = n.ears.clips.Wake()
	}
	return n.ears.alarms.Wake(), n.ears.devices.Wake(), n.ears.events.Wake(), views, clips
}

func (n *news) run(ctx context.Context) error {
	health, stop := n.a.o.HealthChanges()
	defer stop()
	beat := time.NewTicker(beatEvery)
	defer beat.Stop()
	gather := time.NewTimer(gatherFor)
	defer gather.Stop()
	gathering, unwell := true, false
	for {
		alarms, devices, events, views, clips := n.wakes()
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-n.turned:
			continue
		case <-beat.C:
			if n.frames.Subscribers() > 0 {
				n.publish(n.beat(time.Now()))
			}
			continue
		case <-gather.C:
			gathering = false
			n.tell()
			if unwell {
				n.publish(n.health())
				unwell = false
			}
			continue
		case <-alarms:
		case <-devices:
		case <-events:
		case <-views:
		case <-clips:
		case <-health:
			unwell = true
		}
		if !gathering {
			gather.Reset(gatherFor)
			gathering = true
		}
	}
}

// tell publishes what has gathered. The lock keeps it from telling a page that
// has just come what ears heard that closed before.
func (n *news) tell() {
	n.mu.Lock()
	defer n.mu.Unlock()
	e := n.ears
	if e == nil {
		return
	}
	for it, ok := e.alarms.TryNext(); ok; it, ok = e.alarms.TryNext() {
		n.publish(n.alarm(it.Value))
	}
	n.devices(e.devices)
	for it, ok := e.events.TryNext(); ok; it, ok = e.events.TryNext() {
		if it.Gap {
			n.catchUp(it.Value.Seq)
		}
		n.event(it.Value)
	}
	n.clips(e.clips)
	if e.views == nil {
		return
	}
	// One that is lost between is in the list of views all the same.
	for it, ok := e.views.TryNext(); ok; it, ok = e.views.TryNext() {
		n.publish(n.render(auth.ViewsAll, "view", it.Value))
	}
}

// clips publishes each clip that changed.
func (n *news) clips(s *bus.Subscription[home.Clip]) {
	if s == nil {
		return
	}
	for it, ok := s.TryNext(); ok; it, ok = s.TryNext() {
		if it.Gap {
			n.publish(n.reset("more clips have changed than are told one by one"))
		}
		n.publish(n.render(auth.ClipsRead, "clip", it.Value))
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
	Clip    home.Clip          `json:"clip" doc:"one that began, ended, was kept or deleted"`
	Health  []home.TroubleItem `json:"health" doc:"all that is present now"`
	Session streamSession      `json:"session"`
	View    audit.Entry        `json:"view" doc:"somebody watches; for whoever may read all views"`
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
