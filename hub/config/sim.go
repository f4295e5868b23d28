package config

import (
	"fmt"
	"os"
	"reflect"
)

// Sim says what `gatehouse sim` simulates. Every key has a default, as in
// Config.
type Sim struct {
	Zwave    SimZwave `yaml:"zwave"`
	Controls string   `yaml:"controls"` // where doors are opened, as host:port
}

// SimZwave is the simulated Z-Wave stick.
type SimZwave struct {
	Listen  string `yaml:"listen"`  // TCP, as host:port
	Link    string `yaml:"link"`    // name of the pty; "": in a temporary folder
	Devices int    `yaml:"devices"` // contacts beside the demo's home
	Real    bool   `yaml:"real"`    // as slow as a real radio
}

// DefaultSim is the simulation of an empty file.
func DefaultSim() Sim {
	return Sim{Zwave: SimZwave{Listen: "127.0.0.1:0"}, Controls: "127.0.0.1:0"}
}

// LoadSim reads a simulation from the file at path; "" is DefaultSim.
func LoadSim(path string) (Sim, error) {
	if path == "" {
		return DefaultSim(), nil
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return Sim{}, fmt.Errorf("simulation: %w", err)
	}
	return ParseSim(path, b)
}

// ParseSim is Parse for a simulation.
func ParseSim(name string, b []byte) (Sim, error) {
	s := DefaultSim()
	d := &decoder{faults{lines: map[string]int{}}}
	if doc := d.document(b); doc != nil {
		d.value("", doc, reflect.ValueOf(&s).Elem())
	}
	if s.Zwave.Devices < 0 || s.Zwave.Devices > 200 {
		d.add(d.lines["zwave.devices"], "zwave.devices", "0 to 200 fit into one network")
	}
	return s, d.err(name)
}
