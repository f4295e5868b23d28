// Package ota reads firmware files of Zigbee devices and answers what a device
// asks of them: chapter 11 of the Zigbee Cluster Library, revision 8.
//
// Everything here is pure. A device pulls: it asks for a newer image, then for
// part after part by its offset, and says how that went. So nobody keeps a state
// here, and a transfer that broke off goes on where the device says.
//
// The signature in a file is its maker's, and the device checks it with a key that
// only its maker and the device know. What can be checked here is that the file is
// whole, whom it is for, and whether it is the one that was meant (its SHA-256 or
// SHA-512).
package ota

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"gatehouse/zigbee/zcl"
)

// MaxSize is the largest file that is taken; the largest that Koenkk/zigbee-OTA
// listed was below 4 MB.
const MaxSize = 8 << 20

// File is a firmware file.
type File struct {
	zcl.Image
	Header      string // what its maker calls it
	HasHardware bool
	HardwareMin uint16
	HardwareMax uint16
	SHA256      string // of the whole file as it came
	SHA512      string
	image       []byte
}

const (
	magic     = "\x1e\xf1\xee\x0b" // 0x0BEEF11E (11.4.2.1)
	headerMin = 56
	// anyManufacturer and anyType fit every device (11.4.2.5, 11.4.2.6).
	anyManufacturer = 0xFFFF
	anyType         = 0xFFFF
)

// Field control (11.4.2.4).
const (
	hasCredential  = 1 << 0
	hasDestination = 1 << 1
	hasHardware    = 1 << 2
)

// ErrNoImage tells that a file holds no image.
var ErrNoImage = errors.New("ota: this is no firmware file of a Zigbee device")

// Parse reads a file. Some makers put a wrapper of their own before the image; it
// is left out.
func Parse(b []byte) (*File, error) {
	if len(b) > MaxSize {
		return nil, fmt.Errorf("ota: the file has %d bytes, and a firmware at most %d", len(b), MaxSize)
	}
	at := bytes.Index(b, []byte(magic))
	if at < 0 {
		return nil, ErrNoImage
	}
	sum, long := sha256.Sum256(b), sha512.Sum512(b)
	image := b[at:]
	if len(image) < headerMin {
		return nil, fmt.Errorf("%w: it ends within its header", ErrNoImage)
	}
	le := binary.LittleEndian
	header, control, size := int(le.Uint16(image[6:])), le.Uint16(image[8:]), le.Uint32(image[52:])
	f := &File{
		Image:  zcl.Image{Manufacturer: le.Uint16(image[10:]), Type: le.Uint16(image[12:]), Version: le.Uint32(image[14:])},
		Header: strings.ToValidUTF8(string(bytes.TrimRight(image[20:52], "\x00")), "�"),
		SHA256: hex.EncodeToString(sum[:]), SHA512: hex.EncodeToString(long[:]),
	}
	next := headerMin
	if control&hasCredential != 0 {
		next++
	}
	if control&hasDestination != 0 {
		next += 8
	}
	if f.HasHardware = control&hasHardware != 0; f.HasHardware {
		if len(image) < next+4 {
			return nil, fmt.Errorf("%w: it ends within its header", ErrNoImage)
		}
		f.HardwareMin, f.HardwareMax = le.Uint16(image[next:]), le.Uint16(image[next+2:])
		next += 4
	}
	switch {
	case header < next || int(size) < header:
		return nil, fmt.Errorf("%w: its header contradicts itself", ErrNoImage)
	case int(size) > len(image):
		return nil, fmt.Errorf("ota: the file is cut off: it has %d bytes of its %d", len(image), size)
	}
	f.image = bytes.Clone(image[:size])
	if err := f.elements(header); err != nil {
		return nil, err
	}
	return f, nil
}

// telinkTag is an element whose length leaves out two bytes (zigbee-herdsman,
// controller/helpers/ota.ts).
const telinkTag = 0xF000

// elements walks through the parts of the image: one that does not end where the
// file does was put together wrongly.
func (f *File) elements(from int) error {
	rest := f.image[from:]
	for len(rest) > 0 {
		if len(rest) < 6 {
			return errors.New("ota: the file's last part is cut off")
		}
		n := uint64(binary.LittleEndian.Uint32(rest[2:])) + 6
		if binary.LittleEndian.Uint16(rest) == telinkTag {
			n += 2
		}
		if n > uint64(len(rest)) {
			return errors.New("ota: a part of the file is longer than the file")
		}
		rest = rest[n:]
	}
	return nil
}

// Size is how many bytes a device fetches.
func (f *File) Size() int { return len(f.image) }

// Unfit says why a file is not for a device.
type Unfit struct{ Reason string }

func (e *Unfit) Error() string { return "ota: " + e.Reason }

// Fits tells whether the file is for the device that asks, and newer than what it
// runs, or older with leave.
func (f *File) Fits(q zcl.QueryNextImage, older bool) error {
	switch {
	case f.Manufacturer != anyManufacturer && f.Manufacturer != q.Manufacturer:
		return &Unfit{fmt.Sprintf("the file is of maker 0x%04x, and the device of 0x%04x", f.Manufacturer, q.Manufacturer)}
	case f.Type != anyType && f.Type != q.Type:
		return &Unfit{fmt.Sprintf("the file is for devices of type 0x%04x, and this one is of 0x%04x", f.Type, q.Type)}
	case f.HasHardware && q.HasHardware && (q.Hardware < f.HardwareMin || q.Hardware > f.HardwareMax):
		return &Unfit{fmt.Sprintf("the file is for hardware %d to %d, and the device is of %d", f.HardwareMin, f.HardwareMax, q.Hardware)}
	case f.Version == q.Version:
		return &Unfit{fmt.Sprintf("the device runs version 0x%08x already", q.Version)}
	case f.Version < q.Version && !older:
		return &Unfit{fmt.Sprintf("the file is of version 0x%08x, and the device runs the newer 0x%08x", f.Version, q.Version)}
	default:
		return nil
	}
}

// Offer answers a device that asks for the file.
func (f *File) Offer() zcl.QueryNextImageResponse {
	return zcl.QueryNextImageResponse{Image: f.Image, Size: uint32(len(f.image))}
}

// maxBlock keeps a part within one frame, as zigbee-herdsman does.
const maxBlock = 50

// Block is the part that a device asks for; false: it asks for what there is not.
func (f *File) Block(q zcl.ImageBlockRequest) (zcl.ImageBlockResponse, bool) {
	if q.Image != f.Image || uint64(q.Offset) >= uint64(len(f.image)) || q.Max == 0 {
		return zcl.ImageBlockResponse{Status: zcl.Abort}, false
	}
	from := int(q.Offset)
	to := min(from+min(int(q.Max), maxBlock), len(f.image))
	return zcl.ImageBlockResponse{Image: f.Image, Offset: q.Offset, Data: f.image[from:to]}, true
}

// Wait has a device ask again after so many seconds.
func Wait(seconds uint32) zcl.ImageBlockResponse {
	return zcl.ImageBlockResponse{Status: zcl.WaitForData, Ask: seconds}
}

// Percent is how much of the file lies before an offset.
func (f *File) Percent(offset uint32) int {
	return int(min(uint64(offset), uint64(len(f.image))) * 100 / uint64(len(f.image)))
}
