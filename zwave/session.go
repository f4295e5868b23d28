package zwave

import (
	"time"

	"gatehouse/zwave/frame"
	"gatehouse/zwave/serialapi"
)

// Session timing.
const (
	responseTime = 10 * time.Second
	abortTime    = 20 * time.Second // of waiting for a callback: cut the transmission short
	callbackTime = 30 * time.Second // of waiting for a callback: give up
	sirenAbort   = 5 * time.Second  // the same two for sirens: others may stand behind this one
	sirenTime    = 6 * time.Second
	yieldTime    = time.Second      // for the callback after a transmission was cut short for a siren
	learnTime    = 60 * time.Second // the same, for callbacks that are not of SendData
)

// request is one Serial API command on its way.
type request struct {
	function serialapi.Function
	payload  []byte // without the callback id
	respond  bool   // a response will come
	callback bool   // a callback id is appended
	await    bool   // and the request is over only when the callback came
	control  bool   // goes before every lane, and while the controller starts
	void     bool   // must not be sent any more
	lane     Lane
	cmd      *command // of SendData

	id byte // callback id, chosen when sent

	// accept judges the response; an error ends the request. Nil accepts all.
	accept func(response []byte) error
	// done is called once, with the controller's lock held: payload is the
	// callback's, behind its id, or else the response's, and is not kept.
	done func(now time.Time, payload []byte, err error)
}

// stage is what a session waits for.
type stage byte

const (
	stageAck stage = iota
	stageResponse
	stageCallback
)

// session is the one request that is outstanding. Like link it is a value that
// is told the time.
type session struct {
	req     *request // nil: none
	stage   stage
	until   time.Time
	abortAt time.Time
	aborted bool      // the transmission has been cut short
	yielded bool      // for something more urgent
	look    time.Time // when that may become due
	lastID  byte      // 1–255; 0 would mean "no callback, please"
}

// begin makes r the outstanding request and returns its frame.
func (s *session) begin(r *request) []byte {
	s.req, s.stage, s.aborted, s.yielded, s.look = r, stageAck, false, false, time.Time{}
	payload := r.payload
	if r.callback {
		s.lastID++
		if s.lastID == 0 {
			s.lastID = 1
		}
		r.id = s.lastID
		payload = append(payload[:len(payload):len(payload)], r.id)
	}
	b := make([]byte, 0, len(payload)+5)
	return frame.Data{Type: frame.Request, Function: byte(r.function), Payload: payload}.Append(b)
}

// acked takes the stick's ACK and tells whether the request is over with it.
func (s *session) acked(now time.Time) (over bool) {
	switch {
	case s.req == nil || s.stage != stageAck:
		return false
	case s.req.respond:
		s.stage, s.until = stageResponse, now.Add(responseTime)
	case s.req.await:
		s.waitCallback(now)
	default:
		return true
	}
	return false
}

func (s *session) waitCallback(now time.Time) {
	s.stage = stageCallback
	if s.req.cmd == nil {
		s.until = now.Add(learnTime)
		return
	}
	s.until, s.abortAt = now.Add(callbackTime), now.Add(abortTime)
	if s.req.lane == LaneSiren {
		s.until, s.abortAt = now.Add(sirenTime), now.Add(sirenAbort)
	}
}

// answers tells whether a response is the outstanding request's.
func (s *session) answers(f serialapi.Function) bool {
	return s.req != nil && s.req.respond && s.stage != stageCallback && s.req.function == f
}

// calls tells whether a callback is the outstanding request's. It may come
// before the response, and even before the ACK, when one of them was lost.
func (s *session) calls(f serialapi.Function, payload []byte) bool {
	return s.req != nil && s.req.await && s.req.function == f && len(payload) > 0 && payload[0] == s.req.id
}

// overdue says what is due now.
type overdue byte

const (
	onTime overdue = iota
	noResponse
	noCallback
	cutShort // send an abort
)

func (s *session) tick(now time.Time) overdue {
	switch {
	case s.req == nil || s.stage == stageAck:
	case !now.Before(s.until):
		if s.stage == stageResponse {
			return noResponse
		}
		return noCallback
	case s.stage == stageCallback && s.req.cmd != nil && !s.aborted && !now.Before(s.abortAt):
		return cutShort
	}
	return onTime
}

func (s *session) deadline() (time.Time, bool) {
	switch {
	case s.req == nil || s.stage == stageAck:
		return time.Time{}, false
	case s.stage == stageCallback && s.req.cmd != nil && !s.aborted:
		return s.abortAt, true
	default:
		return s.until, true
	}
}
