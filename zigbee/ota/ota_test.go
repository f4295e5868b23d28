package ota_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strings"
	"testing"

	"gatehouse/zigbee/ota"
	"gatehouse/zigbee/zcl"
)

// image makes a file: header as given, then one part with the bytes.
func image(control uint16, extra []byte, body string) []byte {
	le := binary.LittleEndian
	b := []byte("\x1e\xf1\xee\x0b")
	b = le.AppendUint16(b, 0x0100)
	b = le.AppendUint16(b, uint16(56+len(extra)))
	b = le.AppendUint16(b, control)
	b = le.AppendUint16(b, 0x115F)
	b = le.AppendUint16(b, 0x0102)
	b = le.AppendUint32(b, 0x00000007)
	b = le.AppendUint16(b, 2)
	b = append(b, append([]byte("Contact 7"), make([]byte, 23)...)...)
	b = le.AppendUint32(b, uint32(56+len(extra)+6+len(body)))
	b = append(b, extra...)
	b = le.AppendUint16(b, 0)
	b = le.AppendUint32(b, uint32(len(body)))
	return append(b, body...)
}

var whole = image(0x0005, []byte{3, 1, 0, 4, 0}, strings.Repeat("firmware", 40)) // credential, hardware 1 to 4

var files = []struct {
	name string
	b    []byte
	err  string
}{
	{"whole", whole, ""},
	{"plain", image(0, nil, "x"), ""},
	{"behind its maker's wrapper", append([]byte("NGIS\x00\x01"), whole...), ""},
	{"with something behind it", append(bytes.Clone(whole), 1, 2, 3), ""},
	{"nothing", nil, "this is no firmware file"},
	{"a picture", []byte("\x89PNG\r\n\x1a\n"), "this is no firmware file"},
	{"half a header", whole[:40], "ends within its header"},
	{"half a header, with hardware", append(image(4, nil, "")[:52], 56, 0, 0, 0), "ends within its header"},
	{"cut off", whole[:200], "is cut off: it has 200 bytes of its 387"},
	{"a header that is too short", image(4, []byte{1}, ""), "contradicts itself"},
	{"a part that is too long", func() []byte { b := image(0, nil, "xy"); b[58]++; return b }(), "longer than the file"},
	{"half a part", func() []byte { b := image(0, nil, "xy"); b[58]--; return b }(), "last part is cut off"},
}

func TestParse(t *testing.T) {
	for _, c := range files {
		f, err := ota.Parse(c.b)
		switch {
		case c.err != "":
			if err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%s: %v, want %q", c.name, err, c.err)
			}
		case err != nil:
			t.Errorf("%s: %v", c.name, err)
		case f.Image != zcl.Image{Manufacturer: 0x115F, Type: 0x0102, Version: 7} || f.Header != "Contact 7" || len(f.SHA256) != 64 || len(f.SHA512) != 128:
			t.Errorf("%s: %+v", c.name, f)
		}
	}
	if f, err := ota.Parse(whole); err != nil || !f.HasHardware || f.HardwareMin != 1 || f.HardwareMax != 4 || f.Size() != 387 {
		t.Errorf("%+v, %v", f, err)
	}
	if _, err := ota.Parse(make([]byte, ota.MaxSize+1)); err == nil {
		t.Error("a file without end is read")
	}
}

func TestFits(t *testing.T) {
	f, err := ota.Parse(whole)
	if err != nil {
		t.Fatal(err)
	}
	ok := zcl.QueryNextImage{Image: zcl.Image{Manufacturer: 0x115F, Type: 0x0102, Version: 6}}
	for _, c := range []struct {
		name  string
		do    func(*zcl.QueryNextImage)
		older bool
		want  string
	}{
		{"its device", func(*zcl.QueryNextImage) {}, false, ""},
		{"the right hardware", func(q *zcl.QueryNextImage) { q.HasHardware, q.Hardware = true, 4 }, false, ""},
		{"another maker's", func(q *zcl.QueryNextImage) { q.Manufacturer = 0x117C }, true, "maker 0x115f"},
		{"another type", func(q *zcl.QueryNextImage) { q.Type = 1 }, true, "type 0x0102"},
		{"newer hardware", func(q *zcl.QueryNextImage) { q.HasHardware, q.Hardware = true, 5 }, true, "hardware 1 to 4"},
		{"the same", func(q *zcl.QueryNextImage) { q.Version = 7 }, true, "already"},
		{"newer firmware", func(q *zcl.QueryNextImage) { q.Version = 8 }, false, "runs the newer 0x00000008"},
		{"newer firmware, with leave", func(q *zcl.QueryNextImage) { q.Version = 8 }, true, ""},
	} {
		q := ok
		c.do(&q)
		err := f.Fits(q, c.older)
		if _, unfit := errors.AsType[*ota.Unfit](err); c.want == "" && err != nil || c.want != "" && (!unfit || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}

// What is fetched part by part is the image, whatever size of part is asked for.
func TestBlocks(t *testing.T) {
	f, err := ota.Parse(append([]byte("wrapper"), whole...))
	if err != nil {
		t.Fatal(err)
	}
	for _, most := range []byte{1, 48, 64, 255} {
		var got []byte
		for len(got) < f.Size() {
			b, ok := f.Block(zcl.ImageBlockRequest{Image: f.Image, Offset: uint32(len(got)), Max: most})
			if !ok || len(b.Data) == 0 || len(b.Data) > int(most) || len(b.Data) > 50 {
				t.Fatalf("at %d of parts of %d: %+v", len(got), most, b)
			}
			got = append(got, b.Data...)
		}
		if !bytes.Equal(got, whole) {
			t.Errorf("in parts of %d the image is another", most)
		}
	}
	for name, q := range map[string]zcl.ImageBlockRequest{
		"another file":  {Image: zcl.Image{Manufacturer: 1}, Max: 50},
		"behind it":     {Image: f.Image, Offset: uint32(f.Size()), Max: 50},
		"far behind it": {Image: f.Image, Offset: 1<<32 - 1, Max: 50},
		"nothing":       {Image: f.Image},
	} {
		if b, ok := f.Block(q); ok || b.Status != zcl.Abort || b.Data != nil {
			t.Errorf("%s: %+v", name, b)
		}
	}
	if a, b, c := f.Percent(0), f.Percent(194), f.Percent(999); a != 0 || b != 50 || c != 100 {
		t.Errorf("%d, %d, %d %%", a, b, c)
	}
}

// FuzzParse: a file that is read can be fetched to its end, and is read again from
// what was fetched.
func FuzzParse(f *testing.F) {
	for _, c := range files {
		f.Add(c.b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		file, err := ota.Parse(b)
		if err != nil {
			return
		}
		var got []byte
		for len(got) < file.Size() {
			p, ok := file.Block(zcl.ImageBlockRequest{Image: file.Image, Offset: uint32(len(got)), Max: 255})
			if !ok {
				t.Fatalf("nothing at %d of %d", len(got), file.Size())
			}
			got = append(got, p.Data...)
		}
		again, err := ota.Parse(got)
		if err != nil || again.Image != file.Image || again.Size() != file.Size() {
			t.Errorf("again: %+v, %v", again, err)
		}
	})
}
