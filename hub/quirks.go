package hub

import (
	"context"
	"path/filepath"
	"time"

	"gatehouse/hub/health"
	"gatehouse/hub/home"
	"gatehouse/hub/radio/zigbeehome"
	"gatehouse/zigbee"
	"gatehouse/zigbee/quirks"
)

// quirkFolder is the folder of the owner's own quirk files, in the data folder.
const quirkFolder = "quirks"

// quirksEvery is how often it is looked at.
const quirksEvery = 5 * time.Second

// watchQuirks heeds the owner's quirk files as they change.
func (z *zigbeeNetwork) watchQuirks(ctx context.Context) error {
	tick := time.NewTicker(quirksEvery)
	defer tick.Stop()
	for {
		if z.lookAtQuirks() {
			z.radio.Known(z.owner.Find)
			z.stick.Relearn()
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// lookAtQuirks reads what has changed, and says what is not understood.
func (z *zigbeeNetwork) lookAtQuirks() (news bool) {
	news, faults := z.owner.Look()
	for name := range z.faulty {
		if faults[name] == nil {
			z.hub.board.Clear(health.QuirkFault, home.DeviceID(name))
		}
	}
	z.faulty = faults
	for name, err := range faults {
		z.hub.board.Raise(health.QuirkFault, home.DeviceID(name), err.Error())
	}
	return news
}

func (h *Hub) ownersQuirks() *quirks.Owner {
	return quirks.NewOwner(filepath.Join(h.o.Config.Data, quirkFolder))
}

// signature is the signature of a device.
func (z *zigbeeNetwork) signature(id home.DeviceID) (zigbee.Signature, bool) {
	a, ok := zigbeehome.AddressOf(id)
	if !ok {
		return zigbee.Signature{}, false
	}
	return z.stick.Signature(a)
}
