package clips

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"gatehouse/hub/health"
	"gatehouse/hub/home"
	"gatehouse/storage/clip"
)

// smallDisk mounts a disk of 12 MiB, where it may: only root can.
func smallDisk(t *testing.T) (dir string, ok bool) {
	t.Helper()
	dir = t.TempDir()
	if err := syscall.Mount("gatehouse", dir, "tmpfs", 0, "size=12m,mode=0700"); err != nil {
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

// fill takes what is left of a disk.
func fill(t *testing.T, ballast string) {
	t.Helper()
	f, err := os.OpenFile(ballast, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for size := 1 << 20; size > 0; {
		if _, err := f.Write(make([]byte, size)); errors.Is(err, syscall.ENOSPC) {
			size /= 2
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

// shown waits for a condition to be there, or to be gone.
func (h *room) shown(code health.Code, want bool) {
	h.t.Helper()
	limit := time.After(30 * time.Second)
	for h.board.Present(code, "") != want {
		select {
		case <-limit:
			h.t.Fatalf("condition %s: %v after 30 s, want %v", code, !want, want)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// TestFullDisk fills the disk while a clip is recorded. First the oldest clips make
// room; when there is nothing left that may go it is said, what is recorded waits, and
// once there is room again the clip has all of it.
func TestFullDisk(t *testing.T) {
	disk, ok := smallDisk(t)
	if !ok {
		return
	}
	h := openRoom(t, filepath.Join(disk, "clips"), clip.Options{VolumeSize: 1 << 20})
	old := h.record(2_500_000, 0)
	kept := h.record(300_000, 1)
	if _, err := h.Keep(kept, true, "Anna"); err != nil {
		t.Fatal(err)
	}
	ballast := filepath.Join(disk, "ballast")
	fill(t, ballast)

	tape, err := h.Begin(footage())
	if err != nil {
		t.Fatal(err)
	}
	id := home.ClipID(tape.(*recording).id.String())
	parts := 0
	add := func(n int) {
		t.Helper()
		for range n {
			if err := tape.Add(part(parts, 100_000)); err != nil {
				t.Fatal(err)
			}
			parts++
		}
	}
	add(10)
	h.wait(id, home.ClipRecording)
	for parts < 200 && !h.board.Present(health.ClipsNotWritten, "") {
		add(1)
		select {
		case <-time.After(20 * time.Millisecond):
		case <-t.Context().Done():
		}
	}
	h.shown(health.ClipsNotWritten, true)
	var none *home.NotFound
	if _, err := h.Clip(old); !errors.As(err, &none) {
		t.Errorf("the oldest clip did not make room: %v", err)
	}
	add(5)
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	h.shown(health.ClipsNotWritten, false)
	tape.End(began.Add(time.Minute), nil)
	h.wait(id, home.ClipWhole)
	if got := partsIn(h.opened(h.export(id, "film"))); got != parts {
		t.Errorf("the clip has %d parts, want %d", got, parts)
	}
	if got := partsIn(h.opened(h.export(kept, "film"))); got != 3 {
		t.Errorf("the clip that is kept has %d parts, want 3", got)
	}
}

// TestTruncatedVolume cuts volumes short under a recorder that runs: an old one, which
// is then set aside, and the very one that it writes to.
func TestTruncatedVolume(t *testing.T) {
	h := openRoom(t, t.TempDir(), clip.Options{VolumeSize: 1 << 20})
	var ids []home.ClipID
	for n := range 4 {
		ids = append(ids, h.record(600_000, n))
	}
	volumes, err := filepath.Glob(filepath.Join(h.dir, "events-*.clips"))
	if err != nil || len(volumes) < 3 {
		t.Fatal(volumes, err)
	}
	if err := os.Truncate(volumes[0], 8192); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(volumes[len(volumes)-1], 8192); err != nil {
		t.Fatal(err)
	}
	// It goes on: this one is whole, whatever the first try to write it came to.
	id := h.record(600_000, 9)
	if got := partsIn(h.opened(h.export(id, "film"))); got != 6 {
		t.Errorf("the clip after has %d parts, want 6", got)
	}
	lost := 0
	for _, id := range ids {
		f, err := h.File(id, "film")
		if err == nil {
			_, err = f.Read(make([]byte, 1))
		}
		if err == nil {
			_, err = f.Seek(-100, 2)
		}
		if err == nil {
			_, err = f.Read(make([]byte, 1))
		}
		c, rowErr := h.Clip(id)
		if rowErr != nil {
			t.Error(rowErr)
		}
		if (err != nil) != (c.State == home.ClipLost) {
			t.Errorf("clip is %s: %v", c.State, err)
		}
		if c.State == home.ClipLost {
			lost++
		}
	}
	if lost == 0 || lost == len(ids) {
		t.Errorf("%d of %d clips are lost, want those of the volumes that were cut", lost, len(ids))
	}
	if f := h.store.Faults(); len(f) != 2 || !h.board.Present(health.ClipsLost, "") {
		t.Errorf("faults %+v, want two, and that it is said", f)
	}
}

// TestWrongClock records while the clock stands in 1970, is put right, and put back:
// every clip is there, each in its place by what the clock said.
func TestWrongClock(t *testing.T) {
	h := openRoom(t, t.TempDir(), clip.Options{VolumeSize: 1 << 20})
	var want []home.ClipID
	for _, at := range []time.Time{time.Unix(5, 0), began.AddDate(0, 0, -1), began, began.AddDate(30, 0, 0)} {
		f := footage()
		f.At = at
		tape, err := h.Begin(f)
		if err != nil {
			t.Fatal(err)
		}
		p := part(0, 300_000)
		p.At = at
		if err := tape.Add(p); err != nil {
			t.Fatal(err)
		}
		p.At = began // the clock was set in the middle of it
		if err := tape.Add(p); err != nil {
			t.Fatal(err)
		}
		tape.End(began, nil)
		id := home.ClipID(tape.(*recording).id.String())
		c := h.wait(id, home.ClipWhole)
		if c.End.Before(c.Start.Time) {
			t.Errorf("a clip ends at %v and began at %v", c.End, c.Start)
		}
		if got := partsIn(h.opened(h.export(id, "film"))); got != 2 {
			t.Errorf("the clip of %v has %d parts, want 2", at, got)
		}
		want = append([]home.ClipID{id}, want...)
	}
	list, _, err := h.Page(Query{})
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range list {
		if c.ID != want[i] {
			t.Errorf("clip %d of the list began at %v", i, c.Start)
		}
	}
}

// TestNoRoomToKeep is the owner's matter, and no fault of the hub.
func TestNoRoomToKeep(t *testing.T) {
	err := refusal(fmt.Errorf("clip: %w", clip.ErrFull))
	if conflict := new(home.Conflict); !errors.As(err, &conflict) || !strings.Contains(conflict.Reason, "no room to copy it to") {
		t.Errorf("a clip that can't be copied to where kept ones are: %v", err)
	}
}

// TestDaysAreOver deletes what is older than its camera's days, and leaves what is kept
// and what is younger; while the clock can't be right it leaves everything.
func TestDaysAreOver(t *testing.T) {
	h := openRoom(t, t.TempDir(), clip.Options{VolumeSize: 1 << 20})
	old, kept, young := h.record(100_000, 0), h.record(100_000, 1), h.record(100_000, 2)
	if _, err := h.Keep(kept, true, "Anna"); err != nil {
		t.Fatal(err)
	}
	h.Limit("camera-porch", 0, 7)
	for id, want := range map[home.ClipID]*home.Time{old: new(home.At(began.AddDate(0, 0, 7))), kept: nil} {
		c, err := h.Clip(id)
		if err != nil || (c.Expires == nil) != (want == nil) || want != nil && !c.Expires.Equal(want.Time) {
			t.Errorf("a clip goes %v (%v), want %v", c.Expires, err, want)
		}
	}
	now := began.AddDate(0, 0, 7).Add(90 * time.Second)
	h.board.Raise(health.ClockWrong, "", "it stands in 2061")
	h.expireNow(now)
	if _, err := h.Clip(old); err != nil {
		t.Errorf("a clip was deleted by a clock that can't be right: %v", err)
	}
	h.board.Clear(health.ClockWrong, "")
	h.expireNow(now)
	var none *home.NotFound
	if _, err := h.Clip(old); !errors.As(err, &none) {
		t.Errorf("a clip is there whose days are over: %v", err)
	}
	for _, id := range []home.ClipID{kept, young} {
		if _, err := h.Clip(id); err != nil {
			t.Error(err)
		}
	}
	if o, err := h.store.Owed(); err != nil || !o.Since.Equal(now) {
		t.Errorf("owed since %v (%v), want %v", o.Since, err, now)
	}
	// What is written of it names the camera as the family does.
	if line := "Clips of the porch whose days are over were deleted: 1, of " + began.UTC().Format(time.DateTime) + " UTC."; !slices.Contains(h.lines.text, line) {
		t.Errorf("told: %q, want %q", h.lines.text, line)
	}
}

// TestRoomThatIsAllRecording fills what clips may take with clips that are being
// recorded: nothing can make room, and what waits fills up. They are cut short there,
// and recording goes on; what is on the disk of them plays.
func TestRoomThatIsAllRecording(t *testing.T) {
	h := openRoom(t, t.TempDir(), clip.Options{VolumeSize: 4 << 20, Quota: 64 << 20})
	var tapes [3]home.Tape
	id := func(i int) home.ClipID { return home.ClipID(tapes[i].(*recording).id.String()) }
	begin := func(i int) error {
		f := footage()
		f.Camera = home.DeviceID(fmt.Sprintf("camera-%d", i))
		tape, err := h.Begin(f)
		if err == nil {
			tapes[i] = tape
		}
		return err
	}
	var first []home.ClipID
	for i := range tapes {
		if err := begin(i); err != nil {
			t.Fatal(err)
		}
		first = append(first, id(i))
	}
	limit := time.After(time.Minute)
	for n, anew := 0, 0; anew < len(tapes); n++ {
		anew = 0
		for i := range tapes {
			err := tapes[i].Add(part(n, 100_000))
			if errors.Is(err, ErrBehind) || errors.Is(err, ErrEnded) {
				err = begin(i)
			}
			if err != nil && !errors.Is(err, ErrBehind) {
				t.Fatal(err)
			}
			if c, err := h.Clip(id(i)); err == nil && c.ID != first[i] && c.Bytes > 500_000 {
				anew++
			}
		}
		select {
		case <-limit:
			t.Fatalf("after a minute nothing is recorded; %d bytes wait", h.queue)
		case <-time.After(time.Millisecond):
		}
	}
	for i := range tapes {
		tapes[i].End(began.Add(time.Hour), nil)
		h.wait(id(i), home.ClipWhole)
	}
	for _, id := range first {
		c, err := h.Clip(id)
		if none := new(home.NotFound); errors.As(err, &none) {
			continue // it has made room
		}
		if err != nil || c.State != home.ClipCutShort || c.Why != behind || c.SHA256 != "" {
			t.Errorf("%+v, %v", c, err)
		}
	}
}

// TestDiskThatHangs holds up a commit, and the next. What cameras send meanwhile is
// sealed beside it, until too much waits: then the clip ends there and says so. When the
// disk goes on, all that was taken is in the clip.
func TestDiskThatHangs(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		hangs := make(chan struct{})
		h := openRoom(t, dir, clip.Options{VolumeSize: 8 << 20, Free: func(string) (int64, error) {
			<-hangs
			return 1 << 40, nil
		}})
		defer h.end()
		tape, err := h.Begin(footage())
		if err != nil {
			t.Fatal(err)
		}
		tp := tape.(*recording)
		time.Sleep(2 * Hold)
		synctest.Wait() // the commit hangs
		parts := 0
		add := func(until int) {
			t.Helper()
			for ; parts < until && err == nil; parts++ {
				err = tape.Add(part(parts, 1_000_000))
				synctest.Wait()
				if n := len(tp.queue); n > 0 {
					t.Fatalf("%d parts wait to be sealed until the disk goes on", n)
				}
			}
		}
		add(20)
		hangs <- struct{}{}
		synctest.Wait() // what was written is a moment; the 20 parts hang
		add(60)
		parts-- // the one that was refused
		if !errors.Is(err, ErrBehind) || parts < backlog/1_000_000-1 || parts > backlog/1_000_000 {
			t.Fatalf("after %d parts of 1 MB: %v, want ErrBehind when %d bytes wait", parts, err, backlog)
		}
		close(hangs)
		c := h.wait(home.ClipID(tp.id.String()), home.ClipCutShort)
		if got := partsIn(h.opened(h.export(c.ID, "film"))); got != parts || c.Why == "" {
			t.Errorf("the clip has %d parts of %d and says %q", got, parts, c.Why)
		}
		// What has been written does not count as waiting.
		again, err := h.Begin(footage())
		if err != nil {
			t.Fatal(err)
		}
		for i := range 20 {
			if err := again.Add(part(i, 1_000_000)); err != nil {
				t.Fatal(err)
			}
		}
		again.End(began, nil)
		c = h.wait(home.ClipID(again.(*recording).id.String()), home.ClipWhole)
		if got := partsIn(h.opened(h.export(c.ID, "film"))); got != 20 {
			t.Errorf("the clip after it has %d parts, want 20", got)
		}
	})
}

// TestDaysAreCounted lets two days pass: nobody calls, and the clip goes, its bytes too.
func TestDaysAreCounted(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		h := openRoom(t, dir, clip.Options{VolumeSize: 1 << 20})
		defer h.end()
		f := footage()
		f.At = time.Now()
		tape, err := h.Begin(f)
		if err != nil {
			t.Fatal(err)
		}
		tape.End(f.At, nil)
		h.Limit("camera-porch", 0, 1)
		after := func(hours, want int) {
			t.Helper()
			time.Sleep(time.Until(f.At.Add(time.Duration(hours) * time.Hour)))
			synctest.Wait()
			if list, _, err := h.Page(Query{}); err != nil || len(list) != want {
				t.Errorf("after %d h there are %d clips (%v), want %d", hours, len(list), err, want)
			}
		}
		after(23, 1)
		after(48, 0) // within a day after
		time.Sleep(2 * time.Hour)
		if o, err := h.store.Owed(); err != nil || !o.Since.IsZero() {
			t.Errorf("owed: %+v (%v)", o, err)
		}
	})
}
