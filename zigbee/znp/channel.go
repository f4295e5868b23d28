package znp

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"gatehouse/zigbee"
	"gatehouse/zigbee/octets"
)

// TI gave Mgmt_NWK_Update a number that is not its cluster's (0x0038), and its
// answer the right one.
const (
	zdoUpdate       Command = 0x2537
	zdoUpdateNotify Command = 0x45B8
)

// Figures of the channel.
const (
	scanDuration = 2 // (2² + 1) × 15.36 ms, in which nothing is heard: 77 ms
	scanWithin   = 5 * time.Second
	moveWithin   = 30 * time.Second // a stick follows its own broadcast 9 s later
	changeNow    = 0xFE             // in place of a duration
)

// update is a Mgmt_NWK_Update_req as MT has it: it has no room for the number of
// the update, which the stick counts itself.
func update(to zigbee.Short, mode, channel, duration, scans byte) []byte {
	d := binary.LittleEndian.AppendUint16(nil, uint16(to))
	d = append(d, mode)
	d = binary.LittleEndian.AppendUint32(d, 1<<channel)
	return append(d, duration, scans, 0, 0) // network manager: us
}

// Energy implements zigbee.Adapter: the stick is asked as any router could be.
func (s *Stick) Energy(ctx context.Context, channel byte) (int, error) {
	level, refused := byte(0), byte(0)
	told := s.expect(zdoUpdateNotify, func(b []byte) bool {
		r := octets.Reader{B: b}
		if from := r.U16(); from != uint16(zigbee.Coordinator) {
			return false
		}
		refused = r.U8()
		r.Take(4 + 2 + 2) // channels, messages sent, of them in vain
		if n := r.U8(); refused == 0 && n == 1 {
			level = r.U8()
		} else if refused == 0 {
			refused = 1
		}
		return true
	})
	if err := s.tell(ctx, zdoUpdate, update(zigbee.Coordinator, toOne, channel, scanDuration, 1)); err != nil {
		return 0, err
	}
	if err := told(ctx, scanWithin); err != nil {
		return 0, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if refused != 0 {
		return 0, &StatusError{zdoUpdate, refused}
	}
	return power(level), nil
}

// power is what an energy of 0 to 255 stands for. TI's MAC maps to it, linearly,
// what lies between 10 dB above the chip's sensitivity and +10 dBm; sensitivities
// go from -91 dBm (CC2530) to -100 dBm (CC2652), so this is right to 10 dB where
// it is quiet and to 4 dB where it is loud. The standard asks for 6 dB.
func power(level byte) int { return -90 + int(level)*100/255 }

// ChangeChannel implements zigbee.Adapter.
func (s *Stick) ChangeChannel(ctx context.Context, channel byte) error {
	const everybody = 0xFFFF
	if err := s.tell(ctx, zdoUpdate, update(everybody, toMany, channel, changeNow, 0)); err != nil {
		return err
	}
	limit := time.Now().Add(moveWithin)
	for {
		switch n, ok, err := s.Network(ctx); {
		case err != nil:
			return err
		case !ok:
			return errors.New("znp: the stick has lost its network on the way to another channel")
		case n.Channel == channel:
			return nil
		case time.Now().After(limit):
			return fmt.Errorf("znp: the stick is on channel %d still, %s after it was told to go to %d", n.Channel, moveWithin, channel)
		}
		if err := rest(ctx, settlePause); err != nil {
			return err
		}
	}
}

// rest waits a while.
func rest(ctx context.Context, d time.Duration) error {
	pause := time.NewTimer(d)
	defer pause.Stop()
	select {
	case <-pause.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
