package mqtt_test

import (
	"encoding/json"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"
	"github.com/google/go-cmp/cmp"
	"github.com/mochi-mqtt/server/v2/packets"

	"gatehouse/hub/face/mqtt"
	"gatehouse/hub/health"
	"gatehouse/hub/home"
)

func TestPictureIsRetained(t *testing.T) {
	h := newHouse()
	f, _ := open(t, h.options())
	c := join(t, f, nil)
	c.subscribe("#")
	got := make(map[string]string)
	for len(got) < 8 {
		m := <-c.got
		if !m.Retained() || m.Qos() != 1 {
			t.Errorf("%s: retained %v QoS %d, want true 1", m.Topic(), m.Retained(), m.Qos())
		}
		if !strings.HasPrefix(m.Topic(), "homeassistant/") {
			got[m.Topic()] = string(m.Payload())
		}
	}
	if got["gatehouse/status"] != "online" || got["gatehouse/alarm/state"] != "disarmed" {
		t.Errorf("status %q, alarm state %q; want online, disarmed", got["gatehouse/status"], got["gatehouse/alarm/state"])
	}
	if want := `{"ok":true,"conditions":[]}`; got["gatehouse/health"] != want {
		t.Errorf("health %s, want %s", got["gatehouse/health"], want)
	}
	var d home.Device
	if err := json.Unmarshal([]byte(got["gatehouse/device/zwave-5"]), &d); err != nil {
		t.Fatal(err)
	}
	if d.Name != "Front door" || d.Traits[home.Contact].Value != home.Closed {
		t.Errorf("device %+v, want the front door, closed", d)
	}
	var a home.Alarm
	if err := json.Unmarshal([]byte(got["gatehouse/alarm"]), &a); err != nil {
		t.Fatal(err)
	}
	if a.Phase != home.PhaseDisarmed {
		t.Errorf("alarm object %+v, want disarmed", a)
	}
}

func TestReadingReachesSubscriber(t *testing.T) {
	h := newHouse()
	f, _ := open(t, h.options())
	c := join(t, f, nil)
	c.subscribe("gatehouse/device/+")
	h.report("zwave-5", home.Contact, home.Open)
	for {
		var d home.Device
		m := c.next("gatehouse/device/zwave-5")
		if err := json.Unmarshal(m.Payload(), &d); err != nil {
			t.Fatal(err)
		}
		if d.Traits[home.Contact].Value == home.Open {
			return
		}
	}
}

func TestArmAndDisarm(t *testing.T) {
	h := newHouse()
	f, _ := open(t, h.options())
	c := join(t, f, nil)
	c.subscribe("gatehouse/alarm/state", "gatehouse/alarm/error")
	for _, step := range []struct{ payload, topic, want string }{
		{"ARM_HOME", "gatehouse/alarm/state", "armed_home"},
		{"ARM_NIGHT", "gatehouse/alarm/state", "armed_night"},
		{`{"action":"ARM_AWAY","code":""}`, "gatehouse/alarm/state", "armed_away"},
		{"DISARM", "gatehouse/alarm/error", "code-needed"},
		{`{"action":"DISARM","code":"9999"}`, "gatehouse/alarm/error", "wrong-code"},
		{"disarmed please", "gatehouse/alarm/error", "invalid"},
		{"TRIGGER", "gatehouse/alarm/error", "forbidden"},
		{`{"action":"DISARM","code":"1234"}`, "gatehouse/alarm/state", "disarmed"},
	} {
		c.send("gatehouse/alarm/set", step.payload)
		if step.topic == "gatehouse/alarm/state" {
			c.until(step.topic, step.want)
			continue
		}
		var r struct{ Error, Text, Who string }
		if err := json.Unmarshal(c.next(step.topic).Payload(), &r); err != nil {
			t.Fatal(err)
		}
		if r.Error != step.want || r.Text == "" || r.Who == "" {
			t.Errorf("%s: refused with %+v, want %s with text and who", step.payload, r, step.want)
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, r := range h.requests {
		if r.CodeFree || r.Channel != home.ByMQTT {
			t.Errorf("request %+v, want not code free, by mqtt", r)
		}
	}
	if len(h.panics) != 0 {
		t.Errorf("alarm raised without a token: %v", h.panics)
	}
}

func TestNotReadyNamesTheOpenZones(t *testing.T) {
	h := newHouse()
	h.ready = false
	f, _ := open(t, h.options())
	c := join(t, f, nil)
	c.subscribe("gatehouse/alarm/error")
	c.send("gatehouse/alarm/set", "ARM_AWAY")
	var r struct {
		Error string
		Open  []home.ZoneID
	}
	if err := json.Unmarshal(c.next("gatehouse/alarm/error").Payload(), &r); err != nil {
		t.Fatal(err)
	}
	if r.Error != "not-ready" || !slices.Equal(r.Open, []home.ZoneID{"kitchen-window"}) {
		t.Errorf("refusal %+v, want not-ready with the kitchen window", r)
	}
}

func TestTokenStandsInForCode(t *testing.T) {
	h := newHouse()
	f, _ := open(t, h.options())
	c := join(t, f, asToken("token", "owner-token"))
	c.subscribe("gatehouse/alarm/state", "gatehouse/alarm/error")
	c.send("gatehouse/alarm/set", "ARM_AWAY")
	c.until("gatehouse/alarm/state", "armed_away")
	// A code that is given is judged all the same.
	c.send("gatehouse/alarm/set", `{"action":"DISARM","code":"9999"}`)
	if m := c.next("gatehouse/alarm/error"); !strings.Contains(string(m.Payload()), "wrong-code") {
		t.Errorf("refusal %s, want wrong-code", m.Payload())
	}
	c.send("gatehouse/alarm/set", "DISARM")
	c.until("gatehouse/alarm/state", "disarmed")
	c.send("gatehouse/alarm/set", "TRIGGER")
	c.flush(h)
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.panics) != 1 {
		t.Errorf("alarms raised: %v, want one", h.panics)
	}
	if by := h.requests[0].By; by != "panel" {
		t.Errorf("armed by %q, want the token's name", by)
	}
}

func TestDeviceCommands(t *testing.T) {
	tests := []struct {
		name, secret, device, payload string
		want                          home.Command // zero: refused
		refusal                       string
	}{
		{"plain word", "", "zwave-6", "on", home.Command{Device: "zwave-6", Trait: home.Switch, Value: home.On}, ""},
		{"Home Assistant's word", "", "zwave-6", "OFF", home.Command{Device: "zwave-6", Trait: home.Switch, Value: home.Off}, ""},
		{"JSON", "", "zwave-6", `{"trait":"switch","value":"on"}`, home.Command{Device: "zwave-6", Trait: home.Switch, Value: home.On}, ""},
		{"two things to tell", "", "zwave-7", "on", home.Command{}, "invalid"},
		{"siren without a token", "", "zwave-7", `{"trait":"siren","value":"on"}`, home.Command{}, "forbidden"},
		{"lock without a token", "", "zwave-8", `{"trait":"lock","value":"unlocked"}`, home.Command{}, "forbidden"},
		{"lock by a member", "member-token", "zwave-8", "unlocked", home.Command{Device: "zwave-8", Trait: home.Lock, Value: home.Unlocked}, ""},
		{"siren by an installer", "installer-token", "zwave-7", `{"trait":"siren","value":"off"}`, home.Command{Device: "zwave-7", Trait: home.Siren, Value: home.Off}, ""},
		{"siren for a while", "installer-token", "zwave-7", `{"trait":"siren","value":"on","for":"30s"}`, home.Command{Device: "zwave-7", Trait: home.Siren, Value: home.On, Sound: home.Sounding{For: home.Duration(30 * time.Second)}}, ""},
		{"unknown key", "", "zwave-6", `{"trai":"switch","value":"on"}`, home.Command{}, "invalid"},
		{"nothing", "", "zwave-6", ``, home.Command{}, "invalid"},
	}
	h := newHouse()
	f, _ := open(t, h.options())
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := join(t, f, func(o *paho.ClientOptions) {
				if test.secret != "" {
					asToken("token", test.secret)(o)
				}
			})
			topic := "gatehouse/device/" + test.device
			c.subscribe(topic + "/error")
			c.send(topic+"/set", test.payload)
			if test.refusal != "" {
				if m := c.next(topic + "/error"); !strings.Contains(string(m.Payload()), `"error":"`+test.refusal+`"`) {
					t.Errorf("refusal %s, want %s", m.Payload(), test.refusal)
				}
			} else {
				c.flush(h)
			}
			h.mu.Lock()
			defer h.mu.Unlock()
			var got home.Command
			if len(h.commands) > 0 {
				got = h.commands[0]
			}
			if diff := cmp.Diff(got, test.want, cmp.Comparer(func(a, b home.Value) bool { return a == b })); diff != "" {
				t.Errorf("command (-got +want):\n%s", diff)
			}
			h.commands = nil
		})
	}
}

// A phone's automation says home and not_home; nobody is shown it, and it asks
// nothing of the alarm.
func TestPresenceIsTaken(t *testing.T) {
	h := newHouse()
	f, _ := open(t, h.options())
	watcher := join(t, f, asToken("token", "owner-token"))
	watcher.subscribe("#")
	member := join(t, f, asToken("token", "member-token"))
	viewer := join(t, f, asToken("token", "viewer-token"))
	member.send("gatehouse/presence/Ada/set", "home")
	member.send("gatehouse/presence/Ada/set", "not_home")
	member.send("gatehouse/presence/Ada/set", "work")
	viewer.send("gatehouse/presence/Ada/set", "home")
	if got := string(watcher.next("gatehouse/presence/error").Payload()); !strings.Contains(got, "can be home or not_home") {
		t.Errorf("got %s, want the words that are taken", got)
	}
	for _, m := range watcher.flush(h) {
		if strings.HasPrefix(m.Topic(), "gatehouse/presence/Ada") {
			t.Errorf("%s shows %s", m.Topic(), m.Payload())
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.people) != 2 || !h.people[0].Home || h.people[1].Home || len(h.requests) != 0 {
		t.Errorf("got %+v and %+v, want Ada home and not, and nothing asked of the alarm", h.people, h.requests)
	}
}

func TestCommandsAreSeenByNobody(t *testing.T) {
	h := newHouse()
	f, _ := open(t, h.options())
	spy := join(t, f, asToken("panel", "owner-token"))
	spy.subscribe("#", "gatehouse/alarm/+", "+/+/+")
	c := join(t, f, nil)
	c.Publish("gatehouse/alarm/set", 1, true, `{"action":"DISARM","code":"1234"}`).Wait()
	c.Publish("gatehouse/device/zwave-6/set", 1, true, `on`).Wait()
	late := join(t, f, nil)
	late.subscribe("#", "gatehouse/alarm/+")
	for _, m := range append(spy.flush(h), late.flush(h)...) {
		if strings.HasSuffix(m.Topic(), "/set") || strings.Contains(string(m.Payload()), rightCode) {
			t.Errorf("%s %s was shown", m.Topic(), m.Payload())
		}
	}
}

func TestOnlyTheHousePublishes(t *testing.T) {
	for _, topic := range []string{
		"gatehouse/status", "gatehouse/alarm/state", "gatehouse/alarm", "gatehouse/device/zwave-5",
		"gatehouse/event", "gatehouse/health", "homeassistant/switch/evil/config", "other/things",
		"gatehouse/device/a/b/set", "gatehouse/alarm/error", "homeassistant/status",
	} {
		t.Run(topic, func(t *testing.T) {
			h := newHouse()
			f, _ := open(t, h.options())
			watcher := join(t, f, asToken("panel", "owner-token"))
			watcher.subscribe("#")
			c := join(t, f, asToken("panel", "owner-token"))
			c.Publish(topic, 0, true, "forged").WaitTimeout(patience)
			c.flush(h)
			for _, m := range watcher.flush(h) {
				if string(m.Payload()) == "forged" {
					t.Errorf("%s was shown", m.Topic())
				}
			}
		})
	}
}

func TestWillGoesNowhere(t *testing.T) {
	h := newHouse()
	f, _ := open(t, h.options())
	watcher := join(t, f, nil)
	watcher.subscribe("#")
	for _, topic := range []string{"gatehouse/alarm/state", "gatehouse/alarm/set"} {
		c := connect(t, f, 4, func(pk *packets.Packet) {
			pk.Connect.WillFlag, pk.Connect.WillRetain, pk.Connect.WillQos = true, true, 1
			pk.Connect.WillTopic, pk.Connect.WillPayload = topic, []byte("ARM_AWAY")
		})
		c.Close()
	}
	h.report("zwave-5", home.Contact, home.Open)
	for _, m := range watcher.flush(h) {
		if string(m.Payload()) == "ARM_AWAY" {
			t.Errorf("will was published on %s", m.Topic())
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.requests) != 0 {
		t.Errorf("a will was taken as a command: %v", h.requests)
	}
}

func TestBrokersOwnTopicsAreHidden(t *testing.T) {
	h := newHouse()
	f, _ := open(t, h.options())
	c := join(t, f, asToken("panel", "owner-token"))
	tok := c.SubscribeMultiple(map[string]byte{"$SYS/#": 0, "$share/g/gatehouse/#": 0, "gatehouse/alarm/set": 0}, nil)
	tok.WaitTimeout(patience)
	sub, ok := tok.(*paho.SubscribeToken)
	if !ok {
		t.Fatalf("token is %T", tok)
	}
	for filter, code := range sub.Result() {
		if code != 0x80 {
			t.Errorf("%s granted with %#x, want a refusal", filter, code)
		}
	}
}

func TestRolesSeeWhatTheyMay(t *testing.T) {
	tests := []struct {
		secret  string
		see     []string
		dontSee []string
	}{
		{"viewer-token", []string{"gatehouse/alarm/state", "gatehouse/device/zwave-5", "gatehouse/health"}, nil},
		{"guest-token", []string{"gatehouse/alarm/state", "gatehouse/health"}, []string{"gatehouse/device/zwave-5"}},
		{"installer-token", []string{"gatehouse/device/zwave-5"}, []string{"gatehouse/event"}},
	}
	for _, test := range tests {
		t.Run(test.secret, func(t *testing.T) {
			h := newHouse()
			f, _ := open(t, h.options())
			c := join(t, f, asToken("token", test.secret))
			c.subscribe("#")
			h.log(1)
			h.report("zwave-5", home.Contact, home.Open)
			seen := make(map[string]bool)
			for _, m := range c.flush(h) {
				seen[m.Topic()] = true
			}
			for _, topic := range test.see {
				if !seen[topic] {
					t.Errorf("%s is not seen", topic)
				}
			}
			for _, topic := range test.dontSee {
				if seen[topic] {
					t.Errorf("%s is seen", topic)
				}
			}
			c.send("gatehouse/alarm/set", "ARM_AWAY")
			h.mu.Lock()
			defer h.mu.Unlock()
			if len(h.requests) != 0 {
				t.Errorf("armed: %+v", h.requests)
			}
		})
	}
}

func TestWrongTokenIsRefused(t *testing.T) {
	h := newHouse()
	f, _ := open(t, h.options())
	for _, test := range []struct{ name, user, secret string }{
		{"unknown", "token", "guess"},
		{"name of another", "kitchen", "owner-token"},
		{"a user name alone", "panel", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			if _, err := tryJoin(t, f, asToken(test.user, test.secret)); err == nil {
				t.Error("let in")
			} else if !strings.Contains(err.Error(), "ser") && !strings.Contains(err.Error(), "uthori") {
				t.Errorf("error %q does not speak of user or authorisation", err)
			}
		})
	}
}

func TestClientIDBelongsToItsToken(t *testing.T) {
	h := newHouse()
	f, _ := open(t, h.options())
	owner := join(t, f, func(o *paho.ClientOptions) {
		asToken("panel", "owner-token")(o)
		o.SetClientID("home-assistant").SetCleanSession(false)
	})
	owner.subscribe("gatehouse/device/+")
	join(t, f, func(o *paho.ClientOptions) { o.SetClientID("home-assistant").SetCleanSession(false) })
	join(t, f, func(o *paho.ClientOptions) { o.SetClientID("inline") })
	h.report("zwave-5", home.Contact, home.Open)
	owner.flush(h)
	select {
	case err := <-owner.lost:
		t.Fatalf("thrown out by a stranger with the same client id: %v", err)
	default:
	}
	// Its own token may take over.
	join(t, f, func(o *paho.ClientOptions) {
		asToken("panel", "owner-token")(o)
		o.SetClientID("home-assistant")
	})
	select {
	case <-owner.lost:
	case <-time.After(patience):
		t.Fatal("not taken over in time")
	}
}

func TestDiscoverySwitch(t *testing.T) {
	h := newHouse()
	f, _ := open(t, h.options())
	c := join(t, f, nil)
	c.subscribe("homeassistant/#")
	pages := make(map[string]bool)
	for _, m := range c.flush(h) {
		if strings.HasSuffix(m.Topic(), "/config") {
			pages[m.Topic()] = true
		}
	}
	want := []string{
		"homeassistant/alarm_control_panel/gatehouse/alarm/config",
		"homeassistant/binary_sensor/gatehouse/health/config",
		"homeassistant/binary_sensor/gatehouse/zwave-5_contact/config",
		"homeassistant/lock/gatehouse/zwave-8_lock/config",
		"homeassistant/sensor/gatehouse/zwave-5_battery/config",
		"homeassistant/siren/gatehouse/zwave-7_siren/config",
		"homeassistant/switch/gatehouse/zwave-6_switch/config",
		"homeassistant/switch/gatehouse/zwave-7_switch/config",
	}
	if diff := cmp.Diff(sorted(pages), want); diff != "" {
		t.Errorf("pages (-got +want):\n%s", diff)
	}
	h.mu.Lock()
	h.discover = false
	h.mu.Unlock()
	for len(pages) > 0 {
		m := <-c.got
		if len(m.Payload()) == 0 {
			delete(pages, m.Topic())
		}
	}
	late := join(t, f, nil)
	late.subscribe("homeassistant/#")
	for _, m := range late.flush(h) {
		if strings.HasPrefix(m.Topic(), "homeassistant/") {
			t.Errorf("%s is left after the switch", m.Topic())
		}
	}
}

func sorted(set map[string]bool) []string {
	var list []string
	for s := range set {
		list = append(list, s)
	}
	slices.Sort(list)
	return list
}

func TestDeviceThatLeftIsTakenBack(t *testing.T) {
	h := newHouse()
	f, _ := open(t, h.options())
	c := join(t, f, nil)
	c.subscribe("#")
	c.flush(h)
	h.mu.Lock()
	delete(h.devices, "zwave-5")
	h.mu.Unlock()
	h.changes.Publish(home.Device{ID: "zwave-5"})
	for _, topic := range []string{"gatehouse/device/zwave-5", "homeassistant/binary_sensor/gatehouse/zwave-5_contact/config"} {
		c.until(topic, "")
	}
}

func TestHealthIsTold(t *testing.T) {
	h := newHouse()
	f, _ := open(t, h.options())
	c := join(t, f, nil)
	c.subscribe("gatehouse/health")
	item := home.TroubleItem{Code: "radio-down", Text: "The Z-Wave stick does not answer.", Severity: home.SeverityCritical}
	h.mu.Lock()
	h.troubles = []home.TroubleItem{item}
	h.mu.Unlock()
	h.news.Publish(health.Change{Item: item, Present: true})
	for {
		var got struct {
			OK         bool
			Conditions []home.TroubleItem
		}
		if err := json.Unmarshal(c.next("gatehouse/health").Payload(), &got); err != nil {
			t.Fatal(err)
		}
		if !got.OK && len(got.Conditions) == 1 && got.Conditions[0].Code == "radio-down" {
			return
		}
	}
}

// A burst larger than the face's subscription makes a gap; the journal fills it.
func TestEventsComeOnceInOrder(t *testing.T) {
	h := newHouse()
	f, _ := open(t, h.options())
	c := join(t, f, nil)
	c.subscribe("gatehouse/event")
	h.log(1)
	c.next("gatehouse/event")
	const burst = 1500
	h.log(burst)
	for want := uint64(2); want <= burst+1; want++ {
		var e home.Event
		if err := json.Unmarshal(c.next("gatehouse/event").Payload(), &e); err != nil {
			t.Fatal(err)
		}
		if e.Seq != want {
			t.Fatalf("event %d, want %d", e.Seq, want)
		}
	}
}

func TestOfflineAtTheEnd(t *testing.T) {
	h := newHouse()
	f, stop := open(t, h.options())
	var all []*listener
	for range 5 {
		c := join(t, f, nil)
		c.subscribe("gatehouse/status")
		c.until("gatehouse/status", "online")
		all = append(all, c)
	}
	idle, err := net.Dial("tcp", f.LoopbackAddr().String()) // says nothing
	if err != nil {
		t.Fatal(err)
	}
	defer idle.Close()
	stopped := make(chan error)
	go func() { stop(); close(stopped) }()
	if took := waited(t, "the end", stopped); took > time.Second {
		t.Errorf("stop took %s, want under 1s", took)
	}
	for _, c := range all {
		c.until("gatehouse/status", "offline")
	}
}

func TestAddresses(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	tests := []struct{ loopback, listen, want string }{
		{"0.0.0.0:1883", "", "mqtt.loopback"},
		{":1883", "", "127.0.0.1:1883"},
		{"192.168.1.5:1883", "", "token"},
		{"127.0.0.1", "", "not an address"},
		{taken.Addr().String(), "", "in use"},
		{"", ":8883", "certificate"},
	}
	for _, test := range tests {
		o := newHouse().options()
		o.Loopback, o.Listen = test.loopback, test.listen
		f, err := mqtt.Listen(o)
		if err == nil {
			f.Close()
			t.Errorf("%q %q accepted", test.loopback, test.listen)
			continue
		}
		if !strings.Contains(err.Error(), test.want) {
			t.Errorf("%q %q: %v; want it to speak of %s", test.loopback, test.listen, err, test.want)
		}
	}
}

// A SUBSCRIBE has its own sequence of packet ids: that a message with the same
// id is on its way must not matter (the broker's own bookkeeping mixes them).
func TestPacketIDsOfBothSidesAreApart(t *testing.T) {
	h := newHouse()
	f, _ := open(t, h.options())
	w := connect(t, f, 4, nil)
	w.subscribe("gatehouse/device/+") // its messages have the ids 1, 2, 3… and are not acknowledged
	for n := 0; n < 4; {
		if w.get().FixedHeader.Type == packets.Publish {
			n++
		}
	}
	w.subscribe("gatehouse/status") // with packet id 1 again
	for {
		pk := w.get()
		if pk.FixedHeader.Type == packets.Suback {
			if pk.PacketID != 1 || pk.ReasonCodes[0] != 1 {
				t.Errorf("SUBACK for %d with %#x, want 1 with 0x1", pk.PacketID, pk.ReasonCodes)
			}
			return
		}
	}
}

func TestMQTT5HearsWhyInPuback(t *testing.T) {
	h := newHouse()
	f, _ := open(t, h.options())
	w := connect(t, f, 5, func(pk *packets.Packet) {
		pk.Properties.SessionExpiryInterval, pk.Properties.SessionExpiryIntervalFlag = 3600, true
	})
	for _, test := range []struct {
		payload string
		code    byte
		reason  string
	}{
		{"ARM_AWAY", 0, ""},
		{"DISARM", packets.ErrNotAuthorized.Code, "code-needed"},
		{"OPEN SESAME", packets.ErrPayloadFormatInvalid.Code, "invalid"},
	} {
		w.publish("gatehouse/alarm/set", test.payload)
		pk := w.get()
		if pk.FixedHeader.Type != packets.Puback || pk.PacketID != 7 || pk.ReasonCode != test.code ||
			!strings.HasPrefix(pk.Properties.ReasonString, test.reason) {
			t.Errorf("%s: answered with type %d id %d code %#x %q; want PUBACK of 7, %#x %s…", test.payload,
				pk.FixedHeader.Type, pk.PacketID, pk.ReasonCode, pk.Properties.ReasonString, test.code, test.reason)
		}
	}
}

// A client that takes two messages at once gets the picture two by two.
func TestReceiveMaximum(t *testing.T) {
	h := newHouse()
	f, _ := open(t, h.options())
	w := connect(t, f, 5, func(pk *packets.Packet) { pk.Properties.ReceiveMaximum = 2 })
	w.subscribe("gatehouse/#")
	var ids []uint16
	for len(ids) < 2 {
		if pk := w.get(); pk.FixedHeader.Type == packets.Publish {
			ids = append(ids, pk.PacketID)
		}
	}
	for range 6 { // the picture has eight messages
		if err := w.SetReadDeadline(time.Now().Add(20 * time.Millisecond)); err != nil {
			t.Fatal(err)
		}
		if pk, err := w.read(); err == nil {
			t.Fatalf("a third message (type %d) came unacknowledged", pk.FixedHeader.Type)
		}
		w.acknowledge(ids[0])
		ids = append(ids[1:], w.get().PacketID)
	}
}

// What is not MQTT ends that connection and nothing else.
func TestGarbageHarmsNobody(t *testing.T) {
	h := newHouse()
	f, _ := open(t, h.options())
	good := join(t, f, nil)
	for _, bytes := range []string{
		"GET / HTTP/1.1\r\n\r\n", "\x10\xff\xff\xff\xff\xff", "\x10\x00", "\x30\x02\x00\x00", "\x00",
		"\x10\xff\xff\xff\x7f" + strings.Repeat("x", 100), "\x16\x03\x01\x02\x00\x01",
	} {
		w := dial(t, f, 4)
		if _, err := w.Write([]byte(bytes)); err != nil {
			t.Fatal(err)
		}
		if tcp, ok := w.Conn.(*net.TCPConn); ok {
			tcp.CloseWrite()
		}
		w.SetReadDeadline(time.Now().Add(patience))
		for {
			if _, err := w.read(); err != nil {
				break
			}
		}
	}
	good.subscribe("gatehouse/device/+")
	good.flush(h)
}

// What only people outside the house may know is heard by a notifier, and by
// nobody else, whatever they subscribe to.
func TestOnlyANotifierHearsNotices(t *testing.T) {
	h := newHouse()
	f, _ := open(t, h.options())
	notifier := join(t, f, asToken("phones", "notifier-token"))
	notifier.subscribe("gatehouse/notice", "gatehouse/#")
	others := map[string]*listener{
		"an owner": join(t, f, asToken("panel", "owner-token")), "a program on this box": join(t, f, nil),
	}
	for _, l := range others {
		l.subscribe("#")
	}
	h.notices.Publish(home.Notice{ID: "7", Kind: "duress", Text: "Ada used the panel under duress.", Outside: true})
	if got := string(notifier.next("gatehouse/notice").Payload()); !strings.Contains(got, `"id":"7"`) || !strings.Contains(got, "under duress") {
		t.Errorf("the notifier heard %s", got)
	}
	for who, l := range others {
		for _, m := range l.flush(h) {
			if strings.Contains(m.Topic()+string(m.Payload()), "duress") {
				t.Errorf("%s heard %s on %s", who, m.Payload(), m.Topic())
			}
		}
	}
	// It sees nothing else of the house.
	h.notices.Publish(home.Notice{ID: "8"})
	if m := <-notifier.got; m.Topic() != "gatehouse/notice" || !strings.Contains(string(m.Payload()), `"id":"8"`) {
		t.Errorf("the notifier heard %s %s", m.Topic(), m.Payload())
	}
}
