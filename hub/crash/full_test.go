package crash

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"gatehouse/hub/home"
)

// TestFullDisk fills the disk while the house is armed. The alarm sounds and
// can be disarmed, the house says what is wrong, a hub that is killed comes
// back on the full disk as it was, and what happened meanwhile is in the
// journal once there is space again.
func TestFullDisk(t *testing.T) {
	data, ok := smallDisk(t)
	if !ok {
		return
	}
	h := newHouse(t, build(t), data)
	h.start()
	h.furnish()
	stop := h.watch()
	h.calm()
	h.bring(home.PhaseArmed)
	first := h.last()

	h.fill()
	quiet := h.chatter()
	h.until("the house says that its disk is full", 20*time.Second, func() error { return h.says("journal-behind", true) })
	heard, rung := h.siren.Received(), time.Now()
	h.window.Open()
	h.until("the siren sounds", 5*time.Second, func() error {
		if h.soundings(heard) == 0 {
			return errNotYet
		}
		return nil
	})
	t.Logf("siren %v after the window opened", time.Since(rung).Round(time.Millisecond))
	h.phase(home.PhaseAlarm)
	asked := time.Now()
	a, err := h.mode(home.Disarmed, "")
	if err != nil || a.Phase != home.PhaseDisarmed {
		t.Fatalf("disarming on a full disk: %s, %v", stand(a), err)
	}
	t.Logf("disarmed after %v", time.Since(asked).Round(time.Millisecond))
	h.until("the siren is silent", 5*time.Second, func() error {
		if h.siren.Sounding() {
			return errNotYet
		}
		return nil
	})
	quiet()
	h.empty()
	h.until("all is well again", 30*time.Second, func() error { return h.says("journal-behind", false) })
	h.calm()

	// Nothing that happened on the full disk is missing: numbers follow each
	// other, and the story is there.
	h.until("the story is in the journal", 10*time.Second, func() error { return h.tells(first, "Burglary alarm", "Disarmed") })
	if gaps := h.gaps(first); len(gaps) > 0 {
		t.Errorf("numbers missing from the journal: %v", gaps)
	}

	// Killed on a full disk.
	before := h.bring(home.PhaseArmed)
	h.fill()
	h.kill()
	stop()
	if after := h.start(); !sameStand(before, after) {
		t.Errorf("killed on a full disk: %s before, %s after", stand(before), stand(after))
	}
	if a, err := h.mode(home.Disarmed, ""); err != nil || a.Phase != home.PhaseDisarmed {
		t.Errorf("disarming after a start on a full disk: %s, %v", stand(a), err)
	}
	h.empty()
	h.until("all is well again", 30*time.Second, func() error { return h.says("journal-behind", false) })
	if lost := h.missing(0); len(lost) > 0 {
		t.Errorf("%d events that were shown are lost", len(lost))
	}
	t.Logf("%d events shown, none lost", len(h.shown))
}

// smallDisk mounts a disk of 8 MiB, where it may: only root can. The rest of the
// proof is in the storage package, whose disk is a file system of its own.
func smallDisk(t *testing.T) (dir string, ok bool) {
	t.Helper()
	dir = t.TempDir()
	if err := syscall.Mount("gatehouse", dir, "tmpfs", 0, "size=8m,mode=0700"); err != nil {
		t.Logf("no small disk can be mounted here: %v", err)
		return "", false
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	return dir, true
}

// TestReadOnlyDisk starts the hub on a card that has worn out: it takes no more
// writes. The house stays guarded as it was.
func TestReadOnlyDisk(t *testing.T) {
	data, ok := smallDisk(t)
	if !ok {
		return
	}
	h := newHouse(t, build(t), data)
	h.start()
	h.furnish()
	h.calm()
	before := h.bring(home.PhaseArmed)
	h.kill()
	if err := syscall.Mount("gatehouse", data, "tmpfs", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	if after := h.start(); !sameStand(before, after) {
		t.Errorf("%s before, %s after", stand(before), stand(after))
	}
	heard := h.siren.Received()
	h.window.Open()
	h.until("the siren sounds", 5*time.Second, func() error {
		if h.soundings(heard) == 0 {
			return errNotYet
		}
		return nil
	})
	h.until("the house says that its disk is not written", 20*time.Second, func() error { return h.says("storage-fault", true) })
	asked := time.Now()
	if a, err := h.mode(home.Disarmed, ""); err != nil || a.Phase != home.PhaseDisarmed {
		t.Errorf("disarming on a read-only disk: %s, %v", stand(a), err)
	}
	t.Logf("disarmed after %v", time.Since(asked).Round(time.Millisecond))
	h.until("the siren is silent", 5*time.Second, func() error {
		if h.siren.Sounding() {
			return errNotYet
		}
		return nil
	})
}

const ballast = "ballast"

// fill writes until the disk takes no more, not a byte.
func (h *house) fill() {
	h.t.Helper()
	f, err := os.OpenFile(filepath.Join(h.data, ballast), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		h.t.Fatal(err)
	}
	defer f.Close()
	for size := 1 << 20; size > 0; {
		if _, err := f.Write(make([]byte, size)); errors.Is(err, syscall.ENOSPC) {
			size /= 2
		} else if err != nil {
			h.t.Fatal(err)
		}
	}
}

func (h *house) empty() {
	h.t.Helper()
	if err := os.Remove(filepath.Join(h.data, ballast)); err != nil {
		h.t.Fatal(err)
	}
}

// says tells whether the house says, or does not say, that something is wrong.
func (h *house) says(code string, want bool) error {
	var a home.Alarm
	if err := h.get("/alarm", &a); err != nil {
		return err
	}
	var list []home.TroubleItem
	if err := h.get("/health", &list); err != nil {
		return err
	}
	if slices.ContainsFunc(list, func(i home.TroubleItem) bool { return i.Code == code }) != want {
		return fmt.Errorf("it says %v", list)
	}
	return nil
}

// tells tells whether the journal holds lines with these words.
func (h *house) tells(from uint64, words ...string) error {
	all, err := h.journal(from)
	if err != nil {
		return err
	}
	for _, w := range words {
		if !slices.ContainsFunc(all, func(e home.Event) bool { return strings.Contains(e.Text, w) }) {
			return fmt.Errorf("no line says %q", w)
		}
	}
	return nil
}

// gaps lists the first number of each gap.
func (h *house) gaps(from uint64) (gaps []uint64) {
	h.t.Helper()
	all, err := h.journal(from)
	if err != nil {
		h.t.Fatal(err)
	}
	for i := range all[1:] {
		if all[i+1].Seq != all[i].Seq+1 {
			gaps = append(gaps, all[i].Seq+1)
		}
	}
	return gaps
}
