package ezsp

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"gatehouse/zigbee"
	"gatehouse/zigbee/octets"
)

// Figures of the channel.
const (
	scanDuration = 2 // (2² + 1) × 15.36 ms, in which nothing is heard: 77 ms
	scanWithin   = 5 * time.Second
	moveWithin   = 30 * time.Second // a stick follows its own broadcast 9 s later
	settlePause  = 500 * time.Millisecond
)

// scan is a measuring of energy under way.
type scan struct {
	channel byte
	level   int8
	heard   bool
	over    chan struct{}
}

var errScanning = errors.New("ezsp: the stick is listening already")

// Energy implements zigbee.Adapter.
func (s *Stick) Energy(ctx context.Context, channel byte) (int, error) {
	m := &scan{channel: channel, over: make(chan struct{})}
	s.mu.Lock()
	busy := s.scan != nil
	if !busy {
		s.scan = m
	}
	s.mu.Unlock()
	if busy {
		return 0, errScanning
	}
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.scan = nil
	}()
	const energy = 0
	b, err := s.ask(ctx, startScan, append(binary.LittleEndian.AppendUint32([]byte{energy}, 1<<channel), scanDuration)...)
	if err != nil {
		return 0, err
	}
	// Its status has four bytes in some firmware that speaks EZSP 13 and one in
	// other; that it went well is zero in both.
	for _, v := range b {
		if v != 0 {
			return 0, &StatusError{startScan, Status(v)}
		}
	}
	limit := time.NewTimer(scanWithin)
	defer limit.Stop()
	select {
	case <-m.over:
	case <-s.gone:
		return 0, zigbee.ErrDown
	case <-ctx.Done():
		return 0, context.Cause(ctx)
	case <-limit.C:
		return 0, fmt.Errorf("ezsp: the stick did not listen on channel %d to an end within %s", channel, scanWithin)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !m.heard {
		return 0, fmt.Errorf("ezsp: the stick does not say what it heard on channel %d", channel)
	}
	return int(m.level), nil
}

// scanned takes what the stick says of the measuring under way.
func (s *Stick) scanned(p packet) {
	m := s.scan
	switch {
	case m == nil:
	case p.command == scanComplete:
		s.scan = nil
		close(m.over)
	case len(p.data) >= 2 && p.data[0] == m.channel:
		m.level, m.heard = int8(p.data[1]), true
	}
}

// ChangeChannel implements zigbee.Adapter. The stick hears its own broadcast as
// every other does.
func (s *Stick) ChangeChannel(ctx context.Context, channel byte) error {
	_, number, err := s.updated(ctx)
	if err != nil {
		return err
	}
	const cluster, everybody, changeNow = 0x0038, 0xFFFF, 0xFE
	d := binary.LittleEndian.AppendUint32([]byte{s.nextRequest()}, 1<<channel)
	d = append(d, changeNow, number+1)
	if err := s.tell(ctx, sendBroadcast, s.broadcast(everybody, aps{cluster: cluster}, d)...); err != nil {
		return err
	}
	limit := time.Now().Add(moveWithin)
	for {
		switch now, _, err := s.updated(ctx); {
		case err != nil:
			return err
		case now == channel:
			return nil
		case time.Now().After(limit):
			return fmt.Errorf("ezsp: the stick is on channel %d still, %s after it was told to go to %d", now, moveWithin, channel)
		}
		pause := time.NewTimer(settlePause)
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return context.Cause(ctx)
		}
	}
}

// updated is the channel that the stick is on, and the number of the update that
// brought it there.
func (s *Stick) updated(ctx context.Context) (channel, number byte, err error) {
	b, err := s.ask(ctx, networkParams)
	if err != nil {
		return 0, 0, err
	}
	r := reader{octets.Reader{B: b}}
	status := r.status(s.agreed())
	r.Take(1 + 8 + 2 + 1) // kind, both numbers of the network, power
	channel = r.U8()
	r.Take(1 + 2) // how devices join, network manager
	number = r.U8()
	if status != success || r.Short {
		return 0, 0, &StatusError{networkParams, status}
	}
	return channel, number, nil
}
