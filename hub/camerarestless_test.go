package hub

import (
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"gatehouse/hub/camera/camsim"
	"gatehouse/hub/camera/camsim/filmed"
	"gatehouse/hub/home"
)

// clocked has ffmpeg make a scene of a wall with a clock in it that ticks each second, and
// of somebody who crosses it from a second on.
func clocked(t *testing.T, seconds, somebody int) camsim.Scene {
	t.Helper()
	ts := filepath.Join(t.TempDir(), "scene.ts")
	graph := fmt.Sprintf(`[0][1]overlay=eval=frame:x='-40+40*(t-%d)':y=200,noise=alls=8:allf=t,`+
		`drawtext=font=DejaVu Sans Mono:fontsize=30:fontcolor=white:box=1:boxcolor=black@0.6:x=10:y=8:text='%%{pts\:gmtime\:1764000000\:%%H\\\:%%M\\\:%%S}'`, somebody)
	out, err := exec.CommandContext(t.Context(), "ffmpeg", "-v", "error",
		"-f", "lavfi", "-i", "color=0x707880:size=640x360:rate=5", "-f", "lavfi", "-i", "color=0x303840:size=40x110:rate=5",
		"-filter_complex", graph, "-t", fmt.Sprint(seconds), "-pix_fmt", "yuv420p",
		"-c:v", "libx264", "-preset", "ultrafast", "-g", "5", "-sc_threshold", "0", "-crf", "26", "-f", "mpegts", ts).CombinedOutput()
	if err != nil {
		t.Fatalf("ffmpeg (of the Debian package): %v\n%s", err, out)
	}
	b, err := os.ReadFile(ts)
	if err != nil {
		t.Fatal(err)
	}
	s, err := filmed.Read(b, seconds)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestAClockSetsACameraOffForAMinute: a camera with a clock in its picture records that at
// first, then says where it takes no notice any more, and records whoever comes; in an
// alarm it takes notice of everything.
func TestAClockSetsACameraOffForAMinute(t *testing.T) {
	t.Parallel()
	scene := clocked(t, 240, 150)
	synctest.Test(t, func(t *testing.T) { besideAClock(t, scene) })
}

func besideAClock(t *testing.T, scene camsim.Scene) {
	began := time.Now().Add(time.Until(earliest().Add(30 * 24 * time.Hour))) // when the scene does
	h, sim, clips := wiredHouse(t, scene)
	doorOf(t, h)
	h.says(home.Closed)
	c := home.DefaultCamera("camera-porch")
	c.Name, c.URL = "Porch", with(sim, url.UserPassword("hub", "s3cret word"))
	c.Pre, c.Post, c.Phases = home.Duration(time.Second), home.Duration(5*time.Second), []home.Phase{}
	c.Seeing = home.Seeing{Motion: true}
	c = h.put(t, c)
	soon(t, "the camera is up", h.cameraIs(c.ID, "up"))
	// recorded tells when each clip of something that moved began, and whether one runs.
	recorded := func() (begun []time.Duration, runs bool) {
		clips.mu.Lock()
		defer clips.mu.Unlock()
		for _, r := range clips.clips {
			if r.Reason == "motion" {
				begun, runs = append(begun, r.At.Sub(began)), !r.ended
			}
		}
		return begun, runs
	}
	status := func() home.CameraStatus { c, _ := h.cameras.Camera(c.ID); return c.Status }
	if status().Restless == nil {
		t.Error("status.restless is null")
	}

	time.Sleep(time.Until(began.Add(75 * time.Second)))
	first, runs := recorded()
	if len(first) == 0 || first[len(first)-1] > time.Minute || runs {
		t.Errorf("after 75 s clips of the clock began at %v, one runs: %v; want all within 60 s, and over", first, runs)
	}
	parts := status().Restless
	if len(parts) != 1 || parts[0].Base > 0.2 || parts[0].Right-parts[0].Left > 0.15 {
		t.Errorf("it takes no notice of %+v, want the seconds alone", parts)
	}
	if v := h.told(c.ID, home.Restless); v.Float() < 1 || v.Float() > 5 {
		t.Errorf("its device says that %v %% of the picture never rests, want those of the seconds alone", v)
	}
	time.Sleep(time.Until(began.Add(149 * time.Second)))
	if begun, _ := recorded(); len(begun) != len(first) {
		t.Errorf("clips of the clock began at %v", begun)
	}
	time.Sleep(10 * time.Second)
	if begun, runs := recorded(); len(begun) != len(first)+1 || !runs || begun[len(first)] < 150*time.Second || begun[len(first)] > 154*time.Second {
		t.Errorf("somebody comes at 2m30s; clips began at %v, one runs: %v", begun, runs)
	}

	time.Sleep(time.Until(began.Add(200 * time.Second)))
	if h.told(c.ID, home.Motion) == home.True || len(status().Restless) == 0 {
		t.Errorf("its device says that something moves (%v), and it takes no notice of %+v", h.told(c.ID, home.Motion), status().Restless)
	}
	h.arm(t, home.Away)
	h.says(home.Open)
	soon(t, "the alarm runs", func() bool { return h.guard.State().Phase == home.PhaseAlarm })
	soon(t, "the clock counts", func() bool { return h.told(c.ID, home.Motion) == home.True })
	if got := status().Restless; len(got) > 0 {
		t.Errorf("in an alarm it takes no notice of %+v", got)
	}
	if v := h.told(c.ID, home.Restless); v != home.Number(0) {
		t.Errorf("in an alarm its device says that %v %% of the picture never rests, want 0", v)
	}
	all, _ := recorded()
	t.Logf("clips began at %v; it took no notice of %+v", all, parts)
}
