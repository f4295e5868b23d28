package config

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// check says what makes no sense in c.
func check(c Config, f *faults) {
	if c.Schema != Schema {
		f.at("schema", "is %d, want %d", c.Schema, Schema)
	}
	absolute(f, "data", c.Data)
	if c.Data == "" {
		f.at("data", "must name a folder, such as /var/lib/gatehouse")
	}
	switch {
	case c.Name == "":
		f.at("name", "must not be empty: it is what phones show")
	case len(c.Name) > 63:
		f.at("name", "is %d bytes long, at most 63 fit into an announcement", len(c.Name))
	case strings.ContainsFunc(c.Name, func(r rune) bool { return !unicode.IsPrint(r) }):
		f.at("name", "holds a character that cannot be shown")
	}
	checkListeners(c, f)
	for i, name := range c.Interfaces {
		iface(f, fmt.Sprintf("interfaces[%d]", i), name)
	}
	checkRadios(c, f)
	if c.HomeKit.Port < 0 || c.HomeKit.Port > 65535 {
		f.at("homekit.port", "%d is not a port: want 1 to 65535, or 0 for any", c.HomeKit.Port)
	}
	checkNetwork(c.Network, f)
	if c.Clips.Volume < 16*MiB || c.Clips.Volume > 4*GiB {
		f.at("clips.volume", "is %s, want 16MiB to 4GiB", c.Clips.Volume)
	}
	if c.Clips.Quota < 4*c.Clips.Volume {
		f.at("clips.quota", "is %s, want at least four volumes of %s", c.Clips.Quota, c.Clips.Volume)
	}
	oneOf(f, "log.level", c.Log.Level, "trace", "debug", "info", "warn", "error")
	oneOf(f, "log.format", c.Log.Format, "text", "json")
}

func checkListeners(c Config, f *faults) {
	listeners := []struct{ key, addr string }{
		{"listen.https", c.Listen.HTTPS},
		{"listen.http", c.Listen.HTTP},
		{"mqtt.listen", c.MQTT.Listen},
		{"mqtt.loopback", c.MQTT.Loopback},
		{"rtsp.listen", c.RTSP.Listen},
		{"rtsp.tls", c.RTSP.TLS},
	}
	if c.Listen.HTTPS == "" {
		f.at("listen.https", "must name an address such as :443: without it nobody can reach the hub")
	}
	hostPort(f, "webrtc.listen", c.WebRTC.Listen) // of UDP: it takes no other's place
	taken := map[string]string{}
	for _, l := range listeners {
		host, port, ok := hostPort(f, l.key, l.addr)
		if !ok {
			continue
		}
		if l.key == "mqtt.loopback" && !loopback(host) {
			f.at(l.key, "%q is not on this box alone, and everyone is let in here: write 127.0.0.1:%d, and use mqtt.listen for others", l.addr, port)
		}
		if port == 0 {
			continue
		}
		at := net.JoinHostPort(host, strconv.Itoa(port))
		if first, ok := taken[at]; ok {
			f.at(l.key, "%q is taken by %s already", l.addr, first)
		}
		taken[at] = l.key
	}
}

func checkRadios(c Config, f *faults) {
	taken := map[string]string{}
	for _, r := range []struct{ key, port string }{
		{"zwave.port", c.Zwave.Port}, {"zigbee.port", c.Zigbee.Port}, {"lte.port", c.LTE.Port},
	} {
		if r.port == "" {
			continue
		}
		if first, ok := taken[r.port]; ok {
			f.at(r.key, "%q is the port of %s already", r.port, first)
		}
		taken[r.port] = r.key
		if addr, ok := strings.CutPrefix(r.port, "tcp://"); ok {
			if host, port, ok := hostPort(f, r.key, addr); ok && (host == "" || port == 0) {
				f.at(r.key, "%q names no host and port: want tcp://host:port", r.port)
			}
			continue
		}
		if !filepath.IsAbs(r.port) {
			f.at(r.key, "%q is neither a device such as /dev/serial/by-id/… nor tcp://host:port", r.port)
		}
	}
	absolute(f, "zwave.keys_file", c.Zwave.KeysFile)
	absolute(f, "zigbee.backup_file", c.Zigbee.BackupFile)
	absolute(f, "lte.pin_file", c.LTE.PINFile)
	oneOf(f, "zigbee.adapter", c.Zigbee.Adapter, "auto", "ezsp", "znp")
	oneOf(f, "zigbee.install_codes", c.Zigbee.InstallCodes, InstallCodesAuto, InstallCodesOnly)
	if !regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9.-]{0,98}[A-Za-z0-9])?$`).MatchString(c.LTE.APN) {
		f.at("lte.apn", "%q is not an access point name: write auto, or the provider's", c.LTE.APN)
	}
}

func checkNetwork(n Network, f *faults) {
	oneOf(f, "network.mode", n.Mode, "host", "router")
	names := map[string]bool{}
	var wide []string
	for i, u := range n.Uplinks {
		at := fmt.Sprintf("network.uplinks[%d]", i)
		switch {
		case !regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,31}$`).MatchString(u.Name):
			f.at(at+".name", "%q is not a name of small letters, digits and dashes", u.Name)
		case names[u.Name]:
			f.at(at+".name", "there are two uplinks %q", u.Name)
		}
		names[u.Name] = true
		iface(f, at+".interface", u.Interface)
		if slices.Contains(wide, u.Interface) {
			f.at(at+".interface", "%q is another uplink's already", u.Interface)
		}
		wide = append(wide, u.Interface)
		if u.Gateway != "" {
			if _, err := netip.ParseAddr(u.Gateway); err != nil {
				f.at(at+".gateway", "%q is not an address such as 192.168.1.1", u.Gateway)
			}
		}
	}
	for i, l := range n.LAN {
		at := fmt.Sprintf("network.lan[%d]", i)
		iface(f, at, l)
		if slices.Contains(wide, l) {
			f.at(at, "%q is an uplink: it cannot be the LAN too", l)
		}
	}
	if n.Mode == "router" && (len(n.LAN) == 0 || len(n.Uplinks) == 0) {
		f.at("network.mode", "a router needs network.lan and network.uplinks: name the interfaces of both")
	}
	for i, a := range n.LTEAllow {
		_, notAddr := netip.ParseAddr(a)
		_, notPrefix := netip.ParsePrefix(a)
		_, notMAC := net.ParseMAC(a)
		if notAddr != nil && notPrefix != nil && notMAC != nil {
			f.at(fmt.Sprintf("network.lte_allow[%d]", i), "%q is not an address, a prefix such as 192.168.1.0/28 or a MAC", a)
		}
	}
	for key, list := range map[string][]string{"icmp": n.Probes.ICMP, "dns": n.Probes.DNS} {
		for i, a := range list {
			if _, err := netip.ParseAddr(a); err != nil {
				f.at(fmt.Sprintf("network.probes.%s[%d]", key, i), "%q is not an address: names cannot be looked up over a dead link", a)
			}
		}
	}
	if n.Probes.HTTP != "" {
		u, err := url.Parse(n.Probes.HTTP)
		switch {
		case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
			f.at("network.probes.http", "want a URL such as http://example.org/")
		case u.User != nil:
			f.at("network.probes.http", "must not hold a name or password")
		}
	}
}

func oneOf(f *faults, key, got string, want ...string) {
	if !slices.Contains(want, got) {
		f.at(key, "%q is not one of %s", got, strings.Join(want, ", "))
	}
}

func absolute(f *faults, key, path string) {
	if path != "" && !filepath.IsAbs(path) {
		f.at(key, "%q must begin with /: the hub may be started from any folder", path)
	}
}

// iface checks the name of a network interface by the kernel's rule.
func iface(f *faults, key, name string) {
	if name == "" || len(name) > 15 || name == "." || name == ".." || strings.ContainsAny(name, "/: \t") {
		f.at(key, "%q is not the name of a network interface", name)
	}
}

// hostPort splits an address; "" is off and no fault.
func hostPort(f *faults, key, addr string) (host string, port int, ok bool) {
	if addr == "" {
		return "", 0, false
	}
	host, digits, err := net.SplitHostPort(addr)
	if err == nil {
		port, err = strconv.Atoi(digits)
	}
	if err != nil || port < 0 || port > 65535 || strings.ContainsAny(host, " /@") {
		f.at(key, "%q is not host:port, such as 127.0.0.1:1883 or :8883", addr)
		return "", 0, false
	}
	return host, port, true
}

func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	a, err := netip.ParseAddr(host)
	return err == nil && a.IsLoopback()
}
