package onvifsim

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Options of a Device.
type Options struct {
	Listen         string // "127.0.0.1:0": any port
	User, Password string // "": it asks for none
	Name           string
	Maker, Model   string
	Main, Sub      string        // RTSP addresses of its pictures
	Picture        func() []byte // JPEG; nil: it has none
	TLS            *tls.Config   // nil: in the clear
	Presets        []string      // names of where it can look
	TalkBack       bool          // it takes sound
	// Masked is told what is to be blacked out, each time that this is another; it must
	// not call the device. nil: it takes masks all the same.
	Masked func(shapes [][]Point)
	// Interface on which it answers who looks for cameras; "": on none.
	Interface string
	Quirks    Quirks
}

// Quirks are ways in which cameras differ.
type Quirks struct {
	Axis      bool          // one address for all subscriptions, told apart by a header
	Clock     time.Duration // its clock less the true time
	NoPull    bool          // no PullPoint
	NoRenew   bool          // a subscription can't be prolonged
	Host      string        // that it names in its addresses, as one behind NAT does
	Plain     bool          // that it names addresses in the clear, though it speaks in TLS alone
	Both      bool          // it tells who looks for cameras an address in the clear, too
	Media1    bool          // Profile S alone: neither Media2 nor GetServices
	Digest    bool          // HTTP Digest for its services too, and no UsernameToken
	OneMask   bool          // room for a single mask
	MasksGone bool          // masks are taken and not kept
	Basic     bool          // it wants the password in the clear for its pictures
	Blind     bool          // it says where its picture is, and there is none
	Mute      string        // an operation on which it hangs up
}

// Point is a corner of a mask as ONVIF has it: -1 to 1, upwards.
type Point struct {
	X float64 `xml:"x,attr"`
	Y float64 `xml:"y,attr"`
}

// Device is a simulated ONVIF camera.
type Device struct {
	o        Options
	listener net.Listener

	mu     sync.Mutex
	quirks Quirks
	nonces map[string]bool
	subs   map[string]*subscription
	made   int // subscriptions
	states map[string]bool
	preset string
	turns  int
	masks  []mask
	masked int            // masks that were made
	off    bool           // somebody pulled its plug
	asked  map[string]int // how often each operation was
}

// New takes the address; the device answers once Run is called.
func New(o Options) (*Device, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(context.Background(), "tcp", o.Listen)
	if err != nil {
		return nil, fmt.Errorf("onvifsim: %w", err)
	}
	return &Device{
		o: o, listener: l, quirks: o.Quirks, nonces: map[string]bool{}, subs: map[string]*subscription{},
		states: map[string]bool{motionTopic: false, personTopic: false, doorbellTopic: false, coveredTopic: false}, asked: map[string]int{},
	}, nil
}

// Address is where it is, for an owner to type.
func (d *Device) Address() string { return d.scheme() + "://" + d.listener.Addr().String() }

func (d *Device) scheme() string {
	if d.o.TLS == nil {
		return "http"
	}
	return "https"
}

// Run answers until ctx ends.
func (d *Device) Run(ctx context.Context) error {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /onvif/", d.soap)
	mux.HandleFunc("GET /onvif/snapshot", d.snapshot)
	server := &http.Server{
		Handler: d.plugged(mux), ReadHeaderTimeout: 10 * time.Second, BaseContext: func(net.Listener) context.Context { return ctx },
		ErrorLog: log.New(io.Discard, "", 0), // of clients that do not like its certificate
	}
	var answering sync.WaitGroup
	if d.o.Interface != "" {
		conn, err := d.beFound()
		if err != nil {
			_ = d.listener.Close()
			return err
		}
		answering.Go(func() { d.answerProbes(conn) })
		defer answering.Wait()
		defer conn.Close()
	}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()
	listener := d.listener
	if d.o.TLS != nil {
		listener = tls.NewListener(listener, d.o.TLS)
	}
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("onvifsim: %w", err)
	}
	return nil
}

// plugged answers nobody while the device is off.
func (d *Device) plugged(answer http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if d.isOff() {
			panic(http.ErrAbortHandler)
		}
		answer.ServeHTTP(w, r)
	})
}

func (d *Device) isOff() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.off
}

// Off switches the device off, as whoever pulls its plug does.
func (d *Device) Off() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.off = true
	for id := range d.subs {
		d.end(id)
	}
}

// On switches the device on again.
func (d *Device) On() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.off = false
}

// Have changes what the device is like.
func (d *Device) Have(q Quirks) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.quirks = q
}

// now is what the device's clock says.
func (d *Device) now() time.Time { return time.Now().Add(d.quirks.Clock).UTC() }

// Asked counts how often an operation was asked for; "": anything at all.
func (d *Device) Asked(operation string) (n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for o, times := range d.asked {
		if operation == "" || operation == o {
			n += times
		}
	}
	return n
}

// Subscribers counts who listens.
func (d *Device) Subscribers() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.expire()
	return len(d.subs)
}

// Forget has the device forget who listens, as one does that starts again.
func (d *Device) Forget() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for id := range d.subs {
		d.end(id)
	}
}

// Motion, Person and Cover begin or end what the device notices.
func (d *Device) Motion(on bool) { d.say(motionTopic, on) }

// Person says whether somebody is seen.
func (d *Device) Person(on bool) { d.say(personTopic, on) }

// Cover puts something before the lens, or takes it away.
func (d *Device) Cover(on bool) { d.say(coveredTopic, on) }

// Press presses the doorbell.
func (d *Device) Press() {
	d.say(doorbellTopic, true)
	d.say(doorbellTopic, false)
}

// Preset is where it looks, "" for nowhere in particular, and how often it turned.
func (d *Device) Preset() (name string, turns int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.preset, d.turns
}

// Masks is how many masks it has.
func (d *Device) Masks() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.masks)
}

// Draw has somebody draw a mask in the device's own page.
func (d *Device) Draw() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.masked++
	m := mask{Token: fmt.Sprint("mask-", d.masked), ConfigurationToken: "vsconf", Type: "Color", Enabled: true}
	for _, at := range [][2]float64{{-1, -1}, {-.8, -1}, {-.8, -.8}} {
		m.Polygon.Point = append(m.Polygon.Point, Point{at[0], at[1]})
	}
	d.masks = append(d.masks, m)
	d.hide()
}

// LoseMasks has it forget its masks, as a reset does.
func (d *Device) LoseMasks() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.masks = nil
	d.hide()
}

// hide says what is to be blacked out; the lock is held.
func (d *Device) hide() {
	if d.o.Masked == nil {
		return
	}
	shapes := [][]Point{}
	for _, m := range d.masks {
		if m.Enabled {
			shapes = append(shapes, m.Polygon.Point)
		}
	}
	d.o.Masked(shapes)
}

// site is what its addresses begin with.
func (d *Device) site() string {
	scheme, host := d.scheme(), d.listener.Addr().String()
	if d.quirks.Host != "" {
		host = d.quirks.Host
	}
	if d.quirks.Plain {
		scheme = "http"
	}
	return scheme + "://" + host
}

// stream is an address of pictures, with the host that it names.
func (d *Device) stream(s string) string {
	if d.quirks.Host == "" {
		return s
	}
	_, rest, _ := strings.Cut(s, "://")
	host, path, _ := strings.Cut(rest, "/")
	_, port, _ := net.SplitHostPort(host)
	return "rtsp://" + d.quirks.Host + ":" + port + "/" + path
}
