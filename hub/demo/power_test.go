package demo

import (
	"errors"
	"testing"
	"time"

	"gatehouse/hub/box"
	"gatehouse/hub/home"
	"gatehouse/zwave/zwavesim"
)

func TestPowerOfTheDemoHub(t *testing.T) {
	f := NewFamily(zwavesim.Options{})
	var invalid *home.Invalid
	if err := f.Do("power", "cut", ""); !errors.As(err, &invalid) {
		t.Errorf("cutting power where no hub runs: %v, want it refused", err)
	}
	dir := t.TempDir()
	if err := f.power.feed(dir); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		act  string
		want box.Supply
	}{
		{"restore", box.Supply{Mains: true, Battery: true, Percent: 100}},
		{"cut", box.Supply{Mains: true, Lost: true, Battery: true, Percent: 100, Left: 6 * time.Hour}},
		{"drain", box.Supply{Mains: true, Lost: true, Battery: true, Percent: 70, Left: 4*time.Hour + 12*time.Minute}},
		{"drain", box.Supply{Mains: true, Lost: true, Battery: true, Percent: 40, Left: 2*time.Hour + 24*time.Minute}},
		{"charge", box.Supply{Mains: true, Lost: true, Battery: true, Percent: 100, Left: 6 * time.Hour}},
		{"restore", box.Supply{Mains: true, Battery: true, Percent: 100}},
	} {
		if err := f.Do("power", tt.act, ""); err != nil {
			t.Fatal(err)
		}
		if got, err := box.ReadPower(dir); err != nil || got != tt.want {
			t.Errorf("%s: %+v, %v, want %+v", tt.act, got, err, tt.want)
		}
	}
	if err := f.Do("power", "explode", ""); !errors.As(err, &invalid) {
		t.Errorf("got %v, want it refused", err)
	}
}
