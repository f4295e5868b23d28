package journal_test

import (
	"context"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"gatehouse/hub/home"
	"gatehouse/hub/home/journal"
)

// E4: EN 50131-1 grade 2 wants 100 events that survive 30 days without mains
// (250 in the edition of 2006, unverified). Ours are at least 1000 over 90 days,
// each with its time and who did it, and room for 2000 a day over these 90 days.
func TestTheRecordGoesBackFarEnough(t *testing.T) {
	const events, days, aDay = 1000, 90, 2000
	if journal.Keep < days*aDay {
		t.Errorf("%d lines are kept, want room for %d days of %d", journal.Keep, days, aDay)
	}
	path := filepath.Join(t.TempDir(), "journal.db")
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	at := func(i int) time.Time {
		return now.AddDate(0, 0, -days).Add(time.Duration(i) * days * 24 * time.Hour / events)
	}
	j := open(t, path)
	for i := range events {
		j.Add(home.Event{At: home.At(at(i)), Kind: home.KindAlarm, Who: home.Who("Anna"), Text: "Disarmed."})
	}
	stopped, stop := context.WithCancel(t.Context())
	stop()
	if err := j.Run(stopped); err != nil { // writes what was added
		t.Fatal(err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}

	j = open(t, path) // the mains were gone meanwhile
	defer j.Close()
	got := 0
	for q := (journal.Query{Limit: 300}); ; {
		page, next, err := j.Page(q)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range page { // newest first
			got++
			if want := at(events - got); !e.At.Equal(want.Truncate(time.Millisecond)) || e.Who == nil || *e.Who != "Anna" {
				t.Fatalf("event %d is %+v, want one of %s by Anna", got, e, want)
			}
		}
		if next == "" {
			break
		}
		q.Cursor = next
	}
	if got != events {
		t.Errorf("%d events are there, want %d", got, events)
	}
}

func open(t *testing.T, path string) *journal.Journal {
	t.Helper()
	j, err := journal.Open(journal.Options{Path: path, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return j
}
