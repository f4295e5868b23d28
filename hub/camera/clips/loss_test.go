package clips

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"filippo.io/age"

	"gatehouse/hub/health"
	"gatehouse/hub/home"
	"gatehouse/storage/clip"
	"gatehouse/storage/disksim"
)

func TestMain(m *testing.M) {
	if mine, err := disksim.Child(works); mine {
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	if dir := os.Getenv("GATEHOUSE_TEST_RECORD_IN"); dir != "" {
		if err := recordForEver(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

// opensTo is the film that the owner gets out of a file that may be cut short.
func opensTo(b []byte, owner age.Identity) ([]byte, error) {
	r, err := age.Decrypt(bytes.NewReader(b), owner)
	if err != nil {
		return nil, err
	}
	plain, err := io.ReadAll(r)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, err
	}
	return plain, nil
}

// partsIn counts the whole parts of a film, which say their numbers.
func partsIn(film []byte) (n int) {
	for len(film) >= 8 {
		size := int(binary.BigEndian.Uint32(film))
		if size < 8 || size > len(film) {
			return n
		}
		if string(film[4:8]) == "mdat" {
			n++
		}
		film = film[size:]
	}
	return n
}

// What Add has taken is on the disk after Hold, at any bit rate: the disk takes
// no time here. Nobody waits longer because somebody else records too.
func TestWhatWasTakenIsOnTheDiskInTime(t *testing.T) {
	for _, bitrate := range []int{16_000, 200_000, 1_000_000, 4_000_000, 12_000_000} {
		t.Run(fmt.Sprint(bitrate/1000, " kbit/s"), func(t *testing.T) {
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				h := openRoom(t, dir, clip.Options{VolumeSize: 16 << 20})
				defer h.end()
				type camera struct {
					tape  home.Tape
					id    home.ClipID
					added []time.Time
				}
				var cameras []*camera
				for range 3 {
					f := footage()
					tape, err := h.Begin(f)
					if err != nil {
						t.Fatal(err)
					}
					cameras = append(cameras, &camera{tape: tape, id: home.ClipID(tape.(*recording).id.String())})
				}
				for i := range 60 {
					every := time.Duration(20+rand.IntN(300)) * time.Millisecond
					c := cameras[rand.IntN(len(cameras))]
					if err := c.tape.Add(part(i, max(1, bitrate/8*int(every/time.Millisecond)/1000))); err != nil {
						t.Fatal(err)
					}
					c.added = append(c.added, time.Now())
					time.Sleep(every)
					synctest.Wait()
					for _, c := range cameras {
						must := 0
						for _, at := range c.added {
							if time.Since(at) >= Hold {
								must++
							}
						}
						if must == 0 {
							continue
						}
						plain, err := opensTo(h.export(c.id, "film"), h.owner)
						if err != nil {
							t.Fatal(err)
						}
						got := partsIn(plain)
						if got < must {
							t.Fatalf("%d parts are on the disk, want at least %d", got, must)
						}
						list, _, err := h.Page(Query{})
						if err != nil {
							t.Fatal(err)
						}
						i := slices.IndexFunc(list, func(l home.Clip) bool { return l.ID == c.id })
						if i < 0 || list[i].End.Sub(began) != time.Duration(got)*time.Second || list[i].Bytes == 0 {
							t.Fatalf("%d parts of a second are on the disk, and the list says %+v", got, list)
						}
					}
				}
			})
		})
	}
}

// recordForEver records three cameras until it is killed, and says on stdout
// which part was taken when.
func recordForEver(dir string) error {
	key, err := os.ReadFile(filepath.Join(dir, "recipient"))
	if err != nil {
		return err
	}
	store, err := clip.Open(clip.Options{Dir: filepath.Join(dir, "clips"), VolumeSize: 16 << 20})
	if err != nil {
		return err
	}
	r, err := New(Options{Store: store, Vault: &drawer{}, Board: health.NewBoard(nil), Journal: &lines{}})
	if err != nil {
		return err
	}
	if _, err := r.PutVault(home.Vault{Recipients: []string{string(key)}}, "Anna"); err != nil {
		return err
	}
	go func() { _ = r.Run(context.Background()) }()
	for clipNumber := 0; ; clipNumber++ {
		var tapes []home.Tape
		for range 3 {
			tape, err := r.Begin(footage())
			if err != nil {
				return err
			}
			tapes = append(tapes, tape)
		}
		for i := range 15 {
			for c, tape := range tapes {
				if err := tape.Add(part(i, 3000*(1+9*c))); err != nil {
					return err
				}
				fmt.Println(tape.(*recording).id, i, time.Now().UnixMilli())
			}
			time.Sleep(100 * time.Millisecond)
		}
		for _, tape := range tapes {
			tape.End(began.Add(time.Minute), nil)
		}
	}
}

// TestKill kills the recorder at any moment: what it had taken half a second
// before is there, the clips of before are whole, and it starts again. How much
// the bound allows for a slow disk is what TestWhatWasTakenIsOnTheDiskInTime
// cannot know.
func TestKill(t *testing.T) {
	const bound = 500 * time.Millisecond
	const slowDisk = 3 * time.Second
	dir := t.TempDir()
	owner := theOwner()
	if err := os.WriteFile(filepath.Join(dir, "recipient"), []byte(owner.Recipient().String()), 0o600); err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	taken := map[string][]time.Time{}
	killed := map[string]time.Time{}
	for range 4 {
		cmd := exec.CommandContext(t.Context(), self)
		cmd.Env = append(os.Environ(), "GATEHOUSE_TEST_RECORD_IN="+dir)
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		after := 10 + rand.IntN(80) // lines
		var ids []string
		lines := bufio.NewScanner(out)
		for n := 0; lines.Scan(); n++ {
			var id string
			var i int
			var ms int64
			if _, err := fmt.Sscan(lines.Text(), &id, &i, &ms); err != nil {
				t.Fatal(err)
			}
			taken[id] = append(taken[id], time.UnixMilli(ms))
			ids = append(ids, id)
			if n == after {
				_ = cmd.Process.Kill()
				for _, id := range ids {
					killed[id] = time.Now()
				}
			}
		}
		_ = cmd.Wait() // it was killed
	}

	h := openRoom(t, filepath.Join(dir, "clips"), clip.Options{VolumeSize: 16 << 20})
	var worst time.Duration
	for id, times := range taken {
		c, err := h.Clip(home.ClipID(id))
		var none *home.NotFound
		if errors.As(err, &none) {
			if lost := killed[id].Sub(times[0]); lost > bound+slowDisk {
				t.Errorf("clip %s of %s before the kill is not there", id, lost)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		c = h.wait(c.ID, map[bool]home.ClipState{true: home.ClipCutShort, false: home.ClipWhole}[c.CutShort || c.State == home.ClipRecording])
		plain, err := opensTo(h.export(c.ID, "film"), owner)
		if err != nil {
			t.Fatal(err)
		}
		n := partsIn(plain)
		if c.State == home.ClipWhole && n != len(times) {
			t.Errorf("a clip that ended has %d parts, want %d", n, len(times))
		}
		if c.State == home.ClipCutShort && (!strings.Contains(c.Why, "killed") || c.SHA256 == "") {
			t.Errorf("cut short: %+v", c)
		}
		if n < len(times) {
			lost := killed[id].Sub(times[n])
			worst = max(worst, lost)
			if lost > bound+slowDisk {
				t.Errorf("clip %s: what was taken %s before the kill is lost", id, lost)
			}
		}
	}
	t.Logf("%d clips, at worst %s lost; the bound is %s", len(taken), worst.Round(time.Millisecond), bound)
}
