package storage

import (
	"bytes"
	"errors"
	"testing"
	"time"
)

// What parses encodes to what parses the same; nothing panics.
func FuzzEntry(f *testing.F) {
	f.Add(appendEntry(nil, Entry{At: time.UnixMilli(1_700_000_000_123), Kind: "reading", Device: "zwave-5", Body: []byte(`{"text":"Front door opened"}`)}))
	f.Add(appendEntry(nil, Entry{}))
	f.Add([]byte{entryLayout, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1})
	f.Add([]byte{entryLayout + 1})
	f.Fuzz(func(t *testing.T, row []byte) {
		h, err := parseHead(row)
		if err != nil {
			return
		}
		e := h.entry(1)
		again, err := parseHead(appendEntry(nil, e))
		if err != nil || !bytes.Equal(again.kind, h.kind) || !bytes.Equal(again.device, h.device) || !bytes.Equal(again.body, h.body) {
			t.Errorf("%x: %+v, again %+v, %v", row, h, again, err)
		}
	})
}

func FuzzBlock(f *testing.F) {
	x := &index{ids: map[pair]uint32{}}
	b := &block{number: 7}
	b.add(5, x.id(pair{"reading", "zwave-5"}))
	b.add(-5, x.id(pair{"alarm", ""}))
	f.Add(x.appendBlock(nil, b))
	f.Add([]byte{entryLayout, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1})
	f.Fuzz(func(t *testing.T, row []byte) {
		x := &index{ids: map[pair]uint32{}}
		b, err := x.parseBlock(7, row)
		if err != nil {
			return
		}
		again, err := x.parseBlock(7, x.appendBlock(nil, b))
		if err != nil || again.count != b.count || again.minAt != b.minAt || again.maxAt != b.maxAt || len(again.pairs) != len(b.pairs) {
			t.Errorf("%x: %+v, again %+v, %v", row, b, again, err)
		}
	})
}

func FuzzCursor(f *testing.F) {
	f.Add(makeCursor(1042))
	f.Add("")
	f.Add("not a cursor")
	f.Fuzz(func(t *testing.T, s string) {
		seq, err := readCursor(s)
		if err != nil {
			if !errors.Is(err, ErrCursor) {
				t.Errorf("%q: %v", s, err)
			}
			return
		}
		if again := makeCursor(seq); again != s {
			t.Errorf("%q reads as %d, which is %q", s, seq, again)
		}
	})
}
