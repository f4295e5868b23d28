package onvif

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"sync"
	"time"

	"gatehouse/hub/camera/reach"
)

// Options are what a Camera needs.
type Options struct {
	Address  string // http:// or https://, with the user's name
	Password string
	Pin      *reach.Pin // by which it is known over https
	// Heard is told what the camera notices, one thing after another: each Kind when
	// it begins and ends, whichever of the camera's detectors says so, and what is but
	// a moment. It must not wait.
	Heard func(Kind, Edge)
	// Changed is called when State is another; it must not wait nor call the camera.
	Changed func()
	Log     *slog.Logger
}

// Edge is a change of what a camera notices.
type Edge byte

// Edges.
const (
	Begins Edge = iota + 1
	Ends
	Happens // it has no end: a press, a line that was crossed
)

// State is how it stands with a camera beside its stream.
type State struct {
	Known   bool   // it has answered since the hub started; what follows is what it said
	Answers bool   // it did when it was last listened to, if only that it has no events
	Heard   bool   // what it notices is heard now
	Why     string // it is not
	Since   time.Time
	Offset  time.Duration // its clock less the hub's
	About   About
	Kinds   map[Kind]bool // what it says that it can notice; never changed

	PTZ, TalkBack, Picture, Masks bool
}

// Camera listens to what a camera notices, and asks it things.
type Camera struct {
	o   Options
	log *slog.Logger

	wake chan struct{} // rest was changed

	mu    sync.Mutex
	state State
	rest  bool
	drop  context.CancelFunc // of the connection that runs
	line  *line
	away  failure // to answer
	blind failure // to give a picture
}

// failure is why a camera did not give something, and until when whoever wants it is
// told so without asking again: one that does not answer would keep each of them
// waiting, and one that is told a wrong password locks the user out.
type failure struct {
	why   error
	until time.Time
}

// askAgain is how long a failure is remembered.
const askAgain = 30 * time.Second

func failed(err error) failure {
	switch {
	case err == nil || errors.Is(err, context.Canceled):
		return failure{}
	case errors.Is(err, ErrPassword):
		return failure{err, time.Now().Add(refusedRetry)}
	}
	return failure{err, time.Now().Add(askAgain)}
}

// still is the failure, nil when it is over.
func (f failure) still() error {
	if time.Now().Before(f.until) {
		return f.why
	}
	return nil
}

// line is a camera that was asked what it can do.
type line struct {
	*Client
	main    Profile
	all     []Profile
	picture *url.URL // nil: it has none
}

// New makes a camera. Nothing is sent before Run, or before it is asked something.
func New(o Options) (*Camera, error) {
	if _, err := ParseAddress(o.Address); err != nil {
		return nil, err
	}
	return &Camera{o: o, log: o.Log, wake: make(chan struct{}, 1), state: State{Since: time.Now()}}, nil
}

// State is how it stands now.
func (c *Camera) State() State {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state
}

func (c *Camera) change(f func(*State)) {
	c.mu.Lock()
	was := c.state.Heard
	f(&c.state)
	if c.state.Heard != was {
		c.state.Since = time.Now()
	}
	c.mu.Unlock()
	if c.o.Changed != nil {
		c.o.Changed()
	}
}

// Rest has nothing asked of the camera until it is called with false.
func (c *Camera) Rest(rest bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.rest == rest {
		return
	}
	c.rest = rest
	if rest && c.drop != nil {
		c.drop()
	}
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

// Pauses before a camera is listened to again. Whoever is
// refused waits longest: cameras lock their users out after five to seven wrong
// passwords.
const (
	firstRetry   = 2 * time.Second
	lastRetry    = 2 * time.Minute
	refusedRetry = 10 * time.Minute
)

// Run listens until ctx ends.
func (c *Camera) Run(ctx context.Context) error {
	defer c.hangUp()
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
		err := c.listen(ctx)
		if ctx.Err() != nil || c.resting() {
			c.change(func(s *State) { s.Heard, s.Why = false, "" })
			continue
		}
		c.hangUp()
		answers := errors.Is(err, errNoEvents) || errors.As(err, new(*Fault)) || errors.Is(err, errOver)
		c.change(func(s *State) { s.Answers, s.Heard, s.Why = answers, false, err.Error() })
		switch {
		case errors.Is(err, ErrPassword) || errors.Is(err, errNoEvents):
			pause = refusedRetry
		case time.Since(began) > lastRetry:
			pause = firstRetry
		}
		c.log.Info("camera is listened to again", "err", err, "pause", pause)
		select {
		case <-ctx.Done():
		case <-c.wake:
		case <-time.After(reach.Drawn(pause)):
		}
		pause = min(2*pause, lastRetry)
	}
	return nil
}

// listen hears what the camera notices until that fails.
func (c *Camera) listen(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	c.mu.Lock()
	c.drop = cancel
	c.away, c.blind = failure{}, failure{} // Run has waited for long enough
	c.mu.Unlock()
	l, err := c.reach(ctx)
	if err != nil {
		return err
	}
	kinds, err := l.Topics(ctx)
	if err != nil { // what it does not say may come all the same
		c.log.Debug("camera does not say what it notices", "err", err)
	}
	c.change(func(s *State) { s.Kinds = kinds })
	heard := detectors{tell: c.o.Heard, on: map[Kind]map[string]bool{}}
	defer heard.end()
	for quick := 0; ; heard.end() {
		s, err := l.subscribe(ctx)
		if err != nil {
			return err
		}
		c.change(func(s *State) { s.Answers, s.Heard, s.Why = true, true, "" })
		began := time.Now()
		err = c.follow(ctx, l.Client, s, heard)
		l.unsubscribe(context.WithoutCancel(ctx), s)
		var f *Fault
		// It forgot the hub, as one does that started again: it is asked anew at once,
		// but not again and again.
		if time.Since(began) < leastLife {
			quick++
		}
		if ctx.Err() != nil || !errors.As(err, &f) && !errors.Is(err, errOver) || quick > 1 {
			return fmt.Errorf("what it notices can't be heard: %w", err)
		}
	}
}

var errOver = errors.New("the subscription ended")

// follow hears what comes of one subscription until that ends.
func (c *Camera) follow(ctx context.Context, l *Client, s subscription, heard detectors) error {
	renews := true
	for {
		left := time.Until(s.until)
		if left < pull+callTime && renews {
			err := l.renew(ctx, &s)
			var f *Fault
			if errors.As(err, &f) {
				renews = false
			} else if err != nil {
				return err
			}
		}
		if time.Until(s.until) <= 0 {
			return errOver
		}
		list, err := l.pull(ctx, &s)
		if err != nil {
			return err
		}
		for _, n := range list {
			heard.take(n)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Duration(5+len(list)) * breath):
		}
	}
}

// breath is how long a camera is left alone before it is asked what else there is: five
// of them, and one for each thing that it told. One that always has something to tell
// would else keep a processor of the hub busy, and fill the journal.
const breath = 20 * time.Millisecond

// detectors are what each of a camera's detectors last said.
type detectors struct {
	tell func(Kind, Edge)
	on   map[Kind]map[string]bool // that say so
}

const mostDetectors = 64 // of one kind

func (d detectors) take(n Notice) {
	if n.Moment {
		d.tell(n.Kind, Happens)
		return
	}
	of := d.on[n.Kind]
	if of == nil {
		of = map[string]bool{}
		d.on[n.Kind] = of
	}
	was, any := of[n.Source], len(of) > 0
	if !n.On {
		delete(of, n.Source)
	} else if len(of) < mostDetectors {
		of[n.Source] = true
	}
	switch {
	case n.Kind == Doorbell: // a press ends when it likes
		if n.On && !was && !n.Before {
			d.tell(n.Kind, Happens)
		}
	case n.On && !any:
		d.tell(n.Kind, Begins)
	case any && len(of) == 0:
		d.tell(n.Kind, Ends)
	}
}

// end ends what still goes on: nobody hears of its end any more. What goes on all the
// same is said anew to whoever begins to listen.
func (d detectors) end() {
	for kind, of := range d.on {
		if len(of) > 0 && kind != Doorbell {
			d.tell(kind, Ends)
		}
		clear(of)
	}
}

var errResting = errors.New("it rests: nobody may look through it now")

// reach is the camera as it answered, asked now if it was not before.
func (c *Camera) reach(ctx context.Context) (*line, error) {
	c.mu.Lock()
	l, rest, away := c.line, c.rest, c.away.still()
	c.mu.Unlock()
	switch {
	case rest:
		return nil, errResting
	case l != nil:
		return l, nil
	case away != nil:
		return nil, away
	}
	l, s, err := meet(ctx, c.o)
	if err != nil {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.away = failed(err)
		return nil, err
	}
	c.mu.Lock()
	defer func() {
		c.mu.Unlock()
		if c.o.Changed != nil {
			c.o.Changed()
		}
	}()
	s.Heard, s.Why, s.Since, s.Kinds = c.state.Heard, c.state.Why, c.state.Since, c.state.Kinds
	c.state = s
	if c.line != nil { // somebody was quicker
		l.Close()
		return c.line, nil
	}
	c.line = l
	return l, nil
}

// meet finds out what a camera is and can do.
func meet(ctx context.Context, o Options) (*line, State, error) {
	client, err := Dial(ctx, o.Address, o.Password, o.Pin)
	if err != nil {
		return nil, State{}, err
	}
	l, s, err := learn(ctx, client)
	if err != nil {
		client.Close()
	}
	return l, s, err
}

// learn asks what a camera is and can do.
func learn(ctx context.Context, client *Client) (*line, State, error) {
	l := &line{Client: client}
	s := State{Known: true, Answers: true, Offset: client.Offset()}
	var err error
	if l.all, err = client.Profiles(ctx); err != nil {
		return nil, s, err
	}
	l.main = l.all[0]
	if s.About, err = client.About(ctx); err != nil {
		return nil, s, err
	}
	if l.picture, err = client.Snapshot(ctx, l.main); err != nil {
		l.picture = nil // not every camera has one
	}
	s.Picture = l.picture != nil
	s.PTZ, s.TalkBack = l.main.PTZ && client.services[nsPTZ] != nil, l.main.TalkBack
	s.Masks = client.services[nsMedia2] != nil && l.main.SourceConfig != ""
	return l, s, nil
}

// hangUp has the camera asked anew next time: it may be another, or its clock be set.
func (c *Camera) hangUp() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.line != nil {
		c.line.Close()
		c.line = nil
	}
}

// Picture fetches one picture (JPEG) of what the camera sees now.
func (c *Camera) Picture(ctx context.Context) ([]byte, error) {
	l, err := c.reach(ctx)
	if err != nil {
		return nil, err
	}
	if l.picture == nil {
		return nil, fmt.Errorf("%w: a picture of now", ErrLacks)
	}
	c.mu.Lock()
	blind := c.blind.still()
	c.mu.Unlock()
	if blind != nil {
		return nil, blind
	}
	b, err := l.Picture(ctx, l.picture)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.blind = failed(err)
	return b, err
}
