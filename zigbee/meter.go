package zigbee

import (
	"context"
	"errors"

	"gatehouse/zigbee/zcl"
)

// meters asks what one count of an endpoint's power and energy is.
func (c *Controller) meters(ctx context.Context, id IEEE, e Endpoint) error {
	if e.Serves(zcl.Electrical) {
		v, err := c.read(ctx, id, e.ID, zcl.Electrical, zcl.PowerMultiplier, zcl.PowerDivisor)
		if err != nil && !errors.Is(err, errRefused) {
			return err
		}
		e.PowerCount = count(v[zcl.PowerMultiplier], v[zcl.PowerDivisor])
	}
	if e.Serves(zcl.Metering) {
		v, err := c.read(ctx, id, e.ID, zcl.Metering, zcl.MeterUnit, zcl.MeterMultiplier, zcl.MeterDivisor)
		if err != nil && !errors.Is(err, errRefused) {
			return err
		}
		if v[zcl.MeterUnit].N == zcl.MeterKWh { // one that does not say is taken for electricity
			e.EnergyCount = count(v[zcl.MeterMultiplier], v[zcl.MeterDivisor])
		}
	}
	c.note(id, func(n *node) {
		if is, ok := n.endpoint(e.ID); ok {
			is.PowerCount, is.EnergyCount = e.PowerCount, e.EnergyCount
			n.setEndpoint(is)
		}
	})
	return nil
}

// count is what one count is worth. What a device does not say is 1, and so is a
// divisor of 0.
func count(multiplier, divisor zcl.Value) float64 {
	one := func(v zcl.Value) float64 {
		if !v.Known() || v.N == 0 {
			return 1
		}
		return v.Float()
	}
	return one(multiplier) / one(divisor)
}
