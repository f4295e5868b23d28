package demo

import (
	"fmt"
	"time"

	"gatehouse/hub"
	"gatehouse/zigbee"
	"gatehouse/zigbee/zcl"
	"gatehouse/zigbee/zigbeesim"
)

// meshNetwork is the Zigbee network of the demo home. Its key protects nothing.
var meshNetwork = zigbee.Network{
	PAN: 0x4D48, ExtendedPAN: 0x4D61706C65486F75, Channel: 20, Formed: true,
	Key: zigbee.Key{'m', 'a', 'p', 'l', 'e', ' ', 'h', 'o', 'u', 's', 'e', ' ', 'd', 'e', 'm', 'o'},
}

func newMesh() *zigbeesim.Stick {
	n := meshNetwork
	return zigbeesim.New(zigbeesim.Options{Network: &zigbeesim.Network{PAN: n.PAN, Extended: n.ExtendedPAN, Channel: n.Channel, Key: n.Key}})
}

// mesh furnishes the home with Zigbee devices. All have joined already, unless the
// stick is fresh: then each joins by its button while a hub lets it ("join").
func (f *Family) mesh() {
	f.meshContact("bedroom-window", "Bedroom window", "Bedroom")
	f.meshSmoke("bedroom-smoke", "Bedroom smoke", "Bedroom")
	f.meshSiren("hall-siren", "Hall siren", "Hall")
	f.meshKeypad("bedroom-keypad", "Bedroom keypad", "Bedroom")
	f.meshMotion("landing-motion", "Landing motion", "Landing")
	f.meshLeak("bathroom-leak", "Bathroom leak", "Bathroom")
	f.meshLock("garden-lock", "Garden door lock", "Kitchen")
	f.meshDimmer("reading-lamp", "Reading lamp", "Living room")
	f.meshMeter("washer", "Washing machine", "Cellar")
	f.meshClimate("bedroom-climate", "Bedroom climate", "Bedroom")
	f.meshShutter("bedroom-shutter", "Bedroom shutter", "Bedroom")
	f.meshMotion("garden-motion", "Garden motion", "Garden")
	f.bell("doorbell", "Doorbell button", "Porch")
	f.tuyaSmoke("cellar-smoke", "Cellar smoke", "Cellar")
	f.xiaomiMotion("living-motion", "Living room motion", "Living room")
}

func (f *Family) hang(it *item, d zigbeesim.Device, leaf *zigbeesim.Node) {
	it.leaf = leaf
	it.acts["battery-low"] = func() { leaf.SetBattery(14) }
	it.acts["battery-good"] = func() { leaf.SetBattery(90) }
	it.acts["battery-out"] = leaf.TakeBattery
	it.acts["battery-in"] = leaf.PutBattery
	it.acts["cover-open"] = func() { leaf.Tamper(true) }
	it.acts["cover-closed"] = func() { leaf.Tamper(false) }
	it.acts["join"] = leaf.Press
	if _, network, _, _ := f.Mesh.Network(); network != 0 {
		f.Mesh.Settle(d)
	}
	f.items = append(f.items, it)
}

func (f *Family) meshContact(key, name, room string) {
	d := f.Mesh.NewContact(zigbeesim.Make{Name: name})
	f.hang(&item{
		key: key, name: name, room: room, kind: "contact",
		acts:  map[string]func(){"open": d.Open, "close": d.Close},
		state: func() string { return word(d.IsOpen(), "open", "closed") },
	}, d, d.Node)
}

func (f *Family) meshSmoke(key, name, room string) {
	d := f.Mesh.NewSmoke(zigbeesim.Make{Name: name})
	f.hang(&item{
		key: key, name: name, room: room, kind: "smoke",
		acts:  map[string]func(){"fill": d.Fill, "air": d.Air},
		state: func() string { return word(d.Smells(), "smoke", "clear") },
	}, d, d.Node)
}

func (f *Family) meshMotion(key, name, room string) {
	d := f.Mesh.NewMotion(zigbeesim.Make{Name: name})
	f.hang(&item{
		key: key, name: name, room: room, kind: "motion",
		acts: map[string]func(){
			"walk": func() {
				d.Walk()
				time.AfterFunc(3*time.Second, d.Still)
			},
			"still": d.Still,
		},
		state: func() string { return word(d.Sees(), "sees someone", "sees nobody") },
	}, d, d.Node)
}

func (f *Family) meshLeak(key, name, room string) {
	d := f.Mesh.NewLeak(zigbeesim.Make{Name: name})
	f.hang(&item{
		key: key, name: name, room: room, kind: "leak",
		acts:  map[string]func(){"spill": d.Spill, "dry": d.Dry},
		state: func() string { return word(d.IsWet(), "wet", "dry") },
	}, d, d.Node)
}

// meshPIN is one that the garden door knows from before.
const meshPIN = "1357"

func (f *Family) meshLock(key, name, room string) {
	d := f.Mesh.NewLock(zigbeesim.Make{Name: name})
	d.Know(1, meshPIN)
	f.hang(&item{
		key: key, name: name, room: room, kind: "lock",
		acts: map[string]func(){
			"lock": func() { d.Turn(true) }, "unlock": func() { d.Turn(false) }, "pin": func() { d.Enter(meshPIN) },
			"wrong-pin": func() { d.Enter("0000") }, "jam": d.Jam, "free": d.Free, "force": d.Force,
			"want-pin": d.WantPIN, "want-no-pin": d.WantNoPIN,
		},
		state: d.State,
	}, d, d.Node)
}

func (f *Family) meshDimmer(key, name, room string) {
	d := f.Mesh.NewDimmer(zigbeesim.Make{Name: name})
	f.hang(&item{
		key: key, name: name, room: room, kind: "dimmer",
		acts:  map[string]func(){"on": func() { d.Turn(true) }, "off": func() { d.Turn(false) }},
		state: func() string { return word(d.On(), fmt.Sprintf("on, %d %%", d.Level()), "off") },
	}, d, d.Node)
}

func (f *Family) meshMeter(key, name, room string) {
	d := f.Mesh.NewMeter(zigbeesim.Make{Name: name})
	f.hang(&item{
		key: key, name: name, room: room, kind: "meter",
		acts: map[string]func(){
			"on": func() { d.Turn(true) }, "off": func() { d.Turn(false) },
			"wash": func() { d.Draw(2000) }, "rest": func() { d.Draw(2) },
		},
		state: func() string { return word(d.On(), fmt.Sprintf("on, %d W", d.Watts()), "off") },
	}, d, d.Node)
}

func (f *Family) meshClimate(key, name, room string) {
	d := f.Mesh.NewClimate(zigbeesim.Make{Name: name})
	f.hang(&item{
		key: key, name: name, room: room, kind: "climate",
		acts: map[string]func(){
			"warm": func() { d.Feel(2550, 3800) }, "mild": func() { d.Feel(2100, 4500) }, "freeze": func() { d.Feel(150, 7200) },
		},
		state: func() string {
			celsius, percent := d.Feels()
			return fmt.Sprintf("%.1f °C, %d %%", float64(celsius)/100, percent/100)
		},
	}, d, d.Node)
}

func (f *Family) meshShutter(key, name, room string) {
	d := f.Mesh.NewCovering(zigbeesim.Make{Name: name})
	f.hang(&item{
		key: key, name: name, room: room, kind: "shutter",
		acts: map[string]func(){
			"open": func() { d.Turn(0) }, "half": func() { d.Turn(50) }, "close": func() { d.Turn(100) },
		},
		state: func() string { return fmt.Sprintf("%d %% open", 100-d.Down()) },
	}, d, d.Node)
}

func (f *Family) meshSiren(key, name, room string) {
	d := f.Mesh.NewSiren(zigbeesim.Make{Name: name})
	warns := map[zcl.WarningMode]string{zcl.WarnBurglar: "burglar", zcl.WarnFire: "fire", zcl.WarnEmergency: "emergency"}
	f.hang(&item{
		key: key, name: name, room: room, kind: "siren", acts: map[string]func(){},
		state: func() string {
			said := "silent"
			if mode := d.Plays(); mode != 0 {
				said = "sounds: " + warns[zcl.WarningMode(mode)]
			}
			if s := d.Squawks(); len(s) > 0 {
				said += fmt.Sprintf(", chirped %d times, last for %s", len(s), word(s[len(s)-1] == byte(zcl.SquawkArmed), "armed", "disarmed"))
			}
			return said + word(d.Flashing(), ", flashes", "")
		},
	}, d, d.Node)
}

// meshShown is the table of what a Zigbee keypad shows of the panel's status.
var meshShown = map[zcl.PanelStatus]string{
	zcl.PanelDisarmed: "disarmed", zcl.PanelNotReady: "disarmed, something is open", zcl.PanelArmedStay: "home", zcl.PanelArmedNight: "night",
	zcl.PanelArmedAway: "away", zcl.PanelExitDelay: "time to leave", zcl.PanelEntryDelay: "enter a code", zcl.PanelInAlarm: "alarm",
}

// meshAnswers is the table of what it shows of an answer.
var meshAnswers = map[zcl.ArmNotification]string{
	zcl.ArmInvalidCode: "not accepted", zcl.ArmNotReady: "something is open",
}

func (f *Family) meshKeypad(key, name, room string) {
	d := f.Mesh.NewKeypad(zigbeesim.Make{Name: name})
	keys := map[string]byte{"arm-away": zigbeesim.ArmAway, "arm-home": zigbeesim.ArmHome, "disarm": zigbeesim.Disarm}
	press := func(digits, act string) error {
		mode, ok := keys[act]
		if !ok {
			return errNoKey
		}
		d.Enter(digits, mode)
		return nil
	}
	acts := map[string]func(){"panic": d.Panic, "fire": d.Fire, "medical": d.Emergency, "typing": d.Look}
	for act := range keys {
		acts[act] = func() { _ = press("", act) } // the key is there
	}
	shows := func() *display {
		p := d.Shows()
		s := &display{Light: meshShown[zcl.PanelStatus(p.Status)], Besides: []string{}, Seconds: int(p.Seconds), Muted: p.Audible == 0}
		answer, _ := d.Answer()
		if refused := meshAnswers[zcl.ArmNotification(answer)]; refused != "" {
			s.Besides = append(s.Besides, refused)
		}
		return s
	}
	f.hang(&item{
		key: key, name: name, room: room, kind: "zigbee-keypad", acts: acts, enter: press, shows: shows,
		state: func() string { return "shows " + shows().Light },
	}, d, d.Node)
}

// meshHome is what the hub remembers of the network: its devices by their
// addresses. What they are it asks them.
func (f *Family) meshHome() *hub.ZigbeeHome {
	h := &hub.ZigbeeHome{Network: meshNetwork}
	for _, n := range f.Mesh.Nodes() {
		d := zigbee.Device{IEEE: zigbee.IEEE(n.IEEE()), Short: zigbee.Short(n.Short())}
		if d.IEEE == xiaomiAddress { // it told its name when it joined, and answers no question
			d.Maker, d.Model = "LUMI", xiaomiModel
			d.Endpoints = []zigbee.Endpoint{{ID: 1, Profile: 0x0104, In: []zcl.Cluster{zcl.Basic, zcl.Occupancy, zcl.Illuminance}}}
		}
		h.Devices = append(h.Devices, d)
	}
	return h
}
