package clip

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A file that is shorter than what is in it, wherever it was cut, is said to be and set
// aside: a volume of this release or of one before, one that is written to or was, though
// the hub had stopped properly. The clips of others play, and recording goes on.
func TestAFileThatWasCutShort(t *testing.T) {
	page := int64(os.Getpagesize())
	for name, of := range map[string]struct {
		clips  int  // 3 are in a volume
		before bool // the volume is of a release before
		file   string
		lost   int
	}{
		"the volume that is written to":          {clips: 2, file: "events-00000001.clips", lost: 2},
		"that of before":                         {clips: 2, before: true, file: "events-00000001.clips", lost: 2},
		"one that is full":                       {clips: 5, file: "events-00000001.clips", lost: 3},
		"one of before that is full":             {clips: 5, before: true, file: "events-00000001.clips", lost: 3},
		"keys.db, without which all are nothing": {clips: 2, file: keysName, lost: 2},
	} {
		for _, cut := range []int64{0, 1, page, 2 * page, 3 * page, 5 * page, -1} {
			t.Run(fmt.Sprintf("%s, after %d", name, cut), func(t *testing.T) {
				o := Options{Dir: t.TempDir()}
				s := openStore(t, o)
				dice := rand.New(rand.NewPCG(1, 2))
				var ids []ID
				var films [][]byte
				for i := range of.clips {
					id, body := NewID(noon), cipher(dice, 300_000)
					s.mustWrite(t, whole(id, "camera", Events, noon.Add(time.Duration(i)*time.Minute), []byte("head"), body))
					ids, films = append(ids, id), append(films, append([]byte("head"), body...))
				}
				if err := s.Close(); err != nil {
					t.Fatal(err)
				}
				path := filepath.Join(o.Dir, of.file)
				if of.before {
					makeOld(t, s, path)
				}
				if err := os.Truncate(path, cutAt(t, path, cut)); err != nil {
					t.Fatal(err)
				}

				s = openStore(t, o)
				lost := 0
				for i, id := range ids {
					switch got, err := s.film(id); {
					case errors.Is(err, ErrLost), errors.Is(err, ErrNone):
						lost++
					case err != nil || !bytes.Equal(got, films[i]):
						t.Errorf("clip %d: %d bytes, %v", i, len(got), err)
					}
				}
				if f := s.Faults(); lost != of.lost || len(f) != 1 || f[0].File != of.file+damagedSuffix || !strings.Contains(f[0].Err, "cut short") {
					t.Errorf("%d clips are lost, want %d; faults %+v", lost, of.lost, f)
				}
				id := NewID(noon)
				s.mustWrite(t, whole(id, "camera", Events, noon, nil, []byte("on it goes")))
				if got, err := s.film(id); err != nil || string(got) != "on it goes" {
					t.Errorf("what is recorded then: %q, %v", got, err)
				}
			})
		}
	}
}

// cutAt is how long a file stays; of -1 all but its last byte that counts.
func cutAt(t *testing.T, path string, cut int64) int64 {
	t.Helper()
	if cut >= 0 {
		return cut
	}
	var end int64
	if strings.HasSuffix(path, volumeSuffix) {
		b, err := openBook(path, true)
		if err != nil {
			t.Fatal(err)
		}
		defer b.Close()
		end = max(b.end, b.used)
	} else {
		db, err := open(path, true, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		tx, err := db.Begin(false)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = tx.Rollback() }()
		end = tx.Size()
	}
	return end - 1
}

// A file whose list of free pages has rotten is set aside: bbolt reads that before
// anything else, and only of files that are written to.
func TestAListOfFreePagesThatHasRotten(t *testing.T) {
	for file, faults := range map[string]int{"events-00000001.clips": 1, keysName: -1} {
		o := Options{Dir: t.TempDir()}
		s := openStore(t, o)
		s.mustWrite(t, whole(NewID(noon), "camera", Events, noon, []byte("head"), []byte("film")))
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(o.Dir, file)
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		page := os.Getpagesize()
		const freelist = 16 + 4*4 + 16 // in a page: behind its head, four numbers and the root bucket
		for _, meta := range []int{0, page} {
			at := int(binary.NativeEndian.Uint64(b[meta+freelist:])) * page
			for i := range 64 {
				b[at+i] ^= 0xa5
			}
		}
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		s = openStore(t, o)
		if f := s.Faults(); len(f) != 1 || f[0].File != file+damagedSuffix || f[0].Clips != faults {
			t.Errorf("faults %+v", f)
		}
		s.mustWrite(t, whole(NewID(noon), "camera", Events, noon, nil, []byte("on it goes")))
	}
}
