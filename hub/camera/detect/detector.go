package detect

import (
	"context"
	"image"
	"log/slog"
	"sync"
	"time"

	"gatehouse/hub/home"
)

// Options are what a detector is connected to.
type Options struct {
	// Watch says what a camera looks for now. It must not wait.
	Watch func(camera home.DeviceID) Watch
	// Seen takes what is believed of one picture. It must not wait.
	Seen func(camera home.DeviceID, sights []home.Sight)
	Log  *slog.Logger
}

// What waits.
const (
	waiting = 8                // pictures, of all cameras
	tooOld  = 10 * time.Second // by the time of the picture
)

// Counts are what became of pictures since the start.
type Counts struct {
	Looked  int // at
	Dropped int // waited too long, or had no room
	Damaged int // no picture
}

// eyes see what is on parts of a picture: a Model.
type eyes interface {
	look(img image.Image, parts []box) []home.Sight
}

// Detector looks at pictures.
type Detector struct {
	eyes eyes
	opts Options
	wake chan struct{}

	mu     sync.Mutex
	queue  []picture // the newest last
	counts Counts

	cameras map[home.DeviceID]*camera // Run's alone
}

type picture struct {
	camera home.DeviceID
	at     time.Time
	jpeg   []byte
}

// camera is what is known of one camera.
type camera struct {
	at     time.Time // of the newest picture
	before *grid     // its brightness
	memory memory
}

// New returns a detector that does nothing before Run.
func New(m *Model, o Options) *Detector {
	return newDetector(m, o)
}

func newDetector(e eyes, o Options) *Detector {
	return &Detector{eyes: e, opts: o, wake: make(chan struct{}, 1), cameras: map[home.DeviceID]*camera{}}
}

// Look hands a camera's picture in, taken at this time by the hub's clock. It
// never waits. The bytes must not change afterwards.
func (d *Detector) Look(camera home.DeviceID, at time.Time, jpeg []byte) {
	d.mu.Lock()
	if len(d.queue) == waiting {
		d.queue = append(d.queue[:0], d.queue[1:]...)
		d.counts.Dropped++
	}
	d.queue = append(d.queue, picture{camera, at, jpeg})
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

// Run looks at one picture after the other until ctx ends.
func (d *Detector) Run(ctx context.Context) error {
	for {
		p, ok := d.next()
		if !ok {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-d.wake:
			}
			continue
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		believed, err := d.Judge(p.camera, p.at, p.jpeg)
		if err != nil {
			d.mu.Lock()
			d.counts.Damaged++
			d.mu.Unlock()
			d.opts.Log.Warn("a camera's picture can't be looked at", "device", p.camera, "err", err)
		}
		if len(believed) > 0 {
			d.opts.Seen(p.camera, believed)
		}
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

// Judge is what Run does with each picture: it returns what is believed of it
// and of the camera's pictures before it. It is for whoever does without Run.
func (d *Detector) Judge(from home.DeviceID, at time.Time, jpeg []byte) ([]home.Sight, error) {
	watch := d.opts.Watch(from)
	if watch.Idle() {
		delete(d.cameras, from) // what was before is no neighbour of what comes
		return nil, nil
	}
	img, err := open(jpeg)
	if err != nil {
		return nil, err
	}
	c := d.cameras[from]
	if c == nil {
		c = &camera{}
		d.cameras[from] = c
	}
	sights := d.eyes.look(img, c.parts(at, img, watch))
	c.memory, sights = c.memory.believe(at, sights, watch)
	return sights, nil
}

// parts says where to look: at the whole, and closer at what moved since the
// camera's last picture.
func (c *camera) parts(at time.Time, img image.Image, w Watch) []box {
	whole := []box{{0, 0, 1, 1}}
	if at.Before(c.at) {
		return whole // a late one
	}
	all, _ := planes(img)
	now := newGrid(all[0])
	before, neighbour := c.before, at.Sub(c.at) <= recent
	c.at, c.before = at, now
	if before == nil || !neighbour {
		return whole
	}
	b := img.Bounds()
	return append(whole, crops(now.motion(before, w.ignored), float64(b.Dx())/float64(b.Dy()))...)
}
