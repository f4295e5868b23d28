package audit

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/storage"
)

// notebook is a witness in memory.
type notebook struct {
	head Head
	err  error
}

func (n *notebook) Load() (Head, bool, error) { return n.head, n.head.N > 0, nil }
func (n *notebook) Save(h Head) error {
	if n.err != nil {
		return n.err
	}
	n.head = h
	return nil
}

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func anna(clip string) View {
	return View{Kind: Clip, Camera: "camera-porch", Clip: clip, Who: "Anna", Caller: "u1", By: "session", Role: "owner", From: "192.0.2.7", Agent: "Firefox", Why: ""}
}

// open opens the record at path and runs it until the test, or close, ends.
func open(t *testing.T, path string, w Witness) (r *Record, done func()) {
	t.Helper()
	r, err := Open(Options{Path: path, Witness: w})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx) }()
	closed := false
	done = func() {
		if closed {
			return
		}
		closed = true
		cancel()
		<-ended
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(done)
	return r, done
}

// write makes a record of n views and closes it.
func write(t *testing.T, path string, w Witness, n int) {
	t.Helper()
	r, done := open(t, path, w)
	for i := range n {
		if _, err := r.Record(t.Context(), noon.Add(time.Duration(i)*time.Second), anna(fmt.Sprintf("clip-%d", i+1))); err != nil {
			t.Fatal(err)
		}
	}
	done()
}

// lines reads the lines of the record at path.
func lines(t *testing.T, path string, w Witness) [][]byte {
	t.Helper()
	r, done := open(t, path, w)
	defer done()
	var b bytes.Buffer
	if err := r.Export(&b); err != nil {
		t.Fatal(err)
	}
	return bytes.SplitAfter(bytes.TrimSuffix(b.Bytes(), []byte("\n")), []byte("\n"))
}

// forge makes a record of these lines, as somebody who holds the box would.
func forge(t *testing.T, path string, lines ...[]byte) {
	t.Helper()
	j, err := storage.OpenJournal(path, storage.JournalOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range lines {
		j.Append(storage.Entry{At: noon, Kind: "clip", Device: "camera-porch", Body: bytes.TrimSuffix(l, []byte("\n")), Urgent: true})
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- j.Run(ctx) }()
	if err := j.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	cancel()
	<-ended
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
}

func check(t *testing.T, path string, w Witness, remembered Head) Findings {
	t.Helper()
	r, done := open(t, path, w)
	defer done()
	v, err := r.Check(remembered)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestAWholeRecord(t *testing.T) {
	path, w := filepath.Join(t.TempDir(), "views.db"), &notebook{}
	if v := check(t, path, w, Head{}); !v.Whole || v.Entries != 0 || v.Since != nil {
		t.Errorf("an empty record: %+v", v)
	}
	write(t, path, w, 5)
	v := check(t, path, w, Head{})
	if !v.Whole || v.Entries != 5 || v.Head.N != 5 || !v.Since.Equal(noon) || v.Head != w.head {
		t.Errorf("got %+v, want 5 entries since %s that end as the witness says, %+v", v, noon, w.head)
	}
	write(t, path, w, 2) // after a restart it goes on
	if v := check(t, path, w, v.Head); !v.Whole || v.Head.N != 7 {
		t.Errorf("got %+v, want 7 entries that hold what was remembered", v)
	}
}

// Anybody can check an export with nothing but SHA-256.
func TestAnExportIsCheckedByHand(t *testing.T) {
	path, w := filepath.Join(t.TempDir(), "views.db"), &notebook{}
	write(t, path, w, 3)
	prev := strings.Repeat("0", 64)
	all := lines(t, path, w)
	for i, l := range all {
		if want := fmt.Sprintf(`{"n":%d,"prev":"%s","at":"2026-11-22T12:00:0%d.000Z","kind":"clip","camera":"camera-porch","clip":"clip-%d",`, i+1, prev, i, i+1); !bytes.HasPrefix(l, []byte(want)) {
			t.Errorf("line %d: got %s, want it to begin %s", i+1, l, want)
		}
		prev = fmt.Sprintf("%x", sha256.Sum256(bytes.TrimSuffix(l, []byte("\n"))))
	}
	if len(all) != 3 || w.head.Hash.String() != prev {
		t.Errorf("got %d lines that end with %s, want 3 and %s", len(all), w.head.Hash, prev)
	}
}

func TestWhatIsFoundInATamperedRecord(t *testing.T) {
	dir, w := t.TempDir(), &notebook{}
	first := filepath.Join(dir, "views.db")
	write(t, first, w, 6)
	l := lines(t, first, w)
	flip := func(line []byte, old, new string) []byte {
		if len(old) != len(new) || !bytes.Contains(line, []byte(old)) {
			t.Fatalf("%q is not in %s", old, line)
		}
		return bytes.Replace(line, []byte(old), []byte(new), 1)
	}
	// anew is a chain that holds, written by somebody who left one view out.
	anew := func(leaveOut int) (all [][]byte) {
		var prev Hash
		for i, line := range l {
			if i == leaveOut {
				continue
			}
			e, err := Parse(bytes.TrimSuffix(line, []byte("\n")))
			if err != nil {
				t.Fatal(err)
			}
			e.N, e.Prev = uint64(len(all)+1), prev
			all = append(all, e.Append(nil))
			prev = sum(all[len(all)-1])
		}
		return all
	}
	for _, tt := range []struct {
		name  string
		lines [][]byte
		want  []Break
	}{
		{"nothing", l, nil},
		{"a name is another one", [][]byte{l[0], l[1], flip(l[2], "Anna", "Anne"), l[3], l[4], l[5]}, []Break{{3, 4, "changed", "Entry 4 was not written after the one that stands before it."}}},
		{"one bit of the newest", [][]byte{l[0], l[1], l[2], l[3], l[4], flip(l[5], "clip-6", "clip-7")}, []Break{{6, 6, "changed", "Entry 6 is not the one that is remembered."}}},
		{"a brace is gone", [][]byte{l[0], l[1][:len(l[1])-3], l[2], l[3], l[4], l[5]}, []Break{{2, 2, "changed", "Entry 2 can't be read."}}},
		{"a row is gone", [][]byte{l[0], l[1], l[3], l[4], l[5]}, []Break{{3, 3, "missing", "Entries 3 to 3 are gone."}}},
		{"the first rows are gone", [][]byte{l[2], l[3], l[4], l[5]}, []Break{{1, 2, "missing", "The record begins with entry 3."}}},
		{"the tail is cut off", l[:4], []Break{{5, 6, "missing", "The record ends with entry 4, and the hub remembers entry 6."}}},
		{"everything is gone", nil, []Break{{1, 6, "missing", "The record ends with entry 0, and the hub remembers entry 6."}}},
		{"two rows have changed places", [][]byte{l[0], l[2], l[1], l[3], l[4], l[5]}, []Break{
			{2, 2, "missing", "Entries 2 to 2 are gone."},
			{2, 2, "changed", "Entry 2 stands behind entry 3."},
			{3, 4, "changed", "Entry 4 was not written after the one that stands before it."},
		}},
		{"a row was left out and the chain made anew", anew(2), []Break{{6, 6, "missing", "The record ends with entry 5, and the hub remembers entry 6."}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "views.db")
			forge(t, path, tt.lines...)
			v := check(t, path, &notebook{head: w.head}, Head{})
			if d := cmp.Diff(v.Breaks, tt.want); d != "" || v.Whole != (tt.want == nil) {
				t.Errorf("whole %v, breaks (-got +want):\n%s", v.Whole, d)
			}
			if tt.want == nil {
				return
			}
			// A break stays one, whatever is written after it.
			again := &notebook{head: w.head}
			write(t, path, again, 3)
			if v := check(t, path, again, Head{}); v.Whole {
				t.Errorf("after three more views the record is said to be whole: %+v", v)
			}
		})
	}

	// Who rewrites the chain and the witness too is found by who remembers.
	t.Run("the whole chain and the witness are forged", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "views.db")
		forged := append(anew(2), l[5])
		e, err := Parse(bytes.TrimSuffix(l[5], []byte("\n")))
		if err != nil {
			t.Fatal(err)
		}
		e.N, e.Prev = 6, sum(forged[4])
		forged[5] = e.Append(nil)
		forge(t, path, forged...)
		liar := &notebook{head: Head{6, sum(forged[5])}}
		if v := check(t, path, liar, Head{}); !v.Whole {
			t.Fatalf("the forgery is not a good one: %+v", v)
		}
		want := []Break{{6, 6, "changed", "Entry 6 is not the one that is remembered."}}
		if d := cmp.Diff(check(t, path, liar, w.head).Breaks, want); d != "" {
			t.Errorf("held against the head of before (-got +want):\n%s", d)
		}
	})
}

// A bit that flips in the file itself, below the database, is found.
func TestAFlippedByteInTheFile(t *testing.T) {
	path, w := filepath.Join(t.TempDir(), "views.db"), &notebook{}
	write(t, path, w, 6)
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	// Pages that were given up hold it too: all of them, or it could be a dead one.
	third := []byte(`"clip":"clip-3"`)
	if !bytes.Contains(file, third) {
		t.Fatal("the third view is not in the file")
	}
	file = bytes.ReplaceAll(file, third, []byte(`"clip":"clip-2"`))
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	if v := check(t, path, w, Head{}); v.Whole || v.Breaks[0].From != 3 {
		t.Errorf("got %+v, want a break at entry 3", v)
	}
}

// What Record answered is in the file as a power cut would leave it: a copy of
// the file, taken while it is open, holds every view that was answered.
func TestAViewIsOnDiskWhenItIsAnswered(t *testing.T) {
	dir, w := t.TempDir(), &notebook{}
	path := filepath.Join(dir, "views.db")
	r, _ := open(t, path, w)
	for i := range 5 {
		if _, err := r.Record(t.Context(), noon, anna(fmt.Sprintf("clip-%d", i+1))); err != nil {
			t.Fatal(err)
		}
		file, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		copied := filepath.Join(t.TempDir(), "views.db")
		if err := os.WriteFile(copied, file, 0o600); err != nil {
			t.Fatal(err)
		}
		if v := check(t, copied, &notebook{head: w.head}, Head{}); !v.Whole || v.Head.N != uint64(i+1) {
			t.Errorf("after view %d the file holds %+v", i+1, v)
		}
	}
}

// A power cut between the record and its witness leaves the record one ahead.
func TestAPowerCutBeforeTheWitness(t *testing.T) {
	path, w := filepath.Join(t.TempDir(), "views.db"), &notebook{}
	write(t, path, w, 2)
	r, done := open(t, path, w)
	w.err = errors.New("disk full")
	if _, err := r.Record(t.Context(), noon, anna("clip-3")); err == nil || !strings.Contains(err.Error(), "disk full") {
		t.Errorf("got %v, want to be refused: the witness did not take it", err)
	}
	if w.err = nil; w.head.N != 2 {
		t.Errorf("the witness knows %d", w.head.N)
	}
	done()
	if v := check(t, path, w, Head{}); !v.Whole || v.Entries != 3 {
		t.Errorf("got %+v, want three entries", v)
	}
	write(t, path, w, 1)
	if v := check(t, path, w, Head{}); !v.Whole || v.Entries != 4 || w.head.N != 4 {
		t.Errorf("got %+v and the witness at %d, want four entries", v, w.head.N)
	}
}

// A disk that does not answer refuses the view; nothing is chained to an entry
// that may be lost, and when it answers the record goes on whole.
func TestADiskThatDoesNotAnswer(t *testing.T) {
	path, w := filepath.Join(t.TempDir(), "views.db"), &notebook{}
	r, err := Open(Options{Path: path, Witness: w}) // nobody runs it: nothing is written
	if err != nil {
		t.Fatal(err)
	}
	short, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	for range 3 {
		if _, err := r.Record(short, noon, anna("clip-1")); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("got %v, want a refusal", err)
		}
	}
	if err := r.Watch(short, noon, anna("clip-1")); err == nil {
		t.Fatal("a sitting began without an entry")
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx) }()
	e, err := r.Record(t.Context(), noon, anna("clip-2"))
	if err != nil || e.N != 2 {
		t.Errorf("got entry %d, %v, want the second: one waited", e.N, err)
	}
	if v, err := r.Check(Head{}); err != nil || !v.Whole || v.Entries != 2 {
		t.Errorf("got %+v, %v", v, err)
	}
	stop()
	<-ended
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}

func TestASittingIsOneView(t *testing.T) {
	path, w := filepath.Join(t.TempDir(), "views.db"), &notebook{}
	r, _ := open(t, path, w)
	other := anna("clip-1")
	other.From = "198.51.100.9"
	still := anna("clip-1")
	still.Kind = Still
	for _, tt := range []struct {
		after time.Duration
		view  View
		want  uint64 // entries then
	}{
		{0, anna("clip-1"), 1},
		{time.Second, anna("clip-1"), 1},
		{4 * time.Minute, anna("clip-1"), 1},
		{8 * time.Minute, anna("clip-1"), 1},   // four minutes after the one before
		{8 * time.Minute, other, 2},            // the same session from elsewhere
		{8 * time.Minute, still, 3},            //
		{9 * time.Minute, anna("clip-2"), 4},   //
		{13 * time.Minute, anna("clip-1"), 5},  // five minutes of rest
		{7 * time.Minute, anna("clip-1"), 6},   // the clock was set back
		{130 * time.Minute, anna("clip-2"), 7}, //
	} {
		if err := r.Watch(t.Context(), noon.Add(tt.after), tt.view); err != nil {
			t.Fatal(err)
		}
		if got := r.Head().N; got != tt.want {
			t.Errorf("at %s, %s %s from %s: %d entries, want %d", tt.after, tt.view.Kind, tt.view.Clip, tt.view.From, got, tt.want)
		}
	}
}

// However long somebody looks without a rest, an hour later it is on record again.
func TestALongSittingIsSeveralViews(t *testing.T) {
	r, _ := open(t, filepath.Join(t.TempDir(), "views.db"), &notebook{})
	for m := range 180 {
		if err := r.Watch(t.Context(), noon.Add(time.Duration(m)*time.Minute), anna("clip-1")); err != nil {
			t.Fatal(err)
		}
	}
	if got := r.Head().N; got != 3 {
		t.Errorf("three hours are %d views, want 3", got)
	}
}

func TestPages(t *testing.T) {
	path, w := filepath.Join(t.TempDir(), "views.db"), &notebook{}
	r, _ := open(t, path, w)
	for i := range 30 {
		v := anna(fmt.Sprintf("clip-%d", i%3))
		if i%2 == 1 {
			v.Who, v.Caller = "Ben", "u2"
		}
		if i%5 == 0 {
			v.Kind, v.Camera, v.Clip = Live, "camera-drive", ""
		}
		if _, err := r.Record(t.Context(), noon.Add(time.Duration(i)*time.Minute), v); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		name string
		q    Query
		want string
	}{
		{"all", Query{Limit: 100}, "30 29 28 27 26 25 24 23 22 21 20 19 18 17 16 15 14 13 12 11 10 9 8 7 6 5 4 3 2 1"},
		{"of a clip", Query{Clip: "clip-1", Limit: 3}, "29 23 20|17 14 8|5 2"},
		{"of a person", Query{Caller: "u2", Limit: 5}, "30 28 26 24 22|20 18 16 14 12|10 8 6 4 2"},
		{"of a camera", Query{Camera: "camera-drive", Limit: 4}, "26 21 16 11|6 1"},
		{"of a kind", Query{Kind: Live}, "26 21 16 11 6 1"},
		{"of a person and a clip", Query{Caller: "u1", Clip: "clip-0", Limit: 2}, "25 19|13 7"},
		{"of a time", Query{Since: noon.Add(3 * time.Minute), Until: noon.Add(6 * time.Minute)}, "6 5 4"},
		{"of nobody", Query{Caller: "u3"}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var pages []string
			for q := tt.q; ; {
				list, next, err := r.Page(q)
				if err != nil {
					t.Fatal(err)
				}
				var numbers []string
				for _, e := range list {
					numbers = append(numbers, fmt.Sprint(e.N))
				}
				pages = append(pages, strings.Join(numbers, " "))
				if next == "" {
					break
				}
				q.Cursor = next
			}
			if got := strings.Join(pages, "|"); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
	if _, _, err := r.Page(Query{Cursor: "nonsense"}); !errors.Is(err, storage.ErrCursor) {
		t.Errorf("got %v for a cursor that is none", err)
	}
}

// Many at once are one chain.
func TestManyViewersAreOneChain(t *testing.T) {
	path, w := filepath.Join(t.TempDir(), "views.db"), &notebook{}
	var told []uint64
	r, err := Open(Options{Path: path, Witness: w, OnView: func(e Entry) { told = append(told, e.N) }})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx) }()
	errs := make(chan error)
	for i := range 20 {
		go func() {
			_, err := r.Record(ctx, noon, anna(fmt.Sprintf("clip-%d", i)))
			errs <- err
		}()
	}
	for range 20 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	stop()
	<-ended
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if v := check(t, path, w, Head{}); !v.Whole || v.Entries != 20 {
		t.Errorf("got %+v", v)
	}
	for i, n := range told {
		if n != uint64(i+1) {
			t.Errorf("told %v, want every view in order", told)
			break
		}
	}
}

// What callers say of themselves is cut, and stays text.
func TestWordsAreBounded(t *testing.T) {
	v := anna("clip-1")
	v.Why, v.Agent = strings.Repeat("ü", 300), "a\xffb"
	v = v.bounded()
	if v.Why != strings.Repeat("ü", 100) || v.Agent != "a\uFFFDb" || v.Who != "Anna" {
		t.Errorf("got %q, %q", v.Why, v.Agent)
	}
	e := Entry{N: 1, View: v}
	if _, err := Parse(e.Append(nil)); err != nil {
		t.Error(err)
	}
}

// Only one way of writing an entry is one.
func TestParse(t *testing.T) {
	good := string(Entry{N: 7, Prev: sum([]byte("x")), View: anna("clip-1")}.Append(nil))
	for name, line := range map[string]string{
		"empty":         "",
		"a space":       strings.Replace(good, ",", ", ", 1),
		"more":          strings.TrimSuffix(good, "}") + `,"more":1}`,
		"twice":         strings.TrimSuffix(good, "}") + `,"why":""}`,
		"less":          strings.Replace(good, `,"why":""`, "", 1),
		"another order": strings.Replace(strings.Replace(good, `"n":7,`, "", 1), "}", `,"n":7}`, 1),
		"capitals":      strings.Replace(good, `"kind"`, `"Kind"`, 1),
		"two":           good + good,
		"a short hash":  strings.Replace(good, `"prev":"`+sum([]byte("x")).String(), `"prev":"ab`, 1),
		"no hash":       strings.Replace(good, sum([]byte("x")).String(), strings.Repeat("g", 64), 1),
		"a line end":    good + "\n",
	} {
		if e, err := Parse([]byte(line)); err == nil {
			t.Errorf("%s: %q is read as %+v", name, line, e)
		}
	}
	if e, err := Parse([]byte(good)); err != nil || e.N != 7 || e.Clip != "clip-1" {
		t.Errorf("%s: %+v, %v", good, e, err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(Entry{N: 1, View: anna("clip-1")}.Append(nil))
	f.Add(Entry{N: 1 << 60, Prev: sum([]byte("x")), View: View{Kind: Live, Camera: "camera-porch", Who: "Zoë <&>", Why: "\u2028\u0000"}}.Append(nil))
	f.Add([]byte(`{"n":1,"prev":""}`))
	f.Add([]byte(`null`))
	f.Fuzz(func(t *testing.T, line []byte) {
		e, err := Parse(line)
		if err != nil {
			return
		}
		if again := e.Append(nil); !bytes.Equal(again, line) {
			t.Errorf("%q was read and is written %q", line, again)
		}
	})
}

// The turn is given back by who gave up.
func TestWhoGivesUpHoldsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &Record{turn: make(chan struct{}, 1)}
		r.turn <- struct{}{}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := r.Record(ctx, noon, anna("clip-1")); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want to have waited for one second", err)
		}
		<-r.turn
		select {
		case r.turn <- struct{}{}:
		default:
			t.Error("the turn is held")
		}
	})
}

// TestEndsThatAHubCouldNotWrite: what went on when the hub was killed gets its end at the
// next start, once, and as an entry like any other.
func TestEndsThatAHubCouldNotWrite(t *testing.T) {
	path, w := filepath.Join(t.TempDir(), "views.db"), &notebook{}
	see := func(r *Record, at int, kind Kind, who string, ends uint64) Entry {
		t.Helper()
		e, err := r.Record(t.Context(), noon.Add(time.Duration(at)*time.Second), View{Kind: kind, Camera: "camera-porch", Who: who, Why: "the bell", Ends: ends})
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	r, done := open(t, path, w)
	looks := see(r, 0, Live, "Anna", 0)
	over := see(r, 1, Live, "Ben", 0)
	see(r, 2, Clip, "Anna", 0)
	talks := see(r, 3, Talk, "Anna", 0)
	see(r, 4, Live, "Ben", over.N)
	done() // as kill -9 does, as far as the record goes

	r, done = open(t, path, w)
	goes := see(r, 60, Live, "Cleo", 0) // since the start
	back := noon.Add(61 * time.Second)
	upTo, err := r.EndLost(t.Context(), back, 0)
	if err != nil || upTo != goes.N-1 {
		t.Fatalf("up to %d, %v; want %d", upTo, err, goes.N-1)
	}
	all, _, err := r.Page(Query{})
	if err != nil || len(all) != 8 {
		t.Fatalf("%d entries, %v; want 8", len(all), err)
	}
	for i, begun := range []Entry{talks, looks} { // the newest first
		want := begun.View
		want.Ends, want.Why = begun.N, Stopped
		if got := all[i]; got.View != want || !got.At.Equal(back) {
			t.Errorf("%d ends as %+v, want %+v at %s", begun.N, got, want, back)
		}
	}
	// Nothing is ended twice: not if it is asked for again, nor from where it was told.
	for _, after := range []uint64{0, upTo} {
		if again, err := r.EndLost(t.Context(), back, after); err != nil || again != upTo {
			t.Errorf("after %d: %d, %v", after, again, err)
		}
	}
	if r.Head().N != 8 {
		t.Errorf("the record has %d entries, want 8", r.Head().N)
	}
	done()

	// Cleo looked when it was killed again. The clock begins in the past this time.
	r, done = open(t, path, w)
	if upTo, err = r.EndLost(t.Context(), noon.Add(-time.Hour), upTo); err != nil || upTo != 8 {
		t.Fatalf("up to %d, %v; want 8", upTo, err)
	}
	all, _, err = r.Page(Query{Limit: 1})
	if err != nil || all[0].Ends != goes.N || all[0].Who != "Cleo" || !all[0].At.Equal(goes.At.Time) {
		t.Errorf("%+v, %v", all, err)
	}
	if v, err := r.Check(Head{}); err != nil || !v.Whole || v.Head.N != 9 {
		t.Errorf("the record: %+v, %v", v, err)
	}
	done()
}
