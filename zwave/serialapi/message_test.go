package serialapi_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/zwave/serialapi"
)

func TestReceived(t *testing.T) {
	report := []byte{0x71, 0x05, 0, 0, 0, 0xFF, 0x06, 0x16, 0}
	for _, tt := range []struct {
		name string
		f    serialapi.Function
		ids  serialapi.IDs
		wire []byte
		want serialapi.Received
	}{
		{
			"plain", serialapi.ApplicationCommand, serialapi.Narrow, append([]byte{0x00, 0x05, 0x09}, report...),
			serialapi.Received{Node: 5, Command: report},
		},
		{
			"plain with level", serialapi.ApplicationCommand, serialapi.Narrow, append(append([]byte{0x08, 0x05, 0x09}, report...), 0xC2, 0x00),
			serialapi.Received{Status: serialapi.RxMulticast, Node: 5, Command: report},
		},
		{
			"bridge", serialapi.BridgeApplicationCmd, serialapi.Narrow, append(append([]byte{0x00, 0x01, 0x05, 0x09}, report...), 0, 0xC2),
			serialapi.Received{Destination: 1, Node: 5, Command: report},
		},
		{
			"long range", serialapi.ApplicationCommand, serialapi.Wide, append([]byte{0x00, 0x01, 0x00, 0x09}, report...),
			serialapi.Received{Node: 256, Command: report},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := serialapi.ParseReceived(tt.f, tt.wire, tt.ids)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(got, tt.want); d != "" {
				t.Errorf("(-got +want):\n%s", d)
			}
			again, err := serialapi.ParseReceived(tt.f, got.Append(nil, tt.f, tt.ids), tt.ids)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(again, got); d != "" {
				t.Errorf("written and read again (-got +want):\n%s", d)
			}
		})
	}
}

func TestSend(t *testing.T) {
	s := serialapi.Send{Node: 2, Command: []byte{0x25, 0x01, 0xFF}, Options: serialapi.TxDefault, Callback: 7}
	if d := cmp.Diff(s.Append(nil, serialapi.SendData, serialapi.Narrow), []byte{2, 3, 0x25, 1, 0xFF, 0x25, 7}); d != "" {
		t.Errorf("send data (-got +want):\n%s", d)
	}
	s.Source = 1
	if d := cmp.Diff(s.Append(nil, serialapi.SendDataBridge, serialapi.Wide), []byte{0, 1, 0, 2, 3, 0x25, 1, 0xFF, 0x25, 0, 0, 0, 0, 7}); d != "" {
		t.Errorf("bridge (-got +want):\n%s", d)
	}
}

func TestBackgroundRSSI(t *testing.T) {
	got, err := serialapi.ParseBackgroundRSSI([]byte{0x9C, 0xC2, 0x7E, 0x7F})
	if d := cmp.Diff(got, []serialapi.RSSI{-100, -62, serialapi.RSSISaturated, serialapi.RSSINotAvailable}); err != nil || d != "" {
		t.Errorf("%v (-got +want):\n%s", err, d)
	}
	if _, err := serialapi.ParseBackgroundRSSI(nil); err == nil {
		t.Error("an empty response parses")
	}
}

func TestNodeInfoSupported(t *testing.T) {
	info := serialapi.NodeInfo{Classes: []byte{0x5E, 0xF1, 0x00, 0x25, 0xEF, 0x20}}
	if d := cmp.Diff(info.Supported(), []byte{0x5E, 0x25}); d != "" {
		t.Errorf("(-got +want):\n%s", d)
	}
}

func TestBits(t *testing.T) {
	b := make(serialapi.Bits, 29)
	b.Set(1)
	b.Set(8)
	b.Set(232)
	if d := cmp.Diff(b.List(), []uint16{1, 8, 232}); d != "" {
		t.Errorf("(-got +want):\n%s", d)
	}
	if b.Has(0) || b.Has(233) || b.Has(2) || !b.Has(8) {
		t.Error("Has is wrong at an edge")
	}
}

func TestParse(t *testing.T) {
	caps := serialapi.Capabilities{Version: 7, Revision: 19, Maker: 0x86, Type: 1, Product: 0x5A, Functions: make(serialapi.Bits, 32)}
	caps.Functions.Set(int(serialapi.SendData))
	got, err := serialapi.ParseCapabilities(caps.Append(nil))
	if err != nil || !cmp.Equal(got, caps) {
		t.Errorf("capabilities: got %+v, %v, want %+v", got, err, caps)
	}
	if !got.Supports(serialapi.SendData) || got.Supports(serialapi.SoftReset) {
		t.Error("Supports is wrong")
	}
	home := serialapi.HomeID{HomeID: 0xC0FFEE01, NodeID: 1}
	if got, err := serialapi.ParseHomeID(home.Append(nil, serialapi.Narrow), serialapi.Narrow); err != nil || got != home {
		t.Errorf("home id: got %+v, %v", got, err)
	}
	info := serialapi.ProtocolInfo{Listening: false, Beamed: true, Routing: true, Basic: 4, Generic: 0x40, Specific: 3}
	if got, err := serialapi.ParseProtocolInfo(info.Append(nil)); err != nil || got != info {
		t.Errorf("protocol info: got %+v, %v", got, err)
	}
	v := serialapi.LibraryVersion{Version: "Z-Wave 7.19", Library: 7}
	if got, err := serialapi.ParseLibraryVersion(v.Append(nil)); err != nil || got != v {
		t.Errorf("version: got %+v, %v", got, err)
	}
	if _, err := serialapi.ParseHomeID([]byte{1, 2}, serialapi.Narrow); err == nil {
		t.Error("half a home id was taken")
	}
}

// FuzzParse feeds everything to every parser: none may panic, and what parses
// is read back the same after it was written.
func FuzzParse(f *testing.F) {
	f.Add([]byte{0x00, 0x05, 0x03, 0x20, 0x01, 0xFF, 0x7F})
	f.Add([]byte{0x00, 0x01, 0x05, 0x03, 0x20, 0x01, 0xFF, 0x00, 0x7F})
	f.Add([]byte{0x84, 0x05, 0x06, 0x04, 0x10, 0x05, 0x25, 0x5E, 0xEF})
	f.Add([]byte{0x01, 0x03, 0x05, 0x04, 0x04, 0x07, 0x01, 0x71})
	f.Add([]byte{0x08, 0x00, 0x1D, 0x01, 0x07, 0x00})
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, ids := range []serialapi.IDs{serialapi.Narrow, serialapi.Wide} {
			for _, fn := range []serialapi.Function{serialapi.ApplicationCommand, serialapi.BridgeApplicationCmd} {
				if r, err := serialapi.ParseReceived(fn, b, ids); err == nil {
					again, err := serialapi.ParseReceived(fn, r.Append(nil, fn, ids), ids)
					if err != nil || !cmp.Equal(again, r) {
						t.Errorf("%s: got %+v, %v, want %+v", fn, again, err, r)
					}
				}
			}
			for _, fn := range []serialapi.Function{serialapi.SendData, serialapi.SendDataBridge} {
				if s, err := serialapi.ParseSend(fn, b, ids); err == nil {
					again, err := serialapi.ParseSend(fn, s.Append(nil, fn, ids), ids)
					if err != nil || !cmp.Equal(again, s) {
						t.Errorf("%s: got %+v, %v, want %+v", fn, again, err, s)
					}
				}
			}
			if u, err := serialapi.ParseUpdate(b, ids); err == nil {
				u.Info.Supported()
			}
			if l, err := serialapi.ParseLearn(serialapi.AddNode, b, ids); err == nil {
				l.Info.Supported()
			}
			_, _ = serialapi.ParseHomeID(b, ids)
			if l, err := serialapi.ParseBackgroundRSSI(b); err == nil && !cmp.Equal(serialapi.AppendBackgroundRSSI(nil, l), b) {
				t.Errorf("rssi: % x is written as % x", b, serialapi.AppendBackgroundRSSI(nil, l))
			}
		}
		_, _ = serialapi.ParseCapabilities(b)
		_, _ = serialapi.ParseInitData(b)
		_, _ = serialapi.ParseLibraryVersion(b)
		_, _ = serialapi.ParseProtocolInfo(b)
	})
}
