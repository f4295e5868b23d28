package onvif

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
)

// Point is a place in the picture: parts of its width and height, 0 to 1, from its
// upper left corner.
type Point struct{ X, Y float64 }

// Mask is a part of the picture that the camera blacks out itself, before anybody
// gets it.
type Mask struct {
	Token string
	Shape []Point
}

// slack is how far a corner may be from where it was asked for, in parts of the
// picture: cameras keep masks on a grid of their own.
const slack = 0.03

const mostMasks = 64

// maskXML is a mask as it goes over the wire (ONVIF Media2 §5.8). Coordinates there
// run from -1 to 1, upwards.
type maskXML struct {
	Token              string `xml:"token,attr"`
	ConfigurationToken string
	Polygon            struct {
		Point []struct {
			X float64 `xml:"x,attr"`
			Y float64 `xml:"y,attr"`
		}
	}
	Enabled string
}

func (m maskXML) mask() Mask {
	out := Mask{Token: m.Token}
	for _, p := range m.Polygon.Point {
		out.Shape = append(out.Shape, Point{(p.X + 1) / 2, (1 - p.Y) / 2})
	}
	return out
}

// covers tells whether a mask has the corners that were asked for, wherever it begins
// to count them and whichever way round.
func (m Mask) covers(shape []Point) bool {
	n := len(shape)
	if len(m.Shape) != n {
		return false
	}
	for from := range n {
		for _, step := range []int{1, n - 1} {
			same := true
			for i := range n {
				a, b := shape[i], m.Shape[(from+i*step)%n]
				same = same && math.Abs(a.X-b.X) <= slack && math.Abs(a.Y-b.Y) <= slack
			}
			if same {
				return true
			}
		}
	}
	return false
}

// masks reads which masks the camera has now and uses.
func (c *Client) masks(ctx context.Context, p Profile) ([]Mask, error) {
	type masks struct{ Masks []maskXML }
	got, err := ask[masks](ctx, c, nsMedia2, "GetMasks", "<ConfigurationToken>"+escaped(p.SourceConfig)+"</ConfigurationToken>")
	if err != nil {
		return nil, err
	}
	var list []Mask
	for _, m := range got.Masks[:min(len(got.Masks), mostMasks)] {
		if on, ok := truthOf(m.Enabled); ok && on && len(m.Token) <= mostWords && (m.ConfigurationToken == "" || m.ConfigurationToken == p.SourceConfig) {
			list = append(list, m.mask())
		}
	}
	return list, nil
}

// Why a camera does not black out what it was asked to.
var (
	ErrNoMasks = errors.New("it takes no masks (ONVIF Media2)")
	ErrNotKept = errors.New("it took the mask and does not have it")
)

// Mask has the camera black out a part of its picture, and reads back whether it does.
// One that it has already is not made again.
func (c *Camera) Mask(ctx context.Context, shape []Point) (token string, err error) {
	l, err := c.reach(ctx)
	if err != nil {
		return "", err
	}
	has := func() (string, error) {
		list, err := l.masks(ctx, l.main)
		i := slices.IndexFunc(list, func(m Mask) bool { return m.covers(shape) })
		if err != nil || i < 0 {
			return "", err
		}
		return list[i].Token, nil
	}
	token, err = has()
	if errors.Is(err, ErrLacks) {
		err = ErrNoMasks
	}
	if err != nil || token != "" {
		return token, err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "<Mask><ConfigurationToken>%s</ConfigurationToken><Polygon>", escaped(l.main.SourceConfig))
	for _, p := range shape {
		fmt.Fprintf(&b, `<tt:Point x="%.4f" y="%.4f"/>`, 2*p.X-1, 1-2*p.Y)
	}
	b.WriteString(`</Polygon><Type>Color</Type><Color X="0" Y="128" Z="128" Colorspace="http://www.onvif.org/ver10/colorspace/YCbCr"/><Enabled>true</Enabled></Mask>`)
	made, err := ask[struct{ Token string }](ctx, l.Client, nsMedia2, "CreateMask", b.String())
	if err != nil {
		return "", err
	}
	if token, err = has(); err == nil && token == "" {
		err = ErrNotKept
		_ = l.unmask(ctx, made.Token) // what nobody can rely on is better not there
	}
	return token, err
}

// Unmask has the camera show a part of its picture again.
func (c *Camera) Unmask(ctx context.Context, token string) error {
	l, err := c.reach(ctx)
	if err != nil {
		return err
	}
	return l.unmask(ctx, token)
}

func (c *Client) unmask(ctx context.Context, token string) error {
	_, err := ask[struct{}](ctx, c, nsMedia2, "DeleteMask", "<Token>"+escaped(token)+"</Token>")
	return err
}
