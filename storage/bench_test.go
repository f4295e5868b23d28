package storage

import (
	"context"
	"fmt"
	"path/filepath"
	"runtime/debug"
	"syscall"
	"testing"
	"time"
)

// event is an entry of the size that a door makes.
func event(i int) Entry {
	return Entry{
		At: time.UnixMilli(1_700_000_000_000 + int64(i)*100), Kind: "reading", Device: fmt.Sprint("zwave-", i%50),
		Body: []byte(`{"zone":"front-door","who":null,"text":"Front door opened","data":{"trait":"contact","value":"open"}}`),
	}
}

func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// filled is a journal with n entries, three of them of a kind of their own.
func filled(b *testing.B, n int) *Journal {
	b.Helper()
	j := openJournal(b, filepath.Join(b.TempDir(), "journal.db"), JournalOptions{keep: max(n, keepAtLeast), noSync: true})
	for i := range n {
		e := event(i)
		if i%(n/3) == n/6 {
			e.Kind, e.Device = "alarm", "zwave-rare"
		}
		j.Append(e)
		if j.waiting.len() == commitMax || i == n-1 {
			if err := j.commit(); err != nil {
				b.Fatal(err)
			}
		}
	}
	j.f.bolt.NoSync, j.f.o.noSync = false, false
	debug.FreeOSMemory() // or the clearing up is counted with what is measured
	return j
}

var sizes = []int{1e3, 1e4, 1e5, 1e6}

// One urgent entry at a time, as an alarm is written.
func BenchmarkAppendAndCommit(b *testing.B) {
	for _, n := range sizes {
		j := filled(b, n)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			before := cpu()
			for i := range b.N {
				j.Append(event(i))
				if err := j.commit(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64((cpu()-before).Microseconds())/float64(b.N), "cpu-µs/op")
		})
		abandon(j.f)
	}
}

// What Append costs the one who calls it.
func BenchmarkAppend(b *testing.B) {
	j := filled(b, 1e4)
	ctx, cancel := context.WithCancel(b.Context())
	done := make(chan error, 1)
	go func() { done <- j.Run(ctx) }()
	e := event(0)
	b.ReportAllocs()
	for b.Loop() {
		j.Append(e)
	}
	cancel()
	<-done
	abandon(j.f)
}

// Twenty entries a second through Run, as a busy house makes them: the CPU of
// the whole process, fdatasync in.
func BenchmarkTwentyASecond(b *testing.B) {
	j := filled(b, 1e5)
	ctx, cancel := context.WithCancel(b.Context())
	done := make(chan error, 1)
	go func() { done <- j.Run(ctx) }()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	before, i := cpu(), 0
	for b.Loop() {
		<-tick.C
		j.Append(event(i))
		i++
	}
	b.ReportMetric(float64((cpu()-before).Microseconds())/float64(i), "cpu-µs/op")
	cancel()
	<-done
	abandon(j.f)
}

func BenchmarkPage(b *testing.B) {
	for _, n := range sizes {
		j := filled(b, n)
		for _, c := range []struct {
			name string
			q    Query
		}{
			{"newest", Query{}},
			{"device", Query{Device: "zwave-7"}},
			{"rare", Query{Kind: "alarm"}},
			{"none", Query{Kind: "alarm", Device: "zwave-7"}},
			{"day", Query{Since: time.UnixMilli(1_700_000_000_000 + int64(n)*50), Until: time.UnixMilli(1_700_000_000_000 + int64(n)*50 + 10_000)}},
		} {
			b.Run(fmt.Sprint(c.name, "/", n), func(b *testing.B) {
				for b.Loop() {
					if _, _, err := j.Page(c.q); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
		abandon(j.f)
	}
}

// Opening after a proper and after an unclean stop.
func BenchmarkOpenJournal(b *testing.B) {
	j := filled(b, 1e5)
	path := j.f.path
	if err := j.Close(); err != nil {
		b.Fatal(err)
	}
	for _, unclean := range []bool{false, true} {
		b.Run(map[bool]string{false: "clean", true: "unclean"}[unclean], func(b *testing.B) {
			for b.Loop() {
				j := openJournal(b, path, JournalOptions{Check: InChild("storage-check")})
				if unclean {
					abandon(j.f)
				} else if err := j.Close(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkSave(b *testing.B) {
	db, err := Open(filepath.Join(b.TempDir(), "panel.db"), Options{})
	if err != nil {
		b.Fatal(err)
	}
	cell := NewCell[Entry](db, "panel")
	before := cpu()
	for i := range b.N {
		if err := cell.Save(event(i)); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64((cpu()-before).Microseconds())/float64(b.N), "cpu-µs/op")
	if err := db.Close(); err != nil {
		b.Fatal(err)
	}
}
