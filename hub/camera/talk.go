package camera

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/bluenviron/gortsplib/v5"

	"gatehouse/hub/home"
)

// Why a talk ends by itself, beside ErrGone.
var (
	// ErrHushed: the camera was told to rest; nobody may speak now.
	ErrHushed = errors.New("the camera rests: nobody may speak through it now")
	// ErrLong: somebody spoke for as long as one may at once.
	ErrLong = errors.New("nobody speaks for longer than 2 minutes at once: begin again")
	// ErrQuiet: nothing was said for a while.
	ErrQuiet = errors.New("nothing was said for a minute")
)

// What a talk may take.
const (
	talkLongest = 2 * time.Minute
	talkQuiet   = time.Minute
	talkStep    = 20 * time.Millisecond  // of sound goes out at once, as RFC 3551 §4.2 has it
	talkLate    = 400 * time.Millisecond // of sound may wait: what is later than that is dropped
	quietBelow  = 330                    // of 32767, 1 %: a sample that is no louder is silence
)

// Talk is one person's turn at a camera's loudspeaker. It hangs on a connection of its
// own, which is there only while Run runs.
type Talk struct {
	camera *Camera
	turn   context.Context // until it is over, for whatever reason
	end    context.CancelCauseFunc

	mu      sync.Mutex
	listens bool    // the camera has chirped
	queue   []int16 // to be said
	loud    time.Time
}

// Talk takes the loudspeaker: one person speaks at a time. Close gives it back.
// Errors: *home.Conflict.
func (c *Camera) Talk() (*Talk, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.mayTalk(); err != nil {
		return nil, err
	}
	t := &Talk{camera: c}
	t.turn, t.end = context.WithCancelCause(context.Background())
	c.talk = t
	return t, nil
}

// MayTalk tells whether Talk would succeed. Errors: *home.Conflict.
func (c *Camera) MayTalk() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.mayTalk()
}

func (c *Camera) mayTalk() error {
	var reason string
	switch {
	case c.rest:
		reason = "rests: nobody may speak through it now"
	case c.ended:
		reason = "was changed or removed"
	case c.talk != nil:
		reason = "is spoken through already: wait until that is over"
	case c.state.NoSpeaker != "":
		reason = "can't be spoken through: " + c.state.NoSpeaker
	case c.state.Speaker == "":
		reason = "has not said yet whether it takes sound: wait until its pictures come"
	default:
		return nil
	}
	return &home.Conflict{Reason: fmt.Sprintf("%s %s", c.o.ID, reason)}
}

// Close gives the loudspeaker back, and ends Run.
func (t *Talk) Close() {
	t.camera.mu.Lock()
	if t.camera.talk == t {
		t.camera.talk = nil
	}
	t.camera.mu.Unlock()
	t.end(ErrGone)
}

// Say adds to what is said, at TalkRate. What comes before the camera has chirped is
// not said, and of what comes too late the oldest is dropped.
func (t *Talk) Say(samples []int16) {
	const most = int(talkLate * TalkRate / time.Second)
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.listens {
		return
	}
	t.queue = append(t.queue, samples...)
	t.queue = t.queue[max(0, len(t.queue)-most):]
	for _, s := range samples {
		if s > quietBelow || s < -quietBelow {
			t.loud = time.Now()
			break
		}
	}
}

// Run connects to the loudspeaker, has it chirp, calls listens, and says what Say is
// told until the turn is over: it returns why, or nil when ctx ended it.
func (t *Talk) Run(ctx context.Context, listens func()) error {
	own, stop := context.WithTimeoutCause(ctx, talkLongest, ErrLong)
	defer stop()
	defer context.AfterFunc(t.turn, stop)()
	err := t.speak(own, listens)
	switch {
	case ctx.Err() != nil:
		return nil
	case t.turn.Err() != nil:
		return context.Cause(t.turn)
	case own.Err() != nil:
		return context.Cause(own)
	case errors.Is(err, ErrQuiet):
		return err
	}
	return errors.New(inWords(err, t.camera.o.Password))
}

// speak returns why nothing more can be said.
func (t *Talk) speak(ctx context.Context, listens func()) error {
	client, desc, err := t.camera.askBack(ctx)
	if err != nil {
		return err
	}
	defer client.Close()
	defer context.AfterFunc(ctx, client.Close)()
	v, err := findVoice(desc)
	if err != nil {
		return fmt.Errorf("camera: %w", err)
	}
	if _, err := client.Setup(desc.BaseURL, v.media, 0, 0); err != nil {
		return fmt.Errorf("camera: set up the way back: %w", err)
	}
	if _, err := client.Play(nil); err != nil {
		return fmt.Errorf("camera: open the way back: %w", err)
	}
	lost := make(chan error, 1)
	go func() { lost <- client.Wait() }() // ends with the client
	tick := time.NewTicker(talkStep)
	defer tick.Stop()
	rest := chirp()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case err := <-lost:
			return fmt.Errorf("camera: the way back: %w", err)
		case <-tick.C:
		}
		const step = int(talkStep * TalkRate / time.Second)
		if len(rest) > 0 {
			if err := say(client, v, rest[:step]); err != nil {
				return err
			}
			if rest = rest[step:]; len(rest) == 0 {
				t.listen()
				listens()
			}
			continue
		}
		samples, quiet := t.next(step)
		if quiet > talkQuiet {
			return ErrQuiet
		}
		if err := say(client, v, samples); err != nil {
			return err
		}
	}
}

func say(client *gortsplib.Client, v *voice, samples []int16) error {
	list, err := v.packets(samples)
	if err != nil {
		return err
	}
	for _, p := range list {
		if err := client.WritePacketRTP(v.media, p); err != nil {
			return fmt.Errorf("camera: say: %w", err)
		}
	}
	return nil
}

// listen has what Say is told be said from now on.
func (t *Talk) listen() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.listens, t.loud = true, time.Now()
}

// next is what is said next, filled up with silence: a camera that gets nothing for a
// moment hangs up or crackles. quiet is for how long nothing was.
func (t *Talk) next(n int) (samples []int16, quiet time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	samples = make([]int16, n)
	t.queue = t.queue[copy(samples, t.queue):]
	return samples, time.Since(t.loud)
}

// chirp is what a camera says first, so that nobody is spoken to by surprise: two
// notes, the second higher, and a moment of silence. It is whole steps long.
func chirp() []int16 {
	const note, gap = TalkRate * 180 / 1000, TalkRate * 60 / 1000
	var list []int16
	for _, hz := range []float64{880, 1320} {
		for i := range note {
			swell := math.Sin(math.Pi * float64(i) / note) // no click at either end
			list = append(list, int16(16000*swell*math.Sin(2*math.Pi*hz*float64(i)/TalkRate)))
		}
		list = append(list, make([]int16, gap)...)
	}
	return list
}
