package camera

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"sync"
	"time"

	"github.com/bluenviron/gortsplib/v5/pkg/base"

	"gatehouse/hub/camera/reach"
	"gatehouse/hub/home"
)

// Recorder begins clips. It does not wait for a disk.
type Recorder interface {
	Begin(home.Footage) (home.Tape, error)
}

// Dial reaches an address.
type Dial func(ctx context.Context, network, address string) (net.Conn, error)

// Options are what a Camera needs.
type Options struct {
	ID       home.DeviceID
	URL      string // rtsp:// or rtsps://, with the user's name
	SubURL   string // of a smaller stream to look at, without a name: that of URL is used; "": none
	Password string
	// BasicAuth lets whoever is at the camera's address have the password itself without
	// TLS, if that is what they ask for; else they get digests of it alone.
	BasicAuth bool
	// Certificate is the SHA-256 of the one that the camera showed before, as hex.
	Certificate string
	Pre         time.Duration // what a clip shows of before its trigger
	Post        time.Duration // and of after the last of what held it
	Longest     time.Duration // of one clip
	Audio       bool
	Continuous  bool
	RingBytes   int // what the pre-roll may take at most
	Recorder    Recorder
	Dial        Dial // nil: over the network
	// Changed is called when State is another; it must not wait nor call the camera.
	Changed func(State)
	Log     *slog.Logger
}

// Condition is how a camera is doing.
type Condition string

// Conditions.
const (
	Starting Condition = "starting" // it was not reached yet
	Up       Condition = "up"       // pictures come
	Lost     Condition = "lost"     // it can't be reached, or was lost: State.Why
	Resting  Condition = "resting"  // it is not connected because nobody may record
)

// State is what a camera is and does now.
type State struct {
	Condition   Condition
	Why         string // it is lost
	Since       time.Time
	Video       string        // as in RFC 6381; "" before the first picture
	Audio       string        // the same; "" for none
	Width       int           //
	Height      int           //
	Recording   string        // why; "": it does not
	PreShort    bool          // the pre-roll is more bytes than it may be
	ClockOff    time.Duration // the camera's clock less the hub's; 0 while less than clockSlack
	Certificate string        // SHA-256 of the camera's, in TLS
	Stranger    string        // SHA-256 of another that was shown instead, and refused
	NoTape      string        // why the last clip could not be begun or gone on with
	Speaker     string        // how it takes sound, for people; "": it does not, or was not asked yet
	NoSpeaker   string        // why it does not
}

// Figures that count up while a camera is there.
type Figures struct {
	Pictures, Bytes, PacketsLost, Connections, Clips uint64
}

// Camera is one camera.
type Camera struct {
	o   Options
	url *base.URL
	log *slog.Logger

	wake chan struct{} // rest was changed

	mu      sync.Mutex
	state   State
	figures Figures
	rest    bool
	film    film
	ring    ring
	wanted  wanted
	take    *take
	unmet   time.Time               // until when pictures are wanted for a clip that could not begin; zero: there is none
	keyed   time.Time               // the last picture that stands alone, or the connection
	coming  bool                    // pictures, of whatever kind
	shown   int64                   // when the last picture is
	turned  bool                    // a picture of this film is shown before an earlier one
	asked   *asked                  // nil: nobody waits for a picture that stands alone
	drop    context.CancelCauseFunc // of the connection that there is
	deaf    bool                    // it ends because the camera was to rest: nothing of it counts any more
	feeds   map[*Feed]struct{}      // who looks
	talk    *Talk                   // who speaks; nil: nobody
	ended   bool                    // Run has

	pin   *reach.Pin
	small *small // nil: it has none
}

// New makes a camera. It connects to nothing before Run.
func New(o Options) (*Camera, error) {
	u, err := ParseURL(o.URL)
	if err != nil {
		return nil, err
	}
	if o.Dial == nil {
		o.Dial = new(net.Dialer).DialContext
	}
	if o.Password != "" {
		u.User = url.UserPassword(u.User.Username(), o.Password)
	}
	c := &Camera{
		o: o, url: (*base.URL)(u), log: o.Log.With("device", o.ID), wake: make(chan struct{}, 1),
		state: State{Condition: Starting, Since: time.Now(), Certificate: o.Certificate},
		ring:  ring{keep: o.Pre, limit: o.RingBytes},
		wanted: wanted{
			post: o.Post, holds: map[string]hold{},
		},
	}
	c.pin = reach.NewPin(o.Certificate, func() {
		c.change(func(s *State) { s.Certificate, s.Stranger = c.pin.Known(), c.pin.Stranger() })
	})
	if o.SubURL != "" {
		sub, err := ParseURL(o.SubURL)
		if err != nil {
			return nil, err
		}
		sub.User = u.User
		c.small = &small{camera: c, url: (*base.URL)(sub), wake: make(chan struct{}, 1)}
	}
	return c, nil
}

// ParseURL reads the address of a camera.
func ParseURL(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	switch {
	case err != nil: // which would repeat a password that stands in it
		return nil, &home.Invalid{Field: "url", Reason: "it is no address such as rtsp://user@192.168.1.20/stream"}
	case u.Scheme != "rtsp" && u.Scheme != "rtsps":
		return nil, &home.Invalid{Field: "url", Reason: "it must begin with rtsp:// or rtsps://"}
	case u.Hostname() == "":
		return nil, &home.Invalid{Field: "url", Reason: "it names no camera: give rtsp://user@192.168.1.20/stream"}
	}
	return u, nil
}

// firstRetry and lastRetry bound the pause before a camera is tried again.
const (
	firstRetry = time.Second
	lastRetry  = 30 * time.Second
)

// Run keeps the camera connected until ctx ends. A clip that runs then ends whole.
func (c *Camera) Run(ctx context.Context) error {
	defer c.leave()
	if c.small != nil {
		var beside sync.WaitGroup
		defer beside.Wait()
		beside.Go(func() { c.small.run(ctx) })
	}
	if c.o.Continuous {
		c.Hold(continuous, continuous)
	}
	pause := firstRetry
	for ctx.Err() == nil {
		if c.resting() {
			select {
			case <-ctx.Done():
			case <-c.wake:
			}
			continue
		}
		began := time.Now()
		err := c.connect(ctx)
		if ctx.Err() != nil || c.dropped() {
			c.hungUp(nil)
			continue
		}
		c.hungUp(err)
		if time.Since(began) > lastRetry {
			pause = firstRetry
		}
		c.log.Info("camera is tried again", "err", err, "pause", pause)
		select {
		case <-ctx.Done():
		case <-c.wake:
		case <-time.After(reach.Drawn(pause)):
		}
		pause = min(2*pause, lastRetry)
	}
	return nil
}

// leave ends all views and what is said: nothing comes or goes any more.
func (c *Camera) leave() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ended = true
	c.unwatch(ErrGone)
	c.hush(ErrGone)
}

// hush ends what is said; the lock is held.
func (c *Camera) hush(why error) {
	if c.talk != nil {
		c.talk.end(why)
	}
}

func (c *Camera) connect(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	c.mu.Lock()
	c.drop, c.deaf = cancel, c.rest
	if c.rest { // it was told to meanwhile
		c.mu.Unlock()
		return nil
	}
	c.figures.Connections++
	c.keyed = time.Now()
	s := &source{
		url: c.url.Clone(), basicAuth: c.o.BasicAuth, sound: c.o.Audio, pin: c.pin, dial: c.o.Dial, to: c,
	}
	c.mu.Unlock()
	var beside sync.WaitGroup
	beside.Go(func() { c.learn(ctx) })
	err := s.run(ctx)
	cancel(nil)
	beside.Wait()
	return err
}

// hungUp notes that a connection ended, and why; nil: it was meant to.
func (c *Camera) hungUp(why error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if why != nil {
		why = errors.New(inWords(why, c.o.Password))
	}
	c.finish(0, why)
	c.ring.clear()
	c.coming, c.drop, c.deaf = false, nil, false
	c.set(func(s *State) {
		s.PreShort, s.ClockOff = false, 0
		switch {
		case c.rest:
			s.Condition, s.Why = Resting, ""
		case why != nil:
			s.Condition, s.Why = Lost, why.Error()
		}
	})
}

// Rest has the camera disconnect and forget what it sent, or come back.
func (c *Camera) Rest(rest bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.rest == rest {
		return
	}
	c.rest = rest
	if rest {
		c.unwatch(ErrRests)
		c.hush(ErrHushed)
		c.finish(0, nil)
		c.ring.clear()
		c.wanted.forget()
		c.unmet = time.Time{}
		if c.drop != nil {
			c.deaf = true
			c.drop(nil)
		}
	}
	if rest && c.small != nil {
		c.small.rest()
	}
	c.set(func(s *State) {
		s.Condition, s.Why = Starting, ""
		if rest {
			s.Condition = Resting
		}
	})
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

func (c *Camera) resting() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.rest
}

// dropped tells whether the connection ended because the camera was to rest, even if it
// need not any more.
func (c *Camera) dropped() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.deaf
}

// State is what the camera is and does now.
func (c *Camera) State() State {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state
}

// Keyed is when the last picture came that stands alone; before the first of a
// connection, when that began. coming tells whether any pictures come.
func (c *Camera) Keyed() (last time.Time, coming bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.keyed, c.coming
}

// Figures counts.
func (c *Camera) Figures() Figures {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.figures
}

// Record asks for what happens from now on for a time, and for the pre-roll.
func (c *Camera) Record(reason string, length time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.rest {
		return &home.Conflict{Reason: fmt.Sprintf("%s rests: nobody may record now", c.o.ID)}
	}
	now := time.Now()
	c.wanted.ask(reason, now.Add(length))
	c.begin(now)
	c.owe(now)
	return nil
}

// Hold asks for what happens until Release is called with the same key, and for the
// pre- and post-roll.
func (c *Camera) Hold(key, reason string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.rest && key != continuous {
		return
	}
	c.wanted.hold(key, reason)
	c.begin(time.Now())
}

// Release ends what Hold began.
func (c *Camera) Release(key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	c.wanted.release(key, now)
	c.owe(now)
}

// owe remembers that a clip is wanted and could not begin: no picture is there.
func (c *Camera) owe(now time.Time) {
	if c.take == nil && now.Before(c.wanted.until) {
		c.unmet = c.wanted.until
	}
}

var errNoPictures = errors.New("it sent no pictures for as long as it was to")

// owed tells that such a clip never began, once pictures come again. Of a camera that
// does not come back it is told that it is lost.
func (c *Camera) owed(now time.Time) {
	if !c.unmet.IsZero() && !now.Before(c.unmet) {
		c.unmet = time.Time{}
		c.noTape(errNoPictures)
	}
}

// SetOff tells whether pictures are wanted for more than recording all the time.
func (c *Camera) SetOff() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	return !c.rest && c.wanted.at(now) && c.wanted.reason(now) != continuous
}

// Tape is the clip that runs, nil when none does. It may end at any time.
func (c *Camera) Tape() home.Tape {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.take == nil {
		return nil
	}
	return c.take.tape
}

// begin begins a clip if one is wanted and there is anything to begin with.
func (c *Camera) begin(now time.Time) {
	if c.take == nil && c.ring.open() != nil && c.wanted.at(now) && !c.rest {
		c.start(c.ring.groups, now)
	}
}

// start begins a clip with these groups, the last of which is open.
func (c *Camera) start(groups []*group, now time.Time) {
	reason := c.wanted.reason(now)
	f, err := c.film.footage(c.o.ID, groups[0].start(), reason)
	if err != nil {
		c.noTape(err)
		return
	}
	tape, err := c.o.Recorder.Begin(f)
	if err != nil {
		c.wanted.spend() // or it would be tried with each picture
		c.noTape(err)
		return
	}
	c.figures.Clips++
	c.unmet = time.Time{}
	c.take = &take{tape: tape, cutter: cutter{film: c.film}, began: now, last: groups[0].start()}
	c.set(func(s *State) { s.Recording, s.NoTape = reason, "" })
	for _, g := range groups {
		for _, s := range g.sounds {
			c.take.hear(s)
		}
		for _, p := range g.pictures {
			if !c.record(p) {
				return
			}
		}
	}
}

// record adds a picture to the clip that runs, and tells whether it still does.
func (c *Camera) record(p picture) bool {
	if err := c.take.see(p); err != nil {
		c.fail(err)
		return false
	}
	return true
}

// fail ends the clip that runs because it can't be gone on with.
func (c *Camera) fail(err error) {
	c.take.tape.End(c.take.last, err)
	c.take = nil
	c.wanted.spend()
	c.set(func(s *State) { s.Recording = "" })
	c.noTape(err)
}

// finish ends the clip that runs; why is nil unless it was cut short. until is when
// the picture after it is decoded; 0 when there is none.
func (c *Camera) finish(until int64, why error) {
	if c.take == nil {
		return
	}
	if err := c.take.cut(until); err != nil {
		c.fail(err)
		return
	}
	c.take.tape.End(c.take.last, why)
	c.take = nil
	c.set(func(s *State) { s.Recording = "" })
}

func (c *Camera) noTape(err error) {
	c.log.Error("clip not recorded", "err", err)
	c.set(func(s *State) { s.NoTape = err.Error() })
}

// set changes the state and tells of it; the lock is held.
func (c *Camera) set(f func(*State)) {
	old := c.state
	f(&c.state)
	if c.state == old {
		return
	}
	if c.state.Condition != old.Condition {
		c.state.Since = time.Now()
	}
	if c.o.Changed != nil {
		c.o.Changed(c.state)
	}
}

func (c *Camera) change(f func(*State)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.set(f)
}

// Codecs is what a player must know, as in RFC 6381; "" before the first picture.
func (s State) Codecs() string {
	if s.Audio == "" {
		return s.Video
	}
	return s.Video + "," + s.Audio
}
