package clips

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"slices"
	"testing"
	"time"

	"filippo.io/age"

	"gatehouse/hub/health"
	"gatehouse/hub/home"
	"gatehouse/storage"
	"gatehouse/storage/clip"
	"gatehouse/storage/disksim"
)

var powercuts = flag.Int("powercuts", 0, "disk images to try in TestPowerCut; without it a few, and none where FUSE cannot be mounted")

// testament opens what is recorded in TestPowerCut, whose processes have nothing else
// in common.
const testament = "AGE-SECRET-KEY-PQ-1KY98WL96VZS8XV78S59PCWXEGT0MRMJFKJTFXH9ELSZWN65TLF6S85T72V"

var works = map[string]disksim.Work{
	"recorder":               {Do: workRecorder, Verify: verifyRecorder},
	"recorder without syncs": {Do: workRecorder, Verify: verifyRecorder, Bad: true, Forgetful: true}, // the control
}

// TestPowerCut has two cameras recorded and the power go at any write: what the
// recorder had written in time is there and opens, every other clip is whole, and the
// recorder starts.
func TestPowerCut(t *testing.T) {
	for name, w := range works {
		t.Run(name, func(t *testing.T) { disksim.Cut(t, name, w, *powercuts) })
	}
}

// The life of the recorder: clip i begins in step 4*i, so that two are always being
// recorded, gets a part in each of eight steps, and ends in the ninth.
const (
	recorderSteps = 60
	partsOfClip   = 8
)

// recorded is what a clip should have after a step.
func recorded(i, step int) (parts int, ended bool) {
	since := step - 4*i
	return min(since+1, partsOfClip), since >= partsOfClip
}

func clipsAfter(step int) int { return step/4 + 1 }

// filmed is a clip with so many parts, as its owner sees it.
func filmed(i, parts int) []byte {
	b := slices.Clone(footage().Init)
	for n := range parts {
		b = append(b, filmedPart(i, n).Bytes...)
	}
	return b
}

// filmedPart is quiet in one clip and busy in the next.
func filmedPart(i, n int) home.FootagePart { return part(100*i+n, 2000+i%2*90_000) }

func openOn(dir string) (*clip.Store, *Recorder, error) {
	s, err := clip.Open(clip.Options{
		Dir: dir, VolumeSize: 1 << 20, Check: storage.CheckFile, Free: func(string) (int64, error) { return 1 << 40, nil },
	})
	if err != nil {
		return nil, nil, err
	}
	r, err := New(Options{Store: s, Vault: &drawer{}, Board: health.NewBoard(nil), Journal: &lines{}})
	return s, r, err
}

func workRecorder(dir string, ack func(int)) error {
	owner, err := age.ParseHybridIdentity(testament)
	if err != nil {
		return err
	}
	_, r, err := openOn(dir)
	if err != nil {
		return err
	}
	if _, err := r.PutVault(home.Vault{Recipients: []string{owner.Recipient().String()}}, "Anna"); err != nil {
		return err
	}
	w := newWriter(r)
	tapes := map[int]home.Tape{}
	for step := range recorderSteps {
		for i := range clipsAfter(step) {
			parts, ended := recorded(i, step)
			before, over := recorded(i, step-1)
			switch {
			case over:
				continue
			case tapes[i] == nil:
				f := footage()
				f.At = began.Add(time.Duration(i) * time.Minute)
				if tapes[i], err = r.Begin(f); err != nil {
					return err
				}
				before = 0
			}
			if parts > before {
				if err := tapes[i].Add(filmedPart(i, parts-1)); err != nil {
					return err
				}
			}
			if parts == 3 {
				if err := tapes[i].Still(began, []byte("still")); err != nil {
					return err
				}
			}
			if ended {
				tapes[i].End(began, nil)
			}
		}
		// As if what was given had waited as long as it may.
		now := time.Now().Add(Hold)
		if _, err := w.step(now); err != nil {
			return err
		}
		if w.busy {
			err := <-w.written
			w.landed(now, err)
			if err != nil {
				return err
			}
		}
		ack(step + 1)
	}
	return nil
}

func verifyRecorder(dir string, promised int) error {
	owner, err := age.ParseHybridIdentity(testament)
	if err != nil {
		return err
	}
	s, r, err := openOn(dir)
	if err != nil {
		return err
	}
	if f := s.Faults(); len(f) > 0 {
		return fmt.Errorf("fault: %+v", f)
	}
	if err := r.finish(); err != nil {
		return err
	}
	list, _, err := r.Page(Query{Limit: 1000})
	if err != nil {
		return err
	}
	there := map[int]home.Clip{}
	for _, c := range list {
		there[int(c.Start.Sub(began)/time.Minute)] = c
	}
	step := promised - 1 // what is being done beyond it may be there
	for i := range max(len(there), clipsAfter(step)) {
		parts, ended := 0, false
		if step >= 0 && i < clipsAfter(step) {
			parts, ended = recorded(i, step)
		}
		c, ok := there[i]
		if !ok {
			if parts > 0 {
				return fmt.Errorf("clip %d is not there, and had %d parts by step %d", i, parts, step)
			}
			continue
		}
		if err := verifyClip(r, c, i, parts, ended, owner); err != nil {
			return fmt.Errorf("clip %d at step %d: %w", i, step, err)
		}
	}
	return s.Close()
}

// verifyClip opens a clip that has so many parts at least, and one more at most.
func verifyClip(r *Recorder, c home.Clip, i, parts int, ended bool, owner age.Identity) error {
	read := func(name string) ([]byte, error) {
		f, err := r.File(c.ID, name)
		if err != nil {
			return nil, err
		}
		var b bytes.Buffer
		_, err = b.ReadFrom(f)
		return b.Bytes(), err
	}
	film, err := read("film")
	if err != nil {
		return err
	}
	plain, err := opensTo(film, owner)
	if err != nil && parts > 0 {
		return err
	}
	got := partsIn(plain)
	switch {
	case c.State != home.ClipWhole && c.State != home.ClipCutShort || ended && c.State != home.ClipWhole:
		return fmt.Errorf("it is %s", c.State)
	case got < parts || got > parts+1:
		return fmt.Errorf("it has %d parts, want %d", got, parts)
	case parts+got > 0 && !bytes.HasPrefix(dense(plain), filmed(i, got)):
		return errors.New("its film is another one")
	case c.State == home.ClipCutShort:
		return nil
	}
	sealed, err := read("notes")
	if err != nil {
		return err
	}
	plain, err = opensTo(sealed, owner)
	if err != nil {
		return err
	}
	var n notes
	if err := json.Unmarshal(plain, &n); err != nil || len(n.Stills) != 1 {
		return fmt.Errorf("notes: %s: %w", plain, err)
	}
	if sealed, err = read("0"); err != nil {
		return err
	}
	if plain, err = opensTo(sealed, owner); err != nil || string(plain) != "still" {
		return fmt.Errorf("still: %q: %w", plain, err)
	}
	return nil
}

// dense is a film without the boxes that fill chunks, as far as its boxes are whole.
func dense(film []byte) (kept []byte) {
	for len(film) >= 8 {
		size := int(binary.BigEndian.Uint32(film))
		if size < 8 || size > len(film) {
			return kept
		}
		if string(film[4:8]) != "free" {
			kept = append(kept, film[:size]...)
		}
		film = film[size:]
	}
	return kept
}
