package camera

import (
	"strings"
	"time"

	"gatehouse/hub/home"
)

// wanted is what is asked of a camera: the value that decides whether a clip runs.
type wanted struct {
	post  time.Duration
	holds map[string]hold
	order []string // of the holds
	until time.Time
	why   string // what until is for
}

type hold struct {
	reason string
	spent  bool // its clip was as long as one may be; only asking again begins another
}

// continuous is the key and the reason of recording that nothing set off.
const continuous = "continuous"

// ask wants pictures until a time.
func (w *wanted) ask(reason string, until time.Time) {
	if until.After(w.until) {
		w.until = until
	}
	w.why = reason
}

// hold wants pictures until release.
func (w *wanted) hold(key, reason string) {
	if _, ok := w.holds[key]; !ok {
		w.order = append(w.order, key)
	}
	w.holds[key] = hold{reason: reason}
}

func (w *wanted) release(key string, now time.Time) {
	h, ok := w.holds[key]
	if !ok {
		return
	}
	delete(w.holds, key)
	for i, k := range w.order {
		if k == key {
			w.order = append(w.order[:i:i], w.order[i+1:]...)
			break
		}
	}
	if !h.spent && key != continuous {
		w.ask(h.reason, now.Add(w.post))
	}
}

// at tells whether pictures are wanted.
func (w *wanted) at(now time.Time) bool {
	if now.Before(w.until) {
		return true
	}
	for _, h := range w.holds {
		if !h.spent {
			return true
		}
	}
	return false
}

// reason is why they are: the first hold that is not merely continuous, then what
// asked last.
func (w *wanted) reason(now time.Time) string {
	for _, k := range w.order {
		if h := w.holds[k]; !h.spent && k != continuous {
			return h.reason
		}
	}
	if now.Before(w.until) {
		return w.why
	}
	return continuous
}

// spend ends what a clip of the greatest length was for. What records all the time
// and the phases of an alarm go on in another clip.
func (w *wanted) spend() {
	w.until = time.Time{}
	for k, h := range w.holds {
		if k != continuous && !strings.HasPrefix(h.reason, "phase:") {
			h.spent = true
			w.holds[k] = h
		}
	}
}

// forget ends all but what records all the time.
func (w *wanted) forget() {
	w.until = time.Time{}
	all, ok := w.holds[continuous]
	w.holds, w.order = map[string]hold{}, nil
	if ok {
		w.holds[continuous], w.order = all, []string{continuous}
	}
}

// partTicks is how long a part becomes: it is cut before the first picture that is
// so much, 80 ms, after its own first; with 13 pictures a second or more none is longer
// than 160 ms. With what the recorder waits, and a disk's sync, a picture is safe half
// a second after it came.
const partTicks = clockRate * 80 / 1000

// take is a clip that runs. It hands on its pictures in parts, without waiting for a
// group to end: what came is on the way to the disk, whatever the distance between
// pictures that stand alone.
type take struct {
	tape     home.Tape
	cutter   cutter
	began    time.Time // it was set off
	last     time.Time // its last picture so far
	pictures []picture // not handed on yet
	sounds   []sound   //
}

// see takes the next picture.
func (t *take) see(p picture) (err error) {
	if n := len(t.pictures); n > 0 && (p.key || p.dts-t.pictures[0].dts >= partTicks) {
		err = t.cut(p.dts)
	}
	t.pictures = append(t.pictures, p)
	return err
}

func (t *take) hear(s sound) { t.sounds = append(t.sounds, s) }

// cut hands on what there is. until is when the picture after it is decoded; 0 when
// there is none.
func (t *take) cut(until int64) error {
	if len(t.pictures) == 0 {
		return nil
	}
	sounds, later := t.cutter.before(t.sounds, until)
	p, err := t.cutter.cut(t.pictures, sounds, until)
	if err != nil {
		return err
	}
	t.pictures, t.sounds = nil, later
	t.last = p.At.Add(p.Duration)
	return t.tape.Add(p)
}
