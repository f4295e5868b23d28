package hub

import (
	"path/filepath"
	"strings"

	"gatehouse/hub/radio/port"
)

// stickKind is one make of stick: by whose it is known, which family it is of, and
// what it wants of its line.
type stickKind struct {
	usb   []string // ids, "vendor:product"; a bridge such as 10c4:ea60 is in many makes
	words string   // all of them are in what it calls itself
	kind  string   // family
	line  port.Options
}

// stickKinds are the makes that are known, the particular before the general (npm
// zigbee-herdsman 11.1.1, adapterDiscovery). All others want 115200 baud without
// flow control, and are asked in one language and then in the other.
var stickKinds = []stickKind{
	{[]string{"303a:4001", "303a:831a"}, "zbt-2", familyEZSP, port.Options{Baud: 460800, RTSCTS: true}},
	{[]string{"10c4:ea60"}, "nabu casa zbt-1", familyEZSP, port.Options{RTSCTS: true}},
	{[]string{"10c4:ea60"}, "skyconnect", familyEZSP, port.Options{RTSCTS: true}},
	{[]string{"10c4:ea60"}, "slzb-06m", familyEZSP, port.Options{}},
	{[]string{"10c4:ea60"}, "slzb-07p7", familyZNP, port.Options{}},
	{[]string{"10c4:ea60"}, "slzb-06p", familyZNP, port.Options{}},
	{[]string{"10c4:ea60"}, "slzb-07", familyEZSP, port.Options{RTSCTS: true}},
	{[]string{"10c4:ea60"}, "sonoff plus cc2674p10", familyZNP, port.Options{}},
	{[]string{"10c4:ea60"}, "sonoff plus mg24", familyEZSP, port.Options{}},
	{[]string{"10c4:ea60"}, "sonoff lite mg21", familyEZSP, port.Options{}},
	{[]string{"10c4:ea60"}, "sonoff max", familyEZSP, port.Options{}},
	{[]string{"10c4:ea60", "1a86:55d4"}, "sonoff plus v2", familyEZSP, port.Options{}},
	{[]string{"10c4:ea60"}, "sonoff plus", familyZNP, port.Options{}},
	{[]string{"1a86:55d4"}, "sonoff plus", familyEZSP, port.Options{}},
	{[]string{"10c4:ea60"}, "slae.sh cc2652rb", familyZNP, port.Options{}},
	{[]string{"0403:6015"}, "electrolama", familyZNP, port.Options{}},
	{[]string{"10c4:ea60", "1a86:7523"}, "tubeszb", familyZNP, port.Options{}},
	{[]string{"1a86:7523"}, "zigstar", familyZNP, port.Options{}},
	{[]string{"0451:bef3"}, "texas instruments", familyZNP, port.Options{}},
}

// stickAt tells what is known of the stick at a port.
func stickAt(path string) stickKind {
	usb, _ := port.Identify(path)
	return stickOf(path, usb)
}

// stickOf tells it by the ids, as far as they are known, and by the names that the
// stick has in itself and in its path under /dev/serial/by-id.
func stickOf(path string, usb port.USB) stickKind {
	if strings.Contains(path, "://") {
		return stickKind{}
	}
	called := strings.ToLower(strings.Join([]string{usb.Maker, usb.Name, filepath.Base(path)}, " "))
	called = strings.NewReplacer("_", " ").Replace(called)
	for _, k := range stickKinds {
		if k.is(usb, called) {
			return k
		}
	}
	return stickKind{}
}

func (k stickKind) is(usb port.USB, called string) bool {
	if usb.Vendor != "" && !strings.Contains(strings.Join(k.usb, " "), usb.Vendor+":"+usb.Product) {
		return false
	}
	for _, w := range strings.Fields(k.words) {
		if !strings.Contains(called, w) {
			return false
		}
	}
	return true
}
