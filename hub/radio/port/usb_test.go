package port

import (
	"os"
	"path/filepath"
	"testing"
)

// A port is named by a link, and stands for an interface of a USB device.
func TestIdentify(t *testing.T) {
	root := t.TempDir()
	device := filepath.Join(root, "sys/devices/pci0000:00/usb1/1-2")
	iface := filepath.Join(device, "1-2:1.0/ttyUSB0")
	for _, dir := range []string{iface, filepath.Join(root, "sys/class/tty/ttyUSB0"), filepath.Join(root, "sys/class/tty/ttyS0"), filepath.Join(root, "dev/serial/by-id")} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range map[string]string{
		filepath.Join(device, "idVendor"): "10c4\n", filepath.Join(device, "idProduct"): "ea60\n",
		filepath.Join(device, "manufacturer"): "Nabu Casa\n", filepath.Join(device, "product"): "SkyConnect v1.0\n",
		filepath.Join(root, "dev/ttyUSB0"): "", filepath.Join(root, "dev/ttyS0"): "",
	} {
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	byID := filepath.Join(root, "dev/serial/by-id/usb-Nabu_Casa_SkyConnect_v1.0-if00")
	for to, from := range map[string]string{
		iface: filepath.Join(root, "sys/class/tty/ttyUSB0/device"), filepath.Join(root, "dev/ttyUSB0"): byID,
	} {
		if err := os.Symlink(to, from); err != nil {
			t.Fatal(err)
		}
	}
	want := USB{"10c4", "ea60", "Nabu Casa", "SkyConnect v1.0"}
	for _, addr := range []string{byID, filepath.Join(root, "dev/ttyUSB0")} {
		if got, ok := identifyUnder(filepath.Join(root, "sys"), addr); !ok || got != want {
			t.Errorf("%s: %+v %v, want %+v", addr, got, ok, want)
		}
	}
	for _, addr := range []string{filepath.Join(root, "dev/ttyS0"), filepath.Join(root, "dev/none"), "tcp://127.0.0.1:6638"} {
		if got, ok := identifyUnder(filepath.Join(root, "sys"), addr); ok {
			t.Errorf("%s is %+v", addr, got)
		}
	}
}
