package zdo_test

import (
	"encoding/hex"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/zigbee/zdo"
)

const (
	ours   = 0x00124B0011223344
	theirs = 0x00158D0001020304
)

// wires is the table that tests and the fuzz corpus share. A body without an
// error goes both ways; one that is read only does not append to the same bytes,
// but to bytes that parse to the same.
var wires = []struct {
	name     string
	cluster  zdo.Cluster
	wire     string // hexadecimal
	value    zdo.Body
	err      string
	readOnly bool
}{
	{name: "IEEE address", cluster: 0x8001, wire: "00 04030201008d1500 3412", value: zdo.IEEEAddressResponse{Addresses: zdo.Addresses{IEEE: theirs, Addr: 0x1234}}},
	{name: "IEEE address, no children", cluster: 0x8001, wire: "00 04030201008d1500 3412 00", value: zdo.IEEEAddressResponse{Addresses: zdo.Addresses{IEEE: theirs, Addr: 0x1234}}, readOnly: true},
	{name: "IEEE address, children", cluster: 0x8001, wire: "00 04030201008d1500 3412 02 01 7856 bc9a", value: zdo.IEEEAddressResponse{Addresses: zdo.Addresses{
		IEEE: theirs, Addr: 0x1234, First: 1, Children: []uint16{0x5678, 0x9ABC},
	}}},
	{name: "no IEEE address", cluster: 0x8001, wire: "81 04030201008d1500 ffff", value: zdo.IEEEAddressResponse{Addresses: zdo.Addresses{Status: zdo.DeviceNotFound, IEEE: theirs, Addr: 0xFFFF}}},
	{name: "no IEEE address, status alone", cluster: 0x8001, wire: "81", value: zdo.IEEEAddressResponse{Addresses: zdo.Addresses{Status: zdo.DeviceNotFound}}, readOnly: true},
	{name: "IEEE address cut off", cluster: 0x8001, wire: "00 04030201008d1500 34", err: "zdo: IEEE address response: too short"},
	{name: "children cut off", cluster: 0x8001, wire: "00 04030201008d1500 3412 02 00 7856", err: "zdo: IEEE address response: too short"},
	{name: "IEEE address?", cluster: 0x0001, wire: "3412 00 00", value: zdo.IEEEAddressRequest{Addr: 0x1234}},
	{name: "IEEE address", cluster: 0x8001, wire: "00 04030201008d1500 3412", value: zdo.IEEEAddressResponse{Addresses: zdo.Addresses{IEEE: theirs, Addr: 0x1234}}},
	{name: "node descriptor?", cluster: 0x0002, wire: "3412", value: zdo.NodeDescriptorRequest{Addr: 0x1234}},
	{name: "node descriptor", cluster: 0x8002, wire: "00 3412 02 40 80 5f11 7f 6400 002c 6400 00", value: zdo.NodeDescriptorResponse{Addr: 0x1234, Descriptor: zdo.NodeDescriptor{
		Type: zdo.EndDevice, Bands: 8, Capability: zdo.AllocateAddress, Manufacturer: 0x115F, MaxBuffer: 127, MaxIncoming: 100, Server: 22 << 9, MaxOutgoing: 100,
	}}},
	{name: "node descriptor of revision 23, with more behind", cluster: 0x8002, wire: "00 3412 21 40 8e 4f12 7f 6400 002e 6400 00 470134120000", value: zdo.NodeDescriptorResponse{Addr: 0x1234, Descriptor: zdo.NodeDescriptor{
		Type: zdo.Router, Flags: 4, Bands: 8, Capability: zdo.AllocateAddress | zdo.FullFunction | zdo.MainsPowered | zdo.ReceiverOn, Manufacturer: 0x124F,
		MaxBuffer: 127, MaxIncoming: 100, Server: 23 << 9, MaxOutgoing: 100,
	}}, readOnly: true},
	{name: "no node descriptor", cluster: 0x8002, wire: "80 3412", value: zdo.NodeDescriptorResponse{Status: zdo.InvalidRequest, Addr: 0x1234}},
	{name: "node descriptor cut off", cluster: 0x8002, wire: "00 3412 02 40 80 5f11", err: "zdo: node descriptor response: too short"},
	{name: "simple descriptor?", cluster: 0x0004, wire: "3412 01", value: zdo.SimpleDescriptorRequest{Addr: 0x1234, Endpoint: 1}},
	{name: "simple descriptor", cluster: 0x8004, wire: "00 3412 10 01 0401 0204 00 03 0000 0100 0005 01 1900", value: zdo.SimpleDescriptorResponse{Addr: 0x1234, Descriptor: zdo.SimpleDescriptor{
		Endpoint: 1, Profile: 0x0104, Device: 0x0402, In: []uint16{0, 1, 0x500}, Out: []uint16{0x19},
	}}},
	{name: "no simple descriptor", cluster: 0x8004, wire: "83 3412 00", value: zdo.SimpleDescriptorResponse{Status: zdo.NotActive, Addr: 0x1234}},
	{name: "simple descriptor cut off", cluster: 0x8004, wire: "00 3412 10 01 0401 0204 00 03 0000 01", err: "zdo: simple descriptor response: too short"},
	{name: "active endpoints?", cluster: 0x0005, wire: "3412", value: zdo.ActiveEndpointsRequest{Addr: 0x1234}},
	{name: "active endpoints", cluster: 0x8005, wire: "00 3412 02 01 f2", value: zdo.ActiveEndpointsResponse{Addr: 0x1234, Endpoints: []byte{1, 242}}},
	{name: "no active endpoints", cluster: 0x8005, wire: "00 3412 00", value: zdo.ActiveEndpointsResponse{Addr: 0x1234}},
	{name: "endpoints cut off", cluster: 0x8005, wire: "00 3412 02 01", err: "zdo: active endpoints response: too short"},
	{name: "announcement", cluster: 0x0013, wire: "3412 04030201008d1500 80", value: zdo.Announcement{Addr: 0x1234, IEEE: theirs, Capability: zdo.AllocateAddress}},
	{name: "announcement cut off", cluster: 0x0013, wire: "3412 04030201008d1500", err: "zdo: device announcement: too short"},

	{name: "bind to us", cluster: 0x0021, wire: "04030201008d1500 01 0005 03 44332211004b1200 01", value: zdo.BindRequest{Binding: zdo.Binding{
		Source: theirs, SourceEndpoint: 1, Cluster: 0x500, Target: ours, TargetEndpoint: 1,
	}}},
	{name: "bind to nobody", cluster: 0x0021, wire: "04030201008d1500 01 0005 02 44332211004b1200 01", err: "zdo: bind: binding is neither to a node nor to a group"},
	{name: "bound", cluster: 0x8021, wire: "00", value: zdo.StatusResponse{To: zdo.Bind}},
	{name: "status cut off", cluster: 0x8021, wire: "", err: "zdo: bind response: too short"},
	{name: "leave", cluster: 0x0034, wire: "0000000000000000 00", value: zdo.LeaveRequest{}},
	{name: "leave and rejoin", cluster: 0x0034, wire: "04030201008d1500 c0", value: zdo.LeaveRequest{IEEE: theirs, Rejoin: true, RemoveChildren: true}},
	{name: "left", cluster: 0x8034, wire: "00", value: zdo.StatusResponse{To: zdo.Leave}},
	{name: "permit joining", cluster: 0x0036, wire: "fe 01", value: zdo.PermitJoiningRequest{Seconds: 254, TrustCenter: 1}},
	{name: "joining permitted", cluster: 0x8036, wire: "00", value: zdo.StatusResponse{To: zdo.PermitJoining}},

	{name: "a cluster that is not known", cluster: 0x001F, wire: "01 04030201008d1500", value: zdo.Raw{Of: 0x1F, Bytes: []byte{1, 4, 3, 2, 1, 0, 0x8D, 0x15, 0}}},
	{name: "nothing", cluster: 0x0021, wire: "", err: "zdo: bind: too short"},
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestParse(t *testing.T) {
	for _, w := range wires {
		t.Run(w.name, func(t *testing.T) {
			wire := unhex(t, w.wire)
			before := slices.Clone(wire)
			got, err := zdo.Parse(w.cluster, wire)
			if w.err != "" {
				var bad *zdo.Malformed
				if fmt.Sprint(err) != w.err || !errors.As(err, &bad) {
					t.Fatalf("got error %v, want %s", err, w.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(got, w.value); d != "" {
				t.Errorf("(-got +want):\n%s", d)
			}
			if got.Cluster() != w.cluster {
				t.Errorf("cluster is %s, want %s", got.Cluster(), w.cluster)
			}
			again := w.value.Append([]byte{0xAA})[1:]
			if !w.readOnly && !slices.Equal(again, before) {
				t.Errorf("appended\n% x, want\n% x", again, before)
			}
			clear(wire) // a body keeps nothing of it
			if b, err := zdo.Parse(w.cluster, again); err != nil || !reflect.DeepEqual(b, got) {
				t.Errorf("appended and parsed %+v, %v, want %+v", b, err, got)
			}
		})
	}
}

// FuzzParse holds every cluster to the promises of the package.
func FuzzParse(f *testing.F) {
	for _, w := range wires {
		f.Add(uint16(w.cluster), unhex(f, w.wire))
	}
	f.Fuzz(func(t *testing.T, cluster uint16, b []byte) {
		got, err := zdo.Parse(zdo.Cluster(cluster), b)
		if err != nil {
			return
		}
		again, err := zdo.Parse(zdo.Cluster(cluster), got.Append(nil))
		if err != nil {
			t.Fatalf("%#v appended to bytes that do not parse: %v", got, err)
		}
		if !reflect.DeepEqual(again, got) {
			t.Errorf("appended and parsed\n%#v, was\n%#v", again, got)
		}
	})
}

func TestRevision(t *testing.T) {
	if got := (zdo.NodeDescriptor{Server: 0x2C00}).Revision(); got != 22 {
		t.Errorf("revision %d, want 22", got)
	}
}
