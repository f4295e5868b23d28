package notices_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"gatehouse/hub/home"
	"gatehouse/hub/home/notices"
)

// shelf is a store in memory that can refuse.
type shelf struct {
	mu    sync.Mutex
	rows  map[string]home.Notice
	fails bool
	puts  int
}

func (s *shelf) All() (list []home.Notice, _ error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, n := range s.rows {
		list = append(list, n)
	}
	return list, nil
}

func (s *shelf) Put(added []home.Notice, dropped []string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.puts++
	if s.fails {
		return errors.New("the disk is full")
	}
	for _, n := range added {
		s.rows[n.ID] = n
	}
	for _, id := range dropped {
		delete(s.rows, id)
	}
	return nil
}

// wrote is how many rows there are, and by how many writes.
func (s *shelf) wrote() (rows, puts int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.rows), s.puts
}

func (s *shelf) set(fails bool) { s.mu.Lock(); s.fails = fails; s.mu.Unlock() }

func open(t *testing.T, s *shelf) *notices.Notices {
	t.Helper()
	n, err := notices.Open(s, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func news(i int) home.Notice {
	return home.Notice{At: home.At(time.Now().Add(time.Duration(i) * time.Millisecond)), Kind: "alarm", Text: fmt.Sprint("notice ", i)}
}

func TestANoticeIsToldAtOnceAndWrittenAtTheBeat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &shelf{rows: map[string]home.Notice{}}
		n := open(t, s)
		heard := n.News.Subscribe(8)
		defer heard.Close()
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- n.Run(ctx) }()

		n.Add(news(1))
		if it, ok := heard.TryNext(); !ok || it.Value.Text != "notice 1" || it.Value.ID == "" {
			t.Errorf("heard %+v, want the notice at once", it.Value)
		}
		if _, puts := s.wrote(); puts != 0 {
			t.Error("written within the call: whoever watches the disk knows")
		}
		time.Sleep(time.Second + time.Millisecond)
		synctest.Wait()
		if rows, puts := s.wrote(); rows != 1 || puts != 1 {
			t.Errorf("after the beat there are %d rows by %d writes, want one by one", rows, puts)
		}

		// A disk that refuses loses nothing.
		s.set(true)
		n.Add(news(2))
		n.Add(news(3))
		time.Sleep(3 * time.Second)
		s.set(false)
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run ended with %v", err)
		}
		if len(s.rows) != 3 {
			t.Errorf("%d rows at the end, want all 3", len(s.rows))
		}
		if again := open(t, s).Kept(); len(again) != 3 || again[0].Text != "notice 3" {
			t.Errorf("kept over a restart: %+v, want three, newest first", again)
		}
	})
}

func TestARepeatedNoticeIsToldOnce(t *testing.T) {
	n := open(t, &shelf{rows: map[string]home.Notice{}})
	heard := n.News.Subscribe(8)
	defer heard.Close()
	for range 2 {
		n.Add(home.Notice{ID: "alarm-7", At: home.At(time.Now())})
	}
	if _, ok := heard.TryNext(); !ok {
		t.Error("nothing was told")
	}
	if it, ok := heard.TryNext(); ok {
		t.Errorf("told again: %+v", it.Value)
	}
}

func TestTheOldestAreDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &shelf{rows: map[string]home.Notice{}}
		n := open(t, s)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- n.Run(ctx) }()
		for i := range notices.Keep + 10 {
			n.Add(news(i))
			if i == 20 {
				time.Sleep(2 * time.Second)
			}
		}
		cancel()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		if len(n.Kept()) != notices.Keep || len(s.rows) != notices.Keep {
			t.Errorf("%d kept, %d written, want %d of each", len(n.Kept()), len(s.rows), notices.Keep)
		}
	})
}
