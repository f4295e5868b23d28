package clip

import (
	"bytes"
	"errors"
	"testing"
	"time"
)

// FuzzNames reads the names of files and clips: each that can be read is written as it
// was.
func FuzzNames(f *testing.F) {
	f.Add("events-00000001.clips")
	f.Add("kept-4294967295.clips")
	f.Add("continuous-0000000x.clips")
	f.Add("events-99999999999.clips")
	f.Add("0000000000000000000000000000000f")
	f.Fuzz(func(t *testing.T, s string) {
		if class, number, ok := parseVolumeName(s); ok && volumeName(class, number) != s {
			t.Errorf("%q is read as volume %d of %s", s, number, class)
		}
		if id, err := ParseID(s); err == nil && !bytes.EqualFold([]byte(id.String()), []byte(s)) {
			t.Errorf("%q is read as clip %s", s, id)
		}
	})
}

// FuzzDead reads what stands beside a deleted clip.
func FuzzDead(f *testing.F) {
	f.Add(dead{since: time.UnixMilli(1_800_000_000_000).UTC(), bytes: 1 << 20}.encode())
	f.Add(dead{}.encode())
	f.Add([]byte{1})
	f.Fuzz(func(t *testing.T, b []byte) {
		d := decodeDead(b)
		if again := decodeDead(d.encode()); !again.since.Equal(d.since) || again.bytes != d.bytes {
			t.Errorf("%+v is read again as %+v", d, again)
		}
	})
}

// FuzzListed reads what stands beside a clip in the listings: what is read is written
// so that it is read the same.
func FuzzListed(f *testing.F) {
	for _, l := range []listed{{class: Events, bytes: 1 << 20}, {class: Kept, bytes: 1, group: "camera", brief: "a\x00b"}, {class: Continuous, brief: "b"}} {
		f.Add(l.encode())
	}
	f.Add([]byte{9, 0, 0, 0, 0, 0, 0, 0, 0})
	f.Add([]byte("\x01\x00\x00\x00\x00\x00\x00\x00\x00camera"))
	f.Add([]byte{0})
	f.Fuzz(func(t *testing.T, b []byte) {
		l, ok := decodeListed(b)
		if again, is := decodeListed(l.encode()); ok && (!is || again != l) {
			t.Errorf("%+v is read again as %+v", l, again)
		}
	})
}

// FuzzCursor asks for pages with cursors that nobody gave out: a page, or ErrCursor.
func FuzzCursor(f *testing.F) {
	s, err := Open(Options{Dir: f.TempDir(), VolumeSize: 1 << 20})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = s.Close() })
	var b Batch
	for i := range 5 {
		row := Row{ID: NewID(noon), Group: "camera", Class: Events, At: noon.Add(time.Duration(i) * time.Minute)}
		b.Begin, b.End = append(b.Begin, row), append(b.End, row)
	}
	if err := s.Write(b); err != nil {
		f.Fatal(err)
	}
	_, next, err := s.List(Query{Limit: 2})
	if err != nil {
		f.Fatal(err)
	}
	f.Add("camera", next)
	f.Add("", "ffffffffffffffffffffffffffffffffffffffffffffffff")
	f.Add("camera\x00", "zz")
	f.Fuzz(func(t *testing.T, group, cursor string) {
		list, _, err := s.List(Query{Group: group, Cursor: cursor})
		if err != nil && !errors.Is(err, ErrCursor) {
			t.Error(err)
		}
		for _, e := range list {
			if r, ok, err := s.Row(e.ID); !ok || group != "" && r.Group != group {
				t.Errorf("a clip of %q (%v) on a page of %q", r.Group, err, group)
			}
		}
	})
}
