package ezsp

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"gatehouse/zigbee"
	"gatehouse/zigbee/octets"
)

// startWithin is how long a network may take to come up or go down.
const startWithin = 60 * time.Second

// meshStack is the kind of stack that routes for others.
const meshStack = 2

// Hello implements zigbee.Adapter: it restarts the stick, agrees on a version of
// EZSP, and sets up what a stick forgets at a restart.
func (s *Stick) Hello(ctx context.Context) (zigbee.Info, error) {
	if s.agreed() == 0 {
		if err := s.connect(ctx); err != nil {
			return zigbee.Info{}, err
		}
		if err := s.agree(ctx); err != nil {
			return zigbee.Info{}, err
		}
		if err := s.configure(ctx); err != nil {
			return zigbee.Info{}, err
		}
	}
	const info = 0x11
	b, err := s.ask(ctx, getValue, info)
	if err != nil {
		return zigbee.Info{}, err
	}
	r := reader{octets.Reader{B: b}}
	status := r.status(s.agreed())
	r.Take(1 + 2) // length, build
	major, minor, patch := r.U8(), r.U8(), r.U8()
	if status != success || r.Short {
		return zigbee.Info{}, &StatusError{getValue, status}
	}
	if b, err = s.ask(ctx, getEUI64); err != nil {
		return zigbee.Info{}, err
	}
	r = reader{octets.Reader{B: b}}
	device := zigbee.IEEE(r.U64())
	if r.Short {
		return zigbee.Info{}, fmt.Errorf("ezsp: %s: %w", getEUI64, errShort)
	}
	return zigbee.Info{Family: "ezsp", Version: fmt.Sprintf("EmberZNet %d.%d.%d, EZSP %d", major, minor, patch, s.agreed()), IEEE: device}, nil
}

// connect restarts the stick and waits for the link.
func (s *Stick) connect(ctx context.Context) error {
	now := s.lock()
	if s.link.state == down {
		s.link.reset(now)
	}
	s.unlock(now)
	select {
	case <-s.risen:
		return nil
	case <-s.gone:
		return zigbee.ErrDown
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// agree finds a version of EZSP that both sides speak. The stick says which one
// it has, and wants to be told that again.
func (s *Stick) agree(ctx context.Context) error {
	b, err := s.call(ctx, &call{command: version, data: []byte{newest}, first: true, lane: zigbee.LaneUser})
	if err != nil {
		return err
	}
	r := reader{octets.Reader{B: b}}
	has, kind := r.U8(), r.U8()
	switch {
	case r.Short:
		return fmt.Errorf("ezsp: %s: %w", version, errShort)
	case has < oldest:
		return fmt.Errorf("ezsp: the stick speaks EZSP %d, and the hub %d to %d: update the stick's firmware to EmberZNet 7.4 or newer", has, oldest, newest)
	case has > newest:
		return fmt.Errorf("ezsp: the stick speaks EZSP %d, which is newer than what the hub knows (%d to %d): update the hub, or bring older firmware to the stick", has, oldest, newest)
	case kind != meshStack:
		return errors.New("ezsp: the stick's firmware is not a Zigbee coordinator's: bring EmberZNet to it")
	}
	if has != newest {
		if b, err = s.ask(ctx, version, has); err != nil {
			return err
		}
		if now := at(b, 0); now != has {
			return fmt.Errorf("ezsp: the stick speaks EZSP %d and then %d", has, now)
		}
	}
	s.mu.Lock()
	s.version = has
	s.mu.Unlock()
	return nil
}

// What is set at every start. Values are those of zigbee-herdsman.
var (
	configs = []struct {
		id    byte
		value uint16
	}{
		{0x0C, 2},    // stack profile: Zigbee PRO
		{0x0D, 5},    // security level: network and link keys
		{0x10, 30},   // hops
		{0x11, 32},   // sleeping children
		{0x12, 7680}, // ms that a message waits for one
		{0x13, 8},    // a child that has not polled for 2⁸ minutes is none any more
		{0x19, 2},    // addresses that the trust center remembers
		{0x36, 300},  // s that a key for who joins is kept
	}
	policies = []struct{ id, decision byte }{
		{policyTrust, rejoins},
		{0x01, 0x12}, // bindings are made only if the endpoint has the cluster
		{0x04, 0x40}, // confirms do not repeat the message
		{0x05, 0x51}, // who has joined gets a link key of its own
		{0x06, 0x60}, // devices get no keys for each other
	}
)

// The policy of the trust center.
const (
	policyTrust = 0x00
	joins       = 0x01 // bits of its decision
	rejoins     = 0x02
	byCode      = 0x10 // only with a key that the stick was told for the device
)

// configure sets what the stick forgets at a restart, and makes the hub's
// endpoint. It must be done before the network comes up.
func (s *Stick) configure(ctx context.Context) error {
	for _, c := range configs {
		err := s.tell(ctx, setConfig, c.id, byte(c.value), byte(c.value>>8))
		if e, refused := errors.AsType[*StatusError](err); refused {
			// Firmware may be built with less room. What it has will do.
			s.log.Debug("the Zigbee stick keeps its own value", "config", c.id, "err", e)
		} else if err != nil {
			return err
		}
	}
	for _, p := range policies {
		if err := s.tell(ctx, setPolicy, p.id, p.decision); err != nil {
			return err
		}
	}
	// The hub is the control equipment of an alarm system: it takes codes from
	// keypads (0x0501), listens to zones (0x0500) and rings sirens (0x0502). It has
	// firmware for devices (0x0019), and hears remote controls (0x0005, 0x0006,
	// 0x0008).
	return s.tell(
		ctx, addEndpoint, endpoint, 0x04, 0x01, 0x00, 0x04, 0, 5, 2,
		0x01, 0x05, 0x19, 0x00, 0x05, 0x00, 0x06, 0x00, 0x08, 0x00, 0x00, 0x05, 0x02, 0x05,
	)
}

// Follow implements zigbee.Adapter. A stick forgets its groups when it restarts.
func (s *Stick) Follow(ctx context.Context, groups []uint16) error {
	for place, g := range groups {
		if err := s.tell(ctx, setMulticast, byte(place), byte(g), byte(g>>8), endpoint, 0); err != nil {
			return err
		}
	}
	return nil
}

// raise brings up the network that the stick holds; false: it holds none.
func (s *Stick) raise(ctx context.Context) (bool, error) {
	s.mu.Lock()
	joined := s.joined
	s.mu.Unlock()
	if joined {
		return true, nil
	}
	const parentInfo, rejoin = 0x0001, 0x0002
	risen := s.expect(networkUp)
	err := s.tell(ctx, networkInit, parentInfo|rejoin, 0)
	if e, refused := errors.AsType[*StatusError](err); refused && e.Status == notJoined {
		return false, nil
	}
	if err == nil {
		err = risen(ctx)
	}
	return err == nil, err
}

// coordinator is the kind of node that has formed its network.
const coordinator = 1

// Network implements zigbee.Adapter. A stick tells of its network only when that
// is up, so it is brought up.
func (s *Stick) Network(ctx context.Context) (zigbee.Network, bool, error) {
	var n zigbee.Network
	if there, err := s.raise(ctx); !there || err != nil {
		return n, false, err
	}
	p, err := s.parameters(ctx)
	switch {
	case err != nil:
		return n, false, err
	case p.kind != coordinator:
		return n, false, errors.New("ezsp: the stick is a part of another coordinator's network: erase it")
	}
	n = p.network
	n.Key, err = s.export(ctx, keyOfNetwork)
	n.Formed = true
	return n, err == nil, err
}

// Form implements zigbee.Adapter.
func (s *Stick) Form(ctx context.Context, n zigbee.Network) error {
	if err := s.leave(ctx); err != nil {
		return err
	}
	if err := s.tell(ctx, clearKeys); err != nil {
		return err
	}
	return s.form(ctx, formation{network: n})
}

// leave has the stick forget the network that it holds.
func (s *Stick) leave(ctx context.Context) error {
	there, err := s.raise(ctx)
	if err != nil || !there {
		return err
	}
	gone := s.expect(networkDown)
	var options []byte
	if s.agreed() >= wide {
		options = []byte{0}
	}
	if err := s.tell(ctx, leaveNetwork, options...); err != nil {
		return err
	}
	return gone(ctx)
}

// formation is how a network is formed.
type formation struct {
	network zigbee.Network
	root    *zigbee.Key // nil: a random one
	number  byte        // of the network's key
	keep    bool        // the count of frames, which was set before
	update  byte
}

func (s *Stick) form(ctx context.Context, f formation) error {
	if err := s.secure(ctx, f); err != nil {
		return err
	}
	n := f.network
	const power, association = 8, 0 // dBm; how devices join
	d := binary.LittleEndian.AppendUint64(nil, n.ExtendedPAN)
	d = binary.LittleEndian.AppendUint16(d, n.PAN)
	d = append(d, power, n.Channel, association, 0, 0, f.update) // network manager: us
	d = binary.LittleEndian.AppendUint32(d, allChannels)
	risen := s.expect(networkUp)
	if err := s.tell(ctx, formNetwork, d...); err != nil {
		return err
	}
	if err := risen(ctx); err != nil {
		return err
	}
	got, there, err := s.Network(ctx)
	switch {
	case err != nil:
		return err
	case !there || !got.Same(n):
		return fmt.Errorf("ezsp: the stick formed network %s, want %s", got, n)
	}
	return nil
}

// secure says with which keys a network is to be formed. Devices get link keys
// that the stick makes out of one that is random and known to nobody else.
func (s *Stick) secure(ctx context.Context, f formation) error {
	const (
		globalLinkKey = 0x0004
		hashedLinkKey = 0x0080
		haveLinkKey   = 0x0100
		haveKey       = 0x0200
		encryptedOnly = 0x0800
		keepCount     = 0x1000
		usual         = globalLinkKey | hashedLinkKey | haveLinkKey | haveKey | encryptedOnly
	)
	bits := uint16(usual)
	if f.keep {
		bits |= keepCount
	}
	var root zigbee.Key
	if _, _ = rand.Read(root[:]); f.root != nil { // it never fails
		root = *f.root
	}
	d := binary.LittleEndian.AppendUint16(nil, bits)
	d = append(append(d, root[:]...), f.network.Key[:]...)
	d = append(d, f.number)
	d = append(d, make([]byte, 8)...) // trust center: us
	if err := s.tell(ctx, setSecurity, d...); err != nil {
		return err
	}
	// Joiners come with the key that all know, and no device may tell us to leave.
	const extended, joinerGlobal, noLeave = 0x0A, 0x10, 0x01
	return s.tell(ctx, setValue, extended, 2, joinerGlobal, noLeave)
}

// Resume implements zigbee.Adapter.
func (s *Stick) Resume(ctx context.Context) error {
	there, err := s.raise(ctx)
	if err == nil && !there {
		err = fmt.Errorf("ezsp: %s: %w", notJoined, zigbee.ErrForeign)
	}
	return err
}

// wellKnown is the key that every device without an install code joins with
// (Base Device Behavior, 6.3.1).
const wellKnown = "ZigBeeAlliance09"

// PermitJoin implements zigbee.Adapter: here, and by 0x0036 at every router.
func (s *Stick) PermitJoin(ctx context.Context, p zigbee.Permit) error {
	if err := s.admit(ctx, p); err != nil {
		return err
	}
	n := p.Seconds()
	if n > 0 && p.Through != zigbee.Everyone && p.Through != zigbee.Coordinator {
		return nil
	}
	if err := s.tell(ctx, permitJoining, n); err != nil {
		return err
	}
	if n > 0 && p.Through == zigbee.Coordinator {
		return nil
	}
	const permit, significant = 0x0036, 1
	b := s.broadcast(zigbee.Everyone, aps{cluster: permit}, []byte{s.nextRequest(), n, significant})
	return s.tell(ctx, sendBroadcast, b...)
}

// admit says by which keys devices may join.
func (s *Stick) admit(ctx context.Context, p zigbee.Permit) error {
	switch {
	case p.For <= 0:
		if _, err := s.ask(ctx, clearTransient); err != nil {
			return err
		}
		return s.tell(ctx, setPolicy, policyTrust, rejoins)
	case p.CodesOnly:
		return s.tell(ctx, setPolicy, policyTrust, joins|rejoins|byCode)
	}
	if err := s.welcome(ctx, ^zigbee.IEEE(0), zigbee.Key([]byte(wellKnown))); err != nil {
		return err
	}
	return s.tell(ctx, setPolicy, policyTrust, joins|rejoins)
}

// Expect implements zigbee.Adapter.
func (s *Stick) Expect(ctx context.Context, c zigbee.InstallCode) error {
	return s.welcome(ctx, c.Device, c.Key)
}

// welcome takes a key with which a device joins, or all do.
func (s *Stick) welcome(ctx context.Context, device zigbee.IEEE, key zigbee.Key) error {
	d := append(binary.LittleEndian.AppendUint64(nil, uint64(device)), key[:]...)
	if s.agreed() < wide {
		d = append(d, 0) // flags
	}
	b, err := s.ask(ctx, importKey, d...)
	if err != nil {
		return err
	}
	if status := (&reader{octets.Reader{B: b}}).wideStatus(); status != success {
		return &StatusError{importKey, status}
	}
	return nil
}
