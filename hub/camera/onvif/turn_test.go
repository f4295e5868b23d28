package onvif

import (
	"errors"
	"slices"
	"testing"

	"gatehouse/hub/camera/onvif/onvifsim"
)

// TestLook turns a camera.
func TestLook(t *testing.T) {
	t.Parallel()
	d := turnOn(t, onvifsim.Options{Presets: []string{"Gate", "Drive & <door>"}})
	c, told := listenTo(t, d, "pw & <word>")
	told.until(t, c, "it is heard", heard)
	list, err := c.Presets(t.Context())
	if want := []Preset{{"preset-Gate", "Gate"}, {"preset-Drive & <door>", "Drive & <door>"}}; err != nil || !slices.Equal(list, want) {
		t.Fatalf("%+v, %v; want %+v", list, err, want)
	}
	if err := c.Look(t.Context(), list[1].Token); err != nil {
		t.Fatal(err)
	}
	if at, turns := d.Preset(); at != "Drive & <door>" || turns != 1 {
		t.Errorf("it looks at %q after %d turns", at, turns)
	}
	if err := c.Look(t.Context(), "preset-none"); !errors.As(err, new(*Fault)) {
		t.Errorf("somewhere that there is not: %v", err)
	}
	plain := turnOn(t, onvifsim.Options{Quirks: onvifsim.Quirks{Media1: true}})
	c, told = listenTo(t, plain, "pw & <word>")
	if s := told.until(t, c, "it is heard", heard); s.PTZ || s.Masks {
		t.Errorf("%+v", s)
	}
}

// TestMask has a camera black out a part of its picture, and believes nothing that it
// does not read back.
func TestMask(t *testing.T) {
	t.Parallel()
	window := []Point{{0.1, 0.13}, {0.4, 0.13}, {0.4, 0.5}, {0.1, 0.5}}
	door := []Point{{0.6, 0.1}, {0.9, 0.1}, {0.75, 0.9}}
	for name, it := range map[string]struct {
		quirks         onvifsim.Quirks
		window, door   error
		masks, created int
	}{
		"a plain one":                     {onvifsim.Quirks{}, nil, nil, 2, 2},
		"room for one":                    {onvifsim.Quirks{OneMask: true}, nil, &Fault{}, 1, 2},
		"taken and not kept":              {onvifsim.Quirks{MasksGone: true}, ErrNotKept, ErrNotKept, 0, 2},
		"neither Media2 nor GetServices ": {onvifsim.Quirks{Media1: true}, ErrNoMasks, ErrNoMasks, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := turnOn(t, onvifsim.Options{Quirks: it.quirks})
			c, told := listenTo(t, d, "pw & <word>")
			told.until(t, c, "it is heard", heard)
			var tokens []string
			for i, want := range []error{it.window, it.door, it.window} { // the last has it already
				shape := [][]Point{window, door, window}[i]
				if i == 2 && want != nil {
					break
				}
				token, err := c.Mask(t.Context(), shape)
				fault := new(*Fault)
				if refused := errors.As(want, fault); !refused && !errors.Is(err, want) || refused && !errors.As(err, fault) || (token == "") != (want != nil) {
					t.Errorf("%d: %q, %v; want %v", i, token, err, want)
				}
				tokens = append(tokens, token)
			}
			if d.Masks() != it.masks || d.Asked("CreateMask") != it.created {
				t.Errorf("it has %d masks after %d were asked for, want %d after %d", d.Masks(), d.Asked("CreateMask"), it.masks, it.created)
			}
			if it.window != nil {
				return
			}
			if tokens[2] != tokens[0] {
				t.Errorf("the same mask is %q and %q", tokens[0], tokens[2])
			}
			l, err := c.reach(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if list, err := l.masks(t.Context(), l.main); err != nil || len(list) != it.masks || !list[0].covers(window) || list[0].covers(door) {
				t.Errorf("%+v, %v", list, err)
			}
			if err := c.Unmask(t.Context(), tokens[0]); err != nil || d.Masks() != it.masks-1 {
				t.Errorf("%v, and %d masks are left", err, d.Masks())
			}
		})
	}
}
