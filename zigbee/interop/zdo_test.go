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
	{zdo.IEEEAddressRequest{Addr: 0x1234}, `[4660,false,0]`},
	{zdo.NodeDescriptorRequest{Addr: 0x1234}, `[4660]`},
	{zdo.SimpleDescriptorRequest{Addr: 0x1234, Endpoint: 1}, `[4660,1]`},
	{zdo.ActiveEndpointsRequest{Addr: 0x1234}, `[4660]`},
	{zdo.BindRequest{Binding: zdo.Binding{Source: sensor, SourceEndpoint: 1, Cluster: 0x500, Target: hub, TargetEndpoint: 2}}, `["0x00158d0001020304",1,1280,3,"0x00124b0011223344",0,2]`},
	{zdo.BindRequest{Binding: zdo.Binding{Source: sensor, SourceEndpoint: 1, Cluster: 6, ToGroup: true, Group: 5}}, `["0x00158d0001020304",1,6,1,"0x00124b0011223344",5,2]`},
	{zdo.LeaveRequest{IEEE: sensor, Rejoin: true}, `["0x00158d0001020304",128]`},
	{zdo.LeaveRequest{RemoveChildren: true}, `["0x0000000000000000",64]`},
	{zdo.PermitJoiningRequest{Seconds: 254, TrustCenter: 1}, `[254,1,[]]`},
}

const mainsRouter = `{"alternatePANCoordinator":0,"deviceType":1,"powerSource":1,"rxOnWhenIdle":1,"reserved1":0,"reserved2":0,"securityCapability":0,"allocateAddress":1}`

// answers are those of the device profile, theirs as their reader returns them.
var answers = []struct {
	ours   zdo.Body
	theirs string
}{
	{zdo.IEEEAddressResponse{Addresses: zdo.Addresses{IEEE: sensor, Addr: 0x1234, First: 1, Children: []uint16{0x5678, 0x9ABC}}}, `[0,{"eui64":"0x00158d0001020304","nwkAddress":4660,"startIndex":1,"assocDevList":[22136,39612]}]`},
	{zdo.NodeDescriptorResponse{Addr: 0x1234, Descriptor: zdo.NodeDescriptor{
		Type: zdo.Router, Bands: 8, Capability: zdo.FullFunction | zdo.MainsPowered | zdo.ReceiverOn | zdo.AllocateAddress,
		Manufacturer: 0x115F, MaxBuffer: 127, MaxIncoming: 100, Server: 22<<9 | 0x40, MaxOutgoing: 101, DescriptorCapability: 2,
	}}, `[0,{"nwkAddress":4660,"logicalType":1,"apsFlags":0,"frequencyBand":8,"capabilities":` + mainsRouter + `,"manufacturerCode":4447,"maxBufSize":127,"maxIncTxSize":100,
		"serverMask":{"primaryTrustCenter":0,"backupTrustCenter":0,"deprecated1":0,"deprecated2":0,"deprecated3":0,"deprecated4":0,"networkManager":1,"reserved1":0,"reserved2":0,"stackComplianceRevision":22},
		"maxOutTxSize":101,"deprecated1":2,"tlvs":[]}]`},
	{zdo.SimpleDescriptorResponse{Addr: 0x1234, Descriptor: zdo.SimpleDescriptor{Endpoint: 1, Profile: 0x104, Device: 0x402, Version: 1, In: []uint16{0, 0x500}, Out: []uint16{0x19}}}, `[0,{"nwkAddress":4660,"length":14,"endpoint":1,"profileId":260,"deviceId":1026,"deviceVersion":1,"inClusterList":[0,1280],"outClusterList":[25]}]`},
	{zdo.SimpleDescriptorResponse{Status: zdo.NotActive, Addr: 0x1234}, `[131,null]`},
	{zdo.ActiveEndpointsResponse{Addr: 0x1234, Endpoints: []byte{1, 242}}, `[0,{"nwkAddress":4660,"endpointList":[1,242]}]`},
	{zdo.Announcement{Addr: 0x1234, IEEE: sensor, Capability: zdo.FullFunction | zdo.MainsPowered | zdo.ReceiverOn | zdo.AllocateAddress}, `[0,{"nwkAddress":4660,"eui64":"0x00158d0001020304","capabilities":` + mainsRouter + `}]`},
	{zdo.StatusResponse{To: zdo.Bind}, `[0,null]`},
	{zdo.StatusResponse{To: zdo.Leave}, `[0,null]`},
	{zdo.StatusResponse{To: zdo.PermitJoining, Status: zdo.NotAuthorized}, `[141,null]`},
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
