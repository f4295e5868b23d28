package camera

import "time"

// clockRate of the pictures' times: 90 kHz, whatever the codec (RFC 6184 §5.1,
// RFC 7798 §4.1).
const clockRate = 90000

// picture is one coded picture.
type picture struct {
	at    time.Time // it was there, by the hub's clock
	dts   int64     // when it is decoded, in ticks of the connection
	pts   int64     // when it is shown
	key   bool      // it stands alone
	bytes []byte    // NAL units, each behind its length (ISO/IEC 14496-15 §5.3)
}

// sound is one packet of sound. Its time is in ticks of its own rate.
type sound struct {
	pts   int64
	ticks uint32 // how long it is
	bytes []byte
}

// group is a picture that stands alone, those that need it, and the sound that came
// with them.
type group struct {
	pictures []picture
	sounds   []sound
	bytes    int
}

func (g *group) start() time.Time { return g.pictures[0].at }

func (g *group) add(p picture) {
	g.pictures = append(g.pictures, p)
	g.bytes += len(p.bytes)
}

func (g *group) hear(s sound) {
	g.sounds = append(g.sounds, s)
	g.bytes += len(s.bytes)
}

// ring holds the groups of the last seconds. The last of them is still open.
type ring struct {
	keep   time.Duration // what it holds at least
	limit  int           // bytes that it holds at most
	groups []*group
	bytes  int
}

// add takes the next picture. Pictures before the first that stands alone are of no
// use.
func (r *ring) add(p picture) {
	switch {
	case p.key:
		r.groups = append(r.groups, &group{})
	case len(r.groups) == 0:
		return
	}
	r.groups[len(r.groups)-1].add(p)
	r.bytes += len(p.bytes)
	r.trim(p.at)
}

func (r *ring) hear(s sound) {
	if n := len(r.groups); n > 0 {
		r.groups[n-1].hear(s)
		r.bytes += len(s.bytes)
	}
}

// trim drops the groups that the pre-roll does not need, and those that are too
// many bytes.
func (r *ring) trim(now time.Time) {
	for len(r.groups) > 1 && (!r.groups[1].start().After(now.Add(-r.keep)) || r.bytes > r.limit) {
		r.drop()
	}
}

// full tells whether the open group alone is more than the ring may hold.
func (r *ring) full() bool { return len(r.groups) == 1 && r.bytes > r.limit }

func (r *ring) drop() {
	r.bytes -= r.groups[0].bytes
	r.groups[0] = nil
	r.groups = r.groups[1:]
}

func (r *ring) clear() { r.groups, r.bytes = nil, 0 }

// open is the group that is not closed yet, nil when there is none.
func (r *ring) open() *group {
	if len(r.groups) == 0 {
		return nil
	}
	return r.groups[len(r.groups)-1]
}
