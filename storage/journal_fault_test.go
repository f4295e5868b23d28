package storage

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	bolt "go.etcd.io/bbolt"
)

// disk stands between a journal and its file and can be full or hang.
type disk struct {
	j    *Journal
	full atomic.Bool
	hang chan struct{} // non-nil: writes wait until it is closed
}

func (d *disk) update(change func(*bolt.Tx) error) error {
	if d.hang != nil {
		<-d.hang
	}
	return d.j.f.bolt.Update(func(tx *bolt.Tx) error {
		if err := change(tx); err != nil {
			return err
		}
		if d.full.Load() {
			return fmt.Errorf("pwrite: %w", syscall.ENOSPC)
		}
		return nil
	})
}

func TestFullDiskLosesNothingAndSaysSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told []uint64
		var faults []string
		d := &disk{}
		d.j = openJournal(t, filepath.Join(t.TempDir(), "journal.db"), JournalOptions{
			OnDurable: func(b []Entry) { told = append(told, seqs(b)...) },
			OnFault: func(f Fault, present bool) {
				faults = append(faults, fmt.Sprint(f.Kind, " ", present, " full ", f.FullDisk, " waiting ", f.Waiting, " dropped ", f.Dropped))
			},
		})
		d.j.update = d.update
		defer running(t, d.j)()
		d.j.Append(Entry{Kind: "reading", Urgent: true})
		time.Sleep(breath)
		synctest.Wait()
		d.full.Store(true)
		for range 9 {
			d.j.Append(Entry{Kind: "alarm", Urgent: true})
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if diff := cmp.Diff(told, []uint64{1}); diff != "" {
			t.Errorf("told while full (-got +want)\n%s", diff)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := d.j.Flush(ctx); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "the disk is full: free some space") {
			t.Errorf("Flush = %v, want the deadline and the reason", err)
		}
		if f, bad := d.j.Fault(); !bad || f.Waiting != 9 {
			t.Errorf("fault = %+v, %v, want 9 waiting", f, bad)
		}
		d.full.Store(false)
		if err := d.j.Flush(t.Context()); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		if diff := cmp.Diff(told, []uint64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}); diff != "" {
			t.Errorf("told at last (-got +want)\n%s", diff)
		}
		want := []string{"writing true full true waiting 9 dropped 0", "writing false full true waiting 0 dropped 0"}
		if diff := cmp.Diff(faults, want); diff != "" {
			t.Errorf("faults (-got +want)\n%s", diff)
		}
	})
}

func TestHungDiskNeverHoldsTheCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told []uint64
		var faults []string
		d := &disk{hang: make(chan struct{})}
		d.j = openJournal(t, filepath.Join(t.TempDir(), "journal.db"), JournalOptions{
			OnDurable: func(b []Entry) { told = append(told, seqs(b)...) },
			OnFault:   func(f Fault, present bool) { faults = append(faults, fmt.Sprint(f.Err, " ", present)) },
		})
		d.j.update = d.update
		defer running(t, d.j)()
		first := d.j.Append(Entry{Kind: "alarm", Urgent: true})
		time.Sleep(breath)
		synctest.Wait()
		begun := time.Now()
		for range 3 * waitingMax {
			d.j.Append(Entry{Kind: "reading"})
		}
		alarm := d.j.Append(Entry{Kind: "alarm", Urgent: true})
		for range 3 * waitingMax {
			d.j.Append(Entry{Kind: "reading"})
		}
		if took := time.Since(begun); took != 0 {
			t.Errorf("appending took %v", took)
		}
		time.Sleep(5 * time.Second)
		f, bad := d.j.Fault()
		if !bad || f.Waiting > waitingMax || f.Waiting < waitingMax*7/8 || f.Waiting+f.Dropped != 6*waitingMax+2 {
			t.Errorf("fault = %+v, %v, want some of %d entries waiting and the rest dropped", f, bad, 6*waitingMax+2)
		}
		close(d.hang)
		time.Sleep(time.Second)
		synctest.Wait()
		if told[0] != first || told[1] != alarm {
			t.Errorf("told %d, %d first, want the urgent ones %d, %d", told[0], told[1], first, alarm)
		}
		if last := told[len(told)-1]; last != 6*waitingMax+2 || len(told) != f.Waiting {
			t.Errorf("told %d, the last %d, want the newest %d", len(told), last, f.Waiting)
		}
		if diff := cmp.Diff(faults, []string{errHung.Error() + " true", errHung.Error() + " false"}); diff != "" {
			t.Errorf("faults (-got +want)\n%s", diff)
		}
	})
}

func TestHungDiskNeverHoldsTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &disk{hang: make(chan struct{})}
		d.j = openJournal(t, filepath.Join(t.TempDir(), "journal.db"), JournalOptions{})
		d.j.update = d.update
		ctx, cancel := contextFor(t)
		done := make(chan error)
		go func() { done <- d.j.Run(ctx) }()
		d.j.Append(Entry{})
		synctest.Wait()
		cancel()
		begun := time.Now()
		if err := <-done; err == nil || !strings.Contains(err.Error(), "does not answer") {
			t.Errorf("Run = %v", err)
		}
		if took := time.Since(begun); took > time.Second {
			t.Errorf("Run ended after %v", took)
		}
		if err := d.j.Close(); err == nil || !strings.Contains(err.Error(), "does not answer") {
			t.Errorf("Close = %v", err)
		}
		close(d.hang)
		synctest.Wait()
	})
}

func TestQueueIsBoundedInBytes(t *testing.T) {
	var q queue
	body := make([]byte, 1<<20)
	for i := range 40 {
		q.push(Entry{Seq: uint64(i + 1), Body: body})
	}
	if q.bytes > waitingMaxBytes || q.len()+q.dropped != 40 || q.entries[q.len()-1].Seq != 40 {
		t.Errorf("%d bytes in %d entries, %d dropped, the newest %d", q.bytes, q.len(), q.dropped, q.entries[q.len()-1].Seq)
	}
	q.push(Entry{Seq: 41, Body: make([]byte, 2*waitingMaxBytes)})
	if q.len() != 1 || q.entries[0].Seq != 41 {
		t.Errorf("%d entries wait, want the newest alone though it is too big", q.len())
	}
}
