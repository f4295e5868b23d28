package hub

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"gatehouse/hub/face/api"
	"gatehouse/hub/health"
	"gatehouse/hub/home"
	"gatehouse/hub/home/supervision"
	"gatehouse/hub/radio/zigbeehome"
	"gatehouse/zigbee"
)

// clearly is by how much a channel must be quieter, in dB, to be worth the trouble
// of going there. Sensors arrive with −40 to −85 dBm.
const clearly = 10

// Survey implements api.Channels.
func (z *zigbeeNetwork) Survey(ctx context.Context) (api.Survey, error) {
	all, err := z.stick.Survey(ctx)
	switch {
	case errors.Is(err, zigbee.ErrDown):
		return api.Survey{}, &home.Conflict{Reason: "the Zigbee stick can't be reached; plug it in"}
	case errors.Is(err, zigbee.ErrUnable):
		return api.Survey{}, &home.Conflict{Reason: "the Zigbee stick's firmware can't tell what it hears; newer firmware may"}
	case err != nil:
		return api.Survey{}, err
	}
	_, network, _ := z.stick.Info()
	return survey(all, network.Channel), nil
}

// survey says which channel is the one to choose. The last one is not: many
// devices may send there only at a fraction of their power.
func survey(all []zigbee.Energy, own byte) api.Survey {
	s := api.Survey{Channel: int(own), Quietest: int(own)}
	var here, best int
	for _, e := range all {
		s.Channels = append(s.Channels, api.ChannelNoise{Channel: int(e.Channel), Noise: e.Power, Loud: e.Power >= supervision.Loud})
		if e.Channel == own {
			here = e.Power
		}
	}
	best = here - clearly
	for _, e := range all {
		if e.Power <= best && e.Channel != zigbee.LastChannel {
			best, s.Quietest = e.Power-1, int(e.Channel)
		}
	}
	return s
}

// channelMove is a change of channel as it is kept until every device was heard.
type channelMove struct {
	From, To int
	At       time.Time
	Behind   []zigbee.IEEE // not heard since
}

// How long a device may take to follow before that is told: one that listens
// hears of the change at once, and one that sleeps looks for the network when it
// has missed it a few times. They speak at least every 10 and 30 min.
const (
	followAwake  = 15 * time.Minute
	followAsleep = 75 * time.Minute
)

// Move implements api.Channels. The house has to be disarmed: its sensors may be
// unheard until they have followed.
func (z *zigbeeNetwork) Move(ctx context.Context, channel int, by string) (api.ChannelMove, error) {
	if z.hub.guard.State().Mode != home.Disarmed {
		return api.ChannelMove{}, &home.Conflict{Reason: "the house is armed, and its sensors may be unheard for some minutes: disarm it first"}
	}
	_, network, up := z.stick.Info()
	if up && int(network.Channel) == channel {
		return api.ChannelMove{}, &home.Conflict{Reason: fmt.Sprintf("the network is on channel %d already", channel)}
	}
	m := channelMove{From: int(network.Channel), To: channel, At: time.Now()}
	switch err := z.stick.ChangeChannel(ctx, byte(channel)); {
	case errors.Is(err, zigbee.ErrDown):
		return api.ChannelMove{}, &home.Conflict{Reason: "the Zigbee stick can't be reached; plug it in"}
	case err != nil:
		return api.ChannelMove{}, err
	}
	for _, d := range z.stick.Devices() {
		if d.Studied {
			m.Behind = append(m.Behind, d.IEEE)
		}
	}
	z.hub.journal.Add(home.Event{
		At: home.At(time.Now()), Kind: home.KindDevice, Who: home.Who(by),
		Text: fmt.Sprintf("%s took the Zigbee network from channel %d to %d.", by, m.From, m.To),
	})
	z.setMove(&m)
	_, awake := z.heard()
	for _, d := range awake { // whose answer tells that it is there
		z.radio.Ask(zigbeehome.ID(d.IEEE))
	}
	return *shownMove(&m), nil
}

// setMove notes and keeps the change of channel that is under way; nil: none is.
func (z *zigbeeNetwork) setMove(m *channelMove) { z.replaceMove(nil, m) }

// replaceMove does so unless another change of channel has come in between.
func (z *zigbeeNetwork) replaceMove(was, m *channelMove) {
	z.own.Lock()
	if was != nil && z.move != was {
		z.own.Unlock()
		return
	}
	z.move = m
	z.own.Unlock()
	kept := channelMove{}
	if m != nil {
		kept = *m
	}
	if err := z.moves.Save(kept); err != nil {
		z.hub.log.Error("the change of channel is not kept", "err", err)
	}
}

// loadMove takes up a change of channel from before the hub started.
func (z *zigbeeNetwork) loadMove() {
	m, ok, err := z.moves.Load()
	switch {
	case err != nil:
		z.hub.log.Error("the change of channel is not read", "err", err)
	case ok && len(m.Behind) > 0:
		z.move = &m
	}
}

// moving is the change of channel that is under way, as the API has it.
func (z *zigbeeNetwork) moving() *api.ChannelMove {
	z.own.Lock()
	defer z.own.Unlock()
	return shownMove(z.move)
}

func shownMove(m *channelMove) *api.ChannelMove {
	if m == nil {
		return nil
	}
	shown := &api.ChannelMove{From: m.From, To: m.To, At: home.At(m.At)}
	for _, id := range m.Behind {
		shown.Following = append(shown.Following, zigbeehome.ID(id))
	}
	return shown
}

// follow sees who has followed a change of channel, and tells of those who have
// not when it is time.
func (z *zigbeeNetwork) follow(now time.Time) {
	z.own.Lock()
	m := z.move
	z.own.Unlock()
	if m == nil {
		return
	}
	known := make(map[zigbee.IEEE]zigbee.Device)
	for _, d := range z.stick.Devices() {
		known[d.IEEE] = d
	}
	left := *m
	left.Behind = slices.DeleteFunc(slices.Clone(m.Behind), func(id zigbee.IEEE) bool {
		d, there := known[id]
		return !there || d.LastSeen.After(m.At)
	})
	switch {
	case len(left.Behind) == 0:
		z.replaceMove(m, nil)
		z.hub.journal.Add(home.Event{At: home.At(now), Kind: home.KindDevice, Text: fmt.Sprintf("Every Zigbee device has followed to channel %d.", m.To)})
	case len(left.Behind) < len(m.Behind):
		z.replaceMove(m, &left)
	}
	var late []string
	for _, id := range left.Behind {
		limit := followAsleep
		if known[id].Listening {
			limit = followAwake
		}
		if now.Sub(m.At) >= limit {
			name := string(zigbeehome.ID(id))
			if d, ok := z.hub.devices.Device(home.DeviceID(name)); ok {
				name = d.Name
			}
			late = append(late, name)
		}
	}
	z.hub.board.Set(len(late) > 0, health.ChannelLeft, zigbeehome.Kind,
		devicesHave(len(late)), m.To, strings.Join(late, ", "))
}

func devicesHave(n int) string {
	if n == 1 {
		return "a device has"
	}
	return fmt.Sprintf("%d devices have", n)
}
