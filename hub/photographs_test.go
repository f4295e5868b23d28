//go:build interop

package hub

import (
	"os"
	"path/filepath"
	"testing"
	"time"

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
