package clip

import (
	"bytes"
	"math/rand/v2"
	"testing"
	"time"
)

// A clip that was kept and is deleted then leaves nothing behind, neither where it is
// nor where it was before.
func TestWhatWasMovedAndDeletedIsGoneAfterASweep(t *testing.T) {
	s := openStore(t, Options{})
	dice := rand.New(rand.NewPCG(1, 2))
	bodies := map[ID][]byte{}
	var ids []ID
	for range 2 {
		id := NewID(noon)
		bodies[id] = cipher(dice, 200_000)
		s.mustWrite(t, whole(id, "camera", Events, noon, cipher(dice, 2000), bodies[id]))
		if _, err := s.Move(id, Kept); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	there := func(id ID) int { return bytes.Count(raw(t, s.o.Dir), bodies[id][1000:3000]) }
	if n := there(ids[0]); n != 2 {
		t.Fatalf("this test cannot fail: a clip that was moved is on the disk %d times, want 2", n)
	}
	if err := s.Delete(noon, ids[0]); err != nil {
		t.Fatal(err)
	}
	if o, err := s.Owed(); err != nil || o.Bytes < 400_000 {
		t.Errorf("owed %+v (%v), want what is in both places", o, err)
	}
	if err := s.Sweep(); err != nil {
		t.Fatal(err)
	}
	if n := there(ids[0]); n != 0 {
		t.Errorf("the deleted clip is on the disk %d times still", n)
	}
	if film, err := s.film(ids[1]); err != nil || !bytes.HasSuffix(film, bodies[ids[1]]) {
		t.Errorf("the other: %d bytes, %v", len(film), err)
	}
}

// The oldest clip is the first to make room, and not for itself: on a full disk it can be
// kept all the same.
func TestTheOldestIsKeptOnAFullDisk(t *testing.T) {
	s := openStore(t, Options{Quota: 8 << 20})
	dice := rand.New(rand.NewPCG(1, 2))
	var dropped int
	s.OnDropped(func(rows []Row) { dropped += len(rows) })
	var ids []ID
	bodies := map[ID][]byte{}
	for minute := 0; dropped == 0; minute++ {
		id := NewID(noon)
		bodies[id] = cipher(dice, 300_000)
		s.mustWrite(t, whole(id, "camera", Events, noon.Add(time.Duration(minute)*time.Minute), cipher(dice, 2000), bodies[id]))
		ids = append(ids, id)
	}
	oldest := ids[dropped]
	if _, err := s.Move(oldest, Kept); err != nil {
		t.Fatal(err)
	}
	if r, ok, err := s.Row(oldest); err != nil || !ok || r.Class != Kept {
		t.Errorf("the clip that was to be kept: %+v, there: %v (%v)", r, ok, err)
	}
	if film, err := s.film(oldest); err != nil || !bytes.HasSuffix(film, bodies[oldest]) {
		t.Errorf("its film: %d bytes, %v", len(film), err)
	}
}
