package camera

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"gatehouse/hub/camera/camsim"
	"gatehouse/hub/camera/camsim/filmed"
)

// The pictures of every scene: 25 in a second.
const tick = 90000 / 25

// shoot has ffmpeg make a scene of a test picture: seconds long, with its own
// arguments for what codes it. Each scene is made once.
func shoot(t *testing.T, seconds int, args ...string) camsim.Scene {
	t.Helper()
	return shootFrom(t, []string{"-f", "lavfi", "-i", "testsrc2=size=640x360:rate=25"}, seconds, args...)
}

// shootFrom has ffmpeg make a scene of what its first input shows.
func shootFrom(t *testing.T, input []string, seconds int, args ...string) camsim.Scene {
	t.Helper()
	key := fmt.Sprint(input, seconds, args)
	scenes.Lock()
	defer scenes.Unlock()
	if s, ok := scenes.made[key]; ok {
		return s
	}
	ts := filepath.Join(t.TempDir(), "scene.ts")
	all := append([]string{"-v", "error"}, input...)
	all = append(all, "-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000", "-t", fmt.Sprint(seconds), "-pix_fmt", "yuv420p", "-map", "0:v")
	all = append(all, args...)
	all = append(all, "-f", "mpegts", ts)
	tool(t, "ffmpeg", all...)
	b, err := os.ReadFile(ts)
	if err != nil {
		t.Fatal(err)
	}
	s, err := filmed.Read(b, seconds)
	if err != nil {
		t.Fatal(err)
	}
	scenes.made[key] = s
	return s
}

var scenes = struct {
	sync.Mutex
	made map[string]camsim.Scene
}{made: map[string]camsim.Scene{}}

// tool runs one of ffmpeg's programs.
func tool(t *testing.T, name string, args ...string) string {
	t.Helper()
	var out, complaints bytes.Buffer
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Stdout, cmd.Stderr = &out, &complaints
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s (of the Debian package ffmpeg): %v\n%s", name, err, complaints.String())
	}
	if s := complaints.String(); s != "" {
		t.Errorf("%s %s complains:\n%s", name, strings.Join(args, " "), s)
	}
	return out.String()
}

var x264 = []string{"-c:v", "libx264", "-preset", "ultrafast", "-g", "25", "-sc_threshold", "0", "-b:v", "600k"}
