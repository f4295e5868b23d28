//go:build interop

package interop

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/zigbee/zdo"
)

const (
	hub    = 0x00124B0011223344
	sensor = 0x00158D0001020304
)

// questions are those of the device profile, theirs as the arguments of their
// writer.
var questions = []struct {
	ours   zdo.Body
	theirs string
}{
	{zdo.NetworkAddressRequest{IEEE: sensor, Children: true, First: 2}, `["0x00158d0001020304",true,2]`},
	{zdo.IEEEAddressRequest{Addr: 0x1234}, `[4660,false,0]`},
	{zdo.NodeDescriptorRequest{Addr: 0x1234}, `[4660]`},
	{zdo.PowerDescriptorRequest{Addr: 0x1234}, `[4660]`},
	{zdo.SimpleDescriptorRequest{Addr: 0x1234, Endpoint: 1}, `[4660,1]`},
	{zdo.ActiveEndpointsRequest{Addr: 0x1234}, `[4660]`},
	{zdo.MatchDescriptorRequest{Addr: 0xFFFD, Profile: 0x104, In: []uint16{0x500, 0x501}, Out: []uint16{0x19}}, `[65533,260,[1280,1281],[25]]`},
	{zdo.BindRequest{Binding: zdo.Binding{Source: sensor, SourceEndpoint: 1, Cluster: 0x500, Target: hub, TargetEndpoint: 2}}, `["0x00158d0001020304",1,1280,3,"0x00124b0011223344",0,2]`},
	{zdo.BindRequest{Binding: zdo.Binding{Source: sensor, SourceEndpoint: 1, Cluster: 6, ToGroup: true, Group: 5}}, `["0x00158d0001020304",1,6,1,"0x00124b0011223344",5,2]`},
	{zdo.UnbindRequest{Binding: zdo.Binding{Source: sensor, SourceEndpoint: 1, Cluster: 0x500, Target: hub, TargetEndpoint: 2}}, `["0x00158d0001020304",1,1280,3,"0x00124b0011223344",0,2]`},
	{zdo.NeighborsRequest{First: 3}, `[3]`},
	{zdo.RoutesRequest{First: 3}, `[3]`},
	{zdo.BindingsRequest{First: 3}, `[3]`},
	{zdo.LeaveRequest{IEEE: sensor, Rejoin: true}, `["0x00158d0001020304",128]`},
	{zdo.LeaveRequest{RemoveChildren: true}, `["0x0000000000000000",64]`},
	{zdo.PermitJoiningRequest{Seconds: 254, TrustCenter: 1}, `[254,1,[]]`},
	{zdo.NetworkUpdateRequest{Channels: 1<<11 | 1<<25, Duration: 3, Scans: 2}, `[[11,25],3,2,null,null]`},
	{zdo.NetworkUpdateRequest{Channels: 1 << 25, Duration: zdo.ChangeChannel, UpdateID: 7}, `[[25],254,null,7,null]`},
	{zdo.NetworkUpdateRequest{Channels: 1 << 25, Duration: zdo.ChangeManager, UpdateID: 7, Manager: 0x1234}, `[[25],255,null,7,4660]`},
}

const mainsRouter = `{"alternatePANCoordinator":0,"deviceType":1,"powerSource":1,"rxOnWhenIdle":1,"reserved1":0,"reserved2":0,"securityCapability":0,"allocateAddress":1}`

// answers are those of the device profile, theirs as their reader returns them.
var answers = []struct {
	ours   zdo.Body
	theirs string
}{
	{zdo.NetworkAddressResponse{Addresses: zdo.Addresses{IEEE: sensor, Addr: 0x1234}}, `[0,{"eui64":"0x00158d0001020304","nwkAddress":4660,"startIndex":0,"assocDevList":[]}]`},
	{zdo.NetworkAddressResponse{Addresses: zdo.Addresses{Status: zdo.DeviceNotFound, IEEE: sensor}}, `[129,null]`},
	{zdo.IEEEAddressResponse{Addresses: zdo.Addresses{IEEE: sensor, Addr: 0x1234, First: 1, Children: []uint16{0x5678, 0x9ABC}}}, `[0,{"eui64":"0x00158d0001020304","nwkAddress":4660,"startIndex":1,"assocDevList":[22136,39612]}]`},
	{zdo.NodeDescriptorResponse{Addr: 0x1234, Descriptor: zdo.NodeDescriptor{
		Type: zdo.Router, Bands: 8, Capability: zdo.FullFunction | zdo.MainsPowered | zdo.ReceiverOn | zdo.AllocateAddress,
		Manufacturer: 0x115F, MaxBuffer: 127, MaxIncoming: 100, Server: 22<<9 | 0x40, MaxOutgoing: 101, DescriptorCapability: 2,
	}}, `[0,{"nwkAddress":4660,"logicalType":1,"apsFlags":0,"frequencyBand":8,"capabilities":` + mainsRouter + `,"manufacturerCode":4447,"maxBufSize":127,"maxIncTxSize":100,
		"serverMask":{"primaryTrustCenter":0,"backupTrustCenter":0,"deprecated1":0,"deprecated2":0,"deprecated3":0,"deprecated4":0,"networkManager":1,"reserved1":0,"reserved2":0,"stackComplianceRevision":22},
		"maxOutTxSize":101,"deprecated1":2,"tlvs":[]}]`},
	{zdo.PowerDescriptorResponse{Addr: 0x1234, Descriptor: zdo.PowerDescriptor{Mode: 1, Available: 4, Source: 4, Level: 12}}, `[0,{"nwkAddress":4660,"currentPowerMode":1,"availPowerSources":4,"currentPowerSource":4,"currentPowerSourceLevel":12}]`},
	{zdo.SimpleDescriptorResponse{Addr: 0x1234, Descriptor: zdo.SimpleDescriptor{Endpoint: 1, Profile: 0x104, Device: 0x402, Version: 1, In: []uint16{0, 0x500}, Out: []uint16{0x19}}}, `[0,{"nwkAddress":4660,"length":14,"endpoint":1,"profileId":260,"deviceId":1026,"deviceVersion":1,"inClusterList":[0,1280],"outClusterList":[25]}]`},
	{zdo.SimpleDescriptorResponse{Status: zdo.NotActive, Addr: 0x1234}, `[131,null]`},
	{zdo.ActiveEndpointsResponse{Addr: 0x1234, Endpoints: []byte{1, 242}}, `[0,{"nwkAddress":4660,"endpointList":[1,242]}]`},
	{zdo.MatchDescriptorResponse{Addr: 0x1234, Endpoints: []byte{1}}, `[0,{"nwkAddress":4660,"endpointList":[1]}]`},
	{zdo.Announcement{Addr: 0x1234, IEEE: sensor, Capability: zdo.FullFunction | zdo.MainsPowered | zdo.ReceiverOn | zdo.AllocateAddress}, `[0,{"nwkAddress":4660,"eui64":"0x00158d0001020304","capabilities":` + mainsRouter + `}]`},
	{zdo.StatusResponse{To: zdo.Bind}, `[0,null]`},
	{zdo.StatusResponse{To: zdo.Unbind, Status: zdo.NoEntry}, `[136,null]`},
	{zdo.StatusResponse{To: zdo.Leave}, `[0,null]`},
	{zdo.StatusResponse{To: zdo.PermitJoining, Status: zdo.NotAuthorized}, `[141,null]`},
	{zdo.NeighborsResponse{Total: 2, First: 1, Neighbors: []zdo.Neighbor{{
		ExtendedPAN: 0x66778899AABBCCDD, IEEE: sensor, Addr: 0x1234, Type: zdo.EndDevice, ReceiverOn: 1, Relationship: 1, Joining: 2, Depth: 3, LQI: 240,
	}}}, `[0,{"neighborTableEntries":2,"startIndex":1,"entryList":[{"extendedPanId":[221,204,187,170,153,136,119,102],"eui64":"0x00158d0001020304","nwkAddress":4660,
		"deviceType":2,"rxOnWhenIdle":1,"relationship":1,"reserved1":0,"permitJoining":2,"reserved2":0,"depth":3,"lqi":240}]}]`},
	{zdo.RoutesResponse{Total: 9, First: 5, Routes: []zdo.Route{{Addr: 0x1234, NextHop: 0x5678}, {Status: 3, MemoryConstrained: true, ManyToOne: true, RecordRequired: true}}}, `[0,{"routingTableEntries":9,"startIndex":5,"entryList":[
		{"destinationAddress":4660,"status":"ACTIVE","memoryConstrained":0,"manyToOne":0,"routeRecordRequired":0,"reserved1":0,"nextHopAddress":22136},
		{"destinationAddress":0,"status":"INACTIVE","memoryConstrained":1,"manyToOne":1,"routeRecordRequired":1,"reserved1":0,"nextHopAddress":0}]}]`},
	{zdo.BindingsResponse{Total: 2, Bindings: []zdo.Binding{
		{Source: sensor, SourceEndpoint: 1, Cluster: 0x500, Target: hub, TargetEndpoint: 2}, {Source: sensor, SourceEndpoint: 1, Cluster: 6, ToGroup: true, Group: 5},
	}}, `[0,{"bindingTableEntries":2,"startIndex":0,"entryList":[
		{"sourceEui64":"0x00158d0001020304","sourceEndpoint":1,"clusterId":1280,"destAddrMode":3,"dest":"0x00124b0011223344","destEndpoint":2},
		{"sourceEui64":"0x00158d0001020304","sourceEndpoint":1,"clusterId":6,"destAddrMode":1,"dest":5}]}]`},
	{zdo.NetworkUpdateResponse{Channels: 1<<11 | 1<<25, Transmissions: 67, Failures: 17, Energy: []byte{170, 197}}, `[0,{"scannedChannels":33556480,"totalTransmissions":67,"totalFailures":17,"entryList":[170,197]}]`},
	{zdo.NetworkUpdateResponse{Status: zdo.NotSupported}, `[132,null]`},
}

func TestZDO(t *testing.T) {
	o := consult(t)
	for _, q := range questions {
		t.Run(fmt.Sprintf("%T", q.ours), func(t *testing.T) {
			theirs := o.written(t, map[string]any{"ask": "zdoWrite", "cluster": q.ours.Cluster(), "args": plain(t, q.theirs)})
			if ours := q.ours.Append(nil); !slices.Equal(theirs, ours) {
				t.Errorf("they write\n% x, ours is\n% x", theirs, ours)
			}
			got, err := zdo.Parse(q.ours.Cluster(), theirs)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(got, q.ours); d != "" {
				t.Errorf("we read % x otherwise (-got +want):\n%s", theirs, d)
			}
		})
	}
	for _, a := range answers {
		t.Run(fmt.Sprintf("%T %s", a.ours, a.ours.Cluster()), func(t *testing.T) {
			ours := a.ours.Append(nil)
			var got any
			if refused := o.ask(t, map[string]any{"ask": "zdoRead", "cluster": a.ours.Cluster(), "bytes": tongue(ours)}, &got); refused != "" {
				t.Fatalf("they do not read % x: %s", ours, refused)
			}
			if d := cmp.Diff(got, plain(t, a.theirs)); d != "" {
				t.Errorf("they read % x otherwise (-theirs +want):\n%s", ours, d)
			}
		})
	}
	t.Logf("%d questions from them, %d answers to them", len(questions), len(answers))
}
