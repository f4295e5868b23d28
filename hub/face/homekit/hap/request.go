package hap

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"
)

const (
	// mostHead and mostBody bound a request.
	mostHead = 8 << 10
	mostBody = 64 << 10
	// writeTime is how long what a controller asks for may take.
	writeTime = 9 * time.Second // controllers give up after ten

	typeTLV  = "application/pairing+tlv8"
	typeJSON = "application/hap+json"
)

// answer is what goes back for one request.
type answer struct {
	message []byte
	keys    *Keys // everything after this answer is encrypted with
	last    bool  // the connection ends after it
	after   func()
}

// message writes an HTTP message; start is its first line.
func message(start, media string, body []byte) []byte {
	var b bytes.Buffer
	b.WriteString(start + "\r\n")
	if media != "" {
		fmt.Fprintf(&b, "Content-Type: %s\r\nContent-Length: %d\r\n", media, len(body))
	}
	b.WriteString("\r\n")
	b.Write(body)
	return b.Bytes()
}

func reply(status int, text, media string, body []byte) answer {
	return answer{message: message(fmt.Sprintf("HTTP/1.1 %d %s", status, text), media, body)}
}

func plain(status int) answer {
	text := http.StatusText(status)
	if status == statusUnverified {
		text = "Connection Authorization Required"
	}
	return reply(status, text, typeJSON, []byte("{}"))
}

func tlv(t TLV) answer { return reply(http.StatusOK, "OK", typeTLV, t.Append(nil)) }

func refuse(s Status) answer {
	return reply(http.StatusBadRequest, "Bad Request", typeJSON, encode(struct {
		Status Status `json:"status"`
	}{s}))
}

// statusUnverified is HomeKit's own (§4.15).
const statusUnverified = 470

// handle answers one request of a connection.
func (c *conn) handle(ctx context.Context, r *http.Request, body []byte) answer {
	switch r.Method + " " + r.URL.Path {
	case "POST /pair-setup":
		return c.pairSetup(body)
	case "POST /pair-verify":
		return c.pairVerify(body)
	case "POST /identify":
		if len(c.server.o.Keeper.Pairings()) > 0 {
			return refuse(StatusPrivileges)
		}
		return reply(http.StatusNoContent, "No Content", "", nil)
	}
	if c.who == nil {
		return plain(statusUnverified)
	}
	if _, ok := c.server.o.Keeper.Pairing(c.who.ID); !ok { // removed a moment ago
		a := plain(statusUnverified)
		a.last = true
		return a
	}
	ctx, cancel := context.WithTimeout(ctx, writeTime)
	defer cancel()
	switch r.Method + " " + r.URL.Path {
	case "POST /pairings":
		m, err := ParseTLV(body)
		if err != nil {
			return plain(http.StatusBadRequest)
		}
		t, gone := pairings(c.server.o.Keeper, c.who.ID, time.Now(), m)
		a := tlv(t)
		if gone {
			a.after = c.server.dropRemoved
		}
		return a
	case "GET /accessories":
		return reply(http.StatusOK, "OK", typeJSON, c.server.o.Home.Accessories())
	case "GET /characteristics":
		return c.read(r)
	case "PUT /characteristics":
		return c.write(ctx, body)
	case "PUT /prepare":
		return c.prepare(time.Now(), body)
	default:
		return plain(http.StatusNotFound)
	}
}

func (c *conn) pairSetup(body []byte) answer {
	m, err := ParseTLV(body)
	if err != nil || c.who != nil {
		return plain(http.StatusBadRequest)
	}
	t := c.setup.step(time.Now(), m)
	a := tlv(t)
	if len(c.server.o.Keeper.Pairings()) > 0 && t.Get(TagEncrypted) != nil {
		a.after = c.server.o.Changed // once the controller knows
	}
	return a
}

func (c *conn) pairVerify(body []byte) answer {
	m, err := ParseTLV(body)
	if err != nil || c.who != nil {
		return plain(http.StatusBadRequest)
	}
	t, who, keys := c.verify.step(m)
	a := tlv(t)
	if keys != nil {
		c.setup.end()
		c.become(who)
		a.keys = keys
	}
	return a
}

// read answers GET /characteristics (§6.7.4).
func (c *conn) read(r *http.Request) answer {
	q := r.URL.Query()
	ids, err := parseIDs(q.Get("id"))
	if err != nil {
		return refuse(StatusInvalid)
	}
	body := values{Characteristics: make([]value, 0, len(ids))}
	bad := false
	for _, id := range ids {
		v := value{AID: id.AID, IID: id.IID}
		ch, ok := c.server.o.Home.Characteristic(id)
		status := ch.Status
		switch {
		case !ok:
			status = StatusNoSuchResource
		case !ch.may("pr"):
			status = StatusWriteOnly
		}
		if v.Status = &status; status == StatusOK {
			v.Value = &ch.Value
		}
		bad = bad || status != StatusOK
		if ok && q.Get("meta") == "1" {
			v.Format, v.Unit, v.Min, v.Max, v.Step, v.MaxLen, v.Valid = ch.Format, ch.Unit, ch.Min, ch.Max, ch.Step, ch.MaxLen, ch.Valid
		}
		if ok && q.Get("perms") == "1" {
			v.Perms = ch.Perms
		}
		if ok && q.Get("type") == "1" {
			v.Type = ch.Type
		}
		if ok && q.Get("ev") == "1" {
			on := c.subscribed(id)
			v.Events = &on
		}
		body.Characteristics = append(body.Characteristics, v)
	}
	if bad {
		return reply(http.StatusMultiStatus, "Multi-Status", typeJSON, encode(body))
	}
	for i := range body.Characteristics {
		body.Characteristics[i].Status = nil // said only when one of them is not well
	}
	return reply(http.StatusOK, "OK", typeJSON, encode(body))
}

type writeRequest struct {
	Characteristics []struct {
		AID      uint64          `json:"aid"`
		IID      uint64          `json:"iid"`
		Value    json.RawMessage `json:"value"`
		Events   *bool           `json:"ev"`
		Response bool            `json:"r"`
	} `json:"characteristics"`
	PID *uint64 `json:"pid"`
}

// write answers PUT /characteristics (§6.7.2). One that is refused does not keep
// the others from being written.
func (c *conn) write(ctx context.Context, body []byte) answer {
	var in writeRequest
	if json.Unmarshal(body, &in) != nil || len(in.Characteristics) == 0 {
		return refuse(StatusInvalid)
	}
	inTime := c.prepared(time.Now(), in.PID)
	var out values
	bad := false
	for _, w := range in.Characteristics {
		id := ID{w.AID, w.IID}
		ch, ok := c.server.o.Home.Characteristic(id)
		status := StatusOK
		switch {
		case !ok:
			status = StatusNoSuchResource
		case !inTime:
			status = StatusInvalid
		case w.Value != nil && !ch.may("pw"):
			status = StatusReadOnly
		case w.Events != nil && !ch.may("ev"):
			status = StatusNoEvents
		}
		if status == StatusOK && w.Events != nil {
			if !c.subscribe(id, *w.Events) {
				status = StatusBusy
			}
		}
		if status == StatusOK && w.Value != nil {
			if v, ok := ch.check(w.Value); ok {
				status = c.server.o.Home.Write(ctx, id, v)
			} else {
				status = StatusInvalid
			}
		}
		v := value{AID: id.AID, IID: id.IID, Status: &status}
		if w.Response && status == StatusOK {
			if now, ok := c.server.o.Home.Characteristic(id); ok {
				v.Value = &now.Value
			}
		}
		bad = bad || status != StatusOK || w.Response
		out.Characteristics = append(out.Characteristics, v)
	}
	if !bad {
		return reply(http.StatusNoContent, "No Content", "", nil)
	}
	return reply(http.StatusMultiStatus, "Multi-Status", typeJSON, encode(out))
}

// prepare answers PUT /prepare (§6.7.2.4): the next write has to come within ttl
// and name pid.
func (c *conn) prepare(now time.Time, body []byte) answer {
	var in struct {
		TTL uint32 `json:"ttl"` // milliseconds
		PID uint64 `json:"pid"`
	}
	if json.Unmarshal(body, &in) != nil || in.TTL == 0 {
		return refuse(StatusInvalid)
	}
	c.timed = timed{pid: in.PID, until: now.Add(time.Duration(in.TTL) * time.Millisecond), set: true}
	return reply(http.StatusOK, "OK", typeJSON, []byte(`{"status":0}`))
}

// timed is a write that was announced by /prepare.
type timed struct {
	pid   uint64
	until time.Time
	set   bool
}

// prepared tells whether a write may go on: it was not announced and does not say
// that it was, or it comes in time.
func (c *conn) prepared(now time.Time, pid *uint64) bool {
	was := c.timed
	c.timed = timed{}
	if pid == nil {
		return !was.set || now.After(was.until)
	}
	return was.set && was.pid == *pid && !now.After(was.until)
}

// readBody reads what a request carries.
func readBody(r *http.Request) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r.Body, mostBody+1))
	if err == nil && len(b) > mostBody {
		err = fmt.Errorf("hap: a body of more than %d bytes", mostBody)
	}
	return b, err
}
