package config_test

import (
	"strings"
	"testing"

	"gatehouse/hub/config"
)

func TestSimulation(t *testing.T) {
	got, err := config.ParseSim("sim.yaml", []byte("zwave: {devices: 50, listen: \"127.0.0.1:5555\"}\n"))
	if err != nil || got.Zwave.Devices != 50 || got.Zwave.Listen != "127.0.0.1:5555" || got.Controls != "127.0.0.1:0" {
		t.Errorf("got %+v, %v", got, err)
	}
	for _, tt := range []struct{ in, want string }{
		{"zwave:\n  devices: 400\n", "sim.yaml:2: zwave.devices"},
		{"zwave:\n  device: 4\n", "sim.yaml:2: zwave.device"},
	} {
		if _, err := config.ParseSim("sim.yaml", []byte(tt.in)); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q: got %v, want %s", tt.in, err, tt.want)
		}
	}
}
