package storage

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"time"

	"gatehouse/storage/clip"
)

// A life of the store of clips: two cameras record in turns, some clips are
// deleted, some kept, volumes fill up and are written anew.
const clipSteps = 90

// film is what a clip should be after some steps.
type film struct {
	id      clip.ID
	from    int // step that begins it
	pieces  int // of so many chunks each
	ended   bool
	deleted bool
	kept    bool
}

const (
	stepsOfClip  = 8 // begin with a piece, six pieces more, end
	chunksOfStep = 2
)

func clipID(i int) clip.ID {
	id := clip.ID{15: byte(i)}
	copy(id[:], fmt.Sprintf("clip %02d", i))
	return id
}

// filmBytes is the head and the body of a clip as far as it goes.
func filmBytes(i, pieces int) (head, body []byte) {
	b := make([]byte, 1000+pieces*chunksOfStep*clip.ChunkSize)
	rand.NewChaCha8([32]byte{byte(i)}).Read(b)
	return b[:1000], b[1000:]
}

// filmsAfter is every clip after so many steps. Step 1 opens the store; then
// clip i begins at step 2+4*i, so that two are always being recorded; in its
// last steps it ends, and every third is deleted 9 steps later, every fourth kept.
func filmsAfter(steps int) []film {
	var all []film
	for i := 0; ; i++ {
		f := film{id: clipID(i), from: 2 + 4*i}
		if f.from > steps {
			return all
		}
		since := steps - f.from
		f.pieces = min(since+1, stepsOfClip-1)
		f.ended = since >= stepsOfClip-1
		f.deleted = i%3 == 0 && since >= stepsOfClip+9
		f.kept = i%4 == 1 && since >= stepsOfClip+2
		all = append(all, f)
	}
}

func clipOptions(dir string) clip.Options {
	return clip.Options{Dir: dir, VolumeSize: 1 << 20, Check: CheckFile, Free: func(string) (int64, error) { return 1 << 40, nil }}
}

func workClips(dir string, ack func(int)) error {
	s, err := clip.Open(clipOptions(dir))
	if err != nil {
		return err
	}
	ack(1)
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for n := 2; n <= clipSteps; n++ {
		was := filmsAfter(n - 1)
		var b clip.Batch
		var todo []func() error
		for i, f := range filmsAfter(n) {
			row := clip.Row{ID: f.id, Group: "camera", Class: clip.Events, At: at.Add(time.Duration(i) * time.Minute)}
			head, body := filmBytes(i, f.pieces)
			before := film{}
			if i < len(was) {
				before = was[i]
			} else {
				b.Begin, b.Heads = append(b.Begin, row), append(b.Heads, clip.Head{ID: f.id, Bytes: head})
			}
			if f.pieces > before.pieces {
				size := chunksOfStep * clip.ChunkSize
				b.Pieces = append(b.Pieces, clip.Piece{
					ID: f.id, Chunk: uint32(before.pieces * chunksOfStep), Bytes: body[before.pieces*size:], Till: at.Add(time.Duration(f.pieces) * time.Second),
				})
			}
			if f.ended && !before.ended {
				b.End = append(b.End, row)
			}
			if f.kept && !before.kept {
				todo = append(todo, func() error { _, err := s.Move(f.id, clip.Kept); return err })
			}
			if f.deleted && !before.deleted {
				todo = append(todo, func() error { return s.Delete(at, f.id) })
			}
		}
		if err := s.Write(b); err != nil {
			return fmt.Errorf("step %d: %w", n, err)
		}
		for _, do := range todo {
			if err := do(); err != nil {
				return fmt.Errorf("step %d: %w", n, err)
			}
		}
		if n%20 == 0 {
			if err := s.Sweep(); err != nil {
				return fmt.Errorf("step %d: %w", n, err)
			}
		}
		ack(n)
	}
	return nil // without Close
}

// verifyClips holds the store to what was promised: nothing of it is missing,
// and what is there beyond is of the step that was under way.
func verifyClips(dir string, promised int) error {
	s, err := clip.Open(clipOptions(dir))
	if err != nil {
		return err
	}
	if f := s.Faults(); len(f) > 0 {
		return fmt.Errorf("fault: %+v", f)
	}
	rows, _, err := s.Unfinished()
	if err != nil {
		return err
	}
	if err := s.Write(clip.Batch{End: rows}); err != nil { // as the recorder does
		return err
	}
	if promised == 0 {
		return s.Close()
	}
	next := filmsAfter(promised + 1)
	for i, f := range filmsAfter(promised) {
		r, err := s.Reader(f.id, clip.Film)
		if errors.Is(err, clip.ErrNone) && next[i].deleted {
			continue
		}
		if err != nil {
			return fmt.Errorf("clip %d at step %d: %w", i, promised, err)
		}
		if f.deleted {
			return fmt.Errorf("clip %d is there, and was deleted by step %d", i, promised)
		}
		got, err := io.ReadAll(r)
		if err != nil {
			return fmt.Errorf("clip %d at step %d: %w", i, promised, err)
		}
		head, body := filmBytes(i, f.pieces)
		most, rest := filmBytes(i, next[i].pieces)
		if !bytes.HasPrefix(got, slices.Concat(head, body)) || !bytes.HasPrefix(slices.Concat(most, rest), got) {
			return fmt.Errorf("clip %d has %d bytes at step %d, want %d", i, len(got), promised, len(head)+len(body))
		}
		if row, _, err := s.Row(f.id); err != nil || f.kept && row.Class != clip.Kept || row.Class == clip.Kept && !next[i].kept {
			return fmt.Errorf("clip %d is of class %s at step %d (%w)", i, row.Class, promised, err)
		}
	}
	// It goes on.
	id := clip.NewID(time.Now())
	row := clip.Row{ID: id, Class: clip.Events, At: time.Now()}
	err = s.Write(clip.Batch{
		Begin: []clip.Row{row}, Heads: []clip.Head{{ID: id, Bytes: []byte("head")}},
		Pieces: []clip.Piece{{ID: id, Bytes: []byte("body")}}, End: []clip.Row{row},
	})
	if err != nil {
		return err
	}
	if err := s.Sweep(); err != nil {
		return err
	}
	return s.Close()
}
