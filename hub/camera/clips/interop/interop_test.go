//go:build interop

package interop

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"gatehouse/hub/camera/clips"
	"gatehouse/hub/health"
	"gatehouse/hub/home"
	"gatehouse/storage/clip"
)

type drawer struct{ v home.Vault }

func (d *drawer) Load() (home.Vault, bool, error) { return d.v, false, nil }
func (d *drawer) Save(v home.Vault) error         { d.v = v; return nil }

type silent struct{}

func (silent) Add(home.Event) uint64 { return 0 }

func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s: %v: %s", name, err, said.String())
	}
	return out.String()
}

// tool builds a program of the age module at the version in go.mod.
func tool(t *testing.T, name string) string {
	t.Helper()
	version := strings.TrimSpace(run(t, "go", "list", "-m", "-f", "{{.Version}}", "filippo.io/age"))
	bin := t.TempDir()
	cmd := exec.CommandContext(t.Context(), "go", "install", "filippo.io/age/cmd/"+name+"@"+version)
	cmd.Env = append(os.Environ(), "GOBIN="+bin)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return filepath.Join(bin, name)
}

// parts takes a fragmented MP4 apart: what comes before the first moof, and each
// moof with its mdat.
func parts(t *testing.T, film []byte) (init []byte, fragments [][]byte) {
	t.Helper()
	for len(film) >= 8 {
		n := int(binary.BigEndian.Uint32(film))
		if n < 8 || n > len(film) {
			t.Fatalf("a box of %d bytes", n)
		}
		switch string(film[4:8]) {
		case "ftyp", "moov":
			init = append(init, film[:n]...)
		case "moof":
			fragments = append(fragments, film[:n:n])
		case "mdat":
			last := &fragments[len(fragments)-1]
			*last = append(*last, film[:n]...)
		}
		film = film[n:]
	}
	return init, fragments
}

type probed struct {
	Streams []struct {
		Codec  string `json:"codec_name"`
		Frames string `json:"nb_read_frames"`
		Width  int    `json:"width"`
	}
}

func probe(t *testing.T, path string) (codec string, frames int) {
	t.Helper()
	var p probed
	out := run(t, "ffprobe", "-v", "error", "-count_frames", "-select_streams", "v", "-show_entries", "stream=codec_name,nb_read_frames,width", "-of", "json", path)
	if err := json.Unmarshal([]byte(out), &p); err != nil || len(p.Streams) != 1 {
		t.Fatalf("%v: %s", err, out)
	}
	n, err := strconv.Atoi(p.Streams[0].Frames)
	if err != nil {
		t.Fatal(err)
	}
	return p.Streams[0].Codec, n
}

// A clip that is exported opens with the stock age tool and has every picture;
// one that is cut short at any moment has every picture up to there.
func TestExportedClipOpensWithTheStockTool(t *testing.T) {
	const rate, seconds = 25, 12
	dir := t.TempDir()
	source := filepath.Join(dir, "source.mp4")
	run(t, "ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=640x360:rate=25", "-t", strconv.Itoa(seconds),
		"-c:v", "libx264", "-preset", "ultrafast", "-g", "25", "-keyint_min", "25", "-sc_threshold", "0", "-pix_fmt", "yuv420p",
		"-movflags", "frag_keyframe+empty_moov+default_base_moof", source)
	film, err := os.ReadFile(source)
	if err != nil {
		t.Fatal(err)
	}
	begin, fragments := parts(t, film)
	if len(fragments) != seconds {
		t.Fatalf("%d fragments, want %d", len(fragments), seconds)
	}

	age, keygen := tool(t, "age"), tool(t, "age-keygen")
	identity := filepath.Join(dir, "identity.txt")
	run(t, keygen, "-pq", "-o", identity)
	recipient := strings.TrimSpace(run(t, keygen, "-y", identity))

	recorder := records(t, dir)
	if _, err := recorder.PutVault(home.Vault{Recipients: []string{recipient}}, "Ada"); err != nil {
		t.Fatal(err)
	}

	at := time.Now()
	tape, err := recorder.Begin(home.Footage{Camera: "camera-porch", At: at, Reason: "motion", Codecs: "avc1.42c01e", Width: 640, Height: 360, Init: begin})
	if err != nil {
		t.Fatal(err)
	}
	export := func(name string) (path string, id home.ClipID) {
		list, _, err := recorder.Page(clips.Query{})
		if err != nil || len(list) != 1 {
			t.Fatalf("%v: %v", list, err)
		}
		f, err := recorder.File(list[0].ID, "film")
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(f)
		if err != nil {
			t.Fatal(err)
		}
		path = filepath.Join(dir, name)
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return path, list[0].ID
	}
	// settled waits until what was added is on the disk: the recorder's own bound.
	settled := func() {
		select {
		case <-time.After(2 * clips.Hold):
		case <-t.Context().Done():
		}
	}
	for i, f := range fragments {
		p := home.FootagePart{At: at.Add(time.Duration(i) * time.Second), Duration: time.Second, Pictures: rate, Bytes: f}
		if err := tape.Add(p); err != nil {
			t.Fatal(err)
		}
		if i != 1 && i != 6 {
			continue
		}
		settled()
		path, _ := export("cut.age")
		// age gives out what is whole, and says that the rest is missing.
		cmd := exec.CommandContext(t.Context(), age, "-d", "-i", identity, path)
		var out, said bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &said
		if err := cmd.Run(); err == nil || !strings.Contains(said.String(), "unexpected EOF") {
			t.Errorf("a clip that was cut short: %v: %s", err, said.String())
		}
		cut := filepath.Join(dir, "cut.mp4")
		if err := os.WriteFile(cut, out.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		if codec, frames := probe(t, cut); codec != "h264" || frames != rate*(i+1) {
			t.Errorf("cut after part %d: %s, %d pictures, want h264, %d", i, codec, frames, rate*(i+1))
		}
	}
	tape.End(at.Add(seconds*time.Second), nil)
	settled()
	path, id := export("clip.age")
	plain := filepath.Join(dir, "clip.mp4")
	run(t, age, "-d", "-i", identity, "-o", plain, path)
	codec, frames := probe(t, plain)
	if codec != "h264" || frames != rate*seconds {
		t.Errorf("%s, %d pictures, want h264, %d", codec, frames, rate*seconds)
	}
	if said, err := exec.CommandContext(t.Context(), "ffmpeg", "-v", "error", "-i", plain, "-f", "null", "-").CombinedOutput(); err != nil || len(said) > 0 {
		t.Errorf("ffmpeg complains: %v: %s", err, said)
	}
	length := strings.TrimSpace(run(t, "ffprobe", "-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", plain))
	if got, err := strconv.ParseFloat(length, 64); err != nil || got < seconds-0.04 || got > seconds+0.04 {
		t.Errorf("it lasts %s s, want %d", length, seconds)
	}
	if c, err := recorder.Clip(id); err != nil || c.State != home.ClipWhole {
		t.Errorf("%+v: %v", c, err)
	}
}

// records is a recorder that writes into a folder until the test ends.
func records(t *testing.T, dir string) *clips.Recorder {
	t.Helper()
	store, err := clip.Open(clip.Options{Dir: filepath.Join(dir, "clips")})
	if err != nil {
		t.Fatal(err)
	}
	recorder, err := clips.New(clips.Options{Store: store, Vault: &drawer{}, Board: health.NewBoard(nil), Journal: silent{}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- recorder.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := errors.Join(<-done, store.Close()); err != nil {
			t.Error(err)
		}
	})
	return recorder
}
