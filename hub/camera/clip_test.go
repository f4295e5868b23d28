package camera

import (
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"gatehouse/hub/camera/camsim"
	"gatehouse/hub/home"
)

// shelf is a Recorder that keeps its clips in memory.
type shelf struct {
	mu    sync.Mutex
	tapes []*tape
	begun chan *tape
	done  chan *tape
	stale atomic.Bool // the clip that runs is to be ended
}

func newShelf() *shelf { return &shelf{begun: make(chan *tape, 16), done: make(chan *tape, 16)} }

func (s *shelf) Begin(f home.Footage) (home.Tape, error) {
	t := &tape{shelf: s, Footage: f}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tapes = append(s.tapes, t)
	s.begun <- t
	return t, nil
}

// tape is one clip. It is read after it ended.
type tape struct {
	shelf *shelf
	home.Footage
	parts []home.FootagePart
	end   time.Time
	why   error
}

func (t *tape) Add(p home.FootagePart) error  { t.parts = append(t.parts, p); return nil }
func (t *tape) Still(time.Time, []byte) error { return nil }
func (t *tape) See(home.Sight)                {}
func (t *tape) Stale() bool                   { return t.shelf.stale.CompareAndSwap(true, false) }
func (t *tape) End(at time.Time, why error)   { t.end, t.why = at, why; t.shelf.done <- t }
func (t *tape) pictures() (n int) {
	for _, p := range t.parts {
		n += p.Pictures
	}
	return n
}

func (t *tape) length() (d time.Duration) {
	for _, p := range t.parts {
		d += p.Duration
	}
	return d
}

// file is the clip as a file, or the first of its parts.
func (t *tape) file(test *testing.T, parts int) string {
	b := append([]byte(nil), t.Init...)
	for _, p := range t.parts[:parts] {
		b = append(b, p.Bytes...)
	}
	name := filepath.Join(test.TempDir(), "clip.mp4")
	if err := os.WriteFile(name, b, 0o600); err != nil {
		test.Fatal(err)
	}
	return name
}

// judgement is what ffprobe says of a clip.
type judgement struct {
	Streams []struct {
		Type     string `json:"codec_type"`
		Codec    string `json:"codec_name"`
		Width    int    `json:"width"`
		Height   int    `json:"height"`
		Frames   string `json:"nb_read_frames"`
		Packets  string `json:"nb_read_packets"`
		Duration string `json:"duration"`
		Start    string `json:"start_time"`
	} `json:"streams"`
	Format struct {
		Duration string `json:"duration"`
	} `json:"format"`
}

func (j judgement) frames(kind string) int {
	for _, s := range j.Streams {
		if s.Type == kind {
			n, _ := strconv.Atoi(s.Frames)
			return n
		}
	}
	return 0
}

func (j judgement) codecs() string {
	var list []string
	for _, s := range j.Streams {
		list = append(list, s.Codec)
	}
	return strings.Join(list, " ")
}

// judge has ffprobe count what is in a file, and ffmpeg decode all of it without a
// complaint.
func judge(t *testing.T, file string) judgement {
	t.Helper()
	tool(t, "ffmpeg", "-v", "warning", "-i", file, "-f", "null", "-")
	return look(t, file)
}

func look(t *testing.T, file string) (j judgement) {
	t.Helper()
	out := tool(t, "ffprobe", "-v", "error", "-count_frames", "-count_packets", "-show_streams", "-show_format", "-of", "json", file)
	if err := json.Unmarshal([]byte(out), &j); err != nil {
		t.Fatal(err)
	}
	return j
}

// set is a simulated camera and the hub's half of it, both running.
type set struct {
	sim *camsim.Camera
	*Camera
	*shelf
	states chan State
}

// run starts a camera that shows a scene; change may alter both halves before. An
// address without a host is the simulated camera's, whose port is known only then.
func run(t *testing.T, scene camsim.Scene, change func(*camsim.Options, *Options)) *set {
	t.Helper()
	s, o := half()
	sim := camsim.Options{Listen: "127.0.0.1:0", Scene: scene}
	if change != nil {
		change(&sim, &o)
	}
	var err error
	if s.sim, err = camsim.New(sim); err != nil {
		t.Fatal(err)
	}
	if o.URL == "" {
		o.URL = s.sim.URL()
	}
	o.URL = strings.Replace(o.URL, "@/", "@"+strings.Split(s.sim.URL(), "/")[2]+"/", 1)
	s.begin(t, o, func(ctx context.Context) {
		if err := s.sim.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	return s
}

// half is the hub's half of a camera, which begin starts.
func half() (*set, Options) {
	s := &set{shelf: newShelf(), states: make(chan State, 256)}
	return s, Options{
		ID: "camera-porch", Pre: 2 * time.Second, Post: time.Second, Longest: time.Minute, RingBytes: 32 << 20, Recorder: s.shelf,
		Changed: func(st State) { s.states <- st }, Log: slog.New(slog.DiscardHandler),
	}
}

// begin runs the hub's half, and whatever else, until the test ends.
func (s *set) begin(t *testing.T, o Options, also ...func(context.Context)) {
	t.Helper()
	var err error
	if s.Camera, err = New(o); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for _, run := range append(also, func(ctx context.Context) { _ = s.Run(ctx) }) {
		wg.Go(func() { run(t.Context()) })
	}
	t.Cleanup(wg.Wait)
}

// wired has a test use a camera on a wire: time passes only while all wait, so that how
// busy the machine is makes no difference.
func wired(t *testing.T, scene camsim.Scene, change func(*Options), do func(*testing.T, *set)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		do(t, run(t, scene, func(sim *camsim.Options, o *Options) {
			wire := &camsim.Wire{}
			sim.Wire, o.Dial = wire, wire.Dial
			if change != nil {
				change(o)
			}
		}))
	})
}

// until waits for a state of the camera.
func (s *set) until(t *testing.T, what string, is func(State) bool) State {
	t.Helper()
	limit := time.After(20 * time.Second)
	for {
		select {
		case st := <-s.states:
			if is(st) {
				return st
			}
		case <-limit:
			t.Fatalf("the camera is not %s after 20 s, but %+v", what, s.State())
		}
	}
}

func up(s State) bool { return s.Condition == Up }

// after waits until the camera has been up for a time: the ring is full then.
func (s *set) after(t *testing.T, d time.Duration) {
	t.Helper()
	s.until(t, "up", up)
	select {
	case <-time.After(d):
	case <-t.Context().Done():
	}
}

// clip waits for a clip to end.
func (s *shelf) clip(t *testing.T) *tape {
	t.Helper()
	select {
	case tp := <-s.done:
		return tp
	case <-time.After(30 * time.Second):
		t.Fatal("no clip ended within 30 s")
		return nil
	}
}
