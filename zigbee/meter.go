package zigbee

import (
	"context"
	"errors"

	"gatehouse/zigbee/zcl"
)

// meters asks what one count of what an endpoint measures is.
func (c *Controller) meters(ctx context.Context, id IEEE, e Endpoint) error {
	if e.Serves(zcl.Electrical) {
		v, err := c.read(ctx, id, e.ID, zcl.Electrical, zcl.PowerMultiplier, zcl.PowerDivisor)
		if err != nil && !errors.Is(err, errRefused) {
			return err
		}
		e.PowerCount = count(v[zcl.PowerMultiplier], v[zcl.PowerDivisor])
		v, err = c.read(ctx, id, e.ID, zcl.Electrical,
			zcl.RMSVoltage, zcl.VoltageMultiplier, zcl.VoltageDivisor, zcl.RMSCurrent, zcl.CurrentMultiplier, zcl.CurrentDivisor)
		if err != nil && !errors.Is(err, errRefused) {
			return err
		}
		if _, has := v[zcl.RMSVoltage]; has {
			e.VoltageCount = count(v[zcl.VoltageMultiplier], v[zcl.VoltageDivisor])
		}
		if _, has := v[zcl.RMSCurrent]; has {
			e.CurrentCount = count(v[zcl.CurrentMultiplier], v[zcl.CurrentDivisor])
		}
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
			is.PowerCount, is.EnergyCount, is.VoltageCount, is.CurrentCount = e.PowerCount, e.EnergyCount, e.VoltageCount, e.CurrentCount
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
