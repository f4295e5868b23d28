package api

import (
	"bytes"
	ring "container/list"
	"crypto/sha256"
	"net/http"
	"sync"
	"time"
)

// Bounds of the kept answers.
const (
	maxKey      = 128              // bytes of an Idempotency-Key
	keepAnswers = 24 * time.Hour   // a repeat within this time gets the first answer
	keepSecrets = 10 * time.Minute // the same, when the answer holds a secret
	maxAnswers  = 1024             // oldest dropped first
	maxKept     = 4 << 20          // bytes of all bodies
	maxOneKept  = 64 << 10         // a larger answer is not kept
	waitForTwin = 15 * time.Second // for an equal request that is being done right now
)

// answers keeps what was answered to unsafe requests that carried an
// Idempotency-Key, so that a repeat after a lost answer does nothing twice.
// Answers live in memory only and do not outlive the process; those that hold a
// secret (a token, recovery codes, a session's cookie) live for minutes. What invites another try (401, 408, 429, 5xx) is not
// kept.
type answers struct {
	mu    sync.Mutex
	byKey map[answerKey]*answer
	order *ring.List // of *answer, oldest first
	bytes int
}

// answerKey is the key within one caller: two programs may choose the same.
type answerKey struct{ kind, caller, key string }

type answer struct {
	key    answerKey
	print  [sha256.Size]byte // of method, path and body
	until  time.Time
	done   chan struct{} // closed once status is set, or the answer was dropped
	status int           // 0: not kept
	header http.Header
	body   []byte
	place  *ring.Element
}

func newAnswers() *answers {
	return &answers{byKey: make(map[answerKey]*answer), order: ring.New()}
}

// serve answers from what is kept, or lets next answer and keeps it.
func (s *answers) serve(w http.ResponseWriter, r *http.Request, as asking, body []byte, life time.Duration, next http.Handler) {
	if len(as.key) > maxKey {
		invalidField("header", "Idempotency-Key", "can have at most 128 bytes").write(w)
		return
	}
	k := answerKey{string(as.caller.Kind), as.caller.ID, as.key}
	if as.caller.Kind == "" {
		k.caller = as.client.Addr.String()
	}
	print := fingerprint(r, body)
	for {
		mine, theirs := s.begin(k, print, time.Now(), life)
		if mine != nil {
			s.do(w, r, mine, next)
			return
		}
		if theirs.print != print {
			problem(http.StatusUnprocessableEntity, codeKeyReused,
				"This Idempotency-Key came with another request before. Use a new key for each thing to be done.").write(w)
			return
		}
		timer := time.NewTimer(waitForTwin)
		select {
		case <-theirs.done:
			timer.Stop()
		case <-r.Context().Done():
			timer.Stop()
			return
		case <-timer.C:
			problem(http.StatusConflict, codeConflict, "The same request is still being done. Try again with the same key.").wait(time.Second).write(w)
			return
		}
		if theirs.status != 0 {
			theirs.replay(w)
			return
		}
		// It was not kept: this one is the next try.
	}
}

// lifeOf is how long a route's answers are kept.
func lifeOf(rt *route) time.Duration {
	if rt.handler.reveals {
		return keepSecrets
	}
	return keepAnswers
}

func fingerprint(r *http.Request, body []byte) [sha256.Size]byte {
	h := sha256.New()
	h.Write([]byte(r.Method + "\x00" + r.URL.RequestURI() + "\x00"))
	h.Write(body)
	return [sha256.Size]byte(h.Sum(nil))
}

// begin claims the key (mine), or finds who holds it (theirs).
func (s *answers) begin(k answerKey, print [sha256.Size]byte, now time.Time, life time.Duration) (mine, theirs *answer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for e := s.order.Front(); e != nil; {
		x := e.Value.(*answer)
		e = e.Next()
		if !now.Before(x.until) || s.order.Len() >= maxAnswers || s.bytes > maxKept {
			s.drop(x)
		}
	}
	if held, ok := s.byKey[k]; ok {
		return nil, held
	}
	mine = &answer{key: k, print: print, until: now.Add(life), done: make(chan struct{})}
	mine.place = s.order.PushBack(mine)
	s.byKey[k] = mine
	return mine, nil
}

// drop forgets an answer; the lock is held.
func (s *answers) drop(x *answer) {
	if x.place == nil {
		return
	}
	s.order.Remove(x.place)
	x.place = nil
	s.bytes -= len(x.body)
	if s.byKey[x.key] == x {
		delete(s.byKey, x.key)
	}
}

// do lets next answer and keeps the answer if it is worth keeping.
func (s *answers) do(w http.ResponseWriter, r *http.Request, mine *answer, next http.Handler) {
	rec := &recorder{ResponseWriter: w}
	finished := false
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if finished && worthKeeping(rec.status) && rec.body.Len() <= maxOneKept && mine.place != nil {
			mine.status, mine.header, mine.body = rec.status, w.Header().Clone(), rec.body.Bytes()
			s.bytes += len(mine.body)
		} else {
			s.drop(mine)
		}
		close(mine.done)
	}()
	next.ServeHTTP(rec, r)
	finished = true
}

func worthKeeping(status int) bool {
	switch status {
	case 0, http.StatusUnauthorized, http.StatusRequestTimeout, http.StatusTooManyRequests:
		return false
	}
	return status < 500
}

func (x *answer) replay(w http.ResponseWriter) {
	for k, v := range x.header {
		w.Header()[k] = v
	}
	w.Header().Set("Idempotency-Replayed", "true")
	w.WriteHeader(x.status)
	_, _ = w.Write(x.body) // the client may be gone
}

// recorder copies what passes through it.
type recorder struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

func (r *recorder) WriteHeader(s int) {
	if r.status == 0 {
		r.status = s
	}
	r.ResponseWriter.WriteHeader(s)
}

func (r *recorder) Write(b []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	if r.body.Len() <= maxOneKept {
		r.body.Write(b)
	}
	return r.ResponseWriter.Write(b)
}

func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }
