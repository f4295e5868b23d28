package hub

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gatehouse/hub/home/supervision"
	"gatehouse/hub/radio/zigbeehome"
	"gatehouse/zigbee"
)

// listen listens to the noise on the channel of the Zigbee network, as long as the
// stick tells it. A listen takes 77 ms in which the stick hears no device: one in
// 30 s while all is quiet.
func (z *zigbeeNetwork) listen(ctx context.Context) error {
	var air supervision.Crowd
	last := time.Now() // when it could be heard
	timer := time.NewTimer(supervision.ListenIdle)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-timer.C:
		}
		dbm, err := z.stick.Noise(ctx)
		switch {
		case errors.Is(err, zigbee.ErrUnable):
			z.hub.log.Warn("the Zigbee stick does not tell its noise", "err", err)
			return z.followOnly(ctx)
		case err == nil:
			last = time.Now()
			heard, awake := z.heard()
			if air.Listened(last, dbm, heard, len(awake) > 0) {
				z.asksAround(awake)
			}
		case time.Since(last) > supervision.JamWindow:
			// As with the Z-Wave air: told by radio-down, and what was heard before
			// counts on in the first minute.
			air = supervision.Crowd{}
		}
		z.drowned(air)
		z.follow(time.Now())
		timer.Reset(air.Next())
	}
}

// followOnly sees to what listen sees to beside, with a stick that can't listen.
func (z *zigbeeNetwork) followOnly(ctx context.Context) error {
	tick := time.NewTicker(supervision.ListenIdle)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			z.follow(time.Now())
		}
	}
}

// askedAtOnce is how many devices are asked whether they are there: with one, its
// own trouble would be the air's.
const askedAtOnce = 3

func (z *zigbeeNetwork) asksAround(awake []zigbee.Device) {
	for i, d := range awake {
		if i < askedAtOnce {
			z.radio.Ask(zigbeehome.ID(d.IEEE))
		}
	}
}

// heard is when a device of the network was last heard, and those that can be
// asked at any time.
func (z *zigbeeNetwork) heard() (last time.Time, awake []zigbee.Device) {
	for _, d := range z.stick.Devices() {
		if at := z.hub.devices.Heard(zigbeehome.ID(d.IEEE)); at.After(last) {
			last = at
		}
		if d.Studied && d.Listening {
			awake = append(awake, d)
		}
	}
	return last, awake
}

// drowned shows whether the air is blocked.
func (z *zigbeeNetwork) drowned(air supervision.Crowd) {
	why := ""
	if dbm, jammed := air.Jammed(); jammed {
		_, network, _ := z.stick.Info()
		why = fmt.Sprintf("a noise of %d dBm blocks its channel %d, where -90 dBm is usual, and no device gets through", dbm, network.Channel)
	}
	z.hub.warden.noisy(zigbeehome.Kind, why)
}
