package api

import (
	"context"

	"gatehouse/hub/home"
)

// Channels is what the API needs of a radio network that can go to another
// channel.
type Channels interface {
	// Survey listens on every channel. It takes some seconds.
	Survey(ctx context.Context) (Survey, error)
	// Move takes the network to another channel.
	Move(ctx context.Context, channel int, by string) (ChannelMove, error)
}

// Survey is what is heard on the channels of a radio.
type Survey struct {
	Channel  int            `json:"channel" doc:"the network's own"`
	Channels []ChannelNoise `json:"channels"`
	Quietest int            `json:"quietest" doc:"the channel to choose; the network's own where none is clearly quieter"`
}

// ChannelNoise is how much is heard on one channel.
type ChannelNoise struct {
	Channel int  `json:"channel"`
	Noise   int  `json:"noise" doc:"dBm; the most of several times of listening"`
	Loud    bool `json:"loud" doc:"it is hard to get through here"`
}

// ChannelMove is a change of channel that not every device has followed as yet.
type ChannelMove struct {
	From      int             `json:"from"`
	To        int             `json:"to"`
	At        home.Time       `json:"at"`
	Following []home.DeviceID `json:"following" doc:"devices that have not been heard since"`
}

type channelInput struct {
	radioPath
	Body channelRequest
}

type channelRequest struct {
	Channel int `json:"channel" minimum:"11" maximum:"26"`
}

func (a *API) channels(name string) (Channels, error) {
	r, err := a.radio(name)
	if err != nil {
		return nil, err
	}
	c, ok := r.(Channels)
	if !ok {
		return nil, &home.Conflict{Reason: "this radio has one channel alone"}
	}
	return c, nil
}

func (a *API) survey(ctx context.Context, in *radioPath) (*out[Survey], error) {
	c, err := a.channels(in.Radio)
	if err != nil {
		return nil, err
	}
	s, err := c.Survey(ctx)
	if err != nil {
		return nil, err
	}
	s.Channels = list(s.Channels)
	return &out[Survey]{s}, nil
}

func (a *API) moveChannel(ctx context.Context, in *channelInput) (*out[ChannelMove], error) {
	c, err := a.channels(in.Radio)
	if err != nil {
		return nil, err
	}
	m, err := c.Move(ctx, in.Body.Channel, ask(ctx).caller.Name)
	if err != nil {
		return nil, err
	}
	m.Following = list(m.Following)
	return &out[ChannelMove]{m}, nil
}
