package hub

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"gatehouse/hub/alarm"
	"gatehouse/hub/alarm/guard"
	"gatehouse/hub/home"
)

// adopt has a device that has just told what it is watched by the zones that
// its kind suggests. It does not wait.
func (h *Hub) adopt(id home.DeviceID) {
	select {
	case h.adoptions <- id:
	default: // more than ever joined at once: the next start adopts it
		h.log.Warn("device not adopted yet", "device", id)
	}
}

// adopter works off what adopt asks for.
func (h *Hub) adopter(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case id := <-h.adoptions:
			if err := h.watchDevice(ctx, id); err != nil && ctx.Err() == nil {
				h.log.Error("device is watched by no zone", "device", id, "err", err)
			}
		}
	}
}

func (h *Hub) watchDevice(ctx context.Context, id home.DeviceID) error {
	d, ok := h.devices.Device(id)
	if !ok {
		return nil
	}
	if h.o.Demo != nil {
		if f, ok := h.o.Demo.Furniture[id]; ok && d.Name != f.Name {
			var err error
			if d, err = h.devices.Rename(id, f.Name, f.Room, "demo"); err != nil {
				return err
			}
		}
	}
	var errs []error
	for _, z := range alarm.Suggest(d) {
		taken := h.guard.Zones()
		if slices.ContainsFunc(taken, func(o home.Zone) bool { return o.Device == z.Device && o.Trait == z.Trait }) {
			continue
		}
		z.ID = freeID(z.ID, taken)
		errs = append(errs, h.PutZone(ctx, z, ""))
	}
	return errors.Join(errs...)
}

// freeID is id, or id-2, id-3 … when it is taken.
func freeID(id home.ZoneID, taken []home.Zone) home.ZoneID {
	free := id
	for n := 2; slices.ContainsFunc(taken, func(z home.Zone) bool { return z.ID == free }); n++ {
		free = home.ZoneID(fmt.Sprintf("%s-%d", strings.TrimRight(string(id), "-"), n))
	}
	return free
}

// housePanel is the panel as people change it: an area stays for as long as a
// keypad stands in it, as it does for a zone or a code.
type housePanel struct {
	*guard.Guard
	keypads *pads
}

// DeleteArea removes an area. Errors: *home.NotFound, *home.Conflict.
func (p housePanel) DeleteArea(ctx context.Context, id home.AreaID, by string) error {
	for _, k := range p.keypads.List() {
		if k.Settings.Area == id {
			return &home.Conflict{Reason: k.Name + " is a keypad of this area: give it another one first."}
		}
	}
	return p.Guard.DeleteArea(ctx, id, by)
}

// Zones lists the zones.
func (h *Hub) Zones() []home.Zone { return h.guard.Zones() }

// PutZone adds or changes a zone and tells the panel what its device last
// said, so that the zone need not wait for the next report to be known.
func (h *Hub) PutZone(ctx context.Context, z home.Zone, by string) error {
	if d, ok := h.devices.Device(z.Device); ok && d.Radio == cameraKind && (z.Trait == home.Occupancy || z.Trait == home.Motion) {
		return &home.Invalid{Field: "device", Reason: "what a camera sees raises no alarm: it errs too often. Let a person who is seen verify one, on the camera's page"}
	}
	if err := h.guard.PutZone(ctx, z, by); err != nil {
		return err
	}
	h.devices.Remind(z.Device, z.Trait)
	h.checkDevices() // their troubles may stand in the way of other modes now
	return nil
}

// DeleteZone removes a zone.
func (h *Hub) DeleteZone(ctx context.Context, id home.ZoneID, by string) error {
	err := h.guard.DeleteZone(ctx, id, by)
	h.checkDevices()
	return err
}
