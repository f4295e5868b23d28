package api

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/hub/home"
)

// message is one message of a stream.
type message struct {
	ID    uint64
	Event string
	Data  string
}

// browser is a page that follows the stream. Its Write takes what comes unless
// it is stalled.
type browser struct {
	cancel context.CancelFunc
	done   chan struct{} // closed when the handler has returned

	mu      sync.Mutex
	text    bytes.Buffer
	status  int
	header  http.Header
	stalled chan struct{} // not nil: Write waits for its closing
}

func (b *browser) Header() http.Header { return b.header }
func (b *browser) WriteHeader(s int)   { b.status = s }
func (b *browser) Flush()              {}
func (b *browser) Write(p []byte) (int, error) {
	b.mu.Lock()
	stalled := b.stalled
	b.mu.Unlock()
	if stalled != nil {
		<-stalled
		return 0, os.ErrDeadlineExceeded
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

// heard parses what has come so far and forgets it.
func (b *browser) heard(t *testing.T) []message {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	var list []message
	var m message
	scan := bufio.NewScanner(&b.text)
	scan.Buffer(nil, 1<<20)
	for scan.Scan() {
		key, value, _ := strings.Cut(scan.Text(), ": ")
		switch key {
		case "id":
			id, err := strconv.ParseUint(value, 10, 64)
			if err != nil {
				t.Errorf("got id %q, want a number", value)
			}
			m.ID = id
		case "event":
			m.Event = value
		case "data":
			m.Data = value
		case "":
			if m.Event != "" {
				list = append(list, m)
			}
			m = message{}
		}
	}
	b.text.Reset()
	return list
}

func names(list []message) (l []string) {
	for _, m := range list {
		l = append(l, m.Event)
	}
	return l
}

// watch opens a stream.
func watch(t *testing.T, srv http.Handler, who, lastID string) *browser {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	b := &browser{cancel: cancel, done: make(chan struct{}), header: http.Header{}}
	r := httptest.NewRequestWithContext(ctx, "GET", "https://gatehouse.local"+streamPath, nil)
	r.Header.Set("X-Test-Caller", who)
	if lastID != "" {
		r.Header.Set("Last-Event-ID", lastID)
	}
	go func() {
		defer close(b.done)
		srv.ServeHTTP(b, r)
	}()
	t.Cleanup(cancel)
	return b
}

// running is an API whose Run runs for the length of a test, in a bubble.
func running(t *testing.T, h *house) (a *API, stop func()) {
	t.Helper()
	a = h.api(t)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := a.Run(ctx); err != nil {
			t.Errorf("got %v from Run, want nil", err)
		}
	}()
	synctest.Wait()
	return a, func() { cancel(); <-done }
}

// toldOf lets the gathered news go out.
func toldOf() {
	time.Sleep(gatherFor)
	synctest.Wait()
}

func TestAStreamBeginsWithWhatIsNow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse()
		h.add("one")
		a, stop := running(t, h)
		defer stop()
		b := watch(t, a.Handler(), "owner", "")
		synctest.Wait()
		got := b.heard(t)
		if d := cmp.Diff(names(got), []string{"session", "alarm", "device", "health", "beat"}); d != "" {
			t.Fatalf("messages (-got +want):\n%s", d)
		}
		if ct := b.header.Get("Content-Type"); ct != "text/event-stream" {
			t.Errorf("got media type %q", ct)
		}
		for _, m := range got {
			if m.ID != 1 || !json.Valid([]byte(m.Data)) {
				t.Errorf("got %+v, want id 1 and JSON", m)
			}
		}
		b.cancel()
		<-b.done
	})
}

func TestNewsReachTheStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse()
		a, stop := running(t, h)
		defer stop()
		b, guest := watch(t, a.Handler(), "owner", ""), watch(t, a.Handler(), "guest", "")
		synctest.Wait()
		b.heard(t)
		if d := cmp.Diff(names(guest.heard(t)), []string{"session", "alarm", "health", "beat"}); d != "" {
			t.Errorf("a guest is greeted with (-got +want):\n%s", d)
		}
		h.alarms.Publish(home.Alarm{Seq: 8, Mode: home.Away, Phase: home.PhaseArming})
		toldOf()
		h.alarms.Publish(home.Alarm{Seq: 9, Mode: home.Away, Phase: home.PhaseArmed})
		toldOf()
		d := h.all[0]
		h.devices.Publish(d)
		toldOf()
		h.devices.Publish(home.Device{ID: "zwave-9"})
		toldOf()
		h.events.Publish(h.add("Front door opened"))
		toldOf()
		h.board.items = []home.TroubleItem{{Code: "radio-down"}}
		h.health.Publish(1)
		toldOf()
		got := b.heard(t)
		if d := cmp.Diff(names(got), []string{"alarm", "alarm", "device", "device", "event", "health"}); d != "" {
			t.Fatalf("messages (-got +want):\n%s", d)
		}
		for i, want := range []string{`"phase":"arming"`, `"phase":"armed"`, `"value":"open"`, `{"id":"zwave-9","left":true}`, "Front door opened", "radio-down"} {
			if !strings.Contains(got[i].Data, want) {
				t.Errorf("got %s, want %s in it", got[i].Data, want)
			}
		}
		if got[3].ID != 0 || got[4].ID != 1 || got[5].ID != 1 {
			t.Errorf("got ids %d %d %d, want the newest event's", got[3].ID, got[4].ID, got[5].ID)
		}
		if d := cmp.Diff(names(guest.heard(t)), []string{"alarm", "alarm", "health"}); d != "" {
			t.Errorf("a guest hears (-got +want):\n%s", d)
		}
	})
}

func TestABeatEveryThreeSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse()
		h.add("one")
		a, stop := running(t, h)
		defer stop()
		b := watch(t, a.Handler(), "owner", "")
		synctest.Wait()
		b.heard(t)
		time.Sleep(10 * time.Second)
		got := b.heard(t)
		if d := cmp.Diff(names(got), []string{"beat", "beat", "beat"}); d != "" {
			t.Fatalf("messages in 10 s (-got +want):\n%s", d)
		}
		var last beat
		if err := json.Unmarshal([]byte(got[2].Data), &last); err != nil {
			t.Fatal(err)
		}
		if last.Seq != 1 || last.Alarm != 7 || time.Since(last.Now.Time) > beatEvery {
			t.Errorf("got %+v, want the newest event, the panel's seq and the hub's clock", last)
		}
	})
}

func TestLastEventIDResumes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse()
		for i := range maxReplay + 5 {
			h.add(fmt.Sprint("line ", i+1))
		}
		a, stop := running(t, h)
		defer stop()
		last := maxReplay + 5
		for _, c := range []struct {
			id    string
			first []string // before the session
		}{
			{strconv.Itoa(last), nil},
			{strconv.Itoa(last - 2), []string{"event", "event"}},
			{"5", slices.Repeat([]string{"event"}, maxReplay)},
			{"4", []string{"reset"}},
			{strconv.Itoa(last + 1), []string{"reset"}}, // another journal than the one it knew
			{"-1", []string{"reset"}},
			{"18446744073709551616", []string{"reset"}},
			{"x", []string{"reset"}},
		} {
			b := watch(t, a.Handler(), "owner", c.id)
			synctest.Wait()
			got := b.heard(t)
			n := slices.Index(names(got), "session")
			if d := cmp.Diff(names(got)[:max(n, 0)], c.first, cmp.Transformer("nil", func(l []string) int { return len(l) })); d != "" || n < 0 {
				t.Errorf("Last-Event-ID %s: got %d messages before the session, want %d", c.id, n, len(c.first))
			}
			b.cancel()
			<-b.done
		}
	})
}

// However a page comes and goes while things happen, it sees each event once
// and in order.
func TestNoEventIsLostOrDoubledAcrossReconnects(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse()
		a, stop := running(t, h)
		defer stop()
		srv := a.Handler()
		const events = 400
		go func() {
			for i := range events {
				h.events.Publish(h.add(fmt.Sprint(i)))
				if i%7 == 0 {
					time.Sleep(time.Millisecond)
				}
			}
		}()
		var seen []uint64
		last := "0"
		for len(seen) < events {
			b := watch(t, srv, "owner", last)
			time.Sleep(3 * time.Millisecond)
			b.cancel()
			<-b.done
			for _, m := range b.heard(t) {
				if m.Event == "event" {
					seen = append(seen, m.ID)
					last = strconv.FormatUint(m.ID, 10)
				}
			}
		}
		for i, id := range seen {
			if id != uint64(i+1) {
				t.Fatalf("got event %d at place %d", id, i+1)
			}
		}
	})
}

// A page that does not read is dropped, and costs whoever publishes nothing:
// there is one subscription, however many pages are open.
func TestStalledPagesAreDroppedAndCostNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse()
		a, stop := running(t, h)
		defer stop()
		srv := a.Handler()
		stalled := make(chan struct{})
		var pages []*browser
		for _, who := range []string{"owner", "member", "viewer", "installer", "token-owner"} {
			for range 20 {
				pages = append(pages, watch(t, srv, who, ""))
			}
		}
		synctest.Wait()
		for _, b := range pages {
			b.mu.Lock()
			b.stalled = stalled
			b.mu.Unlock()
		}
		good := watch(t, srv, "guest", "")
		synctest.Wait()
		good.heard(t)
		for i := range frameRing + 50 {
			h.alarms.Publish(home.Alarm{Seq: uint64(8 + i), Mode: home.Away, Phase: home.PhaseArmed})
			if n := h.alarms.Subscribers() + h.devices.Subscribers() + h.events.Subscribers() + h.health.Subscribers(); n != 4 {
				t.Fatalf("got %d subscriptions, want one a topic", n)
			}
			if i%50 == 0 {
				toldOf() // a page that reads has read
			}
		}
		toldOf()
		if got := len(good.heard(t)); got != frameRing+50 {
			t.Errorf("the page that reads got %d messages, want %d", got, frameRing+50)
		}
		close(stalled) // their write deadlines pass
		for _, b := range pages {
			<-b.done
		}
		if got := a.news.frames.Subscribers(); got != 1 {
			t.Errorf("got %d pages left, want 1", got)
		}
	})
}

func TestTooManyPagesOfOneCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, stop := running(t, newHouse())
		defer stop()
		srv := a.Handler()
		var pages []*browser
		for range maxPerCaller {
			pages = append(pages, watch(t, srv, "owner", ""))
		}
		synctest.Wait()
		wantProblem(t, call(t, srv, "owner", "GET", streamPath, ""), 429, codeTooManyStream)
		other := watch(t, srv, "member", "")
		synctest.Wait()
		if len(other.heard(t)) == 0 {
			t.Error("another caller was refused too")
		}
		pages[0].cancel()
		<-pages[0].done
		again := watch(t, srv, "owner", "")
		synctest.Wait()
		if len(again.heard(t)) == 0 {
			t.Error("a place that became free was not given")
		}
	})
}

// When the hub stops, so do the streams, at once.
func TestTheEndOfTheHubEndsTheStreams(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, stop := running(t, newHouse())
		b := watch(t, a.Handler(), "owner", "")
		synctest.Wait()
		begin := time.Now()
		stop()
		<-b.done
		if took := time.Since(begin); took > 0 {
			t.Errorf("got %s, want no wait", took)
		}
	})
}

// When the bus had to drop events, the stream reads them from the journal.
func TestLostNewsAreReadFromTheJournal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse()
		a := h.api(t)
		s := h.events.Subscribe(2)
		defer s.Close()
		b := a.news.frames.Subscribe(frameRing)
		for i := range 9 {
			h.events.Publish(h.add(fmt.Sprint(i)))
		}
		it, _ := s.TryNext() // the gap
		if !it.Gap {
			t.Fatal("no gap: the test shows nothing")
		}
		a.news.catchUp(it.Value.Seq)
		a.news.event(it.Value)
		for want := uint64(1); want <= it.Value.Seq; want++ {
			if got, ok := b.TryNext(); !ok || got.Value.seq != want {
				t.Fatalf("got event %d, want %d", got.Value.seq, want)
			}
		}
	})
}

// While no page is open nothing of the house is listened to, and who comes
// then misses nothing of what follows.
func TestNobodyLooks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse()
		a, stop := running(t, h)
		defer stop()
		synctest.Wait()
		listened := func(want int) {
			t.Helper()
			if n := h.alarms.Subscribers() + h.devices.Subscribers() + h.events.Subscribers(); n != want {
				t.Errorf("got %d subscriptions, want %d", n, want)
			}
		}
		listened(0)
		h.events.Publish(h.add("before"))
		for range 2 {
			b := watch(t, a.Handler(), "owner", "")
			synctest.Wait()
			listened(3)
			b.heard(t)
			e := h.add("during")
			h.events.Publish(e)
			toldOf()
			got := b.heard(t)
			if len(got) != 1 || got[0].Event != "event" || got[0].ID != e.Seq {
				t.Errorf("got %v, want event %d alone", got, e.Seq)
			}
			b.cancel()
			<-b.done
			listened(0)
		}
	})
}
