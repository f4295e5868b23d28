package onvif

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"gatehouse/hub/camera/onvif/onvifsim"
	"gatehouse/hub/camera/reach"
)

func turnOn(t *testing.T, o onvifsim.Options) *onvifsim.Device {
	t.Helper()
	o.Listen, o.User, o.Password = "127.0.0.1:0", "hub", "pw & <word>"
	o.Maker, o.Model, o.Name = "Gatehouse", "Sim 1", "Porch"
	o.Main, o.Sub = "rtsp://127.0.0.1:8554/main", "rtsp://127.0.0.1:8554/sub"
	d, err := onvifsim.New(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := d.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() { cancel(); wg.Wait() })
	return d
}

func addressOf(d *onvifsim.Device) string {
	return strings.Replace(d.Address(), "://", "://hub@", 1)
}

// trusting takes the first certificate that a camera shows.
func trusting() *reach.Pin { return reach.NewPin("", func() {}) }

// told is what a camera told the hub.
type told struct {
	what    chan string
	changed chan struct{}
}

// listenTo runs a camera until the test ends.
func listenTo(t *testing.T, d *onvifsim.Device, password string) (*Camera, told) {
	t.Helper()
	return listenKnowing(t, d, password, trusting())
}

// listenKnowing runs a camera that is known by a certificate.
func listenKnowing(t *testing.T, d *onvifsim.Device, password string, pin *reach.Pin) (*Camera, told) {
	t.Helper()
	heard := told{make(chan string, 64), make(chan struct{}, 1)}
	c, err := New(Options{
		Address: addressOf(d), Password: password, Pin: pin, Log: slog.New(slog.DiscardHandler),
		Heard: func(k Kind, e Edge) {
			heard.what <- fmt.Sprint(k, map[Edge]string{Begins: " begins", Ends: " ends", Happens: " happens"}[e])
		},
		Changed: func() {
			select {
			case heard.changed <- struct{}{}:
			default:
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { _ = c.Run(ctx) })
	t.Cleanup(func() { cancel(); wg.Wait() })
	return c, heard
}

func (h told) hear(t *testing.T, want ...string) {
	t.Helper()
	for _, w := range want {
		select {
		case got := <-h.what:
			if got != w {
				t.Fatalf("heard %q, want %q", got, w)
			}
		case <-time.After(30 * time.Second):
			t.Fatalf("%q was not heard within 30 s", w)
		}
	}
}

// until waits for a camera to be so.
func (h told) until(t *testing.T, c *Camera, what string, is func(State) bool) State {
	t.Helper()
	limit := time.After(20 * time.Second)
	for !is(c.State()) {
		select {
		case <-h.changed:
		case <-limit:
			t.Fatalf("not within 20 s: %s; %+v", what, c.State())
		}
	}
	return c.State()
}

func heard(s State) bool { return s.Heard }

// TestCameras listens to cameras of every kind.
func TestCameras(t *testing.T) {
	t.Parallel()
	year := 365 * 24 * time.Hour
	for name, quirks := range map[string]onvifsim.Quirks{
		"a plain one":                     {},
		"one address for all (Axis)":      {Axis: true},
		"its clock a year behind":         {Clock: -year},
		"its clock a year ahead":          {Clock: year},
		"another address in all it says":  {Host: "192.0.2.7"},
		"neither Media2 nor GetServices":  {Media1: true},
		"HTTP Digest for everything":      {Digest: true},
		"subscriptions not prolonged":     {NoRenew: true},
		"all of it, and behind NAT":       {Axis: true, Clock: -year, Host: "192.0.2.7:8080", Media1: true, NoRenew: true},
		"Digest, and one address for all": {Axis: true, Digest: true, Host: "10.0.0.9"},
		"in TLS":                          {},
		"in TLS, HTTP Digest":             {Digest: true},
		"in TLS, behind NAT":              {Axis: true, Clock: -year, Host: "192.0.2.7:8080", NoRenew: true},
		"in TLS, addresses in the clear":  {Plain: true},
		"in TLS, of before 2011":          {Plain: true, Media1: true, Host: "192.0.2.7"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pic := picture(t, 64, 36)
			o := onvifsim.Options{Picture: func() []byte { return pic }, TalkBack: true, Presets: []string{"Gate"}, Quirks: quirks}
			if strings.HasPrefix(name, "in TLS") {
				o.TLS = show(certificate(t, time.Hour)).config()
			}
			d := turnOn(t, o)
			c, told := listenTo(t, d, "pw & <word>")
			s := told.until(t, c, "it is heard", heard)
			if s.About != (About{"Gatehouse", "Sim 1", "1.0.0", "SIM0001"}) || !s.Picture || !s.TalkBack || !s.PTZ || s.Masks == quirks.Media1 {
				t.Errorf("%+v", s)
			}
			if off := (s.Offset - quirks.Clock).Abs(); off > 2*time.Second {
				t.Errorf("its clock is %s off, want %s", s.Offset, quirks.Clock)
			}
			if len(s.Kinds) != 4 {
				t.Errorf("it says that it notices %v", s.Kinds)
			}
			d.Motion(true)
			told.hear(t, "motion begins")
			d.Press()
			d.Person(true)
			d.Motion(false)
			told.hear(t, "doorbell happens", "person begins", "motion ends")
			d.Press()
			told.hear(t, "doorbell happens")
			if got, err := c.Picture(t.Context()); err != nil || len(got) != len(pic) {
				t.Errorf("%d bytes, %v", len(got), err)
			}
			// It starts again and forgets the hub: what goes on is said anew.
			d.Forget()
			told.hear(t, "person ends", "person begins")
			c.Rest(true)
			told.hear(t, "person ends")
			if n := d.Subscribers(); n != 0 {
				t.Errorf("%d listen to a camera that rests", n)
			}
			if _, err := c.Picture(t.Context()); !errors.Is(err, errResting) {
				t.Errorf("a picture of a camera that rests: %v", err)
			}
			c.Rest(false)
			told.hear(t, "person begins")
		})
	}
}

// TestStreams finds out where the pictures are, the largest first.
func TestStreams(t *testing.T) {
	t.Parallel()
	for _, quirks := range []onvifsim.Quirks{{}, {Media1: true, Host: "192.0.2.7"}} {
		d := turnOn(t, onvifsim.Options{Quirks: quirks})
		c, err := Dial(t.Context(), addressOf(d), "pw & <word>", trusting())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(c.Close)
		profiles, err := c.Profiles(t.Context())
		if err != nil || len(profiles) != 2 || profiles[0].Width != 1280 || profiles[1].Height != 360 || profiles[0].Codec != "H264" {
			t.Fatalf("%+v, %v", profiles, err)
		}
		for i, want := range []string{"rtsp://127.0.0.1:8554/main", "rtsp://127.0.0.1:8554/sub"} {
			u, err := c.Stream(t.Context(), profiles[i])
			if err != nil || u.String() != want {
				t.Errorf("%v, %v; want %s", u, err, want)
			}
		}
		if u, err := c.Snapshot(t.Context(), profiles[0]); err == nil {
			t.Errorf("a camera without pictures has one at %s", u)
		}
	}
}

// TestWhatIsWrongWithACamera says what is wrong, and asks again no sooner than is good
// for the camera.
func TestWhatIsWrongWithACamera(t *testing.T) {
	t.Parallel()
	d := turnOn(t, onvifsim.Options{})
	c, told := listenTo(t, d, "another")
	told.until(t, c, "the password is refused", func(s State) bool { return s.Why == ErrPassword.Error() })
	for range 5 { // whoever wants a picture of it is told so
		if _, err := c.Picture(t.Context()); !errors.Is(err, ErrPassword) {
			t.Errorf("a picture by a wrong password: %v", err)
		}
	}
	if n := d.Asked("GetProfiles"); n != 1 {
		t.Errorf("a wrong password was tried %d times", n)
	}
	d = turnOn(t, onvifsim.Options{Quirks: onvifsim.Quirks{NoPull: true}})
	c, told = listenTo(t, d, "pw & <word>")
	s := told.until(t, c, "there are no events", func(s State) bool { return s.Why != "" })
	if !strings.Contains(s.Why, errNoEvents.Error()) || !s.Known {
		t.Errorf("%+v", s)
	}
	d = turnOn(t, onvifsim.Options{Picture: func() []byte { return nil }, Quirks: onvifsim.Quirks{Blind: true}})
	c, told = listenTo(t, d, "pw & <word>")
	told.until(t, c, "it is heard", heard)
	for range 5 {
		if _, err := c.Picture(t.Context()); err == nil || !strings.Contains(err.Error(), "Not Found") {
			t.Errorf("a picture where there is none: %v", err)
		}
	}
	if n := d.Asked("snapshot"); n != 1 {
		t.Errorf("a picture that there is not was asked for %d times", n)
	}
	gone := turnOn(t, onvifsim.Options{})
	u, err := url.Parse(gone.Address())
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/nothing"
	if _, err := Dial(t.Context(), u.String(), "", trusting()); err == nil || !strings.Contains(err.Error(), "Not Found") && !errors.Is(err, errNoSOAP) {
		t.Errorf("an address at which nothing is: %v", err)
	}
}

// chatter is a camera that has something to tell whenever it is asked.
type chatter struct {
	asked int
	tired func() // of being asked
}

func (c *chatter) RoundTrip(r *http.Request) (*http.Response, error) {
	if c.asked++; c.asked == 1000 {
		c.tired()
	}
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	const motion = `<NotificationMessage><Topic>tns1:RuleEngine/CellMotionDetector/Motion</Topic><Message><Message><Data><SimpleItem Name="IsMotion" Value="%t"/></Data></Message></Message></NotificationMessage>`
	return says(fmt.Sprintf(`<Envelope><Body><PullMessagesResponse>`+strings.Repeat(motion, 2)+`</PullMessagesResponse></Body></Envelope>`, true, false)).RoundTrip(r)
}

// TestChatter: a camera that never stops talking is heard, and not for all that the hub
// has.
func TestChatter(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		door, err := NewDoor("http://hub@203.0.113.7", "pw", trusting())
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		camera := &chatter{tired: cancel}
		door.client.Transport = camera
		c, told := &Client{door: door, device: door.base}, 0
		_ = (&Camera{}).follow(ctx, c, subscription{at: c.first(), until: time.Now().Add(time.Hour)},
			detectors{tell: func(Kind, Edge) { told++ }, on: map[Kind]map[string]bool{}})
		// Seven breaths lie between two questions, the first of them not.
		if want := int(10*time.Second/(7*breath)) + 1; camera.asked != want || told != 2*want {
			t.Errorf("in 10 s it was asked %d times and told %d things, want %d and %d", camera.asked, told, want, 2*want)
		}
	})
}
