// Package config is the hub's configuration file: one struct with its defaults
// in code, decoded strictly, checked as a whole.
//
// The file says what the hub must know before its database is open: where its
// data lies, which ports it listens on, which sticks are plugged in, how the
// box hangs on the network. What an owner changes in daily life is not here.
//
// Every key has a default, so an empty file is a good one. A key that does not
// exist, a value of the wrong kind and a value that makes no sense are faults;
// all of them are reported at once, each with its line, its key and the mend
// ([Invalid]). No secret is read from the file itself: keys that would hold one
// name a file instead.
package config

// Schema is the number of the layout that this release reads and writes in its
// documents. Older ones are brought up to it by [migrate].
const Schema = 1

// Config is the whole file. Default gives every key its default.
type Config struct {
	Schema     int      `yaml:"schema"`     // layout of the file; 1, and may be left out
	Data       string   `yaml:"data"`       // folder of everything that the hub keeps
	Listen     Listen   `yaml:"listen"`     //
	Name       string   `yaml:"name"`       // what the house calls the hub, at most 63 bytes
	Interfaces []string `yaml:"interfaces"` // where the hub announces and discovers; none: the LAN's
	Zwave      Zwave    `yaml:"zwave"`      //
	Zigbee     Zigbee   `yaml:"zigbee"`     //
	LTE        LTE      `yaml:"lte"`        //
	MQTT       MQTT     `yaml:"mqtt"`       //
	RTSP       RTSP     `yaml:"rtsp"`       //
	WebRTC     WebRTC   `yaml:"webrtc"`     //
	HomeKit    HomeKit  `yaml:"homekit"`    //
	Network    Network  `yaml:"network"`    //
	Clips      Clips    `yaml:"clips"`      //
	Log        Log      `yaml:"log"`        //
}

// Listen says where the page is served, as host:port. HTTP only redirects and
// serves the trust page; "" is off.
type Listen struct {
	HTTPS string `yaml:"https"`
	HTTP  string `yaml:"http"`
}

// Zwave is the Z-Wave stick: a device path or tcp://host:port; "" is none.
type Zwave struct {
	Port     string `yaml:"port"`
	KeysFile string `yaml:"keys_file"` // network keys of another program, read once
}

// Zigbee is the Zigbee stick: a device path or tcp://host:port; "" is none.
type Zigbee struct {
	Port       string `yaml:"port"`
	Adapter    string `yaml:"adapter"`     // auto, ezsp or znp
	BackupFile string `yaml:"backup_file"` // open coordinator backup, read once
	// InstallCodes is whether devices may join without the code on their label.
	InstallCodes string `yaml:"install_codes"` // auto or only
}

// Values of Zigbee.InstallCodes. By auto a person may let a device in without.
const (
	InstallCodesAuto = "auto"
	InstallCodesOnly = "only"
)

// LTE is the modem: a device path or tcp://host:port; "" is none.
type LTE struct {
	Port    string `yaml:"port"`
	APN     string `yaml:"apn"`      // auto, or the provider's
	PINFile string `yaml:"pin_file"` // file that holds the SIM's PIN
}

// MQTT says where the broker listens, as host:port; "" is off. On Loopback
// everyone on the box is let in; on Listen only clients with a token, over TLS.
type MQTT struct {
	Listen   string `yaml:"listen"`
	Loopback string `yaml:"loopback"`
}

// RTSP says where televisions and players find the cameras, as host:port; "" is off,
// as both are unless they are named. Each wants a token. Over Listen all that is
// shown, and the token, can be read on the way: it takes only those of the role
// onlooker. TLS is encrypted, with the hub's own certificate.
type RTSP struct {
	Listen string `yaml:"listen"`
	TLS    string `yaml:"tls"`
}

// WebRTC says from where browsers are shown cameras, as host:port of UDP; "" is off,
// and they are shown over the page's own connection. Without a host it is the address at
// which the browser reached the hub. The port is open only while somebody looks.
type WebRTC struct {
	Listen string `yaml:"listen"`
}

// HomeKit is the bridge to Apple Home. Port 0: any, and remembered.
type HomeKit struct {
	Enabled bool `yaml:"enabled"`
	Port    int  `yaml:"port"`
}

// Network says how the box hangs on the network. With fewer than two uplinks
// the hub leaves the box's routes and rules alone.
type Network struct {
	Mode     string   `yaml:"mode"`      // host or router
	Uplinks  []Uplink `yaml:"uplinks"`   // in order of preference; none: the default route's, then lte
	LAN      []string `yaml:"lan"`       // router: the interfaces of the LAN
	LTEAllow []string `yaml:"lte_allow"` // who else may use a metered uplink: addresses, prefixes, MACs
	Probes   Probes   `yaml:"probes"`
}

// Uplink is one way to the Internet. Gateway "": from DHCP or the kernel.
type Uplink struct {
	Name      string `yaml:"name"`
	Interface string `yaml:"interface"`
	Gateway   string `yaml:"gateway"`
	Metered   bool   `yaml:"metered"`
}

// Probes are what the hub asks to learn whether an uplink works. Empty ones
// have public defaults once the owner has configured two uplinks.
type Probes struct {
	ICMP []string `yaml:"icmp"` // addresses
	DNS  []string `yaml:"dns"`  // addresses of name servers
	HTTP string   `yaml:"http"` // http:// or https:// URL
}

// Clips bounds what recordings take on the disk.
type Clips struct {
	Quota  Size `yaml:"quota"`  // all of them
	Volume Size `yaml:"volume"` // one file that holds many
}

// Log says how much is logged (trace debug info warn error) and how (text json).
type Log struct {
	Level  string `yaml:"level"`
	Format string `yaml:"format"`
}

// Default is the configuration of an empty file.
func Default() Config {
	return Config{
		Schema:  Schema,
		Data:    "/var/lib/gatehouse",
		Listen:  Listen{HTTPS: ":443", HTTP: ":80"},
		Name:    "Gatehouse",
		Zigbee:  Zigbee{Adapter: "auto", InstallCodes: InstallCodesAuto},
		LTE:     LTE{APN: "auto"},
		MQTT:    MQTT{Listen: ":8883", Loopback: "127.0.0.1:1883"},
		WebRTC:  WebRTC{Listen: ":8189"},
		HomeKit: HomeKit{Enabled: true},
		Network: Network{Mode: "host"},
		Clips:   Clips{Quota: 50 * GiB, Volume: 256 * MiB},
		Log:     Log{Level: "info", Format: "text"},
	}
}
