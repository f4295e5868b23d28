package zigbee

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Channels of Zigbee at 2.4 GHz.
const (
	FirstChannel byte = 11
	LastChannel  byte = 26
)

// Energy is how much is heard on a channel.
type Energy struct {
	Channel byte
	Power   int // dBm, the most of each time of listening
}

// Figures of a survey.
const (
	surveyRounds = 3
	// Between two times of listening, which take 77 ms each, the stick hears its
	// devices again: one that was not acknowledged repeats itself within
	// milliseconds, and then after 1.6 s.
	surveyPause = 100 * time.Millisecond
)

// Survey listens on every channel in turn, three times over: in 9 s.
func (c *Controller) Survey(ctx context.Context) ([]Energy, error) {
	var all []Energy
	for round := range surveyRounds {
		for channel := FirstChannel; channel <= LastChannel; channel++ {
			power, err := c.listen(ctx, channel)
			if err != nil {
				return nil, err
			}
			if i := int(channel - FirstChannel); round == 0 {
				all = append(all, Energy{channel, power})
			} else {
				all[i].Power = max(all[i].Power, power)
			}
			pause := time.NewTimer(surveyPause)
			select {
			case <-pause.C:
			case <-ctx.Done():
				pause.Stop()
				return nil, context.Cause(ctx)
			}
		}
	}
	return all, nil
}

// Noise is how much is heard on the network's own channel, in dBm.
func (c *Controller) Noise(ctx context.Context) (int, error) {
	_, network, up := c.Info()
	if !up {
		return 0, ErrDown
	}
	return c.listen(ctx, network.Channel)
}

// listen measures one channel. One at a time: a stick has one ear.
func (c *Controller) listen(ctx context.Context, channel byte) (int, error) {
	if err := c.hearken(ctx); err != nil {
		return 0, err
	}
	defer c.unhearken()
	c.mu.Lock()
	a := c.adapter
	c.mu.Unlock()
	if a == nil {
		return 0, ErrDown
	}
	power, err := a.Energy(ctx, channel)
	if err != nil && !errors.Is(err, ErrDown) {
		return 0, fmt.Errorf("zigbee: listening on channel %d: %w", channel, err)
	}
	return power, err
}

// hearken takes the stick's ear, which unhearken gives back.
func (c *Controller) hearken(ctx context.Context) error {
	select {
	case c.ear <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (c *Controller) unhearken() { <-c.ear }

// ChangeChannel takes the network to another channel. Devices that hear it now
// go along; one that sleeps looks for the network when it misses it, and who has
// gone along is seen when it is heard.
func (c *Controller) ChangeChannel(ctx context.Context, channel byte) error {
	if channel < FirstChannel || channel > LastChannel {
		return fmt.Errorf("zigbee: there is no channel %d, only %d to %d", channel, FirstChannel, LastChannel)
	}
	c.mu.Lock()
	a := c.adapter
	c.mu.Unlock()
	if a == nil {
		return ErrDown
	}
	if err := c.hearken(ctx); err != nil {
		return err
	}
	err := a.ChangeChannel(ctx, channel)
	c.unhearken()
	if err != nil {
		return fmt.Errorf("zigbee: going to channel %d: %w", channel, err)
	}
	c.mu.Lock()
	c.network.Channel, c.moved = channel, true
	poke(c.saving)
	c.mu.Unlock()
	return nil
}
