package disksim

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// Work is a way of working whose files must survive a power cut at any moment.
type Work struct {
	// Do is a life of one process in one folder; it calls ack with the number of a step
	// when all that the step promises is done.
	Do func(dir string, ack func(int)) error
	// Verify opens what is in a folder and finds fault with it if a step that was
	// promised is not there.
	Verify func(dir string, promised int) error
	// Forgetful makes the disk forget what it was told to sync.
	Forgetful bool
	// Bad says that fault must be found: it proves that the test can fail.
	Bad bool
}

// argument is what a child's arguments begin with: then "work" NAME DIR -, or
// "verify" NAME DIR PROMISED.
const argument = "power-cut"

// Child does what this process was started for, if a test started it: TestMain is to
// call it first.
func Child(works map[string]Work) (mine bool, err error) {
	if len(os.Args) < 6 || os.Args[1] != argument {
		return false, nil
	}
	args := os.Args[2:]
	w := works[args[1]]
	if args[0] == "verify" {
		promised, err := strconv.Atoi(args[3])
		if err != nil {
			return true, err
		}
		return true, w.Verify(args[2], promised)
	}
	ack, err := os.Create(filepath.Join(args[2], ackName))
	if err != nil {
		return true, err
	}
	return true, w.Do(args[2], func(n int) {
		if _, err := ack.WriteAt(fmt.Appendf(nil, "%-8d", n), 0); err != nil {
			panic(err)
		}
	})
}

// Illness makes the disk at dir "full" (writes fail with ENOSPC) or "sick" (syncs fail
// with EIO), or well again: "none".
func Illness(dir, what string) error {
	return os.WriteFile(filepath.Join(dir, illsName), []byte(what), 0o600)
}

func child(ctx context.Context, args ...string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, self, append([]string{argument}, args...)...).CombinedOutput()
	if err != nil {
		first, _, _ := bytes.Cut(out, []byte("\n"))
		return fmt.Errorf("%w: %s", err, first)
	}
	return nil
}

// a few images, when nobody asked for a number of them.
const few = 8

// enough images of a control: it is to find damage at all, and a damaged file may take
// seconds to be looked through.
const enough = 100

// Cut records one life of a work and judges so many images of the disk. With 0 it tries
// a few, and none where nothing can be mounted.
func Cut(t *testing.T, name string, w Work, images int) {
	t.Helper()
	d := &disk{}
	dir := t.TempDir()
	end, err := d.mount(dir)
	if err != nil {
		if images > 0 {
			t.Fatalf("asked for, and not possible here: it needs /dev/fuse and the right to mount, or fusermount3: %v", err)
		}
		t.Log("no FUSE on this machine: ", err)
		return
	}
	if images == 0 {
		images = few
	}
	if w.Bad {
		images = min(images, enough)
	}
	err = child(t.Context(), "work", name, dir, "-")
	if err := end(); err != nil {
		t.Error(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	ops := d.recorded()
	if w.Forgetful {
		ops = ops.forgotten()
	}
	bad := judge(t, name, w, ops, images)
	t.Logf("%d operations recorded, %d images, %d bad", len(ops), images, bad)
	if w.Bad && bad == 0 {
		t.Error("nothing found though nothing was synced: this test cannot fail")
	}
}

// judge opens images of a disk at random moments, each in a process of its own, and
// counts those that are not as promised.
func judge(t *testing.T, name string, w Work, ops life, images int) (bad int) {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	dice := rand.New(rand.NewPCG(seed, 0))
	type try struct {
		dir, promised string
		cut           int
	}
	tries := make(chan try)
	var wg sync.WaitGroup
	var mu sync.Mutex
	for range 2 {
		wg.Go(func() {
			for c := range tries {
				err := child(t.Context(), "verify", name, c.dir, c.promised)
				if err == nil {
					_ = os.RemoveAll(c.dir)
					continue
				}
				mu.Lock()
				bad++
				if !w.Bad {
					t.Errorf("seed %d, power cut at operation %d of %d, promised %s: %v", seed, c.cut, len(ops), c.promised, err)
				}
				mu.Unlock()
			}
		})
	}
	dir := t.TempDir()
	early := ops.early()
	for i := range images {
		c := try{dir: filepath.Join(dir, fmt.Sprint(i)), cut: dice.IntN(len(ops) + 1)}
		if i%4 == 0 {
			c.cut = dice.IntN(early + 1) // births are rare, and worth watching
		}
		if err := os.Mkdir(c.dir, 0o700); err != nil {
			t.Fatal(err)
		}
		promised, err := ops[:c.cut].image(c.dir, dice)
		if err != nil {
			t.Fatal(err)
		}
		if c.promised = strings.TrimSpace(promised); c.promised == "" {
			c.promised = "0"
		}
		tries <- c
	}
	close(tries)
	wg.Wait()
	return bad
}
