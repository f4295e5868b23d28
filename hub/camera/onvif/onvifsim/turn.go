package onvifsim

import (
	"fmt"
	"html"
	"slices"
	"strings"
)

// looks carries out what has to do with where the device looks and what it must not
// show; the lock is held.
func (d *Device) looks(in asked) (body string, f *fault, ok bool) {
	what := in.Body.What
	switch what.XMLName.Local {
	case "GetPresets":
		var b strings.Builder
		for _, name := range d.o.Presets {
			fmt.Fprintf(&b, `<tptz:Preset token="preset-%[1]s"><tt:Name>%[1]s</tt:Name></tptz:Preset>`, html.EscapeString(name))
		}
		return `<tptz:GetPresetsResponse>` + b.String() + `</tptz:GetPresetsResponse>`, nil, true
	case "GotoPreset":
		i := slices.IndexFunc(d.o.Presets, func(n string) bool { return "preset-"+n == what.PresetToken })
		if i < 0 {
			return "", &fault{"Sender", "NoToken", "The requested preset token does not exist"}, true
		}
		d.preset = d.o.Presets[i]
		d.turns++
		return `<tptz:GotoPresetResponse/>`, nil, true
	case "GetMasks":
		var b strings.Builder
		for _, m := range d.masks {
			fmt.Fprintf(&b, `<tr2:Masks token=%q><tr2:ConfigurationToken>vsconf</tr2:ConfigurationToken><tr2:Polygon>`, m.Token)
			for _, p := range m.Polygon.Point {
				fmt.Fprintf(&b, `<tt:Point x="%.3f" y="%.3f"/>`, grid(p.X), grid(p.Y))
			}
			fmt.Fprintf(&b, `</tr2:Polygon><tr2:Type>%s</tr2:Type><tr2:Enabled>%t</tr2:Enabled></tr2:Masks>`, m.Type, m.Enabled)
		}
		return `<tr2:GetMasksResponse>` + b.String() + `</tr2:GetMasksResponse>`, nil, true
	case "CreateMask":
		m := what.Mask
		switch {
		case m.ConfigurationToken != "vsconf":
			return "", &fault{"Sender", "NoConfig", "No such configuration"}, true
		case d.quirks.OneMask && len(d.masks) > 0:
			return "", &fault{"Receiver", "MaxMasks", "The maximum number of masks has been reached"}, true
		case len(m.Polygon.Point) < 3 || m.Type != "Color" && m.Type != "Pixelated" && m.Type != "Blurred":
			return "", &fault{"Sender", "InvalidPolygon", "The polygon is not supported"}, true
		}
		d.masked++
		m.Token = fmt.Sprint("mask-", d.masked)
		if !d.quirks.MasksGone {
			d.masks = append(d.masks, m)
			d.hide()
		}
		return `<tr2:CreateMaskResponse><tr2:Token>` + m.Token + `</tr2:Token></tr2:CreateMaskResponse>`, nil, true
	case "DeleteMask":
		before := len(d.masks)
		d.masks = slices.DeleteFunc(d.masks, func(m mask) bool { return m.Token == what.Token })
		if len(d.masks) == before {
			return "", &fault{"Sender", "NoConfig", "No such mask"}, true
		}
		d.hide()
		return `<tr2:DeleteMaskResponse/>`, nil, true
	}
	return "", nil, false
}

// grid is where a device keeps a corner: on a grid of fiftieths.
func grid(x float64) float64 { return float64(int(x*50+100.5)-100) / 50 }
