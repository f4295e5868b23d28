package demo_test

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"
	gocmp "github.com/google/go-cmp/cmp"

	"gatehouse/hub/demo"
	"gatehouse/hub/home"
	"gatehouse/hub/people/auth"
)

// A14: a code given under duress must look like any other on every face inside the
// house: whoever stands beside the one who types it may hold all of them. The
// demo home is disarmed many times, with one code and with the other, over the
// API, over MQTT and at a keypad; what each face says is compared byte by byte, and
// the times that it takes by their distribution. Of Apple Home the events are
// compared, how many encrypted bytes each took, and what it answers; of both keypads
// what they show. The panel's own words are compared by hub/alarm's random play,
// whatever else keypads show by hub/alarm/keypads.
func TestNobodyInTheHouseCanTellDuress(t *testing.T) {
	port := freePort(t)
	v := visitAt(t, auth.Owner, port)
	const under = "97531"
	if status, body := v.request(http.MethodPost, "/api/v1/codes", map[string]any{"person": "Ada", "kind": "duress", "code": under}); status != http.StatusCreated {
		t.Fatalf("duress code: %d %s", status, body)
	}
	// What a sensor says for the first time would tell one disarming from another.
	v.until("every sensor has said how it is", func(event) bool {
		for _, d := range get[[]home.Device](v, "/api/v1/devices") {
			for _, trait := range []home.Trait{home.Contact, home.Motion, home.Smoke, home.Water} {
				if s, has := d.Traits[trait]; d.Health != home.HealthOK || has && !s.Value.Known() {
					return false
				}
			}
		}
		return true
	})
	ear := listen(t, port)
	phone := v.pairApple()
	outside := make(chan string, 64)
	hear(t, port, v.program(auth.Notifier), "gatehouse/notice", func(m paho.Message) { outside <- string(m.Payload()) })

	for _, way := range []string{"api", "mqtt", "keypad"} {
		t.Run(way, func(t *testing.T) {
			// Once for nothing, so that what the house said before is behind.
			ear.forget()
			v.cycle(t, ear, way, demo.Code)
			v.streamed()
			ear.heard()
			phone.disarmed()
			var said [2]map[string][]string
			for i, code := range []string{demo.Code, under} {
				ear.forget()
				answer, _, _ := v.cycle(t, ear, way, code)
				stream := v.streamed()
				said[i] = ear.heard()
				said[i]["answer"], said[i]["stream"] = []string{plain(answer)}, stream
				said[i]["apple"], _ = phone.disarmed()
				said[i]["apple answers"] = phone.answers()
				said[i]["keypads"] = v.padsShow("disarmed")
			}
			if diff := gocmp.Diff(said[0], said[1]); diff != "" {
				t.Errorf("a face tells (-usual +under duress):\n%s", diff)
			}
			// The test can see: an answer that told anything would differ.
			if !strings.Contains(said[0]["answer"][0], "disarmed") && way == "api" {
				t.Errorf("the answer is %q, want the panel", said[0]["answer"])
			}
			if len(said[0]["apple"]) < 2 { // armed and disarmed
				t.Errorf("Apple Home was told %q", said[0]["apple"])
			}
			if shown := strings.Join(said[0]["keypads"], " "); strings.Count(shown, "Light:disarmed") != 2 {
				t.Errorf("the keypads show %s, want that the house is disarmed", shown)
			}
			select {
			case n := <-outside:
				if !strings.Contains(n, `"kind":"duress"`) || !strings.Contains(n, `"outside":true`) {
					t.Errorf("people outside were told %s, want duress", n)
				}
			case <-time.After(patience):
				t.Error("people outside were told nothing")
			}
		})
	}

	for _, way := range []string{"api", "keypad"} {
		t.Run("times/"+way, func(t *testing.T) {
			pairs := 150
			if testing.Short() {
				pairs = 40
			}
			// Chance makes one in a thousand honest runs look odd: three in a row
			// are no chance.
			var p, apple, broker float64
			for range 3 {
				var times, heard, told [2][]float64
				for range pairs {
					first := rand.IntN(2)
					for _, i := range []int{first, 1 - first} {
						_, began, took := v.cycle(t, ear, way, []string{demo.Code, under}[i])
						_, at := phone.disarmed()
						times[i] = append(times[i], took.Seconds())
						heard[i] = append(heard[i], at.Sub(began).Seconds())
						told[i] = append(told[i], ear.at.Sub(began).Seconds())
					}
				}
				p, apple, broker = alike(times[0], times[1]), alike(heard[0], heard[1]), alike(told[0], told[1])
				if p > 0.001 && apple > 0.001 && broker > 0.001 {
					t.Logf("by chance with p = %.3f, Apple Home hears it with p = %.3f, MQTT with p = %.3f", p, apple, broker)
					return
				}
			}
			t.Errorf("disarming takes another time under duress: by chance only with p = %g, Apple Home hears it with p = %g, MQTT with p = %g", p, apple, broker)
		})
	}
}

// TestTheComparisonOfTimesCanSee: a shift of a fifth of the spread is found, and
// none is not.
func TestTheComparisonOfTimesCanSee(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	a, b, c := make([]float64, 300), make([]float64, 300), make([]float64, 300)
	for i := range a {
		a[i], b[i], c[i] = math.Exp(r.NormFloat64()/4), math.Exp(r.NormFloat64()/4), math.Exp(r.NormFloat64()/4)*1.1
	}
	if p := alike(a, b); p < 0.001 {
		t.Errorf("two samples of one distribution: p = %g", p)
	}
	if p := alike(a, c); p > 0.001 {
		t.Errorf("a tenth slower: p = %g, want less than 0.001", p)
	}
}

// alike is the probability that two samples of one distribution would differ as
// these do (Mann and Whitney's U, normal approximation, two-sided).
func alike(a, b []float64) float64 {
	type value struct {
		v    float64
		from int
	}
	var all []value
	for _, v := range a {
		all = append(all, value{v, 0})
	}
	for _, v := range b {
		all = append(all, value{v, 1})
	}
	slices.SortFunc(all, func(x, y value) int { return cmp.Compare(x.v, y.v) })
	rank := 0.0
	for i, v := range all {
		if v.from == 0 {
			rank += float64(i + 1)
		}
	}
	n, m := float64(len(a)), float64(len(b))
	u := rank - n*(n+1)/2
	z := (u - n*m/2) / math.Sqrt(n*m*(n+m+1)/12)
	return math.Erfc(math.Abs(z) / math.Sqrt2)
}

// cycle arms the house and disarms it with a code. It returns the answer, when it
// asked and how long the answer took.
func (v *visitor) cycle(t *testing.T, ear *ear, way, code string) (answer []byte, began time.Time, took time.Duration) {
	t.Helper()
	v.mode(http.StatusOK, map[string]any{"mode": "away", "exit_delay": "0s", "force": true})
	ear.until("armed_away")
	v.padsShow("away") // so that what they show later is of the disarming
	began = time.Now()
	switch way {
	case "api":
		answer = v.mode(http.StatusOK, map[string]any{"mode": "disarmed", "code": code})
	case "mqtt":
		ear.client.Publish("gatehouse/alarm/set", 1, false, fmt.Sprintf(`{"action":"DISARM","code":%q}`, code)).Wait()
	case "keypad":
		if status, body := v.request(http.MethodPost, "/demo/do", map[string]string{"thing": zigbeePad, "act": "disarm", "digits": code}); status != http.StatusNoContent {
			t.Fatalf("typing a code: %d %s", status, body)
		}
		v.untilPad(zigbeePad, "disarmed")
	}
	took = time.Since(began)
	ear.until("disarmed")
	return answer, began, took
}

// The keypads of the demo home: a Z-Wave one, of which no code is taken, and a
// Zigbee one.
const (
	zwavePad  = "keypad"
	zigbeePad = "bedroom-keypad"
)

// untilPad looks at a keypad until its light says so, as often as can be: how long
// that takes is compared. It returns all that the keypad shows.
func (v *visitor) untilPad(key, light string) string {
	v.t.Helper()
	for late := time.Now().Add(patience); ; {
		shows := v.padShows(key)
		switch {
		case shows.Light == light:
			return fmt.Sprintf("%s %+v", key, shows)
		case time.Now().After(late):
			v.t.Fatalf("%s shows %+v, never %s", key, shows, light)
		}
	}
}

// padsShow is all that the keypads show once both have the light.
func (v *visitor) padsShow(light string) []string {
	v.t.Helper()
	return []string{v.untilPad(zwavePad, light), v.untilPad(zigbeePad, light)}
}

// word is one of the panel's states, and when it was heard.
type word struct {
	said string
	at   time.Time
}

// ear hears everything that the broker says on loopback.
type ear struct {
	t      *testing.T
	client paho.Client
	words  chan word     // of gatehouse/alarm/state
	at     time.Time     // when the last of them that was waited for came
	lines  chan struct{} // a line of the journal was heard

	mu  sync.Mutex
	all map[string][]string
}

func listen(t *testing.T, addr string) *ear {
	t.Helper()
	e := &ear{t: t, words: make(chan word, 64), lines: make(chan struct{}, 1), all: map[string][]string{}}
	e.client = hear(t, addr, "", "#", func(m paho.Message) {
		e.mu.Lock()
		e.all[m.Topic()] = append(e.all[m.Topic()], plain(m.Payload()))
		e.mu.Unlock()
		if m.Topic() == "gatehouse/alarm/state" && !m.Retained() {
			e.words <- word{string(m.Payload()), time.Now()}
		}
		if m.Topic() == "gatehouse/event" {
			select {
			case e.lines <- struct{}{}:
			default:
			}
		}
	})
	return e
}

func hear(t *testing.T, addr, token, topic string, got func(paho.Message)) paho.Client {
	t.Helper()
	o := paho.NewClientOptions().AddBroker("tcp://" + addr).SetOrderMatters(true)
	if token != "" {
		o.SetUsername("token").SetPassword(token)
	}
	c := paho.NewClient(o)
	if err := wait(c.Connect()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Disconnect(100) })
	if err := wait(c.Subscribe(topic, 1, func(_ paho.Client, m paho.Message) { got(m) })); err != nil {
		t.Fatal(err)
	}
	return c
}

func wait(tk paho.Token) error {
	tk.Wait()
	return tk.Error()
}

func (e *ear) until(want string) {
	e.t.Helper()
	late := time.After(patience)
	for {
		select {
		case w := <-e.words:
			if w.said == want {
				e.at = w.at
				return
			}
		case <-late:
			e.t.Fatalf("the panel never said %s", want)
		}
	}
}

func (e *ear) forget() {
	e.mu.Lock()
	e.all = map[string][]string{}
	e.mu.Unlock()
}

// heard is what was said by topic since forget, the journal's lines included.
func (e *ear) heard() map[string][]string {
	e.t.Helper()
	late := time.After(patience)
	for {
		e.mu.Lock()
		all := map[string][]string{}
		for topic, list := range e.all {
			if !strings.HasPrefix(topic, "gatehouse/device/") { // sensors go on meanwhile
				all[topic] = slices.Clone(list)
			}
		}
		e.mu.Unlock()
		if slices.ContainsFunc(all["gatehouse/event"], func(s string) bool { return strings.Contains(s, `"text":"Disarmed.`) }) {
			return all
		}
		select {
		case <-e.lines:
		case <-late:
			e.t.Fatal("the journal's line of the disarming was never heard")
		}
	}
}

// streamed is what the event stream says of the panel and the journal, up to the
// disarming.
func (v *visitor) streamed() []string {
	v.t.Helper()
	var said []string
	line, panel := false, false
	v.until("the disarming", func(e event) bool {
		if e.kind == "alarm" || e.kind == "event" {
			said = append(said, e.kind+" "+plain(e.data))
		}
		line = line || e.kind == "event" && strings.Contains(string(e.data), `"text":"Disarmed.`)
		panel = e.kind == "alarm" && strings.Contains(string(e.data), `"mode":"disarmed"`) || panel && e.kind != "alarm"
		return line && panel
	})
	slices.Sort(said) // panel and journal are written side by side
	return said
}

var passing = regexp.MustCompile(`\d{4}-\d\d-\d\dT[0-9:.]+Z|"seq":\d+|"line":"[^"]*"`)

// plain is what a face says without what is another each time: times and
// numbers of lines.
func plain(b []byte) string { return passing.ReplaceAllString(string(b), "…") }

// freePort is an address that was free a moment ago. Its port is none of those that
// the system gives to whoever wants any, which a test beside this one may.
func freePort(t *testing.T) string {
	t.Helper()
	for range 100 {
		addr := fmt.Sprint("127.0.0.1:", 20000+rand.IntN(10000))
		if l, err := net.Listen("tcp", addr); err == nil {
			_ = l.Close()
			return addr
		}
	}
	t.Fatal("of a hundred ports none is free")
	return ""
}
