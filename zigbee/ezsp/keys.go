package ezsp

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"gatehouse/zigbee"
	"gatehouse/zigbee/octets"
)

// The kinds of key that a backup holds.
const (
	keyOfNetwork = 1
	keyRoot      = 2 // of which the stick makes the link keys of devices
)

// Values and tokens that a restore sets.
const (
	valueFrames = 0x23 // how many the stick has sent
	valueAPS    = 0x24 // of those that it has encrypted with link keys
	configKeys  = 0x1E // how many link keys the stick has room for
	// tokenAddress is where a stick keeps the address that it was given in the place
	// of its own (NVM3, 0xE12A of Zigbee's).
	tokenAddress = 0x1E12A
)

// allChannels are 11 to 26, a bit each.
const allChannels = 0x07FFF800

// export reads a key.
func (s *Stick) export(ctx context.Context, kind byte) (zigbee.Key, error) {
	var key zigbee.Key
	const described = 18 // which key, in so many bytes
	which := make([]byte, described)
	which[0] = kind
	b, err := s.ask(ctx, exportKey, which...)
	if err != nil {
		return key, err
	}
	r := reader{octets.Reader{B: b}}
	var status Status
	if s.agreed() < wide { // four bytes here already, but behind the key
		copy(key[:], r.Take(len(key)))
		status = r.wideStatus()
	} else {
		status = r.wideStatus()
		copy(key[:], r.Take(len(key)))
	}
	if status != success || r.Short {
		return zigbee.Key{}, &StatusError{exportKey, status}
	}
	return key, nil
}

// parameters are the network's, which is up.
type parameters struct {
	network  zigbee.Network // without its key
	kind     byte
	update   byte
	channels uint32
}

func (s *Stick) parameters(ctx context.Context) (parameters, error) {
	b, err := s.ask(ctx, networkParams)
	if err != nil {
		return parameters{}, err
	}
	r := reader{octets.Reader{B: b}}
	var p parameters
	var status Status
	status, p.kind = r.status(s.agreed()), r.U8()
	p.network.ExtendedPAN, p.network.PAN = r.U64(), r.U16()
	r.U8() // power
	p.network.Channel = r.U8()
	r.Take(1 + 2) // how devices join, who manages the network
	p.update, p.channels = r.U8(), r.U32()
	if status != success || r.Short {
		return parameters{}, &StatusError{networkParams, status}
	}
	return p, nil
}

// Backup implements zigbee.Adapter. The stick's children are not asked for: they
// come again by themselves.
func (s *Stick) Backup(ctx context.Context) (zigbee.Backup, error) {
	n, there, err := s.Network(ctx)
	switch {
	case err != nil:
		return zigbee.Backup{}, err
	case !there:
		return zigbee.Backup{}, errors.New("ezsp: the stick holds no network")
	}
	const encrypted = 5 // network and link keys
	b := zigbee.Backup{Network: n, EZSP: s.agreed(), Level: encrypted}
	p, err := s.parameters(ctx)
	if err != nil {
		return b, err
	}
	b.UpdateID, b.Channels = p.update, p.channels
	info, err := s.ask(ctx, getEUI64)
	if err != nil {
		return b, err
	}
	r := reader{octets.Reader{B: info}}
	b.IEEE = zigbee.IEEE(r.U64())
	if info, err = s.ask(ctx, keyInfo); err != nil {
		return b, err
	}
	r = reader{octets.Reader{B: info}}
	status := r.wideStatus()
	r.Take(1 + 1) // which are set
	b.KeyNumber = r.U8()
	r.U8()
	if b.Counter = r.U32(); status != success || r.Short {
		return b, &StatusError{keyInfo, status}
	}
	root, err := s.export(ctx, keyRoot)
	if err != nil {
		return b, err
	}
	b.Root = &root
	b.Devices, err = s.linkKeys(ctx)
	return b, err
}

// room is how many link keys the stick can hold.
func (s *Stick) room(ctx context.Context) (byte, error) {
	b, err := s.ask(ctx, getConfig, configKeys)
	if err != nil {
		return 0, err
	}
	r := reader{octets.Reader{B: b}}
	if status := r.status(s.agreed()); status != success {
		return 0, &StatusError{getConfig, status}
	}
	return byte(min(r.U16(), 255)), nil
}

// linkKeys are those that stand in the stick's table. It has no short addresses to
// them.
func (s *Stick) linkKeys(ctx context.Context) ([]zigbee.Kept, error) {
	n, err := s.room(ctx)
	if err != nil {
		return nil, err
	}
	var all []zigbee.Kept
	for i := range n {
		b, err := s.ask(ctx, exportLink, i)
		if err != nil {
			return nil, err
		}
		r := reader{octets.Reader{B: b}}
		d := zigbee.Kept{Short: zigbee.NoShort, Link: new(zigbee.Link)}
		var status Status
		if s.agreed() < wide {
			d.IEEE = zigbee.IEEE(r.U64())
			copy(d.Link.Key[:], r.Take(16))
			r.U16() // which of the rest is known
			d.Link.Sent, d.Link.Received = r.U32(), r.U32()
			r.U16()
			status = r.wideStatus()
		} else {
			status = r.wideStatus()
			r.Take(1 + 1 + 2) // what key it is
			d.IEEE = zigbee.IEEE(r.U64())
			r.Take(1 + 1 + 4)
			copy(d.Link.Key[:], r.Take(16))
			r.U16()
			d.Link.Sent, d.Link.Received = r.U32(), r.U32()
		}
		if status == success && !r.Short && d.IEEE != 0 {
			all = append(all, d)
		} // the other places are empty
	}
	return all, nil
}

// errAgain tells that the stick has been given its address, which counts once it
// has restarted: the port is to be opened anew.
var errAgain = fmt.Errorf("ezsp: the stick takes the address of the one before it and restarts: %w", zigbee.ErrAgain)

// Restore implements zigbee.Adapter. Firmware that can't be given another address
// keeps its own; who needs to know reads it from Hello.
func (s *Stick) Restore(ctx context.Context, b zigbee.Backup) error {
	if err := s.leave(ctx); err != nil {
		return err
	}
	if err := s.adopt(ctx, b.IEEE); err != nil {
		return err
	}
	if err := s.importLinks(ctx, b.Devices); err != nil {
		return err
	}
	if err := s.tell(ctx, setValue, binary.LittleEndian.AppendUint32([]byte{valueFrames, 4}, b.Counter)...); err != nil {
		return err
	}
	var sent uint32
	for _, d := range b.Devices {
		if d.Link != nil {
			sent = max(sent, d.Link.Sent)
		}
	}
	err := s.tell(ctx, setValue, binary.LittleEndian.AppendUint32([]byte{valueAPS, 4}, sent)...)
	if e, refused := errors.AsType[*StatusError](err); refused { // not every firmware lets it be set
		s.log.Debug("the Zigbee stick keeps its count of encrypted messages", "err", e)
	} else if err != nil {
		return err
	}
	if err := s.form(ctx, formation{network: b.Network, root: b.Root, number: b.KeyNumber, keep: true, update: b.UpdateID}); err != nil {
		return err
	}
	got, err := s.Backup(ctx)
	if err != nil {
		return fmt.Errorf("reading back what was restored: %w", err)
	}
	if err := got.Holds(b); err != nil {
		return fmt.Errorf("ezsp: the stick did not take the backup: %w", err)
	}
	return nil
}

// adopt gives the stick the address of the one before it, to which devices report.
func (s *Stick) adopt(ctx context.Context, want zigbee.IEEE) error {
	b, err := s.ask(ctx, getEUI64)
	if err != nil {
		return err
	}
	if r := (reader{octets.Reader{B: b}}); zigbee.IEEE(r.U64()) == want {
		return nil
	}
	at := binary.LittleEndian.AppendUint32(nil, tokenAddress)
	at = binary.LittleEndian.AppendUint32(at, 0) // the first of them
	if b, err = s.ask(ctx, getToken, at...); err != nil {
		if _, unknown := errors.AsType[*UnknownError](err); unknown {
			return nil
		}
		return err
	}
	const size = 8
	r := reader{octets.Reader{B: b}}
	status, n, now := r.status(s.agreed()), r.U32(), zigbee.IEEE(r.U64())
	if status != success || r.Short || n != size {
		s.log.Warn("the Zigbee stick's firmware does not take another address; devices are told the new one as they are heard", "status", status)
		return nil
	}
	if now == want { // it was told, and does not follow
		s.log.Warn("the Zigbee stick was told another address and keeps its own; devices are told the new one as they are heard")
		return nil
	}
	at = binary.LittleEndian.AppendUint32(at, size)
	if err := s.tell(ctx, setToken, binary.LittleEndian.AppendUint64(at, uint64(want))...); err != nil {
		return err
	}
	return errAgain
}

// importLinks writes the link keys of devices, and empties the other places. A
// device whose key has no place is heard all the same; it has to be joined again
// only if it should ever lose the network's key.
func (s *Stick) importLinks(ctx context.Context, devices []zigbee.Kept) error {
	n, err := s.room(ctx)
	if err != nil {
		return err
	}
	var keyed []zigbee.Kept
	for _, d := range devices {
		if d.Link != nil {
			keyed = append(keyed, d)
		}
	}
	if len(keyed) > int(n) {
		s.log.Warn("the Zigbee stick has no room for every link key of the backup", "room", n, "keys", len(keyed))
	}
	for i := range n {
		if int(i) >= len(keyed) {
			if err := s.tell(ctx, eraseLink, i); err != nil {
				return err
			}
			continue
		}
		d := keyed[i]
		b, err := s.ask(ctx, importLink, append(binary.LittleEndian.AppendUint64([]byte{i}, uint64(d.IEEE)), d.Link.Key[:]...)...)
		if err != nil {
			return err
		}
		if status := (&reader{octets.Reader{B: b}}).wideStatus(); status != success {
			return fmt.Errorf("the key of %s: %w", d.IEEE, &StatusError{importLink, status})
		}
	}
	return nil
}
