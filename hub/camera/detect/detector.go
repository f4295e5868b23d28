package detect

import (
	"context"
	"image"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"gatehouse/hub/home"
)

// Options are what a detector is connected to.
type Options struct {
	// Watch says what a camera looks for now. It must not wait.
	Watch func(camera home.DeviceID) Watch
	// Seen takes what is made of one picture. It must not wait.
	Seen func(camera home.DeviceID, at time.Time, j Judgement)
	// Open opens the network when a picture wants it. An error means that only
	// movement is looked for; it is asked again after Blindness.
	Open func() (Eyes, error)
	Log  *slog.Logger
}

// Judgement is what is made of one picture and of the camera's pictures before it.
type Judgement struct {
	Sights []home.Sight // what is believed
	Moved  bool         // something did, since the two pictures before
	Plain  bool         // it shows one brightness and nothing else
	// Restless are the parts of the picture in which movement counts no more.
	Restless []home.SightPart
	Rests    float64 // how much of the picture that is, 0 to 1
	Of       Picture
	Image    image.Image
}

// What waits.
const (
	waiting = 8                // pictures, of all cameras
	tooOld  = 10 * time.Second // by the time of the picture

	// Rest is how long the network stays in memory after it was last asked.
	Rest = time.Minute
	// Blindness is how long a network that can't be opened is not tried again.
	Blindness = 10 * time.Second
)

// Counts are what became of pictures since the start.
type Counts struct {
	Looked  int // at
	Dropped int // waited too long, or had no room
	Damaged int // no picture
}

// Eyes see what is on parts of a picture: a Model. They are one goroutine's.
type Eyes interface {
	Look(img image.Image, parts []Box) []home.Sight
	// Close gives the memory back.
	Close()
}

// Detector looks at pictures.
type Detector struct {
	opts Options
	wake chan struct{}

	mu     sync.Mutex
	queue  []picture // the newest last
	counts Counts

	// Run's alone.
	cameras map[home.DeviceID]*camera
	eyes    Eyes // nil: nobody wanted them lately
	asked   time.Time
	failed  time.Time
}

type picture struct {
	camera home.DeviceID
	at     time.Time
	of     Picture
}

// camera is what is known of one camera.
type camera struct {
	at     time.Time // of the newest picture
	before *grid     // its brightness
	moved  bool      // since the picture before it
	rest   rest      // what moves in it for ever
	memory memory
}

// New returns a detector that does nothing before Run, and needs next to no memory
// before a picture wants the network.
func New(o Options) *Detector {
	return &Detector{opts: o, wake: make(chan struct{}, 1), cameras: map[home.DeviceID]*camera{}}
}

// Look hands a camera's picture in, taken at this time by the hub's clock. It
// never waits. The picture must not change afterwards.
func (d *Detector) Look(camera home.DeviceID, at time.Time, p Picture) {
	d.mu.Lock()
	if len(d.queue) == waiting {
		d.queue = append(d.queue[:0], d.queue[1:]...)
		d.counts.Dropped++
	}
	d.queue = append(d.queue, picture{camera, at, p})
	d.mu.Unlock()
	select {
	case d.wake <- struct{}{}:
	default:
	}
}

// Counts tells what became of pictures.
func (d *Detector) Counts() Counts {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.counts
}

// Run looks at one picture after the other until ctx ends. What the network takes
// of memory is given back when nothing was to be looked at for Rest.
func (d *Detector) Run(ctx context.Context) error {
	defer d.close()
	for {
		p, ok := d.next()
		if !ok {
			if !d.wait(ctx) {
				return ctx.Err()
			}
			continue
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		j, err := d.Judge(p.camera, p.at, p.of)
		if err != nil {
			d.mu.Lock()
			d.counts.Damaged++
			d.mu.Unlock()
			d.opts.Log.Warn("a camera's picture can't be looked at", "device", p.camera, "err", err)
			continue
		}
		d.opts.Seen(p.camera, p.at, j)
	}
}

// wait waits for a picture. It returns false when ctx ends.
func (d *Detector) wait(ctx context.Context) bool {
	var rest <-chan time.Time // nobody is woken for eyes that are closed
	if d.eyes != nil {
		t := time.NewTimer(time.Until(d.asked.Add(Rest)))
		defer t.Stop()
		rest = t.C
	}
	select {
	case <-ctx.Done():
		return false
	case <-d.wake:
	case <-rest:
		d.close()
		debug.FreeOSMemory() // pictures were made of it too
	}
	return true
}

func (d *Detector) close() {
	if d.eyes != nil {
		d.eyes.Close()
		d.eyes = nil
	}
}

// next takes the newest picture; what is too old by then is dropped.
func (d *Detector) next() (picture, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for len(d.queue) > 0 {
		last := len(d.queue) - 1
		p := d.queue[last]
		d.queue[last] = picture{}
		d.queue = d.queue[:last]
		if time.Since(p.at) <= tooOld {
			d.counts.Looked++
			return p, true
		}
		d.counts.Dropped++
	}
	return picture{}, false
}

// Judge is what Run does with each picture. It is for whoever does without Run.
func (d *Detector) Judge(from home.DeviceID, at time.Time, p Picture) (Judgement, error) {
	img, err := p.Image()
	if err != nil {
		return Judgement{}, err
	}
	watch := d.opts.Watch(from)
	c := d.cameras[from]
	if c == nil {
		c = &camera{}
		d.cameras[from] = c
	}
	j := Judgement{Of: p, Image: img}
	motion, rests, now := c.compare(at, img, watch)
	j.Plain = now.plain()
	if at.Equal(c.at) { // not a late one
		j.Moved = len(motion) > 0 && c.moved
		c.moved = len(motion) > 0
	}
	if !watch.Alert {
		for _, b := range c.rest.parts() {
			j.Restless = append(j.Restless, home.SightPart{Left: b.left, Top: b.top, Right: b.right, Base: b.base})
		}
		j.Rests = c.rest.share()
	}
	if watch.Blind || watch.Idle() {
		c.memory = nil // what was before is no neighbour of what comes
		return j, nil
	}
	e := d.opened(at)
	if e == nil {
		return j, nil
	}
	b := img.Bounds()
	parts := append([]Box{{0, 0, 1, 1}}, crops(append(motion, rests...), float64(b.Dx())/float64(b.Dy()))...)
	c.memory, j.Sights = c.memory.believe(at, e.Look(img, parts), watch)
	for _, s := range j.Sights {
		c.rest.forget(Box{s.Left, s.Top, s.Right, s.Base})
	}
	return j, nil
}

// opened are the eyes, if they can be opened.
func (d *Detector) opened(at time.Time) Eyes {
	if d.eyes == nil && (d.failed.IsZero() || at.Sub(d.failed).Abs() >= Blindness) {
		e, err := d.opts.Open()
		if err != nil {
			d.failed = at
			d.opts.Log.Warn("people can't be told from dogs", "err", err)
			return nil
		}
		d.eyes, d.failed = e, time.Time{}
	}
	d.asked = time.Now()
	return d.eyes
}

// compare says where something moved since the camera's last picture, and where
// something did that never rests; nowhere when there was none lately, or this one comes
// late.
func (c *camera) compare(at time.Time, img image.Image, w Watch) (motion, rests []Box, now *grid) {
	all, _ := planes(img)
	now = newGrid(all[0])
	if at.Before(c.at) {
		return nil, nil, now
	}
	before, neighbour := c.before, at.Sub(c.at) <= recent
	c.at, c.before = at, now
	if before == nil || !neighbour {
		c.moved = false
		return nil, nil, now
	}
	on, stirs, light := now.changed(before, w.still)
	if w.Alert {
		motion, _ = on.things(minCells)
	} else {
		motion, rests = c.rest.sort(at, on, stirs, light)
	}
	return motion, rests, now
}
