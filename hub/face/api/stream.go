package api

import (
	"bytes"
	"net/http"
	"strconv"
	"sync"
	"time"

	"gatehouse/hub/people/auth"
)

const (
	streamPath    = "/api/v1/stream"
	writeTimeout  = 5 * time.Second // for one write to a browser
	maxStreams    = 512
	maxPerCaller  = 128
	maxWriteBytes = 64 << 10
	retryAfter    = 1000 // ms that a browser waits before it comes back
)

// streams counts the open streams, so that nobody can hold all of them.
type streams struct {
	mu  sync.Mutex
	all int
	by  map[string]int // by caller
}

func (s *streams) enter(caller string, most, mostOfOne int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all >= most || s.by[caller] >= mostOfOne {
		return false
	}
	if s.by == nil {
		s.by = make(map[string]int)
	}
	s.all++
	s.by[caller]++
	return true
}

func (s *streams) leave(caller string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all--
	if s.by[caller]--; s.by[caller] <= 0 {
		delete(s.by, caller)
	}
}

// stream is the live view: server-sent events. On connecting it sends the
// session, the alarm, every device, the health of the house and a beat; a
// Last-Event-ID (or ?after=) brings the journal lines since, or a reset when
// there are too many. It ends at once when the session or token does, and when
// the browser is too slow to follow.
func (a *API) stream(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodHead {
		w.Header().Set("Content-Type", "text/event-stream")
		return
	}
	c := ask(r.Context()).caller
	id := string(c.Kind) + c.ID
	if !a.streams.enter(id, maxStreams, maxPerCaller) {
		problem(http.StatusTooManyRequests, codeTooManyStream, "Too many pages are open. Close one.").wait(5 * time.Second).write(w)
		return
	}
	defer a.streams.leave(id)
	news := a.news.frames.Subscribe(frameRing) // before what is now is read: nothing falls between
	defer news.Close()
	a.news.join()
	defer a.news.leave()
	s := &streamWriter{w: w, rc: http.NewResponseController(w)}
	_ = s.rc.SetReadDeadline(time.Time{}) // a stream lasts; see bound
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Accel-Buffering", "no")
	s.add([]byte("retry: " + strconv.Itoa(retryAfter) + "\n\n"))
	position := a.greet(s, r, c)
	if s.flush() != nil {
		return
	}
	for {
		select {
		case <-r.Context().Done(): // the browser left
			return
		case <-a.ending: // the hub stops
			return
		case <-c.Ended():
			s.add(a.news.session("ended", c).bytes)
			_ = s.flush() // it may be gone; the stream ends either way
			return
		case <-news.Wake():
		}
		for it, ok := news.TryNext(); ok; it, ok = news.TryNext() {
			if it.Gap {
				return // it comes back with its Last-Event-ID
			}
			f := it.Value
			if f.seq != 0 && f.seq <= position || f.right != "" && !c.May(f.right) {
				continue
			}
			s.add(f.bytes)
			if s.full() && s.flush() != nil {
				return
			}
		}
		if s.flush() != nil {
			return
		}
	}
}

// greet sends what is now and what was missed. It returns the number of the
// newest event that was sent.
func (a *API) greet(s *streamWriter, r *http.Request, c auth.Caller) uint64 {
	n := a.news
	var position uint64
	after, resumes := r.Header.Get("Last-Event-ID"), true
	if after == "" {
		after = r.URL.Query().Get("after")
		resumes = after != ""
	}
	if resumes {
		from, err := strconv.ParseUint(after, 10, 64)
		last := a.o.Journal.Last()
		switch {
		case err != nil:
			s.add(n.reset("that is not an id of this stream").bytes)
		case from > last && from > n.last.Load():
			s.add(n.reset("the journal is another one").bytes)
		case last > from && last-from > maxReplay:
			s.add(n.reset("too much has happened since").bytes)
		case last > from && c.May(auth.EventsRead):
			missed, err := a.o.Journal.After(from, maxReplay)
			if err != nil {
				a.log.Error("journal not read for the stream", "err", err)
				s.add(n.reset("the hub could not read its journal").bytes)
				break
			}
			for _, e := range missed {
				position = e.Seq
				s.add(n.eventFrame(e).bytes)
			}
		}
	}
	s.add(n.session("full", c).bytes)
	if c.May(auth.AlarmRead) {
		s.add(n.alarm(a.o.Panel.State()).bytes)
	}
	if c.May(auth.DevicesRead) {
		for _, d := range a.o.Devices.Devices() {
			s.add(n.device(d).bytes)
		}
	}
	if c.May(auth.HealthRead) {
		s.add(n.health().bytes)
	}
	s.add(n.beat(time.Now()).bytes)
	return position
}

// streamWriter gathers frames and writes them with a deadline.
type streamWriter struct {
	w   http.ResponseWriter
	rc  *http.ResponseController
	buf bytes.Buffer
}

func (s *streamWriter) add(b []byte) { s.buf.Write(b) }
func (s *streamWriter) full() bool   { return s.buf.Len() >= maxWriteBytes }

func (s *streamWriter) flush() error {
	if s.buf.Len() == 0 {
		return nil
	}
	// A writer without deadlines (a test's recorder) cannot stall either.
	_ = s.rc.SetWriteDeadline(time.Now().Add(writeTimeout))
	_, err := s.w.Write(s.buf.Bytes())
	s.buf.Reset()
	if err != nil {
		return err
	}
	return s.rc.Flush()
}
