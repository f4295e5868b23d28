package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"

	"github.com/VictoriaMetrics/metrics"
	"github.com/danielgtaylor/huma/v2"

	"gatehouse/hub/bus"
	"gatehouse/hub/home"
	"gatehouse/hub/home/journal"
	"gatehouse/hub/people/audit"
	"gatehouse/zigbee"
)

// Panel is what the API needs of the alarm's guard.
type Panel interface {
	State() home.Alarm
	SetMode(context.Context, home.ModeRequest) (home.Alarm, error)
	Silence(ctx context.Context, by string, ch home.Channel) error
	Panic(ctx context.Context, kind, by string, ch home.Channel) error
	SilentPanic(ctx context.Context, by string, ch home.Channel) error
	Acknowledge(ctx context.Context, by string) error
	Test(ctx context.Context, on bool, by string) error
	Settings() home.AlarmSettings
	PutSettings(ctx context.Context, s home.AlarmSettings, by string) error
	Modes() []home.AlarmMode
	PutMode(ctx context.Context, m home.AlarmMode, by string) error
	DeleteMode(ctx context.Context, id home.Mode, by string) error
	Areas() []home.Area
	PutArea(ctx context.Context, a home.Area, by string) error
	DeleteArea(ctx context.Context, id home.AreaID, by string) error
}

// Zones and Codes are the panel's lists.
type Zones interface {
	Zones() []home.Zone
	PutZone(ctx context.Context, z home.Zone, by string) error
	DeleteZone(ctx context.Context, id home.ZoneID, by string) error
}

// Codes are the keypad codes. A code is read back without its digits.
type Codes interface {
	Codes() []home.Code
	PutCode(ctx context.Context, c home.Code, by string) (home.Code, error)
	DeleteCode(ctx context.Context, id, by string) error
}

// Devices is what the API needs of the registry.
type Devices interface {
	Devices() []home.Device
	Device(home.DeviceID) (home.Device, bool)
	Rename(id home.DeviceID, name, room, by string) (home.Device, error)
	Hang(id home.DeviceID, place home.Place, by string) (home.Device, error)
	LetChirp(id home.DeviceID, on bool, by string) (home.Device, error)
	Remove(ctx context.Context, id home.DeviceID, by string) error
	Command(cmd home.Command, by string) (string, error)
}

// Journal is what the API reads of the journal; hub/home/journal says how.
type Journal interface {
	Page(journal.Query) (events []home.Event, next string, err error)
	After(seq uint64, limit int) ([]home.Event, error)
	Last() uint64
}

// Board lists the conditions that are present now.
type Board interface {
	List() []home.TroubleItem
}

// Notices is the news for people who may be elsewhere, newest first.
type Notices interface {
	Kept() []home.Notice
}

// Watch is a way to hear that something changed, without what. It is signalled
// at least once after each change, until stop is called.
type Watch func() (changed <-chan struct{}, stop func())

// WatchTopic makes a Watch of a topic of anything.
func WatchTopic[T any](t *bus.Topic[T]) Watch {
	return func() (<-chan struct{}, func()) {
		s := t.Subscribe(1)
		return s.Wake(), s.Close
	}
}

// Options are the rooms that the API shows and the figures it keeps. People,
// Panel, Zones, Codes, Rules, Devices, Journal, Health and the changes are required.
type Options struct {
	People  People
	Panel   Panel
	Zones   Zones
	Codes   Codes
	Rules   Rules
	Devices Devices
	Journal Journal
	Health  Board
	Notices Notices          // nil: none are kept
	Radios  map[string]Radio // by kind: "zwave", "zigbee"
	Keypads Keypads          // nil: the house has none
	// Upgrades are the firmware files for devices.
	Upgrades Upgrades
	Locks    Locks
	Cameras  Cameras // nil: the house has none
	// Views is the record of who watched what; nil: nothing is shown to anybody.
	Views       Views
	ViewChanges *bus.Topic[audit.Entry] // nil without Views
	// Signature is the signature of a Zigbee device; nil: the house has none.
	Signature func(home.DeviceID) (zigbee.Signature, bool)

	AlarmChanges  *bus.Topic[home.Alarm]
	DeviceChanges *bus.Topic[home.Device] // a device with Health "" has left
	Events        *bus.Topic[home.Event]  // durable ones, in order
	HealthChanges Watch

	Clips       Clips                 // nil: they cannot be kept
	ClipChanges *bus.Topic[home.Clip] // nil as Clips

	HomeAssistant Switch    // discovery over MQTT; nil: there is no broker
	AppleHome     AppleHome // nil: the hub does without

	Ready   func() []Part     // nil: ready
	System  func() System     // nil: only the version
	Metrics []func(io.Writer) // more lines for /metrics
	Web     http.Handler      // the owner's page, at /; nil: none
	Hosts   func() []string   // names the hub answers to, beside addresses and localhost
	Trust   *Trust            // how devices come to trust the hub; nil: no pages about it
	Demo    bool              // says DEMO on every face

	Version         string // of the hub
	SecurityContact string // Contact of security.txt, a URI
	Log             *slog.Logger
}

// API is the HTTP surface. New builds it, Handler serves it, Run feeds its
// streams.
type API struct {
	o       Options
	log     *slog.Logger
	mux     *http.ServeMux // API routes only; never a catch-all, so that 404 and 405 can be told
	spec    *huma.OpenAPI  // what the routes say of themselves
	table   []route
	mounts  []mount
	cross   *http.CrossOriginProtection
	kept    *answers
	news    *news
	streams streams
	lives   streams  // live views
	lines   lines    // of them, those that outlive the request that began them
	fetched fetching // of these, those by HLS
	set     *metrics.Set
	panics  *metrics.Counter
	doc     []byte        // openapi.json
	trust   *trust        // nil without an authority of its own
	ending  chan struct{} // closed when Run ends: so do the streams
}

type mount struct {
	prefix  string
	handler http.Handler
}

// New builds the API. It starts nothing.
func New(o Options) (*API, error) {
	for name, missing := range map[string]bool{
		"People": o.People == nil, "Panel": o.Panel == nil, "Zones": o.Zones == nil, "Codes": o.Codes == nil, "Rules": o.Rules == nil,
		"Devices": o.Devices == nil, "Journal": o.Journal == nil, "Health": o.Health == nil,
		"AlarmChanges": o.AlarmChanges == nil, "DeviceChanges": o.DeviceChanges == nil,
		"Events": o.Events == nil, "HealthChanges": o.HealthChanges == nil,
	} {
		if missing {
			return nil, fmt.Errorf("api: Options.%s is missing", name)
		}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	a := &API{
		o: o, log: o.Log,
		mux:    http.NewServeMux(),
		cross:  http.NewCrossOriginProtection(),
		kept:   newAnswers(),
		set:    metrics.NewSet(),
		ending: make(chan struct{}),
	}
	if o.Trust != nil {
		t, err := newTrust(*o.Trust)
		if err != nil {
			return nil, err
		}
		a.trust = t
	}
	a.panics = a.set.NewCounter("gatehouse_http_panics_total")
	a.news = newNews(a)
	a.spec = newDocument()
	a.table = a.routes()
	for i := range a.table {
		a.register(&a.table[i])
	}
	if err := a.finishDocument(); err != nil {
		return nil, err
	}
	return a, nil
}

// Mount hands every request whose path begins with prefix (which ends in a
// slash) to h, behind the checks of origin and host but before those of rights:
// h decides itself who may do what. It is for the demo's own controls. Call it
// before Handler.
func (a *API) Mount(prefix string, h http.Handler) {
	a.mounts = append(a.mounts, mount{prefix, h})
}

// Run feeds the event streams until ctx ends, then ends them. Call it once.
func (a *API) Run(ctx context.Context) error {
	defer a.lines.end()
	defer close(a.ending)
	if err := a.news.run(ctx); err != nil && !errors.Is(err, context.Canceled) {
		return fmt.Errorf("api: %w", err)
	}
	return nil
}

// Handler is the whole surface: API, mounts and page.
func (a *API) Handler() http.Handler {
	return a.outer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, m := range a.mounts {
			if strings.HasPrefix(r.URL.Path, m.prefix) {
				m.handler.ServeHTTP(w, r)
				return
			}
		}
		bound(w)
		if a.trusts(w, r) {
			return
		}
		if ours(r.URL.Path) || a.o.Web == nil {
			a.serveAPI(w, r)
			return
		}
		a.o.Web.ServeHTTP(w, r)
	}))
}

// ours tells whether a path belongs to the API, known or not, and never to the
// page.
func ours(path string) bool {
	switch path {
	case "/healthz", "/readyz", "/metrics", "/api":
		return true
	}
	return strings.HasPrefix(path, "/api/") || strings.HasPrefix(path, "/.well-known/")
}

// serveAPI finds the route; what the mux would refuse in words of its own is
// refused as a problem.
func (a *API) serveAPI(w http.ResponseWriter, r *http.Request) {
	h, pattern := a.mux.Handler(r)
	if pattern != "" {
		a.mux.ServeHTTP(w, r) // not h: only the mux sets the path's values
		return
	}
	probe := &probe{header: http.Header{}}
	h.ServeHTTP(probe, r)
	if allow := probe.header.Get("Allow"); probe.status == http.StatusMethodNotAllowed && allow != "" {
		w.Header().Set("Allow", allow)
		problem(http.StatusMethodNotAllowed, codeMethod, "%s takes %s, not %s.", r.URL.Path, allow, r.Method).write(w)
		return
	}
	problem(http.StatusNotFound, codeNotFound, "There is nothing at %s. GET /api/openapi.json lists the paths.", r.URL.Path).write(w)
}

// probe learns what a handler would answer.
type probe struct {
	header http.Header
	status int
}

func (p *probe) Header() http.Header { return p.header }
func (p *probe) WriteHeader(s int)   { p.status = s }
func (p *probe) Write(b []byte) (int, error) {
	return len(b), nil
}
