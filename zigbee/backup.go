package zigbee

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// Backup is what a stick holds of its network, and what another one has to be
// given to take its place without anything being paired anew. It holds every key
// of the network.
//
// As a file it is an open coordinator backup, version 1
// (github.com/zigpy/open-coordinator-backup), which Zigbee2MQTT and ZHA write
// and read as well.
type Backup struct {
	Network   Network // its channel is the one of then
	IEEE      IEEE    // of the stick
	At        time.Time
	Source    string // the program that wrote it
	EZSP      byte   // the version of EZSP that the stick spoke; 0: it was of the ZNP family
	Channels  uint32 // that the network may use, a bit each
	Level     byte   // of security
	UpdateID  byte
	KeyNumber byte
	Counter   uint32 // of frames that the stick has sent
	// Seed is what ZNP makes the link keys of devices of, and Root is what EZSP
	// does; nil: not known.
	Seed, Root *Key
	Devices    []Kept
}

// Kept is a device as a stick knows it: one of its children, or one that has a
// link key of its own.
type Kept struct {
	IEEE  IEEE
	Short Short // NoShort: not known
	Child bool
	Link  *Link // nil: none
}

// Link is the key that a device shares with the stick alone.
type Link struct {
	Key            Key
	Received, Sent uint32 // frames
}

// NoShort stands for a short address that is not known.
const NoShort Short = 0xFFFE

// String names the network, and says nothing of the keys.
func (b Backup) String() string {
	return fmt.Sprintf("backup of network %s, %d devices", b.Network, len(b.Devices))
}

// GoString is String, so that %#v shows no more.
func (b Backup) GoString() string { return b.String() }

// How far counters are taken forward when a backup is restored. A device hears
// nothing whose number is not above the last one that it heard, and the old stick
// went on counting after the backup was made: by at most the rate, which no hub of
// a home sends at for long. (zigbee-herdsman adds 2,500 whatever the backup's age.)
const (
	counterStep    = 10_000
	counterRate    = 10        // a second
	counterUnknown = 1_000_000 // of a backup that does not say when it was made: a day's
)

// Forward is the backup with its counters above all that the old stick can have
// reached by now.
func (b Backup) Forward(now time.Time) Backup {
	add := uint64(counterUnknown)
	if !b.At.IsZero() {
		add = counterStep + counterRate*uint64(max(now.Sub(b.At), 0)/time.Second)
	}
	forward := func(c uint32) uint32 {
		const last = 1<<32 - 2 // that a stick may still send one with
		return uint32(min(uint64(c)+add, last))
	}
	b.Counter = forward(b.Counter)
	devices := make([]Kept, len(b.Devices))
	for i, d := range b.Devices {
		if d.Link != nil {
			l := *d.Link
			l.Sent = forward(l.Sent)
			d.Link = &l
		}
		devices[i] = d
	}
	b.Devices = devices
	return b
}

// MaxBackup is how long a backup's file may be. Each of 400 devices takes less
// than 300 bytes.
const MaxBackup = 256 << 10

// backupFormat and backupVersion are what a backup calls itself.
const (
	backupFormat  = "zigpy/open-coordinator-backup"
	backupVersion = 1
)

// backupFile is the file's form. All of bytes are in hexadecimal digits, the
// highest first.
type backupFile struct {
	Metadata struct {
		Format   string `json:"format"`
		Version  int    `json:"version"`
		Source   string `json:"source"`
		Internal struct {
			Date string `json:"date,omitempty"`
			ZNP  int    `json:"znpVersion,omitempty"`
			EZSP int    `json:"ezspVersion,omitempty"`
		} `json:"internal"`
	} `json:"metadata"`
	Specific struct {
		ZStack *struct {
			Seed string `json:"tclk_seed,omitempty"`
		} `json:"zstack,omitempty"`
		EZSP *struct {
			Root string `json:"hashed_tclk,omitempty"`
		} `json:"ezsp,omitempty"`
	} `json:"stack_specific"`
	IEEE        string         `json:"coordinator_ieee"`
	PAN         string         `json:"pan_id"`
	ExtendedPAN string         `json:"extended_pan_id"`
	UpdateID    int            `json:"nwk_update_id"`
	Level       int            `json:"security_level"`
	Channel     int            `json:"channel"`
	Channels    []int          `json:"channel_mask"`
	Key         backupKey      `json:"network_key"`
	Devices     []backupDevice `json:"devices"`
}

type backupKey struct {
	Key     string `json:"key"`
	Number  int    `json:"sequence_number"`
	Counter uint32 `json:"frame_counter"`
}

type backupDevice struct {
	Short *string     `json:"nwk_address"`
	IEEE  string      `json:"ieee_address"`
	Child *bool       `json:"is_child,omitempty"`
	Link  *backupLink `json:"link_key,omitempty"`
}

type backupLink struct {
	Key      string `json:"key"`
	Received uint32 `json:"rx_counter"`
	Sent     uint32 `json:"tx_counter"`
}

// Version 1 of zigbee-herdsman's numbers for Z-Stack: 3.x.0.
const znpVersion = 1

// ParseBackup reads a file. What it says of other programs' own is passed over.
func ParseBackup(b []byte) (Backup, error) {
	if len(b) > MaxBackup {
		return Backup{}, fmt.Errorf("zigbee: a backup of %d bytes; one has at most %d", len(b), MaxBackup)
	}
	var f backupFile
	if err := json.Unmarshal(b, &f); err != nil {
		return Backup{}, fmt.Errorf("zigbee: not an open coordinator backup: %w", err)
	}
	switch {
	case f.Metadata.Format != backupFormat:
		return Backup{}, fmt.Errorf("zigbee: not an open coordinator backup: its metadata.format is %q, want %q; Zigbee2MQTT writes one to coordinator_backup.json", f.Metadata.Format, backupFormat)
	case f.Metadata.Version != backupVersion:
		return Backup{}, fmt.Errorf("zigbee: version %d of the open coordinator backup is not known here, only %d", f.Metadata.Version, backupVersion)
	}
	return f.read()
}

func (f *backupFile) read() (Backup, error) {
	o := Backup{
		Source: f.Metadata.Source, Network: Network{Channel: byte(f.Channel), Formed: true},
		Level: byte(f.Level), UpdateID: byte(f.UpdateID), KeyNumber: byte(f.Key.Number), Counter: f.Key.Counter, EZSP: byte(f.Metadata.Internal.EZSP),
	}
	o.At, _ = time.Parse(time.RFC3339, f.Metadata.Internal.Date) // one that is not there, or is none: not known
	g := gatherer{}
	o.Network.PAN = uint16(g.number("pan_id", f.PAN, 2))
	o.Network.ExtendedPAN = g.number("extended_pan_id", f.ExtendedPAN, 8)
	o.IEEE = IEEE(g.number("coordinator_ieee", f.IEEE, 8))
	if f.backwards() {
		o.Network.ExtendedPAN, o.IEEE = turned(o.Network.ExtendedPAN), IEEE(turned(uint64(o.IEEE)))
	}
	o.Network.Key = g.key("network_key.key", f.Key.Key)
	if s := f.Specific.ZStack; s != nil && s.Seed != "" {
		k := g.key("stack_specific.zstack.tclk_seed", s.Seed)
		o.Seed = &k
	}
	if s := f.Specific.EZSP; s != nil && s.Root != "" {
		k := g.key("stack_specific.ezsp.hashed_tclk", s.Root)
		o.Root = &k
	}
	for _, c := range f.Channels {
		g.within("channel_mask", c, firstChannel, lastChannel)
		o.Channels |= 1 << (c & 31)
	}
	g.within("channel", f.Channel, firstChannel, lastChannel)
	g.within("security_level", f.Level, 0, 7)
	g.within("nwk_update_id", f.UpdateID, 0, 255)
	g.within("network_key.sequence_number", f.Key.Number, 0, 255)
	g.within("metadata.internal.ezspVersion", f.Metadata.Internal.EZSP, 0, 255)
	switch {
	case o.Network.PAN == 0xFFFF:
		g.fault("pan_id", "ffff is no network's")
	case o.Network.ExtendedPAN == 0 || o.Network.ExtendedPAN == ^uint64(0):
		g.fault("extended_pan_id", "it is no network's")
	case o.Network.Key == Key{}:
		g.fault("network_key.key", "it is all zeros")
	}
	for i, d := range f.Devices {
		g.device(fmt.Sprintf("devices[%d].", i), d, f.backwards(), &o)
	}
	return o, g.err
}

// Channels of the 2.4 GHz band.
const (
	firstChannel = 11
	lastChannel  = 26
)

// backwards tells that addresses stand with their lowest byte first, against the
// format's own word: zigbee-herdsman's ember adapter (11.1.1, and before) writes
// the stick's and its devices' addresses and the extended PAN as they go over the
// wire, and its zstack adapter does not.
func (f *backupFile) backwards() bool {
	return f.Specific.EZSP != nil && strings.HasPrefix(f.Metadata.Source, "zigbee-herdsman@")
}

func turned(v uint64) uint64 {
	return binary.LittleEndian.Uint64(binary.BigEndian.AppendUint64(nil, v))
}

// gatherer reads fields and keeps the first fault. A key is in none of its words.
type gatherer struct{ err error }

func (g *gatherer) fault(field, why string) {
	if g.err == nil {
		g.err = fmt.Errorf("zigbee: backup: %s: %s", field, why)
	}
}

func (g *gatherer) within(field string, v, low, high int) {
	if v < low || v > high {
		g.fault(field, fmt.Sprintf("%d is not from %d to %d", v, low, high))
	}
}

// number reads hexadecimal digits. Leading zeros may be missing: zigbee-herdsman
// leaves them out.
func (g *gatherer) number(field, s string, size int) uint64 {
	if len(s)%2 == 1 {
		s = "0" + s
	}
	b, err := hex.DecodeString(s)
	if err != nil || len(b) == 0 || len(b) > size {
		g.fault(field, fmt.Sprintf("want %d hexadecimal digits", 2*size))
		return 0
	}
	var v uint64
	for _, x := range b {
		v = v<<8 | uint64(x)
	}
	return v
}

func (g *gatherer) key(field, s string) Key {
	var k Key
	if k.UnmarshalText([]byte(s)) != nil {
		g.fault(field, "want 32 hexadecimal digits")
	}
	return k
}

func (g *gatherer) device(at string, d backupDevice, backwards bool, o *Backup) {
	k := Kept{IEEE: IEEE(g.number(at+"ieee_address", d.IEEE, 8)), Short: NoShort, Child: d.Child == nil || *d.Child}
	if backwards {
		k.IEEE = IEEE(turned(uint64(k.IEEE)))
	}
	if d.Short != nil {
		k.Short = Short(g.number(at+"nwk_address", *d.Short, 2))
	}
	if k.Short >= 0xFFF8 {
		k.Short = NoShort
	}
	if l := d.Link; l != nil {
		k.Link = &Link{Key: g.key(at+"link_key.key", l.Key), Received: l.Received, Sent: l.Sent}
	}
	for _, o := range o.Devices {
		if o.IEEE == k.IEEE {
			g.fault(at+"ieee_address", k.IEEE.String()+" is there twice")
		}
	}
	o.Devices = append(o.Devices, k)
}

// Append writes the backup's file behind b.
func (b Backup) Append(to []byte) []byte {
	var f backupFile
	f.Metadata.Format, f.Metadata.Version, f.Metadata.Source = backupFormat, backupVersion, b.Source
	if !b.At.IsZero() {
		f.Metadata.Internal.Date = b.At.UTC().Format("2006-01-02T15:04:05.000Z07:00")
	}
	if f.Metadata.Internal.EZSP = int(b.EZSP); b.EZSP == 0 {
		f.Metadata.Internal.ZNP = znpVersion
	}
	if b.Seed != nil {
		f.Specific.ZStack = &struct {
			Seed string `json:"tclk_seed,omitempty"`
		}{hex.EncodeToString(b.Seed[:])}
	}
	ieee, ext := b.IEEE, b.Network.ExtendedPAN
	if b.Root != nil {
		f.Specific.EZSP = &struct {
			Root string `json:"hashed_tclk,omitempty"`
		}{hex.EncodeToString(b.Root[:])}
	}
	backwards := f.backwards() // one that was read and is written again
	if backwards {
		ieee, ext = IEEE(turned(uint64(ieee))), turned(ext)
	}
	f.IEEE, f.ExtendedPAN = ieee.String(), fmt.Sprintf("%016x", ext)
	f.PAN, f.UpdateID, f.Level = fmt.Sprintf("%04x", b.Network.PAN), int(b.UpdateID), int(b.Level)
	f.Channel, f.Channels = int(b.Network.Channel), []int{}
	for c := firstChannel; c <= lastChannel; c++ {
		if b.Channels&(1<<c) != 0 {
			f.Channels = append(f.Channels, c)
		}
	}
	f.Key = backupKey{hex.EncodeToString(b.Network.Key[:]), int(b.KeyNumber), b.Counter}
	f.Devices = []backupDevice{}
	for _, d := range b.Devices {
		f.Devices = append(f.Devices, d.file(backwards))
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetIndent("", "  ")
	if err := e.Encode(f); err != nil {
		panic(err) // numbers and strings
	}
	return append(to, out.Bytes()...)
}

func (d Kept) file(backwards bool) backupDevice {
	ieee := d.IEEE
	if backwards {
		ieee = IEEE(turned(uint64(ieee)))
	}
	f := backupDevice{IEEE: ieee.String(), Child: &d.Child}
	if d.Short != NoShort {
		s := fmt.Sprintf("%04x", uint16(d.Short))
		f.Short = &s
	}
	if l := d.Link; l != nil {
		f.Link = &backupLink{hex.EncodeToString(l.Key[:]), l.Received, l.Sent}
	}
	return f
}

// Holds tells what of the other backup this one does not hold, nil when nothing:
// it is read from a stick that the other was written to.
func (b Backup) Holds(o Backup) error {
	switch {
	case !b.Network.Same(o.Network):
		return fmt.Errorf("it holds network %s, want %s", b.Network, o.Network)
	case b.KeyNumber != o.KeyNumber:
		return fmt.Errorf("its network key has number %d, want %d", b.KeyNumber, o.KeyNumber)
	case b.Counter < o.Counter:
		return fmt.Errorf("it counts frames from %d, want %d: devices would hear nothing", b.Counter, o.Counter)
	}
	return nil
}
