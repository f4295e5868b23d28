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
	{name: "network address?", cluster: 0x0000, wire: "04030201008d1500 00 00", value: zdo.NetworkAddressRequest{IEEE: theirs}},
	{name: "network address, with children?", cluster: 0x0000, wire: "04030201008d1500 01 02", value: zdo.NetworkAddressRequest{IEEE: theirs, Children: true, First: 2}},
	{name: "network address", cluster: 0x8000, wire: "00 04030201008d1500 3412", value: zdo.NetworkAddressResponse{Addresses: zdo.Addresses{IEEE: theirs, Addr: 0x1234}}},
	{name: "network address, no children", cluster: 0x8000, wire: "00 04030201008d1500 3412 00", value: zdo.NetworkAddressResponse{Addresses: zdo.Addresses{IEEE: theirs, Addr: 0x1234}}, readOnly: true},
	{name: "network address, children", cluster: 0x8000, wire: "00 04030201008d1500 3412 02 01 7856 bc9a", value: zdo.NetworkAddressResponse{Addresses: zdo.Addresses{
		IEEE: theirs, Addr: 0x1234, First: 1, Children: []uint16{0x5678, 0x9ABC},
	}}},
	{name: "no network address", cluster: 0x8000, wire: "81 04030201008d1500 ffff", value: zdo.NetworkAddressResponse{Addresses: zdo.Addresses{Status: zdo.DeviceNotFound, IEEE: theirs, Addr: 0xFFFF}}},
	{name: "no network address, status alone", cluster: 0x8000, wire: "81", value: zdo.NetworkAddressResponse{Addresses: zdo.Addresses{Status: zdo.DeviceNotFound}}, readOnly: true},
	{name: "network address cut off", cluster: 0x8000, wire: "00 04030201008d1500 34", err: "zdo: network address response: too short"},
	{name: "children cut off", cluster: 0x8000, wire: "00 04030201008d1500 3412 02 00 7856", err: "zdo: network address response: too short"},
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
	{name: "power descriptor?", cluster: 0x0003, wire: "3412", value: zdo.PowerDescriptorRequest{Addr: 0x1234}},
	{name: "power descriptor", cluster: 0x8003, wire: "00 3412 40 c4", value: zdo.PowerDescriptorResponse{Addr: 0x1234, Descriptor: zdo.PowerDescriptor{Available: 4, Source: 4, Level: 12}}},
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
	{name: "match?", cluster: 0x0006, wire: "fdff 0401 02 0005 0105 00", value: zdo.MatchDescriptorRequest{Addr: 0xFFFD, Profile: 0x104, In: []uint16{0x500, 0x501}}},
	{name: "match", cluster: 0x8006, wire: "00 0000 01 01", value: zdo.MatchDescriptorResponse{Endpoints: []byte{1}}},
	{name: "announcement", cluster: 0x0013, wire: "3412 04030201008d1500 80", value: zdo.Announcement{Addr: 0x1234, IEEE: theirs, Capability: zdo.AllocateAddress}},
	{name: "announcement cut off", cluster: 0x0013, wire: "3412 04030201008d1500", err: "zdo: device announcement: too short"},

	{name: "bind to us", cluster: 0x0021, wire: "04030201008d1500 01 0005 03 44332211004b1200 01", value: zdo.BindRequest{Binding: zdo.Binding{
		Source: theirs, SourceEndpoint: 1, Cluster: 0x500, Target: ours, TargetEndpoint: 1,
	}}},
	{name: "unbind from a group", cluster: 0x0022, wire: "04030201008d1500 01 0600 01 0500", value: zdo.UnbindRequest{Binding: zdo.Binding{
		Source: theirs, SourceEndpoint: 1, Cluster: 6, ToGroup: true, Group: 5,
	}}},
	{name: "bind to nobody", cluster: 0x0021, wire: "04030201008d1500 01 0005 02 44332211004b1200 01", err: "zdo: bind: binding is neither to a node nor to a group"},
	{name: "bound", cluster: 0x8021, wire: "00", value: zdo.StatusResponse{To: zdo.Bind}},
	{name: "not unbound", cluster: 0x8022, wire: "88", value: zdo.StatusResponse{To: zdo.Unbind, Status: zdo.NoEntry}},
	{name: "status cut off", cluster: 0x8021, wire: "", err: "zdo: bind response: too short"},
	{name: "leave", cluster: 0x0034, wire: "0000000000000000 00", value: zdo.LeaveRequest{}},
	{name: "leave and rejoin", cluster: 0x0034, wire: "04030201008d1500 c0", value: zdo.LeaveRequest{IEEE: theirs, Rejoin: true, RemoveChildren: true}},
	{name: "left", cluster: 0x8034, wire: "00", value: zdo.StatusResponse{To: zdo.Leave}},
	{name: "permit joining", cluster: 0x0036, wire: "fe 01", value: zdo.PermitJoiningRequest{Seconds: 254, TrustCenter: 1}},
	{name: "joining permitted", cluster: 0x8036, wire: "00", value: zdo.StatusResponse{To: zdo.PermitJoining}},

	{name: "neighbours?", cluster: 0x0031, wire: "00", value: zdo.NeighborsRequest{}},
	{name: "neighbours", cluster: 0x8031, wire: "00 02 00 01 ddccbbaa99887766 04030201008d1500 3412 12 02 01 f0", value: zdo.NeighborsResponse{Total: 2, Neighbors: []zdo.Neighbor{{
		ExtendedPAN: 0x66778899AABBCCDD, IEEE: theirs, Addr: 0x1234, Type: zdo.EndDevice, Relationship: 1, Joining: 2, Depth: 1, LQI: 240,
	}}}},
	{name: "no neighbours", cluster: 0x8031, wire: "84", value: zdo.NeighborsResponse{Status: zdo.NotSupported}},
	{name: "255 neighbours in no bytes", cluster: 0x8031, wire: "00 ff 00 ff", err: "zdo: neighbour table response: too short"},
	{name: "routes?", cluster: 0x0032, wire: "05", value: zdo.RoutesRequest{First: 5}},
	{name: "routes", cluster: 0x8032, wire: "00 09 05 02 3412 00 7856 0000 38 0000", value: zdo.RoutesResponse{Total: 9, First: 5, Routes: []zdo.Route{
		{Addr: 0x1234, NextHop: 0x5678}, {MemoryConstrained: true, ManyToOne: true, RecordRequired: true},
	}}},
	{name: "bindings?", cluster: 0x0033, wire: "00", value: zdo.BindingsRequest{}},
	{name: "bindings", cluster: 0x8033, wire: "00 02 00 02 04030201008d1500 01 0005 03 44332211004b1200 01 04030201008d1500 01 0600 01 0500", value: zdo.BindingsResponse{Total: 2, Bindings: []zdo.Binding{
		{Source: theirs, SourceEndpoint: 1, Cluster: 0x500, Target: ours, TargetEndpoint: 1}, {Source: theirs, SourceEndpoint: 1, Cluster: 6, ToGroup: true, Group: 5},
	}}},
	{name: "energy?", cluster: 0x0038, wire: "00f8ff07 03 01", value: zdo.NetworkUpdateRequest{Channels: 0x07FFF800, Duration: 3, Scans: 1}},
	{name: "change the channel", cluster: 0x0038, wire: "00000002 fe 07", value: zdo.NetworkUpdateRequest{Channels: 1 << 25, Duration: zdo.ChangeChannel, UpdateID: 7}},
	{name: "change the channel, without an update id", cluster: 0x0038, wire: "00000002 fe", value: zdo.NetworkUpdateRequest{Channels: 1 << 25, Duration: zdo.ChangeChannel}, readOnly: true},
	{name: "change the manager", cluster: 0x0038, wire: "00f8ff07 ff 07 0000", value: zdo.NetworkUpdateRequest{Channels: 0x07FFF800, Duration: zdo.ChangeManager, UpdateID: 7}},
	{name: "a duration that is reserved", cluster: 0x0038, wire: "00f8ff07 06", value: zdo.NetworkUpdateRequest{Channels: 0x07FFF800, Duration: 6}},
	{name: "energy", cluster: 0x8038, wire: "00 00f8ff07 4300 1100 10 aaadc2adb0a2a9b0a1b5bdb7a9a0b3c5", value: zdo.NetworkUpdateResponse{
		Channels: 0x07FFF800, Transmissions: 67, Failures: 17,
		Energy: []byte{0xAA, 0xAD, 0xC2, 0xAD, 0xB0, 0xA2, 0xA9, 0xB0, 0xA1, 0xB5, 0xBD, 0xB7, 0xA9, 0xA0, 0xB3, 0xC5},
	}},
	{name: "no energy", cluster: 0x8038, wire: "84", value: zdo.NetworkUpdateResponse{Status: zdo.NotSupported}},

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
