package hub

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"gatehouse/hub/alarm"
	"gatehouse/hub/bus"
	"gatehouse/hub/face/api"
	"gatehouse/hub/home"
	"gatehouse/hub/radio/port"
	"gatehouse/hub/radio/zigbeehome"
	"gatehouse/storage"
	"gatehouse/zigbee"
	"gatehouse/zigbee/ezsp"
	"gatehouse/zigbee/quirks"
	"gatehouse/zigbee/znp"
)

// zigbeeNetwork ties the Zigbee stick, its port and the house together, and is
// the network that the API shows.
type zigbeeNetwork struct {
	radioLink
	radio *zigbeehome.Radio
	stick *zigbee.Controller
	owner *quirks.Owner

	faulty map[string]error // of the owner's quirk files; touched by one goroutine

	lockUses chan lockUse // what was done at locks, to be written down

	lines bus.Topic[string] // what the stick says, for whoever looks on

	store     zigbeeStore
	backupDue chan struct{}

	own    sync.Mutex
	family string       // of the stick, or the one that is tried next
	found  bool         // a stick of it has answered
	count  func() any   // the counters of the port that is or was open
	move   *channelMove // under way; nil: none is

	foreign   *zigbee.ForeignError // what the stick holds instead of the house's network
	backupWhy string               // why the last backup failed

	moves *storage.Cell[channelMove]
}

// Families of sticks, as zigbee.adapter has them.
const (
	familyZNP  = "znp"
	familyEZSP = "ezsp"
)

// open makes an adapter of a port that has opened.
func (z *zigbeeNetwork) open(p io.ReadWriter) zigbee.Adapter {
	z.own.Lock()
	defer z.own.Unlock()
	if f := z.hub.o.Config.Zigbee.Adapter; f == familyZNP || f == familyEZSP {
		z.family, z.found = f, true
	}
	if z.family == familyEZSP {
		s := ezsp.Open(p, z.hub.log)
		z.count = func() any { return s.Counters() }
		return s
	}
	s := znp.Open(p, z.hub.log)
	z.count = func() any { return s.Counters() }
	return s
}

// drive drives the stick behind a port. One that does not answer to the language
// of one family is spoken to in the other's when the port is opened again, until
// it is known which one it has.
func (z *zigbeeNetwork) drive(ctx context.Context, p io.ReadWriteCloser) error {
	err := z.stick.Run(ctx, p)
	z.own.Lock()
	defer z.own.Unlock()
	if !z.found && errors.Is(err, zigbee.ErrSilent) {
		if z.family == familyEZSP {
			z.family = familyZNP
		} else {
			z.family = familyEZSP
		}
	}
	return err
}

// shutWithin is how long the stick may take to close the network when the hub ends.
const shutWithin = time.Second

// run keeps the port open and the stick driven, whatever is done to it.
func (z *zigbeeNetwork) run(ctx context.Context) error {
	if err := z.moveIn(); err != nil {
		zigbeeHouse{z}.RadioDown(err)
		<-ctx.Done()
		return nil
	}
	kind := stickAt(z.port)
	z.own.Lock()
	z.family = kind.kind // it is asked in that language first
	z.own.Unlock()
	z.starts()
	// The port outlives ctx until the network is closed to joining.
	keeping, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	defer context.AfterFunc(ctx, func() {
		defer stop()
		last, end := context.WithTimeout(keeping, shutWithin)
		defer end()
		if err := z.stick.Shut(last); err != nil {
			z.hub.log.Warn("the Zigbee network stays open until it closes by itself", "err", err)
		}
	})()
	return port.Keep(keeping, z.port, kind.line, z.drive, func(up bool, err error) {
		if !up {
			zigbeeHouse{z}.RadioDown(err)
		}
	})
}

// counted are the counters of the line to the stick, since the port opened.
func (z *zigbeeNetwork) counted() map[string]uint64 {
	z.own.Lock()
	count := z.count
	z.own.Unlock()
	if count == nil {
		return nil
	}
	return counters(count())
}

// State implements api.Radio.
func (z *zigbeeNetwork) State() api.RadioState {
	s := z.state()
	s.Codes = z.codes()
	if info, network, ok := z.stick.Info(); ok {
		s.Stick, s.Network, s.Channel = info.Version, fmt.Sprintf("%016x", network.ExtendedPAN), int(network.Channel)
	}
	s.Counters, s.Moved = z.counted(), z.moving()
	for _, d := range z.stick.Devices() {
		s.Map = append(s.Map, api.RadioNode{Device: zigbeehome.ID(d.IEEE), Address: fmt.Sprintf("0x%04x", uint16(d.Short)), Router: d.Router})
	}
	return s
}

// Leave implements api.Radio.
func (z *zigbeeNetwork) Leave(context.Context, int, string) error {
	return &home.Conflict{Reason: "a Zigbee device does not leave at its button alone: delete the device instead"}
}

// zigbeeHouse is what the Zigbee radio tells the house beside readings.
type zigbeeHouse struct{ *zigbeeNetwork }

// RadioUp implements zigbeehome.House.
func (z zigbeeHouse) RadioUp() {
	z.own.Lock()
	z.found, z.foreign = true, nil
	z.own.Unlock()
	z.answers()
}

// RadioDown implements zigbeehome.House.
func (z zigbeeHouse) RadioDown(why error) {
	text := wentSilent
	switch {
	case errors.Is(why, zigbee.ErrSilent): // in which language does not matter, and is another each time
		text = zigbee.ErrSilent.Error()
	case why != nil:
		text = why.Error()
	}
	foreign, is := errors.AsType[*zigbee.ForeignError](why)
	z.own.Lock()
	z.foreign = foreign
	z.own.Unlock()
	if is {
		z.isForeign(text)
	} else {
		z.fails(text)
	}
}

// KeypadUsed implements zigbeehome.House.
func (z zigbeeHouse) KeypadUsed(d home.DeviceID, encrypted bool, action alarm.KeypadAction, code string, answer func(home.Mode, error)) {
	z.hub.keypads.used(d, encrypted, action, code, answer)
}

// KeypadHere implements zigbeehome.House.
func (z zigbeeHouse) KeypadHere(d home.DeviceID) { z.hub.keypads.here(d) }

// Zones implements zigbeehome.House.
func (z zigbeeHouse) Zones() (all []home.Zone, open, out []home.ZoneID) {
	s := z.hub.guard.State()
	return z.hub.guard.Zones(), s.Open, s.Bypassed
}

// DeviceReady implements zigbeehome.House: what a device can watch is watched
// from its first minute, in the zone that its kind suggests.
func (z zigbeeHouse) DeviceReady(d home.Device) { z.hub.adopt(d.ID) }
