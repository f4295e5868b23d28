package api

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"gatehouse/hub/people/auth"
)

// Bounds of a request.
const (
	maxBody     = 64 << 10         // no body of version 1 is near it
	bodyTimeout = 10 * time.Second // for the whole body
	askTimeout  = 20 * time.Second // for a request that is not the stream to be read and done
	sendTimeout = 30 * time.Second // for its answer to be taken
)

// bound gives a request its time, so that a client that sends or takes
// nothing holds nothing. The stream sets its own.
func bound(w http.ResponseWriter) {
	rc := http.NewResponseController(w)
	// Not every writer has deadlines: a test's recorder cannot hang either.
	_ = rc.SetReadDeadline(time.Now().Add(askTimeout))
	_ = rc.SetWriteDeadline(time.Now().Add(sendTimeout))
}

// asking is what a handler may know about who asks.
type asking struct {
	caller auth.Caller
	client auth.Client
	local  bool   // from this machine
	key    string // Idempotency-Key, "" when none
}

type askingKey struct{}

// ask is the asking of a request that came through the gate.
func ask(ctx context.Context) asking {
	a, _ := ctx.Value(askingKey{}).(asking)
	return a
}

// outer stands before everything, the page and the mounts included: it catches
// panics, refuses foreign hosts and origins, and sets the headers that every
// answer carries.
func (a *API) outer(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			p := recover()
			if p == nil {
				return
			}
			if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) {
				panic(p) // the server's own way to cut a connection
			}
			a.panics.Inc()
			a.log.Error("request panicked", "method", r.Method, "path", r.URL.Path, "err", p)
			problem(http.StatusInternalServerError, codeInternal, "The hub could not do this. Its log says why.").write(w)
		}()
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		if r.TLS != nil {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		if ours(r.URL.Path) {
			h.Set("Cache-Control", "no-store")
			h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		}
		if !knownHost(r.Host, a.o.Hosts) {
			problem(http.StatusMisdirectedRequest, codeWrongHost,
				"This hub does not answer to that name. Use its address, or a name it was given.").write(w)
			return
		}
		if err := a.cross.Check(r); err != nil {
			problem(http.StatusForbidden, codeCrossOrigin, "Another site may not do this. Open the hub's own page.").write(w)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// knownHost tells whether a Host header can be meant for this hub. A page of
// somebody else that had its name point here (DNS rebinding) comes with its own
// name; an address or localhost cannot be somebody else's.
func knownHost(host string, names func() []string) bool {
	name := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = h
	}
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	if name == "localhost" {
		return true
	}
	if _, err := netip.ParseAddr(strings.Trim(name, "[]")); err == nil {
		return true
	}
	return names != nil && slices.ContainsFunc(names(), func(n string) bool { return strings.EqualFold(n, name) })
}

// gate stands before one route: who asks, may they, the body, and the answer
// of an earlier request with the same key.
func (a *API) gate(rt *route, next http.Handler) http.HandlerFunc {
	count := a.counters(rt)
	return func(w http.ResponseWriter, r *http.Request) {
		sw := &statusWriter{ResponseWriter: w}
		defer func(begin time.Time) { count(sw.status, time.Since(begin)) }(time.Now())

		if rt.handler.address {
			r = tokenInAddress(r)
		}
		caller, err := a.o.People.Caller(r)
		if err != nil && !errors.Is(err, auth.ErrNotSignedIn) {
			a.refuse(sw, r, err)
			return
		}
		if err == nil {
			recognised(r.Context())
		}
		as := asking{caller: caller, client: auth.ClientOf(r), key: r.Header.Get("Idempotency-Key")}
		as.local = as.client.Addr.IsLoopback()
		if err := rt.need.check(as, err != nil && r.Header.Get("Authorization") != "", time.Now()); err != nil {
			a.refuse(sw, r, err)
			return
		}
		r = r.WithContext(context.WithValue(r.Context(), askingKey{}, as))
		if safe(r.Method) {
			next.ServeHTTP(sw, r)
			return
		}
		body, p := readBody(sw, r)
		if p != nil {
			p.write(sw)
			return
		}
		if as.key == "" {
			next.ServeHTTP(sw, r)
			return
		}
		a.kept.serve(sw, r, as, body, lifeOf(rt), next)
	}
}

func safe(method string) bool {
	return method == http.MethodGet || method == http.MethodHead || method == http.MethodOptions
}

// readBody reads the whole body, bounded in size and time, and puts it back.
func readBody(w http.ResponseWriter, r *http.Request) ([]byte, *Problem) {
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(bodyTimeout)) // see bound
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var tooLarge *http.MaxBytesError
	var timeout net.Error
	switch {
	case errors.As(err, &tooLarge):
		return nil, problem(http.StatusRequestEntityTooLarge, codeTooLarge, "The body is larger than %d bytes.", maxBody)
	case errors.As(err, &timeout) && timeout.Timeout():
		return nil, problem(http.StatusRequestTimeout, codeRequestTime, "The body did not arrive within %s.", bodyTimeout)
	case err != nil:
		return nil, problem(http.StatusBadRequest, codeInvalid, "The body could not be read to its end.")
	}
	_ = http.NewResponseController(w).SetReadDeadline(time.Time{})
	r.Body = io.NopCloser(bytes.NewReader(body))
	r.ContentLength = int64(len(body))
	return body, nil
}

// refuse answers with the problem that err is.
func (a *API) refuse(w http.ResponseWriter, r *http.Request, err error) {
	p := refusal(err, time.Now())
	if p.cause != nil && r.Context().Err() == nil {
		a.log.Error("request failed", "method", r.Method, "path", r.URL.Path, "err", p.cause)
	}
	p.write(w)
}

// statusWriter remembers the status for the counters.
type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(s int) {
	if w.status == 0 {
		w.status = s
	}
	w.ResponseWriter.WriteHeader(s)
}

func (w *statusWriter) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(b)
}

// Hijack lets a WebSocket take the connection over.
func (w *statusWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	w.status = http.StatusSwitchingProtocols
	return http.NewResponseController(w.ResponseWriter).Hijack()
}

// Unwrap lets http.ResponseController reach flush and deadlines.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
