package onvif

import "context"

// Preset is somewhere that a camera can look.
type Preset struct{ Token, Name string }

const mostPresets = 64

// Presets asks where the camera can look.
func (c *Camera) Presets(ctx context.Context) ([]Preset, error) {
	l, err := c.reach(ctx)
	if err != nil {
		return nil, err
	}
	return l.presets(ctx, l.main)
}

func (c *Client) presets(ctx context.Context, p Profile) ([]Preset, error) {
	type presets struct {
		Preset []struct {
			tokenOf
			Name string
		}
	}
	got, err := ask[presets](ctx, c, nsPTZ, "GetPresets", "<ProfileToken>"+escaped(p.Token)+"</ProfileToken>")
	if err != nil {
		return nil, err
	}
	list := []Preset{}
	for _, p := range got.Preset[:min(len(got.Preset), mostPresets)] {
		if p.Token != "" && len(p.Token) <= mostWords {
			list = append(list, Preset{p.Token, words(p.Name)})
		}
	}
	return list, nil
}

// Look turns the camera to a preset. It returns when the camera has begun to turn.
func (c *Camera) Look(ctx context.Context, preset string) error {
	l, err := c.reach(ctx)
	if err != nil {
		return err
	}
	_, err = ask[struct{}](ctx, l.Client, nsPTZ, "GotoPreset", "<ProfileToken>"+escaped(l.main.Token)+"</ProfileToken><PresetToken>"+escaped(preset)+"</PresetToken>")
	return err
}
