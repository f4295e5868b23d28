package zigbeesim

import (
	"context"
	"errors"
	"io"
	"time"
)

// session is one host at the stick.
type session struct {
	s    *Stick
	port io.ReadWriteCloser
	out  [][]byte
	wake chan struct{}
	gone bool
}

// errTaken turns a second host away.
var errTaken = errors.New("zigbeesim: a host is already there")

// Serve answers one host until it hangs up, the stick is pulled or ctx ends.
func (s *Stick) Serve(ctx context.Context, port io.ReadWriteCloser) error {
	h := &session{s: s, port: port, wake: make(chan struct{}, 1)}
	s.mu.Lock()
	if s.host != nil || s.pulled {
		s.mu.Unlock()
		_ = port.Close()
		return errTaken
	}
	s.host = h
	s.face.begin()
	s.change()
	s.mu.Unlock()
	ctx, cancel := context.WithCancel(ctx)
	written := make(chan struct{})
	go func() {
		defer close(written)
		h.write(ctx)
	}()
	stop := context.AfterFunc(ctx, func() { _ = port.Close() })
	err := h.read()
	cancel()
	stop()
	_ = port.Close()
	<-written
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.host == h {
		s.host = nil
	}
	s.change()
	return err
}

func (h *session) read() error {
	buf := make([]byte, 512)
	for {
		n, err := h.port.Read(buf)
		if n > 0 && h.s.tap != nil {
			h.s.tap(false, buf[:n])
		}
		h.s.mu.Lock()
		if !h.s.lasting(Mute) {
			h.s.face.feed(buf[:n])
		}
		h.s.mu.Unlock()
		if err != nil {
			return err
		}
	}
}

func (h *session) write(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-h.wake:
		}
		for {
			h.s.mu.Lock()
			if len(h.out) == 0 {
				h.s.mu.Unlock()
				break
			}
			b := h.out[0]
			h.out = h.out[1:]
			h.s.mu.Unlock()
			if h.s.tap != nil {
				h.s.tap(true, b)
			}
			if _, err := h.port.Write(b); err != nil {
				return
			}
		}
	}
}

func (h *session) hangUp() {
	h.gone = true
	_ = h.port.Close()
	if h.s.host == h {
		h.s.host = nil
	}
}

func (h *session) put(b []byte) {
	h.out = append(h.out, b)
	select {
	case h.wake <- struct{}{}:
	default:
	}
}

// word says something to the host.
func (s *Stick) word(command uint16, data []byte) {
	if s.host == nil || s.lasting(Mute) {
		s.lost++
		s.change()
		return
	}
	if _, ok := s.takes(Extra, command); ok {
		data = append(data[:len(data):len(data)], 0xA5, 0x5A)
	}
	b := appendFrame(nil, command, data)
	if _, ok := s.takes(Garbage, command); ok {
		b = append([]byte{0x00, 0xFE, 0x03, 0xFE, 0xFF, 0x17}, b...)
	}
	if _, ok := s.takes(BadFCS, command); ok {
		b[len(b)-1] ^= 0xFF
	}
	if _, ok := s.takes(HalfFrame, command); ok {
		b = b[:len(b)/2]
	}
	s.put(b)
}

// put gives the host bytes, in pieces if they are to be split.
func (s *Stick) put(b []byte) {
	if !s.lasting(Split) {
		s.host.put(b)
		return
	}
	for len(b) > 0 {
		n := min(1+s.rand.IntN(5), len(b))
		s.host.put(b[:n])
		b = b[n:]
	}
}

// answer answers a request of the host.
func (s *Stick) answer(command uint16, data ...byte) {
	if _, ok := s.takes(LoseAnswer, command); ok {
		return
	}
	srsp := command&0x1FFF | 0x6000
	if f, ok := s.takes(LateAnswer, command); ok {
		s.after(f.For, func() { s.word(srsp, data) })
		return
	}
	s.word(srsp, data)
	if _, ok := s.takes(DoubleAnswer, command); ok {
		s.word(srsp, data)
	}
}

// after does something later unless the stick has restarted by then.
func (s *Stick) after(d time.Duration, do func()) {
	boot := s.boot
	time.AfterFunc(max(d, time.Millisecond), func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.boot == boot {
			do()
		}
	})
}
