// Package config is the hub's configuration file: one struct, defaults in
// code, decoded strictly.
package config

// Config is the whole file. Default gives every key its default.
type Config struct {
	Data       string   `yaml:"data"`
	Listen     Listen   `yaml:"listen"`
	Name       string   `yaml:"name"`
	Interfaces []string `yaml:"interfaces"`
	Zwave      Zwave    `yaml:"zwave"`
	MQTT       MQTT     `yaml:"mqtt"`
	Log        Log      `yaml:"log"`
}

// Listen says where the page is served.
type Listen struct {
	HTTPS string `yaml:"https"`
	HTTP  string `yaml:"http"`
}

// Zwave is the Z-Wave stick; Port "" means that there is none.
type Zwave struct {
	Port     string `yaml:"port"`
	KeysFile string `yaml:"keys_file"`
}

// MQTT says where the broker listens; "" means not there.
type MQTT struct {
	Listen   string `yaml:"listen"`
	Loopback string `yaml:"loopback"`
}

// Log says how much is logged and how.
type Log struct {
	Level  string `yaml:"level"`
	Format string `yaml:"format"`
}
