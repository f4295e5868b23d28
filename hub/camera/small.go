package camera

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/bluenviron/gortsplib/v5/pkg/base"
	"github.com/bluenviron/gortsplib/v5/pkg/description"
	"github.com/bluenviron/gortsplib/v5/pkg/format"

	"gatehouse/hub/camera/reach"
)

// JPEG is Key.Video of a picture that is one whole JPEG.
const JPEG = "jpeg"

// Figures of a sub-stream.
const (
	// smallLinger is how long it stays connected after somebody last looked.
	smallLinger = 10 * time.Second
	// smallPatience is how long the next picture that stands alone may take.
	smallPatience = 5 * time.Second
)

// Why a sub-stream is of no use.
var (
	errNoSmall  = errors.New("it offers neither H.264 nor JPEG: set it to one of them")
	errFarApart = errors.New("pictures that stand alone are too far apart: set it to one every 2 to 4 s")
	errUnlooked = errors.New("nobody looks")
)

// small is a camera's sub-stream: for whoever looks at pictures and needs none of the
// size that is recorded. It is connected while somebody does.
type small struct {
	camera *Camera
	url    *base.URL
	wake   chan struct{}

	mu     sync.Mutex
	looked time.Time // somebody did last
	video  string
	keyed  time.Time // the last picture that stands alone, of this connection
	asked  *asked    // nil: nobody waits for one
	why    string    // it can't be had
	since  time.Time // that it is so
	drop   context.CancelCauseFunc
}

// Small waits for the sub-stream's next picture that stands alone. ok is false at once
// when there is none, or none yet: whoever looks then looks at the stream itself, and
// the sub-stream is there some seconds later. Who is patient waits for it to come.
func (c *Camera) Small(ctx context.Context, patient bool) (k Key, ok bool) {
	s := c.small
	if s == nil || c.resting() {
		return Key{}, false
	}
	s.mu.Lock()
	now := time.Now()
	s.looked = now
	select {
	case s.wake <- struct{}{}:
	default:
	}
	left := smallPatience - now.Sub(s.keyed)
	coming := left > 0
	if patient && !coming {
		left = 2 * smallPatience // to be connected, too
	} else if !coming {
		s.mu.Unlock()
		return Key{}, false
	}
	if s.asked == nil {
		s.asked = &asked{there: make(chan struct{})}
	}
	a := s.asked
	s.mu.Unlock()
	late := time.NewTimer(left)
	defer late.Stop()
	select {
	case <-ctx.Done():
		return Key{}, false
	case <-late.C:
		if coming {
			s.fault(errFarApart)
		}
		return Key{}, false
	case <-a.there:
		return a.key, !a.key.At.IsZero()
	}
}

// SmallUnread tells that a picture of the sub-stream could not be decoded: another
// connection may bring better ones, and the stream itself is looked at meanwhile.
func (c *Camera) SmallUnread(err error) {
	c.small.mu.Lock()
	drop := c.small.drop
	c.small.mu.Unlock()
	if drop != nil {
		drop(err)
	}
}

// SmallFault is why the sub-stream can't be had, and since when; "" when it can, or
// nobody wants it.
func (c *Camera) SmallFault() (why string, since time.Time) {
	s := c.small
	if s == nil {
		return "", time.Time{}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.why, s.since
}

// run connects while somebody looks, until ctx ends.
func (s *small) run(ctx context.Context) {
	pause := firstRetry
	for ctx.Err() == nil {
		if !s.wanted() {
			s.fault(nil)
			pause = firstRetry
			select {
			case <-ctx.Done():
			case <-s.wake:
			}
			continue
		}
		began := time.Now()
		err := s.connect(ctx)
		s.hungUp(err)
		if err == nil {
			continue
		}
		if time.Since(began) > lastRetry {
			pause = firstRetry
		}
		select {
		case <-ctx.Done():
		case <-time.After(reach.Drawn(pause)):
		}
		pause = min(2*pause, lastRetry)
	}
}

// wanted tells whether somebody looked lately, and may.
func (s *small) wanted() bool {
	if s.camera.resting() {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return time.Since(s.looked) < smallLinger
}

// connect brings pictures until nobody looks any more, which is no error.
func (s *small) connect(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if s.url.Scheme == "rtsps" && s.camera.pin.Known() == "" {
		return errors.New("the camera has not shown its certificate yet")
	}
	s.mu.Lock()
	s.drop = cancel
	s.mu.Unlock()
	if !s.wanted() { // it was told to rest meanwhile
		return nil
	}
	from := &source{
		url: s.url.Clone(), basicAuth: s.camera.o.BasicAuth, small: true, pin: s.camera.pin, dial: s.camera.o.Dial, to: s,
	}
	err := from.run(ctx)
	if why := context.Cause(ctx); why != nil {
		err = why
	}
	if errors.Is(err, errUnlooked) || errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// rest ends the connection; the camera's lock is held.
func (s *small) rest() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.drop != nil {
		s.drop(errUnlooked)
	}
}

// hungUp notes that a connection ended, and why; nil: it was meant to. Who waits for a
// picture finds the reason there.
func (s *small) hungUp(why error) {
	s.fault(why)
	s.mu.Lock()
	s.drop, s.keyed, s.video = nil, time.Time{}, ""
	if s.asked != nil {
		close(s.asked.there)
		s.asked = nil
	}
	s.mu.Unlock()
}

// fault notes why it can't be had; nil: nothing is known against it.
func (s *small) fault(why error) {
	text := ""
	if why != nil {
		text = inWords(why, s.camera.o.Password)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if (s.why == "") != (text == "") {
		s.since = time.Now()
	}
	s.why = text
}

// open implements sink.
func (s *small) open(f film) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.video = f.words
}

// see implements sink: only pictures that stand alone are of use.
func (s *small) see(p picture) {
	s.wait()
	if !p.key {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keyed = p.at
	if s.why != "" {
		s.why, s.since = "", p.at
	}
	if s.asked != nil {
		s.asked.key = Key{At: p.at, Video: s.video, Bytes: p.bytes}
		close(s.asked.there)
		s.asked = nil
	}
}

// wait implements sink: each picture asks whether anybody looks.
func (s *small) wait() {
	if s.wanted() {
		return
	}
	s.mu.Lock()
	drop := s.drop
	s.mu.Unlock()
	if drop != nil {
		drop(errUnlooked)
	}
}

func (*small) hear(sound)             {}
func (*small) miss(uint64)            {}
func (*small) compare(_, _ time.Time) {}

// findSmall is the first stream of pictures that can be looked at.
func findSmall(desc *description.Session) (*description.Media, format.Format) {
	for _, m := range desc.Medias {
		for _, f := range m.Formats {
			switch f.(type) {
			case *format.H264, *format.MJPEG:
				return m, f
			}
		}
	}
	return nil, nil
}
