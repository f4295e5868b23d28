package znp

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"gatehouse/zigbee"
	"gatehouse/zigbee/octets"
)

// Deadlines of starting.
const (
	resetWithin  = 30 * time.Second
	startWithin  = 60 * time.Second
	settleWithin = 30 * time.Second // until what was formed stands in NV
	settlePause  = 500 * time.Millisecond
)

// product is Z-Stack 3.x.0, which every CC2652 and CC1352 runs.
const product = 1

// coordinator is the state of a device that has started as one.
const coordinator = 9

// Items of NV.
const (
	nvStartup    = 0x0003
	nvNIB        = 0x0021
	nvExtPAN     = 0x002D
	nvActiveKey  = 0x003A // number, key
	nvAPSExtPAN  = 0x0047
	nvKey        = 0x0062
	nvKeyEnable  = 0x0063
	nvPAN        = 0x0083
	nvChannels   = 0x0084
	nvType       = 0x0087
	nvDirect     = 0x008F // answers of ZDO come as words of their own
	nvConfigured = 0x0060
)

// configured in nvConfigured tells that a host has formed a network. Hosts agree
// on the value.
const configured = 0x55

// clearAll in nvStartup has the next reset forget the network.
const clearAll = 0x03

// Hello implements zigbee.Adapter.
func (s *Stick) Hello(ctx context.Context) (zigbee.Info, error) {
	if _, err := s.ask(ctx, sysPing); err != nil {
		return zigbee.Info{}, err
	}
	b, err := s.ask(ctx, sysVersion)
	if err != nil {
		return zigbee.Info{}, err
	}
	r := octets.Reader{B: b}
	r.U8()
	kind := r.U8()
	r.Take(3)
	if kind != product || r.Short {
		return zigbee.Info{}, errors.New("znp: the stick's firmware is not Z-Stack 3.x.0 but an older one: bring a CC2652 or CC1352 stick, or newer firmware for this one")
	}
	info := zigbee.Info{Family: "znp", Version: "Z-Stack 3.x.0"}
	if rev := binary.LittleEndian.Uint32(append(r.Take(4), 0, 0, 0, 0)); rev != 0 {
		info.Version = fmt.Sprintf("Z-Stack 3.x.0, %d", rev)
	}
	info.IEEE, _, err = s.device(ctx)
	return info, err
}

// device is the stick's address and state.
func (s *Stick) device(ctx context.Context) (zigbee.IEEE, byte, error) {
	b, err := s.ask(ctx, utilDevice)
	if err != nil {
		return 0, 0, err
	}
	r := octets.Reader{B: b}
	status, device := r.U8(), zigbee.IEEE(r.U64())
	r.Take(2 + 1) // short address, what it could be
	state := r.U8()
	if status != 0 || r.Short {
		return 0, 0, &StatusError{utilDevice, status}
	}
	return device, state, nil
}

// item reads an item of NV; nil: there is none.
func (s *Stick) item(ctx context.Context, id uint16) ([]byte, error) {
	b, err := s.ask(ctx, sysNVLength, byte(id), byte(id>>8))
	if err != nil {
		return nil, err
	}
	r := octets.Reader{B: b}
	n := int(r.U16())
	var item []byte
	for len(item) < n {
		b, err := s.ask(ctx, sysNVRead, byte(id), byte(id>>8), byte(len(item)), byte(len(item)>>8))
		if err != nil {
			return nil, err
		}
		r := octets.Reader{B: b}
		if status := r.U8(); status != 0 {
			return nil, &StatusError{sysNVRead, status}
		}
		part := r.Take(int(r.U8()))
		if len(part) == 0 {
			return nil, fmt.Errorf("znp: item 0x%04x of the stick's memory ends after %d of %d bytes", id, len(item), n)
		}
		item = append(item, part...)
	}
	return item, nil
}

// store writes an item of NV, and makes it if there is none.
func (s *Stick) store(ctx context.Context, id uint16, value ...byte) error {
	const made, most = 0x09, 240 // bytes at a time
	n := len(value)
	begin := value[:min(n, most)]
	d := append([]byte{byte(id), byte(id >> 8), byte(n), byte(n >> 8), byte(len(begin))}, begin...)
	if err := s.tell(ctx, sysNVInit, d, made); err != nil {
		return fmt.Errorf("item 0x%04x: %w", id, err)
	}
	for at := 0; at < n; at += most {
		part := value[at:min(at+most, n)]
		d = append([]byte{byte(id), byte(id >> 8), byte(at), byte(at >> 8), byte(len(part)), byte(len(part) >> 8)}, part...)
		if err := s.tell(ctx, sysNVWrite, d); err != nil {
			return fmt.Errorf("item 0x%04x: %w", id, err)
		}
	}
	return nil
}

// layouts are where the parts of the network information base stand, by its
// length: packed on older chips, padded to words on CC26x2.
var layouts = map[int]struct{ level, channel, pan, channels, extPAN, update int }{
	110: {12, 22, 33, 36, 53, 109},
	116: {12, 24, 36, 40, 57, 114},
}

// Network implements zigbee.Adapter.
func (s *Stick) Network(ctx context.Context) (zigbee.Network, bool, error) {
	flag, err := s.item(ctx, nvConfigured)
	if err != nil || len(flag) == 0 || flag[0] != configured {
		return zigbee.Network{}, false, err
	}
	return s.held(ctx)
}

// held is the network that stands in NV, whether a host said that it is done with
// forming it or not.
func (s *Stick) held(ctx context.Context) (zigbee.Network, bool, error) {
	var n zigbee.Network
	nib, err := s.item(ctx, nvNIB)
	if err != nil || len(nib) == 0 {
		return n, false, err
	}
	key, err := s.item(ctx, nvActiveKey)
	if err != nil {
		return n, false, err
	}
	l, ok := layouts[len(nib)]
	if !ok || len(key) < 1+len(n.Key) {
		return n, false, fmt.Errorf("znp: the stick keeps its network in a form that is not known here (%d and %d bytes)", len(nib), len(key))
	}
	n.Channel = nib[l.channel]
	n.PAN = binary.LittleEndian.Uint16(nib[l.pan:])
	n.ExtendedPAN = binary.LittleEndian.Uint64(nib[l.extPAN:])
	copy(n.Key[:], key[1:])
	n.Formed = true
	return n, n.PAN != 0xFFFF && n.Channel != 0, nil
}

// Form implements zigbee.Adapter.
func (s *Stick) Form(ctx context.Context, n zigbee.Network) error {
	if err := s.commission(ctx, n); err != nil {
		return err
	}
	return s.store(ctx, nvConfigured, configured)
}

// item is an item of NV.
type item struct {
	id    uint16
	value []byte
}

// parameters are the items that a network is formed by.
func parameters(n zigbee.Network) []item {
	ext := binary.LittleEndian.AppendUint64(nil, n.ExtendedPAN)
	return []item{
		{nvStartup, []byte{0}},
		{nvType, []byte{0}},
		{nvDirect, []byte{1}},
		{nvChannels, binary.LittleEndian.AppendUint32(nil, 1<<n.Channel)},
		{nvPAN, binary.LittleEndian.AppendUint16(nil, n.PAN)},
		{nvExtPAN, ext},
		{nvAPSExtPAN, ext},
		{nvKey, n.Key[:]},
		{nvKeyEnable, []byte{0}},
	}
}

// commission has the stick form a network, and waits until that stands in its
// memory. What it held is lost.
func (s *Stick) commission(ctx context.Context, n zigbee.Network) error {
	if err := s.forget(ctx); err != nil {
		return err
	}
	for _, w := range parameters(n) {
		if err := s.store(ctx, w.id, w.value...); err != nil {
			return err
		}
	}
	channels := binary.LittleEndian.AppendUint32(nil, 1<<n.Channel)
	if err := s.tell(ctx, bdbChannel, append([]byte{1}, channels...)); err != nil {
		return err
	}
	if err := s.tell(ctx, bdbChannel, []byte{0, 0, 0, 0, 0}); err != nil { // no second choice
		return err
	}
	started := s.expect(zdoState, func(b []byte) bool { return first(b) == coordinator })
	const form = 0x04
	if err := s.tell(ctx, bdbCommission, []byte{form}); err != nil {
		return err
	}
	if err := started(ctx, startWithin); err != nil {
		return fmt.Errorf("forming the network: %w; another network nearby may have the same number", err)
	}
	return s.settled(ctx, n)
}

// forget has the stick forget the network that it holds.
func (s *Stick) forget(ctx context.Context) error {
	nib, err := s.item(ctx, nvNIB)
	if err != nil {
		return err
	}
	if n := len(nib); n > 0 {
		if err := s.tell(ctx, sysNVDelete, []byte{nvNIB, 0, byte(n), byte(n >> 8)}, 0x09); err != nil {
			return err
		}
	}
	if err := s.store(ctx, nvStartup, clearAll); err != nil {
		return err
	}
	return s.reset(ctx)
}

// reset restarts the stick.
func (s *Stick) reset(ctx context.Context) error {
	restarted := s.expect(sysResetInd, func([]byte) bool { return true })
	now := s.lock()
	s.resets = true
	s.say(Frame{sysReset, []byte{1}})
	s.unlock(now)
	return restarted(ctx, resetWithin)
}

// settled waits until the stick's memory says what was formed.
func (s *Stick) settled(ctx context.Context, want zigbee.Network) error {
	limit := time.Now().Add(settleWithin)
	for {
		n, ok, err := s.held(ctx)
		switch {
		case err != nil:
			return err
		case ok && n.Same(want):
			return nil
		case ok && !bytes.Equal(n.Key[:], want.Key[:]):
			return errors.New("znp: the stick formed a network with a key of its own")
		case time.Now().After(limit):
			return fmt.Errorf("znp: the stick formed network %s, want %s; another network nearby may have the same number", n, want)
		}
		if err := rest(ctx, settlePause); err != nil {
			return err
		}
	}
}

// Resume implements zigbee.Adapter.
func (s *Stick) Resume(ctx context.Context) error {
	_, state, err := s.device(ctx)
	if err != nil {
		return err
	}
	if state != coordinator {
		started := s.expect(zdoState, func(b []byte) bool { return first(b) == coordinator })
		const restored, fresh = 0, 1
		if err := s.tell(ctx, zdoStart, []byte{100, 0}, restored, fresh); err != nil {
			return err
		}
		if err := started(ctx, startWithin); err != nil {
			return err
		}
	}
	// The hub is the control equipment of an alarm system: it takes codes from
	// keypads (0x0501) and listens to zones (0x0500), and rings sirens (0x0502). It
	// has firmware for devices (0x0019), and hears remote controls (0x0005, 0x0006,
	// 0x0008).
	const there = 0xB8
	return s.tell(ctx, afRegister, []byte{
		endpoint, 0x04, 0x01, 0x00, 0x04, 0, 0,
		5, 0x01, 0x05, 0x19, 0x00, 0x05, 0x00, 0x06, 0x00, 0x08, 0x00,
		2, 0x00, 0x05, 0x02, 0x05,
	}, there)
}

// Follow implements zigbee.Adapter. A stick keeps its groups when it restarts.
func (s *Stick) Follow(ctx context.Context, groups []uint16) error {
	for _, g := range groups {
		b, err := s.ask(ctx, zdoFind, endpoint, byte(g), byte(g>>8))
		if err != nil {
			return err
		}
		if first(b) == 0 && len(b) > 0 {
			continue
		}
		if err := s.tell(ctx, zdoFollow, []byte{endpoint, byte(g), byte(g >> 8), 0}); err != nil {
			return err
		}
	}
	return nil
}

// PermitJoin implements zigbee.Adapter: 0x0036 for every router or to the stick
// itself, with the trust center's say. A stick is told that only those join whom
// it expects, and that it is over, by a command that other hosts do not use; it is
// left alone as long as nobody wants it.
func (s *Stick) PermitJoin(ctx context.Context, p zigbee.Permit) error {
	if p.CodesOnly || s.strict.Load() {
		s.strict.Store(true)
		if err := s.tell(ctx, bdbCodesOnly, []byte{flag(p.CodesOnly)}); err != nil {
			return err
		}
		s.strict.Store(p.CodesOnly)
	}
	to, mode := zigbee.Everyone, byte(toMany)
	if p.For > 0 && p.Through != zigbee.Everyone {
		if to, mode = zigbee.Coordinator, toOne; p.Through != to {
			return nil
		}
	}
	return s.tell(ctx, zdoFirst+0x36, []byte{mode, byte(to), byte(to >> 8), p.Seconds(), 1})
}

func flag(b bool) byte {
	if b {
		return 1
	}
	return 0
}

// Expect implements zigbee.Adapter. The stick takes codes of 16 bytes and keys
// (format 2); keys go for every length.
func (s *Stick) Expect(ctx context.Context, c zigbee.InstallCode) error {
	const hashed = 2
	d := binary.LittleEndian.AppendUint64([]byte{hashed}, uint64(c.Device))
	return s.tell(ctx, bdbInstallCode, append(d, c.Key[:]...))
}
