package port

import (
	"os"
	"path/filepath"
	"strings"
)

// USB is what a USB device says it is. Its ids are four hexadecimal digits.
type USB struct {
	Vendor, Product string
	Maker, Name     string
}

// Identify tells which USB device a serial port is; false where it is none, or
// nobody knows.
func Identify(addr string) (USB, bool) { return identifyUnder("/sys", addr) }

func identifyUnder(sys, addr string) (USB, bool) {
	device, err := filepath.EvalSymlinks(addr)
	if err != nil {
		return USB{}, false
	}
	dir, err := filepath.EvalSymlinks(filepath.Join(sys, "class/tty", filepath.Base(device), "device"))
	if err != nil {
		return USB{}, false
	}
	// The port belongs to an interface, which belongs to the device.
	for ; len(dir) > len(sys); dir = filepath.Dir(dir) {
		if vendor := line(dir, "idVendor"); vendor != "" {
			return USB{vendor, line(dir, "idProduct"), line(dir, "manufacturer"), line(dir, "product")}, true
		}
	}
	return USB{}, false
}

// line is what a file of sysfs says; "": nothing.
func line(dir, name string) string {
	b, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}
