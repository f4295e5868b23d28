package hub

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"filippo.io/age"

	"gatehouse/hub/camera/clips"
	"gatehouse/hub/health"
	"gatehouse/hub/home"
)

// withVault gives the house a key to seal to.
func (h *house) withVault() {
	h.t.Helper()
	id, err := age.GenerateHybridIdentity()
	if err != nil {
		h.t.Fatal(err)
	}
	if _, err := h.clips.PutVault(home.Vault{Recipients: []string{id.Recipient().String()}}, "Ada"); err != nil {
		h.t.Fatal(err)
	}
}

func porch() home.Footage {
	return home.Footage{Camera: "camera-porch", At: time.Now(), Reason: "zone:front-door", Init: []byte("\x00\x00\x00\x08ftyp")}
}

func TestNothingIsRecordedWithoutAVault(t *testing.T) {
	inHouse(t, nil, func(t *testing.T, h *house) {
		if _, err := h.clips.Begin(porch()); !errors.Is(err, clips.ErrNoVault) {
			t.Errorf("got %v, want %v", err, clips.ErrNoVault)
		}
		h.present(health.NoVault, "", "no key")
		h.withVault()
		h.absent(health.NoVault, "")
		if _, err := h.clips.Begin(porch()); err != nil {
			t.Error(err)
		}
	})
}

func TestClipsThatCannotBeWrittenAreSaid(t *testing.T) {
	inHouse(t, nil, func(t *testing.T, h *house) {
		h.withVault()
		// Where the first volume would be made, something is in the way.
		inTheWay := h.file(filepath.Join("clips", "events-00000001.clips.new"))
		if err := os.MkdirAll(filepath.Join(inTheWay, "x"), 0o700); err != nil {
			t.Fatal(err)
		}
		tape, err := h.clips.Begin(porch())
		if err != nil {
			t.Fatal(err)
		}
		h.pass(time.Second)
		h.present(health.ClipsNotWritten, "", "events-00000001")
		if err := os.RemoveAll(inTheWay); err != nil {
			t.Fatal(err)
		}
		h.pass(time.Second)
		h.absent(health.ClipsNotWritten, "")
		tape.End(time.Now(), nil)
		h.pass(time.Second)
		list, _, err := h.clips.Page(clips.Query{})
		if err != nil || len(list) != 1 || list[0].State != home.ClipWhole {
			t.Errorf("got %+v (%v), want the clip, whole", list, err)
		}
	})
}

func TestDamagedFileOfClipsIsSaid(t *testing.T) {
	inHouse(t, nil, func(t *testing.T, h *house) {
		h.withVault()
		tape, err := h.clips.Begin(porch())
		if err != nil {
			t.Fatal(err)
		}
		tape.End(time.Now(), nil)
		h.pass(time.Second)
		data := h.o.Config.Data
		h.end()
		volume := filepath.Join(data, "clips", "events-00000001.clips")
		if err := os.Truncate(volume, 3000); err != nil {
			t.Fatal(err)
		}
		h.start(data)
		h.present(health.ClipsLost, "", "events-00000001")
		if _, err := os.Stat(volume + ".damaged"); err != nil {
			t.Errorf("the damaged file was not set aside: %v", err)
		}
		tape, err = h.clips.Begin(porch())
		if err != nil {
			t.Fatal(err)
		}
		tape.End(time.Now(), nil)
		h.pass(time.Second)
		if _, err := os.Stat(volume); !errors.Is(err, fs.ErrNotExist) {
			t.Error("the number of a damaged volume was given again")
		}
		h.absent(health.ClipsNotWritten, "")
		h.end()
		h.start(data)
		h.absent(health.ClipsLost, "")
	})
}

// A deleted clip is off the disk within the hour; when that cannot be done it is
// said, and tried again.
func TestClipsThatCannotBeErasedAreSaid(t *testing.T) {
	inHouse(t, nil, func(t *testing.T, h *house) {
		h.withVault()
		tape, err := h.clips.Begin(porch())
		if err != nil {
			t.Fatal(err)
		}
		tape.End(time.Now(), nil)
		h.pass(time.Second)
		list, _, err := h.clips.Page(clips.Query{})
		if err != nil || len(list) != 1 {
			t.Fatal(list, err)
		}
		volume := h.file(filepath.Join("clips", "events-00000001.clips"))
		inTheWay := volume + ".new"
		if err := os.MkdirAll(filepath.Join(inTheWay, "x"), 0o700); err != nil {
			t.Fatal(err)
		}
		d, err := h.clips.Delete(list[0].ID, "Ada")
		if err != nil || d.Bytes == 0 || d.GoneBy == nil || time.Until(d.GoneBy.Time) > time.Hour {
			t.Fatalf("got %+v (%v)", d, err)
		}
		if _, err := h.clips.Clip(list[0].ID); err == nil {
			t.Error("a deleted clip is there")
		}
		h.pass(11 * time.Minute)
		h.present(health.ClipsNotErased, "", "events-00000001")
		if err := os.RemoveAll(inTheWay); err != nil {
			t.Fatal(err)
		}
		h.pass(time.Until(d.GoneBy.Time))
		h.absent(health.ClipsNotErased, "")
		if _, err := os.Stat(volume); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("the bytes of the deleted clip are there when they should be gone: %v", err)
		}
	})
}
