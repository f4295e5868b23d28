package zigbee_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"gatehouse/zigbee"
	"gatehouse/zigbee/zcl"
	"gatehouse/zigbee/zigbeesim"
)

// Clusters and attributes, as the simulated devices know them.
const (
	power, battery = uint16(zcl.PowerConfiguration), uint16(zcl.BatteryPercentage)
	onOff          = uint16(zcl.OnOff)
)

// What a device was told to report is told again when it has forgotten it: after
// it rejoined, and when nothing comes although it is there.
func TestReportingIsToldAgain(t *testing.T) {
	play(t, func(t *testing.T, r *rig) {
		door := r.sim.NewContact(zigbeesim.Make{IEEE: 0xD})
		r.joinOne(door, door.Press)
		r.take()
		if !door.Reports(power, battery) {
			t.Fatal("it reports no battery")
		}
		door.ForgetReports()
		door.Rejoin()
		time.Sleep(10 * time.Second)
		if !door.Reports(power, battery) {
			t.Error("it rejoined, and reports nothing")
		}
		r.want("nothing of that is news but the address", "changed d studied true")

		door.ForgetReports()
		for range 7 { // half an hour without its battery would be well
			time.Sleep(15 * time.Minute)
			door.Tamper(true)
			door.Tamper(false)
		}
		if door.Reports(power, battery) {
			t.Error("told again before it was missed")
		}
		for range 20 {
			time.Sleep(15 * time.Minute)
			door.Tamper(true)
			door.Tamper(false)
		}
		time.Sleep(10 * time.Second)
		if !door.Reports(power, battery) {
			t.Error("it fell silent about its battery, and was not told again")
		}
	})
}

// A stick in whose place another one stands is nobody that devices know: all is
// told anew, zones among it.
func TestAnotherStickIsToldToAll(t *testing.T) {
	play(t, func(t *testing.T, r *rig) {
		plug, door := r.sim.NewPlug(zigbeesim.Make{IEEE: 0xF}), r.sim.NewContact(zigbeesim.Make{IEEE: 0xD})
		r.joinOne(plug, plug.Press)
		r.joinOne(door, door.Press)
		r.detach()
		for id, d := range r.store.devices { // as they were told by the stick of before
			d.Hub = 0xBAD
			r.store.devices[id] = d
		}
		plug.ForgetReports()
		door.ForgetReports()
		r.restart()
		r.attach()
		time.Sleep(10 * time.Second)
		if !plug.Reports(onOff, 0) {
			t.Error("the plug reports to another stick")
		}
		if d := r.device(0xD); d.Endpoints[0].Zone.Enrolled {
			t.Error("the zone reports to another stick, and is taken for enrolled")
		}
		if door.Reports(power, battery) {
			t.Error("a sleeper was told while it slept")
		}
		door.SetBattery(10) // it says so by its zone
		time.Sleep(20 * time.Second)
		if d := r.device(0xD); !door.Reports(power, battery) || !d.Endpoints[0].Zone.Enrolled || d.Hub != 0x00124B000000C0DE {
			t.Errorf("heard, and not told anew: %+v", d)
		}
	})
}

func (r *rig) device(id zigbee.IEEE) zigbee.Device {
	r.t.Helper()
	for _, d := range r.Devices() {
		if d.IEEE == id {
			return d
		}
	}
	r.t.Fatalf("there is no device %s", id)
	return zigbee.Device{}
}

// A device that refuses to report is asked; one that does not tell what it was
// told is believed.
func TestWhoRefusesToReportIsAsked(t *testing.T) {
	play(t, func(t *testing.T, r *rig) {
		quiet, forgetful := r.sim.NewPlug(zigbeesim.Make{IEEE: 0xF, KeepsQuiet: true}), r.sim.NewPlug(zigbeesim.Make{IEEE: 0xE, Forgetful: true})
		r.joinOne(quiet, quiet.Press)
		r.joinOne(forgetful, forgetful.Press)
		if d := r.device(0xF); !slices.Equal(d.Endpoints[0].Polled, []zcl.Cluster{zcl.OnOff}) {
			t.Errorf("polled: %v", d.Endpoints[0].Polled)
		}
		if d := r.device(0xE); d.Endpoints[0].Polled != nil || !forgetful.Reports(onOff, 0) {
			t.Errorf("polled: %v", d.Endpoints[0].Polled)
		}
		r.take()
		quiet.Turn(true)
		r.want("it keeps quiet")
		time.Sleep(100 * time.Second)
		synctest.Wait()
		a, ok := r.last.Command.(zcl.ReadAttributesResponse)
		if !ok || r.last.Device != 0xF || a.Records[0].Value.N != 1 {
			t.Errorf("asked after a minute, it said %+v", r.last)
		}
	})
}

// What a meter cannot measure does not keep it from reporting the rest.
func TestMeterReports(t *testing.T) {
	play(t, func(t *testing.T, r *rig) {
		m := r.sim.NewMeter(zigbeesim.Make{IEEE: 0xF})
		r.joinOne(m, m.Press)
		e := r.device(0xF).Endpoints[0]
		if e.Polled != nil || e.PowerCount != 0.1 || e.EnergyCount != 0.001 || e.VoltageCount != 0.1 || e.CurrentCount != 0.001 {
			t.Errorf("%+v", e)
		}
		r.take()
		m.Turn(true)
		m.Draw(1500)
		r.want("it says so", "f reports On/Off true", "f reports Electrical Measurement 600", "f reports Electrical Measurement 15000", "f reports Metering 100")
		time.Sleep(601 * time.Second)
		if l := r.take(); !slices.Contains(l, "f reports Electrical Measurement 15000") {
			t.Errorf("after ten minutes: %q", l)
		}
	})
}
