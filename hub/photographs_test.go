//go:build interop

package hub

import (
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/bluenviron/gortsplib/v5/pkg/format"

	"gatehouse/hub/camera/camsim"
	"gatehouse/hub/camera/keyframe"
	"gatehouse/hub/health"
	"gatehouse/hub/home"
)

// TestPhotographs is the whole chain with the real network and real photographs, which
// `make interop` fetches: the photograph of a dog (and a bicycle, and a car) verifies
// no alarm, that of a person (and a dog, and a horse) does. A network that was damaged is
// said.
func TestPhotographs(t *testing.T) {
	h, page, clips, c := lookedAt(t)
	photograph := func(name string) []byte {
		b, err := os.ReadFile(filepath.Join("..", "build", "pictures", name+".jpg"))
		if err != nil {
			t.Fatalf("%v: run make interop, which fetches it", err)
		}
		return b
	}
	network := h.file("detector")
	if err := os.CopyFS(network, os.DirFS(filepath.Join("..", "bin", "detector"))); err != nil {
		t.Fatalf("%v: run make model", err)
	}
	h.says(home.Closed)
	h.put(t, c)
	soon(t, "the camera is up", h.cameraIs(c.ID, "up"))
	h.cameras.conditions(time.Now())
	if h.board.Present(health.DetectorMissing, "") {
		t.Fatal("the network is there, and not found or not whole")
	}
	verifiesOnlyPeople(t, h, page, clips, photograph("dog"), photograph("person"))

	model := filepath.Join(network, "model.tflite")
	b, err := os.ReadFile(model)
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)/2] ^= 1
	if err := os.WriteFile(model, b, 0o600); err != nil {
		t.Fatal(err)
	}
	soon(t, "a damaged network is said", func() bool {
		h.cameras.conditions(time.Now())
		return h.board.Present(health.DetectorMissing, "")
	})
}

// TestStreet is the same by a camera that gives no picture but its stream: the street
// video, in H.264 as a camera codes it. A door is opened, somebody is in the street, and
// the alarm is verified.
func TestStreet(t *testing.T) {
	file := filepath.Join(t.TempDir(), "street.h264")
	cmd := exec.CommandContext(t.Context(), "ffmpeg", "-v", "error", "-framerate", "1", "-i", filepath.Join("..", "build", "pictures", "street", "%02d.jpg"),
		"-r", "10", "-pix_fmt", "yuv420p", "-c:v", "libx264", "-profile:v", "high", "-g", "20", "-bf", "0", "-crf", "26", "-x264-params", "scenecut=0:aud=1", "-f", "h264", file)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("ffmpeg: %v\n%s", err, out)
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	const delimiter, sps, pps = 9, 7, 8
	video := &format.H264{PayloadTyp: 96, PacketizationMode: 1}
	scene := camsim.Scene{Video: video}
	for _, u := range keyframe.SplitStream(b) {
		switch u[0] & 0x1f {
		case delimiter:
			scene.Pictures = append(scene.Pictures, camsim.Picture{DTS: scene.Length, PTS: scene.Length})
			scene.Length += 9000
			continue
		case sps:
			video.SPS = u
		case pps:
			video.PPS = u
		}
		last := &scene.Pictures[len(scene.Pictures)-1]
		last.Units = append(last.Units, u)
	}
	h, sim, clips := cameraHouse(t, scene)
	if err := os.CopyFS(h.file("detector"), os.DirFS(filepath.Join("..", "bin", "detector"))); err != nil {
		t.Fatalf("%v: run make model", err)
	}
	doorOf(t, h)
	c := home.DefaultCamera("camera-porch")
	c.URL = with(sim, url.UserPassword("hub", "s3cret word"))
	c.Seeing.On, c.Seeing.Verifies = true, true
	h.says(home.Closed)
	h.put(t, c)
	soon(t, "the camera is up", h.cameraIs(c.ID, "up"))
	h.arm(t, home.Away)
	began := time.Now()
	h.says(home.Open)
	soon(t, "the alarm is verified", h.verified)
	t.Logf("verified %v after the door was opened", time.Since(began).Round(10*time.Millisecond))
	soon(t, "the clip says so, and has a picture", func() bool {
		labels, stills := clips.seen()
		return slices.Contains(labels, "person") && stills > 0
	})
}
