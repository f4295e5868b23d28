package clip

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func openStore(t *testing.T, o Options) *Store {
	t.Helper()
	if o.Dir == "" {
		o.Dir = t.TempDir()
	}
	if o.VolumeSize == 0 {
		o.VolumeSize = 1 << 20
	}
	s, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	s.Briefs(func(r Row) string { return "brief of " + r.ID.String() })
	t.Cleanup(func() { _ = s.closeFiles() })
	return s
}

// cipher is a body of so many bytes that nobody else has.
func cipher(dice *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(dice.Uint32())
	}
	return b
}

// whole is a batch that is one clip.
func whole(id ID, group string, class Class, at time.Time, head, body []byte) Batch {
	row := Row{ID: id, Group: group, Class: class, At: at}
	b := Batch{Begin: []Row{row}, Heads: []Head{{id, Film, head}}, End: []Row{row}}
	for chunk := 0; len(body) > 0; chunk += 2 {
		p := body[:min(len(body), 2*ChunkSize)]
		b.Pieces = append(b.Pieces, Piece{ID: id, Chunk: uint32(chunk), Bytes: p})
		body = body[len(p):]
	}
	return b
}

func (s *Store) mustWrite(t *testing.T, b Batch) {
	t.Helper()
	if err := s.Write(b); err != nil {
		t.Fatal(err)
	}
}

func (s *Store) film(id ID) ([]byte, error) {
	r, err := s.Reader(id, Film)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

// TestRandomPlay does what comes to its mind and holds the store to a map.
func TestRandomPlay(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Log("seed", seed)
	dice := rand.New(rand.NewPCG(seed, 0))
	o := Options{Dir: t.TempDir(), VolumeSize: 1 << 20}
	s := openStore(t, o)
	type film struct {
		row   Row
		bytes []byte
	}
	model := map[ID]film{}
	pick := func() ID {
		ids := slices.Collect(maps.Keys(model))
		return ids[dice.IntN(len(ids))]
	}
	now := noon
	for range 300 {
		now = now.Add(time.Duration(dice.IntN(100)) * time.Second)
		switch n := dice.IntN(20); {
		case n < 9 || len(model) == 0:
			id := NewID(now)
			head, body := cipher(dice, 1+dice.IntN(3000)), cipher(dice, dice.IntN(6*ChunkSize))
			class := []Class{Events, Continuous}[dice.IntN(2)]
			b := whole(id, fmt.Sprint("camera-", dice.IntN(3)), class, now, head, body)
			// Some are written in several batches, and some batches twice.
			for i, p := range b.Pieces {
				first := Batch{Pieces: []Piece{p}}
				if i == 0 {
					first.Begin, first.Heads = b.Begin, b.Heads
				}
				s.mustWrite(t, first)
			}
			if len(b.Pieces) > 0 {
				b.Begin, b.Heads, b.Pieces = nil, nil, nil
			}
			s.mustWrite(t, b)
			model[id] = film{b.End[0], slices.Concat(head, body)}
		case n < 12:
			id := pick()
			if err := s.Delete(now, id); err != nil {
				t.Fatal(err)
			}
			delete(model, id)
		case n < 14:
			id := pick()
			to := Classes[dice.IntN(len(Classes))]
			if _, err := s.Move(id, to); err != nil {
				t.Fatal(err)
			}
			f := model[id]
			f.row.Class = to
			model[id] = f
		case n < 16:
			if err := s.Sweep(); err != nil {
				t.Fatal(err)
			}
			if o, err := s.Owed(); err != nil || !o.Since.IsZero() {
				t.Fatalf("after a sweep there is owed %+v (%v)", o, err)
			}
		case n < 17:
			gone, err := s.Expire("camera-1", 1<<20)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range gone {
				delete(model, r.ID)
			}
		case n < 18:
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			s = openStore(t, o)
		default:
			id := pick()
			want := model[id]
			got, err := s.film(id)
			if err != nil || !bytes.Equal(got, want.bytes) {
				t.Fatalf("clip %s: %d bytes (%v), want %d", id, len(got), err, len(want.bytes))
			}
		}
	}
	seen := 0
	for q := (Query{Limit: 7}); ; {
		page, next, err := s.List(q)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range page {
			seen++
			r, ok, err := s.Row(e.ID)
			if err != nil {
				t.Fatal(err)
			}
			if b := "brief of " + e.ID.String(); e.Brief != b || e.Group != r.Group || e.Class != r.Class || !e.At.Equal(r.At) {
				t.Fatalf("%+v is listed of %+v", e, r)
			}
			want, known := model[r.ID]
			if !ok || !known || r.Class != want.row.Class || !r.At.Equal(want.row.At) || r.Bytes() != int64(len(want.bytes)) {
				t.Fatalf("row %+v, want %+v of %d bytes", r, want.row, len(want.bytes))
			}
		}
		if q.Cursor = next; next == "" {
			break
		}
	}
	if use := s.Use(); seen != len(model) || use.Clips != len(model) {
		t.Errorf("%d clips are listed, %d counted, want %d", seen, use.Clips, len(model))
	}
	for id, want := range model {
		if got, err := s.film(id); err != nil || !bytes.Equal(got, want.bytes) {
			t.Fatalf("clip %s: %d bytes (%v), want %d", id, len(got), err, len(want.bytes))
		}
	}
}

// What is being written has no brief, and neither has what was written before there were
// any; rows come in the order in which they were asked for.
func TestOnlyAClipThatHasEndedHasABrief(t *testing.T) {
	s := openStore(t, Options{})
	var ids []ID
	for i := range 3 {
		ids = append(ids, NewID(noon))
		if i == 0 {
			s.Briefs(func(Row) string { return "" })
		} else {
			s.Briefs(func(r Row) string { return "of " + r.Group })
		}
		b := whole(ids[i], "camera", Events, noon.Add(time.Duration(i)*time.Minute), []byte("head"), nil)
		if i == 2 {
			b.End = nil
		}
		s.mustWrite(t, b)
	}
	list, next, err := s.List(Query{Group: "camera"})
	want := []Entry{
		{ID: ids[2], At: noon.Add(2 * time.Minute)},
		{ID: ids[1], At: noon.Add(time.Minute), Brief: "of camera", Group: "camera", Class: Events},
		{ID: ids[0], At: noon},
	}
	if err != nil || next != "" || !slices.Equal(list, want) {
		t.Errorf("%+v, %q, %v; want %+v", list, next, err, want)
	}
	if _, err := s.Move(ids[0], Kept); err != nil {
		t.Fatal(err)
	}
	want[2].Brief, want[2].Group, want[2].Class = "of camera", "camera", Kept
	if list, _, err := s.List(Query{}); err != nil || !slices.Equal(list, want) {
		t.Errorf("with one kept: %+v, %v; want %+v", list, err, want)
	}
	rows, err := s.Rows([]ID{ids[1], NewID(noon), ids[2]})
	if err != nil || len(rows) != 2 || rows[0].ID != ids[1] || rows[0].Open || rows[1].ID != ids[2] || !rows[1].Open {
		t.Errorf("%+v, %v", rows, err)
	}
}

// raw is every byte of the folder.
func raw(t *testing.T, dir string) (all []byte) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		all = append(all, b...)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestDeletedBytesAreGoneAfterASweep(t *testing.T) {
	s := openStore(t, Options{})
	dice := rand.New(rand.NewPCG(1, 2))
	var ids []ID
	var bodies, heads [][]byte
	for i := range 6 {
		id, head, body := NewID(noon), cipher(dice, 2000), cipher(dice, 200_000)
		s.mustWrite(t, whole(id, "camera", Events, noon.Add(time.Duration(i)*time.Minute), head, body))
		ids, heads, bodies = append(ids, id), append(heads, head), append(bodies, body)
	}
	if err := s.Delete(noon, ids[1]); err != nil {
		t.Fatal(err)
	}
	if _, err := s.film(ids[1]); !errors.Is(err, ErrNone) {
		t.Errorf("a deleted clip: %v", err)
	}
	if o, err := s.Owed(); err != nil || !o.Since.Equal(noon) || o.Bytes < 200_000 {
		t.Errorf("owed %+v (%v)", o, err)
	}
	if !bytes.Contains(raw(t, s.o.Dir), bodies[1][1000:3000]) {
		t.Fatal("this test cannot fail: the bytes are gone before")
	}
	if err := s.Sweep(); err != nil {
		t.Fatal(err)
	}
	disk := raw(t, s.o.Dir)
	for from := 0; from+64 <= len(bodies[1]); from += 4096 {
		if bytes.Contains(disk, bodies[1][from:from+64]) {
			t.Fatalf("bytes of the deleted clip are there still, at %d", from)
		}
	}
	if bytes.Contains(disk, heads[1][:64]) || bytes.Contains(disk, ids[1][:]) || bytes.Contains(disk, []byte("brief of "+ids[1].String())) {
		t.Error("the head of the deleted clip, its id or its brief is there still")
	}
	for i, id := range ids {
		if i == 1 {
			continue
		}
		if got, err := s.film(id); err != nil || !bytes.Equal(got, slices.Concat(heads[i], bodies[i])) {
			t.Errorf("clip %d: %v", i, err)
		}
	}
}

func TestOldestVolumesMakeRoom(t *testing.T) {
	free := int64(1 << 40)
	s := openStore(t, Options{Quota: 8 << 20, Reserve: 1 << 20, Free: func(string) (int64, error) { return free, nil }})
	var gone []ID
	s.OnDropped(func(rows []Row) {
		for _, r := range rows {
			gone = append(gone, r.ID)
		}
	})
	dice := rand.New(rand.NewPCG(1, 2))
	var ids []ID
	add := func() error {
		// The clock was wrong for some: what is oldest is said by the volumes.
		id := NewID(noon)
		at := noon.Add(time.Duration(len(ids)) * time.Minute)
		if len(ids)%5 == 0 {
			at = time.Unix(0, 0)
		}
		err := s.Write(whole(id, "camera", Events, at, cipher(dice, 100), cipher(dice, 300_000)))
		if err == nil {
			ids = append(ids, id)
		}
		return err
	}
	for range 4 {
		if err := add(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Move(ids[1], Kept); err != nil {
		t.Fatal(err)
	}
	for range 60 {
		if err := add(); err != nil {
			t.Fatal(err)
		}
		if n, err := s.onDisk(); err != nil || n > 8<<20 {
			t.Fatalf("%d bytes on the disk (%v), the quota is %d", n, err, 8<<20)
		}
	}
	if len(gone) < 30 || slices.Contains(gone, ids[1]) || slices.Contains(gone, ids[len(ids)-1]) {
		t.Errorf("%d clips made room", len(gone))
	}
	rest := slices.DeleteFunc(slices.Clone(ids), func(id ID) bool { return slices.Contains(gone, id) })
	for _, id := range rest {
		if _, err := s.film(id); err != nil {
			t.Error(err)
		}
	}
	if want := append(slices.Clone(ids[1:2]), ids[len(gone)+1:]...); !slices.Equal(rest, want) {
		t.Error("not the oldest went first")
	}
	// A disk that others fill: everything but what is being written goes, then it is said.
	free = 1 << 20
	var err error
	for range 10 {
		if err = add(); err != nil {
			break
		}
	}
	if !errors.Is(err, ErrFull) {
		t.Errorf("on a full disk: %v", err)
	}
	free = 1 << 40
	if err := add(); err != nil {
		t.Errorf("on a disk that has room again: %v", err)
	}
	if _, err := s.film(ids[1]); err != nil {
		t.Errorf("the clip that is kept: %v", err)
	}
}

// A volume that was cut short, or has rotten, is set aside; all others are read
// and written on.
func TestDamagedVolumeIsSetAside(t *testing.T) {
	for name, hurt := range map[string]func(string) error{
		"cut short": func(path string) error { return os.Truncate(path, 200_000) },
		"empty":     func(path string) error { return os.Truncate(path, 0) },
		"overwritten": func(path string) error {
			b, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			for i := range b {
				b[i] ^= 0xa5
			}
			return os.WriteFile(path, b, 0o600)
		},
		"gone": os.Remove,
	} {
		t.Run(name, func(t *testing.T) {
			o := Options{Dir: t.TempDir()}
			s := openStore(t, o)
			dice := rand.New(rand.NewPCG(1, 2))
			var ids []ID
			var films [][]byte
			for i := range 9 {
				id, body := NewID(noon), cipher(dice, 300_000)
				s.mustWrite(t, whole(id, "camera", Events, noon.Add(time.Duration(i)*time.Minute), []byte("head"), body))
				ids, films = append(ids, id), append(films, append([]byte("head"), body...))
			}
			first := s.inOrder()[0].path
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			if err := hurt(first); err != nil {
				t.Fatal(err)
			}
			s = openStore(t, o)
			lost := 0
			for i, id := range ids {
				got, err := s.film(id)
				row, _, rowErr := s.Row(id)
				switch {
				case rowErr != nil:
					t.Error(rowErr)
				case errors.Is(err, ErrLost):
					lost++
					if !s.Lost(row) {
						t.Errorf("clip %d is lost, and not known to be", i)
					}
				case err != nil || !bytes.Equal(got, films[i]):
					t.Errorf("clip %d: %d bytes, %v", i, len(got), err)
				}
			}
			if lost != 3 {
				t.Errorf("%d clips are lost, want the 3 of the first volume", lost)
			}
			if f := s.Faults(); name != "gone" && (len(f) != 1 || f[0].Clips != 3) {
				t.Errorf("faults %+v", f)
			}
			s.mustWrite(t, whole(NewID(noon), "camera", Events, noon, nil, []byte("on it goes")))
		})
	}
}

// What was deleted and what makes room goes; a volume that lost half of its
// clips is rewritten, one that lost a little is left alone.
func TestOnlyWhatIsWorthItIsRewritten(t *testing.T) {
	s := openStore(t, Options{})
	dice := rand.New(rand.NewPCG(1, 2))
	var ids []ID
	for i := range 3 {
		id := NewID(noon)
		s.mustWrite(t, whole(id, "camera", Events, noon.Add(time.Duration(i)*time.Minute), nil, cipher(dice, 300_000)))
		ids = append(ids, id)
	}
	path := s.inOrder()[0].path
	stat := func() os.FileInfo {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		return info
	}
	was := stat()
	if _, err := s.Expire("camera", 700_000); err != nil {
		t.Fatal(err)
	}
	if err := s.Sweep(); err != nil {
		t.Fatal(err)
	}
	if !os.SameFile(was, stat()) {
		t.Error("rewritten for one clip that made room")
	}
	if _, err := s.Expire("camera", 400_000); err != nil {
		t.Fatal(err)
	}
	if err := s.Sweep(); err != nil {
		t.Fatal(err)
	}
	if os.SameFile(was, stat()) || stat().Size() >= was.Size() {
		t.Errorf("not rewritten though most of it is dead: %d bytes", stat().Size())
	}
	if _, err := s.film(ids[2]); err != nil {
		t.Error(err)
	}
}

// A limit that is too small for a clip leaves the newest there, also when those that are
// kept fill it: else nothing would ever be recorded, and nobody told.
func TestTheNewestStaysWithinAnyLimit(t *testing.T) {
	s := openStore(t, Options{})
	dice := rand.New(rand.NewPCG(1, 2))
	add := func(class Class, minute int) ID {
		id := NewID(noon)
		s.mustWrite(t, whole(id, "camera", class, noon.Add(time.Duration(minute)*time.Minute), nil, cipher(dice, 300_000)))
		return id
	}
	there := func(id ID) bool {
		_, ok, err := s.Row(id)
		if err != nil {
			t.Fatal(err)
		}
		return ok
	}
	first, kept, second := add(Events, 0), add(Kept, 1), add(Events, 2)
	for _, limit := range []int64{1 << 10, 300_000} {
		if _, err := s.Expire("camera", limit); err != nil {
			t.Fatal(err)
		}
		if there(first) || !there(kept) || !there(second) {
			t.Errorf("of %d bytes the first is there: %v, the kept one: %v, the newest: %v", limit, there(first), there(kept), there(second))
		}
	}
	third := add(Events, 3)
	if _, err := s.Expire("camera", 1<<10); err != nil {
		t.Fatal(err)
	}
	if there(second) || !there(third) {
		t.Errorf("the one before is there: %v, the newest: %v", there(second), there(third))
	}
}

// On a disk that has no room for a whole volume beside its reserve recording goes on in
// smaller ones, the oldest of which makes room for the next; no room for the smallest is
// said with what is wanted.
func TestASmallDisk(t *testing.T) {
	const MiB = 1 << 20
	disk := int64(512+66) * MiB // beside what the store takes
	var s *Store
	o := Options{Dir: t.TempDir(), VolumeSize: 256 * MiB, Reserve: 512 * MiB}
	o.Free = func(string) (int64, error) {
		used, err := s.onDisk()
		return disk - used, err
	}
	s = &Store{o: o} // which has to be there to be asked
	open := func() {
		opened, err := Open(o)
		if err != nil {
			t.Fatal(err)
		}
		s = opened
		t.Cleanup(func() { _ = opened.closeFiles() })
	}
	open()
	dropped := 0
	s.OnDropped(func(rows []Row) { dropped += len(rows) })
	dice := rand.New(rand.NewPCG(1, 2))
	body := cipher(dice, 4*MiB)
	for i := range 40 { // 160 MiB
		if err := s.Write(whole(NewID(noon), "camera", Events, noon.Add(time.Duration(i)*time.Second), cipher(dice, 100), body)); err != nil {
			t.Fatalf("clip %d: %v", i, err)
		}
		if free, _ := o.Free(o.Dir); free < o.Reserve {
			t.Fatalf("clip %d: %d MiB of the disk are free, %d MiB are its reserve", i, free/MiB, o.Reserve/MiB)
		}
		if i == 1 { // the volume that was begun is small after another start, too
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			open()
			s.OnDropped(func(rows []Row) { dropped += len(rows) })
		}
	}
	if left := s.Use().Clips; left < 9 || left+dropped != 40 {
		t.Errorf("%d clips are there and %d made room, want 9 or more, and 40 in all", left, dropped)
	}

	disk = 512*MiB + 15*MiB
	o.Dir = t.TempDir()
	s = &Store{o: o}
	open()
	err := s.Write(whole(NewID(noon), "camera", Events, noon, cipher(dice, 100), body))
	const want = "clip: the disk is full: free some space, 2 MiB at least: 526 MiB are free, 512 MiB of the disk stay in reserve, and the next file of clips takes 16 MiB"
	if !errors.Is(err, ErrFull) || err.Error() != want {
		t.Errorf("on a disk that is too small: %v, want %s", err, want)
	}
}
