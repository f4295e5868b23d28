package box_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/hub/box"
)

// supplies writes folders as the kernel shows them: name → file → content.
func supplies(t *testing.T, list map[string]map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, files := range list {
		if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
		for file, content := range files {
			if err := os.WriteFile(filepath.Join(dir, name, file), []byte(content+"\n"), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	return dir
}

func TestReadPower(t *testing.T) {
	type files = map[string]string
	for _, tt := range []struct {
		name string
		list map[string]files
		want box.Supply
	}{
		{"nothing", nil, box.Supply{Percent: -1}},
		{
			"a laptop on its adapter",
			map[string]files{
				"AC":   {"type": "Mains", "online": "1"},
				"BAT0": {"type": "Battery", "present": "1", "status": "Charging", "capacity": "81", "power_now": "9000000", "energy_now": "40000000"},
			},
			box.Supply{Mains: true, Battery: true, Percent: 81},
		},
		{
			"a laptop without it",
			map[string]files{
				"AC":   {"type": "Mains", "online": "0"},
				"BAT0": {"type": "Battery", "present": "1", "status": "Discharging", "capacity": "81", "power_now": "9000000", "energy_now": "40500000"},
			},
			box.Supply{Mains: true, Lost: true, Battery: true, Percent: 81, Left: 4*time.Hour + 30*time.Minute},
		},
		{
			"charge and a negative current",
			map[string]files{
				"usb":     {"type": "USB", "online": "0"},
				"battery": {"type": "Battery", "status": "Discharging", "charge_now": "1000000", "charge_full": "4000000", "current_now": "-500000"},
			},
			box.Supply{Mains: true, Lost: true, Battery: true, Percent: 25, Left: 2 * time.Hour},
		},
		{
			"a gauge that knows the time",
			map[string]files{
				"usb":     {"type": "USB", "online": "0"},
				"battery": {"type": "Battery", "status": "Discharging", "capacity": "9", "time_to_empty_now": "1260", "charge_now": "1", "current_now": "1"},
			},
			box.Supply{Mains: true, Lost: true, Battery: true, Percent: 9, Left: 21 * time.Minute},
		},
		{
			"a UPS alone tells of the mains",
			map[string]files{"ups": {"type": "UPS", "status": "Discharging", "capacity": "97"}},
			box.Supply{Mains: true, Lost: true, Battery: true, Percent: 97},
		},
		{
			"the same on the mains",
			map[string]files{"ups": {"type": "UPS", "status": "Full", "capacity": "100"}},
			box.Supply{Mains: true, Battery: true, Percent: 100},
		},
		{
			"one of two adapters is enough",
			map[string]files{"AC": {"type": "Mains", "online": "0"}, "usb-c": {"type": "USB", "online": "1"}},
			box.Supply{Mains: true, Percent: -1},
		},
		{
			"the mouse",
			map[string]files{"hidpp_battery_0": {"type": "Battery", "scope": "Device", "status": "Discharging", "capacity": "5"}},
			box.Supply{Percent: -1},
		},
		{
			"a slot without a battery",
			map[string]files{"AC": {"type": "Mains", "online": "1"}, "BAT1": {"type": "Battery", "present": "0"}},
			box.Supply{Mains: true, Percent: -1},
		},
		{
			"nonsense",
			map[string]files{"BAT0": {"type": "Battery", "status": "Unknown", "capacity": "300", "power_now": "0", "energy_now": "x"}, "x": {}},
			box.Supply{Battery: true, Percent: -1},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := box.ReadPower(supplies(t, tt.list))
			if diff := cmp.Diff(got, tt.want); err != nil || diff != "" {
				t.Errorf("%v (-got +want):\n%s", err, diff)
			}
		})
	}
}

func TestBoxWithoutPowerSuppliesHasNothingToSay(t *testing.T) {
	got, err := box.ReadPower(filepath.Join(t.TempDir(), "none"))
	if err != nil || got != (box.Supply{Percent: -1}) {
		t.Errorf("%+v, %v", got, err)
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := box.ReadPower(file); err == nil {
		t.Error("a file in place of the folder is no error")
	}
	if _, err := box.ReadPower(box.PowerDir); err != nil {
		t.Errorf("this machine: %v", err)
	}
}
