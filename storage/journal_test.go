package storage

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func openJournal(t testing.TB, path string, o JournalOptions) *Journal {
	t.Helper()
	j, err := OpenJournal(path, o)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

// running runs j until the end it returns is called, which closes j too.
func running(t testing.TB, j *Journal) (end func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- j.Run(ctx) }()
	return sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if err := j.Close(); err != nil {
			t.Error(err)
		}
	})
}

func seqs(list []Entry) (out []uint64) {
	for _, e := range list {
		out = append(out, e.Seq)
	}
	return out
}

func TestJournalKeepsWhatIsAppended(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal.db")
	var told []Entry
	j := openJournal(t, path, JournalOptions{OnDurable: func(b []Entry) { told = append(told, b...) }})
	end := running(t, j)
	var want []Entry
	for i := range 10 {
		e := Entry{At: time.UnixMilli(int64(1e12 + i)).UTC(), Kind: "reading", Device: fmt.Sprint("zwave-", i%2), Body: []byte{'0' + byte(i)}}
		e.Seq = j.Append(e)
		want = append(want, e)
	}
	if err := j.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	end()
	if diff := cmp.Diff(told, want); diff != "" {
		t.Errorf("told (-got +want)\n%s", diff)
	}
	j = openJournal(t, path, JournalOptions{})
	defer running(t, j)()
	got, err := j.After(3, 0)
	if diff := cmp.Diff(got, want[3:]); diff != "" || err != nil {
		t.Errorf("After: %v (-got +want)\n%s", err, diff)
	}
	page, next, err := j.Page(Query{Device: "zwave-1", Limit: 3})
	if diff := cmp.Diff(seqs(page), []uint64{10, 8, 6}); diff != "" || err != nil || next == "" {
		t.Errorf("Page: %v, next %q (-got +want)\n%s", err, next, diff)
	}
	page, next, err = j.Page(Query{Device: "zwave-1", Limit: 3, Cursor: next})
	if diff := cmp.Diff(seqs(page), []uint64{4, 2}); diff != "" || err != nil || next != "" {
		t.Errorf("second Page: %v, next %q (-got +want)\n%s", err, next, diff)
	}
	if seq := j.Append(Entry{}); seq != 11 {
		t.Errorf("next number after a proper close = %d, want 11", seq)
	}
}

func TestJournalBatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var batches []string
		start := time.Now()
		j := openJournal(t, filepath.Join(t.TempDir(), "journal.db"), JournalOptions{OnDurable: func(b []Entry) {
			batches = append(batches, fmt.Sprint(time.Since(start), seqs(b)))
		}})
		defer running(t, j)()
		synctest.Wait()
		add := func(urgent bool) { j.Append(Entry{Urgent: urgent}); synctest.Wait() }
		add(false) // after a calm spell: a breath, and what comes in it goes along
		add(false)
		time.Sleep(10 * time.Millisecond)
		add(false)
		time.Sleep(100 * time.Millisecond)
		add(false)
		time.Sleep(2 * time.Second)
		synctest.Wait()
		add(false)
		add(false)
		time.Sleep(time.Second / 2)
		add(false)
		add(true) // takes the others along, a breath later
		add(true)
		time.Sleep(breath)
		synctest.Wait()
		want := []string{"2ms [1 2]", "1.002s [3 4]", "2.112s [5 6]", "2.612s [7 8 9]"}
		if diff := cmp.Diff(batches, want); diff != "" {
			t.Errorf("(-got +want)\n%s", diff)
		}
	})
}

// A flood waits for no window: as soon as a commit is full, it begins.
func TestJournalFloodIsNotGathered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var batches []string
		start := time.Now()
		j := openJournal(t, filepath.Join(t.TempDir(), "journal.db"), JournalOptions{OnDurable: func(b []Entry) {
			batches = append(batches, fmt.Sprint(time.Since(start), " ", len(b)))
		}})
		defer running(t, j)()
		j.Append(Entry{})
		time.Sleep(breath)
		synctest.Wait()
		for range commitMax + 1 {
			j.Append(Entry{})
		}
		synctest.Wait()
		time.Sleep(2 * time.Second)
		synctest.Wait()
		n := 0
		for _, b := range batches[1 : len(batches)-1] {
			var size int
			if _, err := fmt.Sscanf(b, "2ms %d", &size); err != nil {
				t.Errorf("a batch at %s, want all but the rest at once", b)
			}
			n += size
		}
		if n < commitMax {
			t.Errorf("got %d entries at once in %v, want at least %d", n, batches, commitMax)
		}
	})
}

func contextFor(t testing.TB) (context.Context, context.CancelFunc) {
	return context.WithCancel(t.Context())
}
