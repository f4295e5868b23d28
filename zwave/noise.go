package zwave

import (
	"context"
	"fmt"

	"gatehouse/zwave/serialapi"
)

// Levels of noise that are no measurement but an end of the scale, in dBm.
const (
	NoiseLoudest  = 0    // the receiver is saturated
	NoiseQuietest = -128 // below what the receiver hears
)

// Noise asks the controller how loud its radio channels are while nobody sends
// to it, in dBm, one level for each channel. It waits until nothing else is to
// be sent. ErrUnsupported: this controller cannot tell.
func (c *Controller) Noise(ctx context.Context) ([]int, error) {
	c.mu.Lock()
	ready, can := c.phase == phaseReady, c.caps.Supports(serialapi.GetBackgroundRSSI)
	c.mu.Unlock()
	switch {
	case !ready:
		return nil, ErrDown
	case !can:
		return nil, fmt.Errorf("zwave: %s: %w", serialapi.GetBackgroundRSSI, ErrUnsupported)
	}
	b, err := c.do(ctx, request{function: serialapi.GetBackgroundRSSI, respond: true, lane: LanePoll})
	if err != nil {
		return nil, err
	}
	levels, err := serialapi.ParseBackgroundRSSI(b)
	if err != nil {
		return nil, fmt.Errorf("zwave: %w", err)
	}
	var noise []int
	for _, l := range levels {
		switch l {
		case serialapi.RSSINotAvailable:
		case serialapi.RSSISaturated:
			noise = append(noise, NoiseLoudest)
		case serialapi.RSSIBelowSensitivity:
			noise = append(noise, NoiseQuietest)
		default:
			noise = append(noise, int(l))
		}
	}
	return noise, nil
}
