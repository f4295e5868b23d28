package demo_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"gatehouse/hub"
	"gatehouse/hub/demo"
	"gatehouse/hub/face/api/desk"
	"gatehouse/hub/home"
	"gatehouse/hub/people/auth"
)

// patience is how long a step may take before the test gives up on it; it
// judges nothing.
const patience = 60 * time.Second

// visitor is a program with a token at a running demo.
type visitor struct {
	t      *testing.T
	base   string
	token  string
	events chan event
	desk   desk.Desk
}

type event struct {
	kind string
	data []byte
}

// visit runs a demo and signs a program in with a role.
func visit(t *testing.T, role auth.Role) *visitor {
	t.Helper()
	return visitAt(t, role, "127.0.0.1:0")
}

// visitAt is visit with the broker at an address.
func visitAt(t *testing.T, role auth.Role, broker string) *visitor {
	t.Helper()
	data := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	up := make(chan string, 1)
	out, in := io.Pipe()
	go func() {
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			if _, addr, ok := strings.Cut(lines.Text(), "The hub's page"); ok {
				up <- strings.TrimRight(strings.TrimSpace(addr), "/")
			}
		}
	}()
	go func() {
		ended <- demo.Run(ctx, demo.Options{
			Data: data, Listen: "127.0.0.1:0", MQTT: broker, Version: "test", Log: slog.New(slog.DiscardHandler), Out: in,
		})
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("demo ended with %v", err)
		}
		_ = in.Close()
	})
	v := &visitor{t: t, events: make(chan event, 4096)}
	select {
	case v.base = <-up:
	case err := <-ended:
		ended <- err
		t.Fatalf("demo did not come up: %v", err)
	case <-time.After(patience):
		t.Fatal("demo did not come up")
	}
	var err error
	if v.desk, err = desk.Dial(ctx, filepath.Join(data, hub.SocketFile)); err != nil {
		t.Fatal(err)
	}
	v.token = v.program(role)
	v.watch(ctx)
	v.settle()
	return v
}

// program makes a token for another program.
func (v *visitor) program(role auth.Role) string {
	v.t.Helper()
	var ends time.Time
	if role == auth.Installer {
		ends = time.Now().Add(time.Hour)
	}
	_, secret, err := v.desk.CreateToken(v.t.Context(), "visitor as "+string(role), role, ends)
	if err != nil {
		v.t.Fatal(err)
	}
	return string(secret)
}

func (v *visitor) request(method, path string, body any) (int, []byte) {
	v.t.Helper()
	var b bytes.Buffer
	if body != nil {
		if err := json.NewEncoder(&b).Encode(body); err != nil {
			v.t.Fatal(err)
		}
	}
	r, err := http.NewRequestWithContext(v.t.Context(), method, v.base+path, &b)
	if err != nil {
		v.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+v.token)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		v.t.Fatal(err)
	}
	defer resp.Body.Close()
	out, err := io.ReadAll(resp.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	return resp.StatusCode, out
}

func get[T any](v *visitor, path string) T {
	v.t.Helper()
	status, body := v.request(http.MethodGet, path, nil)
	var out T
	if status != http.StatusOK {
		v.t.Fatalf("GET %s: %d %s", path, status, body)
	}
	if err := json.Unmarshal(body, &out); err != nil {
		v.t.Fatalf("GET %s: %v", path, err)
	}
	return out
}

// do does something in the simulated house.
func (v *visitor) do(thing, act string) {
	v.t.Helper()
	if status, body := v.request(http.MethodPost, "/demo/do", map[string]string{"thing": thing, "act": act}); status != http.StatusNoContent {
		v.t.Fatalf("%s %s: %d %s", thing, act, status, body)
	}
}

func (v *visitor) mode(want int, body map[string]any) []byte {
	v.t.Helper()
	status, out := v.request(http.MethodPut, "/api/v1/alarm/mode", body)
	if status != want {
		v.t.Fatalf("PUT /alarm/mode %v: %d %s, want %d", body, status, out, want)
	}
	return out
}

// watch reads the event stream.
func (v *visitor) watch(ctx context.Context) {
	v.t.Helper()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, v.base+"/api/v1/stream", nil)
	if err != nil {
		v.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+v.token)
	resp, err := http.DefaultClient.Do(r) //nolint:bodyclose // closed by the goroutine below
	if err != nil {
		v.t.Fatal(err)
	}
	if resp.StatusCode != http.StatusOK {
		v.t.Fatalf("GET /stream: %s", resp.Status)
	}
	go func() {
		defer resp.Body.Close()
		var e event
		lines := bufio.NewScanner(resp.Body)
		for lines.Scan() {
			key, value, _ := strings.Cut(lines.Text(), ": ")
			switch key {
			case "event":
				e.kind = value
			case "data":
				e.data = []byte(value)
			case "":
				if e.kind != "" {
					v.events <- e
				}
				e = event{}
			}
		}
	}()
}

// until reads the stream until ok says yes to an event.
func (v *visitor) until(what string, ok func(event) bool) {
	v.t.Helper()
	late := time.After(patience)
	for {
		select {
		case e := <-v.events:
			if ok(e) {
				return
			}
		case <-late:
			v.t.Fatalf("the stream never said: %s", what)
		}
	}
}

func (v *visitor) untilPhase(p home.Phase) {
	v.t.Helper()
	v.until("phase "+string(p), func(e event) bool {
		var a home.Alarm
		return e.kind == "alarm" && json.Unmarshal(e.data, &a) == nil && a.Phase == p
	})
}

// untilTrait also takes what is so already: a siren is on its way before the
// panel is shown in alarm, so its event may have gone by.
func (v *visitor) untilTrait(id home.DeviceID, trait home.Trait, want home.Value) {
	v.t.Helper()
	if get[home.Device](v, "/api/v1/devices/"+string(id)).Traits[trait].Value == want {
		return
	}
	v.until(fmt.Sprintf("%s %s %s", id, trait, want), func(e event) bool {
		var d home.Device
		return e.kind == "device" && json.Unmarshal(e.data, &d) == nil && d.ID == id && d.Traits[trait].Value == want
	})
}

// settle waits until every device of the home is there under its own name, and
// every zone, closed.
func (v *visitor) settle() {
	v.t.Helper()
	ready := func() bool {
		there := map[home.ZoneID]bool{}
		for _, z := range get[[]home.Zone](v, "/api/v1/zones") {
			there[z.ID] = true
		}
		for _, id := range []home.ZoneID{
			"front-door", "back-door", "kitchen-window", "bathroom-window", "hall-motion", "cellar-leak", "landing-smoke",
			"bedroom-window", "bedroom-smoke", "landing-motion", "landing-motion-tamper", "bathroom-leak", "bathroom-leak-tamper",
			"garden-door-lock-tamper",
		} {
			if !there[id] {
				return false
			}
		}
		named := map[string]bool{}
		for _, d := range get[[]home.Device](v, "/api/v1/devices") {
			named[d.Name] = true
		}
		for _, name := range []string{
			"Hall siren", "Bedroom keypad", "Reading lamp", "Washing machine", "Bedroom climate", "Bedroom shutter",
		} {
			if !named[name] {
				return false
			}
		}
		a := get[home.Alarm](v, "/api/v1/alarm")
		return len(a.Open) == 0 && a.Ready[home.Away]
	}
	if ready() {
		return
	}
	v.until("a home that is ready", func(e event) bool { return e.kind != "beat" && ready() })
}

const (
	kitchenWindow = home.DeviceID("zwave-4")
	frontDoor     = home.DeviceID("zwave-2")
	sirenID       = home.DeviceID("zwave-9")
)

// TestMainJob is what all of this is for: a window opens while the house is
// armed, the siren sounds, the owner sees it and turns it off.
func TestMainJob(t *testing.T) {
	v := visit(t, auth.Owner)
	v.mode(http.StatusOK, map[string]any{"mode": "away", "exit_delay": "0s"})
	v.untilPhase(home.PhaseArmed)
	v.do("kitchen-window", "open")
	v.untilPhase(home.PhaseAlarm)
	v.untilTrait(sirenID, home.Siren, home.On)

	a := get[home.Alarm](v, "/api/v1/alarm")
	if a.Alarm == nil || a.Alarm.Kind != "burglary" || a.Alarm.Zone != "kitchen-window" {
		t.Errorf("alarm = %+v, want burglary at kitchen-window", a.Alarm)
	}
	v.mode(http.StatusOK, map[string]any{"mode": "disarmed"})
	v.untilTrait(sirenID, home.Siren, home.Off)
	if a := get[home.Alarm](v, "/api/v1/alarm"); a.Phase != home.PhaseDisarmed || a.Alarm == nil {
		t.Errorf("after disarming: %+v, want disarmed with the alarm remembered", a)
	}
}

// TestOpenWindowIsNamed: not ready is said with the name, and leaving it out
// is explicit.
func TestOpenWindowIsNamed(t *testing.T) {
	v := visit(t, auth.Owner)
	v.do("bathroom-window", "open")
	v.untilTrait("zwave-5", home.Contact, home.Open)
	var problem struct {
		Code string        `json:"code"`
		Open []home.ZoneID `json:"open"`
	}
	if err := json.Unmarshal(v.mode(http.StatusConflict, map[string]any{"mode": "away"}), &problem); err != nil {
		t.Fatal(err)
	}
	if len(problem.Open) != 1 || problem.Open[0] != "bathroom-window" || problem.Code != "not-ready" {
		t.Errorf("problem = %+v, want not-ready naming bathroom-window", problem)
	}
	v.mode(http.StatusOK, map[string]any{"mode": "away", "exit_delay": "0s", "bypass": []string{"bathroom-window"}})
	if a := get[home.Alarm](v, "/api/v1/alarm"); len(a.Bypassed) != 1 || a.Phase != home.PhaseArmed {
		t.Errorf("alarm = %+v, want armed with bathroom-window bypassed", a)
	}
}

// TestStickPulledWhileArmed: the hub stays, says so, and readings resume by
// themselves when it is back.
func TestStickPulledWhileArmed(t *testing.T) {
	v := visit(t, auth.Owner)
	v.mode(http.StatusOK, map[string]any{"mode": "away", "exit_delay": "0s"})
	v.do("stick", "pull")
	down := func() bool {
		for _, c := range get[[]home.TroubleItem](v, "/api/v1/health") {
			if c.Code == "radio-down" {
				return true
			}
		}
		return false
	}
	v.until("radio-down", func(e event) bool { return e.kind == "health" && down() })
	troubles := get[home.Alarm](v, "/api/v1/alarm").Troubles
	if !strings.Contains(fmt.Sprint(troubles), "radio-down") {
		t.Errorf("the panel's troubles are %v, want radio-down among them", troubles)
	}
	v.do("stick", "plug")
	v.until("radio up again", func(e event) bool { return e.kind == "health" && !down() })
	v.do("kitchen-window", "open")
	v.untilPhase(home.PhaseAlarm)
	v.untilTrait(sirenID, home.Siren, home.On)
}

// TestStickPulledDuringAnAlarm: the siren is told again when the stick is back.
func TestStickPulledDuringAnAlarm(t *testing.T) {
	v := visit(t, auth.Owner)
	v.mode(http.StatusOK, map[string]any{"mode": "away", "exit_delay": "0s"})
	v.do("stick", "pull")
	v.until("radio-down", func(e event) bool { return e.kind == "health" && strings.Contains(string(e.data), "radio-down") })
	if status, body := v.request(http.MethodPost, "/api/v1/alarm/panic", map[string]string{"kind": "panic"}); status >= 300 {
		t.Fatalf("panic: %d %s", status, body)
	}
	v.untilPhase(home.PhaseAlarm)
	v.do("stick", "plug")
	v.untilTrait(sirenID, home.Siren, home.On)
}

// TestTroublesReachEveryFace: what is done to the house on the demo's page is
// told by the health list, the panel, the metrics and the journal.
func TestTroublesReachEveryFace(t *testing.T) {
	v := visit(t, auth.Owner)
	v.do("power", "cut")
	v.do("power", "drain")
	v.do("front-door", "battery-low")
	v.do("cellar-leak", "battery-low")
	v.do("clock", "back")
	for _, want := range []struct{ code, words string }{
		{"demo", "nothing here is real"},
		{"mains-lost", "70 % left, about 4 hours"},
		{"battery-low", "Front door wants a new battery: it is at 14 %."},
		{"battery-low", "Cellar leak wants a new battery: it is at 14 % and lasts about 11 more days."},
		{"clock-wrong", "it was set back by 1h0m0s"},
	} {
		told := func() bool {
			return slices.ContainsFunc(get[[]home.TroubleItem](v, "/api/v1/health"), func(c home.TroubleItem) bool {
				return c.Code == want.code && strings.Contains(c.Text, want.words)
			})
		}
		if !told() {
			v.until(want.code, func(e event) bool { return e.kind == "health" && told() })
		}
		if a := get[home.Alarm](v, "/api/v1/alarm"); !strings.Contains(fmt.Sprint(a.Troubles), want.words) {
			t.Errorf("the panel's troubles are %v, want %s among them", a.Troubles, want.code)
		}
		if _, body := v.request(http.MethodGet, "/metrics", nil); !strings.Contains(string(body), `gatehouse_condition{code="`+want.code+`"`) {
			t.Errorf("the metrics do not tell of %s", want.code)
		}
		if want.code == "demo" {
			continue // no trouble, and no line
		}
		written := func() bool {
			_, body := v.request(http.MethodGet, "/api/v1/events?kind=trouble", nil)
			return strings.Contains(string(body), want.words)
		}
		if !written() {
			v.until("the journal's line of "+want.code, func(event) bool { return written() })
		}
	}
	if a := get[home.Alarm](v, "/api/v1/alarm"); a.Ready[home.Away] {
		t.Error("ready to arm with a low battery at the front door")
	}
	v.mode(http.StatusConflict, map[string]any{"mode": "away", "exit_delay": "0s"})
	v.mode(http.StatusOK, map[string]any{"mode": "away", "exit_delay": "0s", "force": true})
}

// TestRoleDecides: a viewer's token reads and cannot arm.
func TestRoleDecides(t *testing.T) {
	v := visit(t, auth.Installer)
	status, body := v.request(http.MethodPut, "/api/v1/alarm/mode", map[string]any{"mode": "away"})
	if status != http.StatusForbidden || !strings.Contains(string(body), "installer") {
		t.Errorf("arming as installer: %d %s, want 403 naming the role", status, body)
	}
}

// keypad is what the simulated Z-Wave keypad shows.
func (v *visitor) keypad() (shows struct {
	Light   string
	Besides []string
	Seconds int
},
) {
	return v.padShows("keypad")
}

func (v *visitor) padShows(key string) (shows struct {
	Light   string
	Besides []string
	Seconds int
},
) {
	v.t.Helper()
	type state struct {
		Things []struct {
			Key   string
			Shows json.RawMessage
		}
	}
	for _, thing := range get[state](v, "/demo/state").Things {
		if thing.Key == key {
			if err := json.Unmarshal(thing.Shows, &shows); err != nil {
				v.t.Fatal(err)
			}
		}
	}
	return shows
}

func (v *visitor) untilLight(want string) {
	v.t.Helper()
	v.until("the keypad's light "+want, func(event) bool { return v.keypad().Light == want })
}

// TestKeypad: it counts down, shows what runs, says that it does not take a code
// over a link in clear, and calls for help when a key is held for 2 s.
func TestKeypad(t *testing.T) {
	v := visit(t, auth.Owner)
	v.untilLight("disarmed")
	v.mode(http.StatusOK, map[string]any{"mode": "away"})
	v.untilLight("time to leave")
	if s := v.keypad().Seconds; s < 1 || s > 60 {
		t.Errorf("%d seconds to leave", s)
	}
	v.mode(http.StatusOK, map[string]any{"mode": "disarmed"})
	v.untilLight("disarmed")
	if status, body := v.request(http.MethodPost, "/demo/do", map[string]string{"thing": "keypad", "act": "arm-away", "digits": "12345"}); status != http.StatusNoContent {
		t.Fatalf("a code: %d %s", status, body)
	}
	v.until("not accepted", func(event) bool { return slices.Contains(v.keypad().Besides, "not accepted") })

	type keypad struct {
		Device    home.DeviceID
		Encrypted bool
		Can       []string
		Notes     []string
	}
	all := get[[]keypad](v, "/api/v1/keypads")
	all = slices.DeleteFunc(all, func(k keypad) bool { return !strings.HasPrefix(string(k.Device), "zwave-") })
	if len(all) != 1 || all[0].Encrypted || !slices.Equal(all[0].Can, []string{"tones"}) {
		t.Fatalf("keypads %+v, want one in clear whose tones can be turned off", all)
	}
	status, body := v.request(http.MethodPut, "/api/v1/keypads/"+string(all[0].Device), map[string]any{"volume": 10, "exit_tones": false})
	if status != http.StatusOK || !strings.Contains(string(body), "no volume") || !strings.Contains(string(body), `"exit_tones":false`) {
		t.Errorf("settings: %d %s, want a word that it has no volume", status, body)
	}

	held := time.Now()
	v.do("keypad", "panic-down")
	v.untilPhase(home.PhaseAlarm)
	if d := time.Since(held); d < 2*time.Second {
		t.Errorf("an alarm after %s of holding, want 2 s", d)
	}
	v.do("keypad", "panic-up")
	v.untilLight("panic alarm")
}

// TestHomeAssistantIsASwitch: discovery over MQTT is the owner's choice, told in
// the journal.
func TestHomeAssistantIsASwitch(t *testing.T) {
	v := visit(t, auth.Owner)
	type system struct {
		HomeAssistant bool `json:"home_assistant"`
	}
	if !get[system](v, "/api/v1/system").HomeAssistant {
		t.Error("off in a demo before anybody chose")
	}
	for _, on := range []bool{false, true} {
		status, body := v.request(http.MethodPut, "/api/v1/system", map[string]any{"home_assistant": on})
		if status != http.StatusOK || get[system](v, "/api/v1/system").HomeAssistant != on {
			t.Errorf("turning it to %v: %d %s", on, status, body)
		}
	}
	v.until("the journal's line", func(e event) bool {
		return e.kind == "event" && strings.Contains(string(e.data), "Home Assistant may discover this home")
	})
}

// TestPortInUse: a demo whose port is taken ends and says so.
func TestPortInUse(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	err = demo.Run(t.Context(), demo.Options{
		Data: t.TempDir(), Listen: l.Addr().String(), Log: slog.New(slog.DiscardHandler), Out: io.Discard,
	})
	if err == nil || !strings.Contains(err.Error(), "in use by another program") || !strings.Contains(err.Error(), l.Addr().String()) {
		t.Errorf("got %v, want an error that names the address and says it is in use", err)
	}
}
