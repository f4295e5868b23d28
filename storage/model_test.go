package storage

import (
	"fmt"
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// Random play against a map: tables in transactions that commit or fail,
// closing, unclean stops, snapshots and restored snapshots.
func TestTablesAgainstAMap(t *testing.T) {
	dir := t.TempDir()
	run := 0
	rapid.Check(t, func(rt *rapid.T) {
		run++
		path := filepath.Join(dir, fmt.Sprint(run), "home.db")
		db, err := Open(path, Options{noSync: true})
		if err != nil {
			rt.Fatal(err)
		}
		want := map[string]map[string]int{"a": {}, "b": {}}
		saved := map[string]map[string]int(nil)
		copied := func(m map[string]map[string]int) map[string]map[string]int {
			return map[string]map[string]int{"a": maps.Clone(m["a"]), "b": maps.Clone(m["b"])}
		}
		table := func(name string) *Table[int] { return NewTable[int](db, name) }
		key := rapid.StringMatching(`[a-c]{1,2}`)
		name := rapid.SampledFrom([]string{"a", "b"})
		reopen := func(rt *rapid.T) {
			if db, err = Open(path, Options{noSync: true}); err != nil {
				rt.Fatal(err)
			}
		}
		rt.Repeat(map[string]func(*rapid.T){
			"": func(rt *rapid.T) {
				for n, rows := range want {
					got, err := table(n).All()
					if err != nil {
						rt.Fatal(err)
					}
					var wanted []Row[int]
					for _, k := range slices.Sorted(maps.Keys(rows)) {
						wanted = append(wanted, Row[int]{k, rows[k]})
					}
					if diff := cmp.Diff(got, wanted); diff != "" {
						rt.Fatalf("table %s (-got +want)\n%s", n, diff)
					}
				}
			},
			"put": func(rt *rapid.T) {
				n, k, v := name.Draw(rt, "table"), key.Draw(rt, "key"), rapid.Int().Draw(rt, "value")
				if err := table(n).Put(k, v); err != nil {
					rt.Fatal(err)
				}
				want[n][k] = v
			},
			"delete": func(rt *rapid.T) {
				n, k := name.Draw(rt, "table"), key.Draw(rt, "key")
				if err := table(n).Delete(k); err != nil {
					rt.Fatal(err)
				}
				delete(want[n], k)
			},
			"both": func(rt *rapid.T) {
				k, v, fail := key.Draw(rt, "key"), rapid.Int().Draw(rt, "value"), rapid.Bool().Draw(rt, "fail")
				err := db.Update(func(tx *Tx) error {
					if err := table("a").PutTx(tx, k, v); err != nil {
						return err
					}
					if err := table("b").DeleteTx(tx, k); err != nil {
						return err
					}
					if fail {
						return ErrFull
					}
					return nil
				})
				if (err != nil) != fail {
					rt.Fatal(err)
				}
				if !fail {
					want["a"][k] = v
					delete(want["b"], k)
				}
			},
			"reopen": func(rt *rapid.T) {
				if err := db.Close(); err != nil {
					rt.Fatal(err)
				}
				reopen(rt)
			},
			"stop uncleanly": func(rt *rapid.T) {
				abandon(db.f)
				reopen(rt)
			},
			"snapshot": func(rt *rapid.T) {
				if err := db.Snapshot(); err != nil {
					rt.Fatal(err)
				}
				saved = copied(want)
			},
			"damage": func(rt *rapid.T) {
				if saved == nil {
					rt.Skip("no snapshot yet")
				}
				abandon(db.f)
				spoil(rt, path)
				reopen(rt)
				if f, bad := db.Fault(); !bad || f.Kind != FaultRestored {
					rt.Fatalf("fault = %v, %v", f, bad)
				}
				if err := db.Acknowledge(); err != nil {
					rt.Fatal(err)
				}
				want = copied(saved)
			},
		})
		if err := db.Close(); err != nil {
			rt.Fatal(err)
		}
	})
}

// Random play of the journal against a slice: bursts, filters, pages that go on
// while entries come, trimming, closing and unclean stops.
func TestJournalAgainstASlice(t *testing.T) {
	dir := t.TempDir()
	run := 0
	kinds, devices := []string{"reading", "alarm", "trouble"}, []string{"", "zwave-1", "zwave-2", "zwave-9"}
	rapid.Check(t, func(rt *rapid.T) {
		run++
		path := filepath.Join(dir, fmt.Sprint(run), "journal.db")
		keep := rapid.IntRange(1, 3000).Draw(rt, "keep")
		var j *Journal
		open := func(rt *rapid.T) {
			var err error
			if j, err = OpenJournal(path, JournalOptions{keep: keep, noSync: true}); err != nil {
				rt.Fatal(err)
			}
		}
		open(rt)
		var want []Entry // everything ever made durable
		given := uint64(0)
		append1 := func(rt *rapid.T, e Entry) {
			e.At = e.At.UTC()
			e.Seq = j.Append(e)
			if e.Seq <= given {
				rt.Fatalf("number %d given after %d", e.Seq, given)
			}
			given = e.Seq
			want = append(want, e)
		}
		commit := func(rt *rapid.T) {
			for j.waiting.len() > 0 {
				if err := j.commit(); err != nil {
					rt.Fatal(err)
				}
			}
		}
		rt.Repeat(map[string]func(*rapid.T){
			"": func(rt *rapid.T) {
				list, err := j.After(0, 1)
				if err != nil {
					rt.Fatal(err)
				}
				var first, last uint64
				if len(list) > 0 {
					first = list[0].Seq
				}
				if len(want) > 0 {
					last = want[len(want)-1].Seq
				}
				if j.First() != first || j.Last() != last {
					rt.Fatalf("First, Last = %d, %d, want %d, %d", j.First(), j.Last(), first, last)
				}
				kept := 0
				for _, e := range want {
					if e.Seq >= first && first > 0 {
						kept++
					}
				}
				if kept < min(len(want), keep) {
					rt.Fatalf("%d of %d kept, want at least %d", kept, len(want), keep)
				}
				if kept > keep+4*blockSize { // whole blocks, and those of a commit or two
					rt.Fatalf("%d kept, want about %d", kept, keep)
				}
			},
			"append": func(rt *rapid.T) {
				n := rapid.SampledFrom([]int{1, 2, 100, 1500}).Draw(rt, "entries")
				k, d := rapid.SampledFrom(kinds).Draw(rt, "kind"), rapid.SampledFrom(devices).Draw(rt, "device")
				at := rapid.Int64Range(-1000, 1e6).Draw(rt, "ms")
				for i := range n {
					append1(rt, Entry{At: time.UnixMilli(at + int64(i)), Kind: k, Device: d, Body: []byte(k)})
				}
				commit(rt)
			},
			"reopen": func(rt *rapid.T) {
				if err := j.Close(); err != nil {
					rt.Fatal(err)
				}
				open(rt)
			},
			"stop uncleanly": func(rt *rapid.T) {
				// Numbers that were given but never durable are skipped.
				for range rapid.IntRange(0, 30).Draw(rt, "lost") {
					given = j.Append(Entry{})
				}
				abandon(j.f)
				open(rt)
			},
			"page": func(rt *rapid.T) {
				q := Query{
					Kind:   rapid.SampledFrom(append([]string{"", "none"}, kinds...)).Draw(rt, "kind"),
					Device: rapid.SampledFrom(devices).Draw(rt, "device"),
					Limit:  rapid.IntRange(1, 1000).Draw(rt, "limit"),
				}
				if rapid.Bool().Draw(rt, "since?") {
					q.Since = time.UnixMilli(rapid.Int64Range(-1000, 1e6).Draw(rt, "since"))
				}
				if rapid.Bool().Draw(rt, "until?") {
					q.Until = time.UnixMicro(rapid.Int64Range(-1e6, 1e9).Draw(rt, "until"))
				}
				wanted := match(want, q, j.First())
				for round := 0; ; round++ {
					page, next, err := j.Page(q)
					if err != nil {
						rt.Fatal(err)
					}
					n := min(q.Limit, len(wanted))
					if !slices.EqualFunc(page, wanted[:n], func(a, b Entry) bool { return reflect.DeepEqual(a, b) }) {
						rt.Fatalf("page %d of %+v (-got +want)\n%s", round, q, cmp.Diff(page, wanted[:n]))
					}
					wanted = wanted[n:]
					if (next == "") != (len(wanted) == 0) {
						rt.Fatalf("next = %q with %d to come", next, len(wanted))
					}
					if q.Cursor = next; next == "" {
						return
					}
					if round == 0 {
						first := j.First()
						append1(rt, Entry{Kind: "alarm", Device: "zwave-1", At: time.UnixMilli(5)})
						commit(rt)
						if j.First() != first {
							return // trimmed meanwhile
						}
					}
				}
			},
		})
		if err := j.Close(); err != nil {
			rt.Fatal(err)
		}
	})
}

// match is Page without an index: newest first, by the meaning of the filters.
func match(all []Entry, q Query, first uint64) (out []Entry) {
	for _, e := range slices.Backward(all) {
		if e.Seq >= first && (q.Kind == "" || e.Kind == q.Kind) && (q.Device == "" || e.Device == q.Device) &&
			(q.Since.IsZero() || e.At.UnixMilli() >= q.Since.UnixMilli()) && (q.Until.IsZero() || e.At.Before(q.Until)) {
			out = append(out, e)
		}
	}
	return out
}
