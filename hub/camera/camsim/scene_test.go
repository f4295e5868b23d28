package camsim

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestDrawnSceneIsLossless has ffmpeg decode every drawn scene, without a complaint,
// into exactly the samples that were drawn.
func TestDrawnSceneIsLossless(t *testing.T) {
	for name, place := range map[string]Place{"porch": Porch, "garden": Garden, "doorbell": Doorbell} {
		t.Run(name, func(t *testing.T) {
			var stream []byte
			for _, p := range Draw(place).Pictures {
				for _, u := range p.Units {
					stream = append(append(stream, 0, 0, 0, 1), u...)
				}
			}
			file := filepath.Join(t.TempDir(), "scene.h264")
			if err := os.WriteFile(file, stream, 0o600); err != nil {
				t.Fatal(err)
			}
			var got, complaints bytes.Buffer
			cmd := exec.CommandContext(t.Context(), "ffmpeg", "-v", "warning", "-f", "h264", "-i", file, "-fps_mode", "passthrough", "-f", "rawvideo", "-pix_fmt", "yuv420p", "-")
			cmd.Stdout, cmd.Stderr = &got, &complaints
			if err := cmd.Run(); err != nil || complaints.Len() > 0 {
				t.Fatalf("ffmpeg (of the Debian package ffmpeg): %v\n%s", err, complaints.String())
			}
			ground := place.ground()
			for i := range loop {
				p := place.picture(ground, i)
				want := bytes.Join([][]byte{p.y, p.u, p.v}, nil)
				if !bytes.Equal(got.Next(len(want)), want) {
					t.Fatalf("picture %d is not what was drawn", i)
				}
			}
			if got.Len() != 0 {
				t.Errorf("%d bytes of pictures that were not drawn", got.Len())
			}
			if rate := len(stream) * 8 / (loop / fps); rate > 1_500_000 {
				t.Errorf("%d bit/s are too many for a demo", rate)
			}
			t.Logf("%d bit/s", len(stream)*8/(loop/fps))
		})
	}
}
