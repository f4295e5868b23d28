package zigbee_test

import (
	"testing"

	"gatehouse/zigbee/zigbeesim"
)

// A device answers an enrolment response by a default response, which is one more
// message that a sleeper has to stay awake for, unless the frame says that it need
// not.
func TestTrapDefaultResponseToEnrolment(t *testing.T) {
	for _, asks := range []bool{false, true} {
		playWith(t, 0, func(t *testing.T, r *rig) {
			r.mu.Lock()
			r.wire = nil
			r.mu.Unlock()
			door := r.sim.NewContact(zigbeesim.Make{IEEE: 0xD, AsksToEnroll: asks})
			r.joinOne(door, door.Press)
			if _, enrolled := door.Enrolled(); !enrolled {
				t.Fatal("it is not enrolled")
			}
			responses := 0
			for _, frame := range zoneFrames(r.wire) {
				const toServer, enrolResponse, noDefault = 0x01, 0x00, 0x10
				if frame[0]&0x0F != toServer || frame[2] != enrolResponse {
					continue
				}
				responses++
				if frame[0]&noDefault == 0 {
					t.Errorf("an enrolment response that asks for an answer: % x", frame)
				}
			}
			if responses == 0 {
				t.Error("there was no enrolment response")
			}
		})
	}
}

// zoneFrames are the ZCL frames of AF_DATA_REQUESTs for the IAS Zone cluster, in
// what a host wrote.
func zoneFrames(wire []byte) [][]byte {
	var all [][]byte
	for len(wire) > 4 {
		n := int(wire[1])
		if d := wire[4 : 4+n]; wire[2] == 0x24 && wire[3] == 0x01 && d[4] == 0x00 && d[5] == 0x05 {
			all = append(all, d[10:])
		}
		wire = wire[4+n+1:]
	}
	return all
}
