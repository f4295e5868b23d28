// Package mqtt is the MQTT face of the house: an embedded broker that shows
// the house as retained topics and takes the commands that a client's role
// allows. It speaks MQTT 3.1.1 and 5.
//
//	gatehouse/status             online | offline                            retained
//	gatehouse/alarm/state        disarmed armed_home armed_night armed_away
//	                             arming pending triggered                    retained
//	gatehouse/alarm              the alarm object                            retained
//	gatehouse/alarm/<area>/state the same of an area beside the house        retained
//	gatehouse/health             {"ok":…,"conditions":[…]}                   retained
//	gatehouse/device/<id>        the device object                           retained
//	gatehouse/event              each line of the journal once it is safe
//	gatehouse/notice             news for people who are elsewhere: heard by
//	                             programs of role notifier alone
//	gatehouse/alarm/set          DISARM ARM_HOME ARM_NIGHT ARM_AWAY TRIGGER,
//	                             or {"action":"DISARM","code":"1234"}, or
//	                             {"action":"ARM","mode":"guests"} for modes
//	                             of the owner's own, with "area" and "force"
//	                             as in the HTTP API                          to the house
//	gatehouse/alarm/<area>/set   the same for an area beside the house       to the house
//	gatehouse/device/<id>/set    {"trait":"switch","value":"on"}, or on when
//	                             the device can be told only one thing       to the house
//	gatehouse/alarm/error        why a command was refused: {"error","text",…}
//	gatehouse/device/<id>/error
//	gatehouse/presence/<person>/set  home not_home                            to the house
//	gatehouse/presence/error
//	homeassistant/…/config       Home Assistant discovery, when it is on     retained
//
// Everything is QoS 1. The objects are those of the HTTP API. A client of
// MQTT 5 that publishes with QoS 1 also reads the refusal in its PUBACK.
//
// Its promises:
//
//   - The house is never kept waiting. Run reads the bus in its own goroutine,
//     and no write to a client waits for that client: a subscriber that stops
//     reading is cut off once it is two pictures of the house and 256 KiB
//     behind, or 30 s. It reads the retained picture again when it comes back.
//   - Only the house publishes. What a client publishes is a command or goes
//     nowhere; commands are never shown to other clients (they may hold codes).
//     Wills are ignored.
//   - Nobody is anonymous beyond loopback. There, TLS 1.3 and an API token
//     (user name: the token's name, or "token"; password: the token) are needed.
//     Each topic and command names the right of people/auth that it needs
//     (rights.go). A client whose token ends is cut off within a second.
//   - Who has not signed in keeps nobody out who can, by however many connections
//     (strangers.go), and no token takes all the room.
//   - A client id belongs to its token: nobody takes over another's session.
//   - There are no stored sessions. QoS 1 holds while a client is connected; a
//     program that must not miss an event reads /api/v1/events from the last
//     seq that it saw.
package mqtt

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"sync"

	"gatehouse/hub/bus"
	"gatehouse/hub/health"
	"gatehouse/hub/home"
	"gatehouse/hub/network/strangers"
	"gatehouse/hub/people/auth"
)

// Alarm is what the face needs of the panel.
type Alarm interface {
	State() home.Alarm
	SetMode(ctx context.Context, r home.ModeRequest) (home.Alarm, error)
	Panic(ctx context.Context, kind, by string, ch home.Channel) error
}

// Devices is what the face needs of the registry.
type Devices interface {
	Devices() []home.Device
	Device(id home.DeviceID) (home.Device, bool)
	Command(cmd home.Command, by string) (string, error)
}

// Presence takes what is said of a person being at home. Who is at home is
// shown on no topic: a burglar would read it first.
type Presence interface {
	SetPresence(ctx context.Context, person string, home bool, by string) (home.Presence, error)
}

// Journal is what the face needs of the journal: the lines after a number, to
// fill a gap.
type Journal interface {
	After(seq uint64, limit int) ([]home.Event, error)
}

// Health lists what is wrong now.
type Health interface{ List() []home.TroubleItem }

// Auth knows who holds an API token; people/auth's Porter does.
type Auth interface {
	Bearer(token auth.Secret) (auth.Caller, error)
}

// Options are what the face needs. All are required unless said.
type Options struct {
	Loopback string      // plain listener, "127.0.0.1:1883"; "" for none
	Listen   string      // TLS listener, ":8883"; "" for none
	TLS      *tls.Config // for Listen

	Alarm         Alarm
	Devices       Devices
	Presence      Presence
	Journal       Journal
	Health        Health
	Auth          Auth
	AlarmChanges  *bus.Topic[home.Alarm]
	DeviceChanges *bus.Topic[home.Device] // Health "" when a device has left
	HealthChanges *bus.Topic[health.Change]
	Events        *bus.Topic[home.Event] // each event once it is safe
	Notices       *bus.Topic[home.Notice]

	// Discovery tells whether Home Assistant discovery is on. It is asked
	// twice a second. nil: on.
	Discovery func() bool
	Version   string // shown to Home Assistant as the origin's version
	Log       *slog.Logger
}

// Face is the broker with its listeners bound.
type Face struct {
	o        Options
	loopback net.Listener // nil when not wanted
	beyond   net.Listener // nil when not wanted
	picture  *picture

	mu        sync.Mutex
	conns     map[*conn]struct{}
	strangers strangers.Crowd[*conn] // of these, who have not signed in yet
	each      map[string]int         // of these, how many belong to whom
	crowded   throttle
}

// Listen binds the addresses of o, so that a port in use or an address that
// must not be anonymous is known at once. Nothing is accepted before Run.
func Listen(o Options) (*Face, error) {
	if o.Discovery == nil {
		o.Discovery = func() bool { return true }
	}
	f := &Face{o: o, picture: newPicture(), conns: make(map[*conn]struct{}), each: make(map[string]int)}
	var err error
	if f.loopback, err = listenLoopback(o.Loopback); err != nil {
		return nil, err
	}
	if f.beyond, err = listenTLS(o.Listen, o.TLS); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// LoopbackAddr is the bound address of the plain listener, nil when there is none.
func (f *Face) LoopbackAddr() net.Addr { return addr(f.loopback) }

// Addr is the bound address of the TLS listener, nil when there is none.
func (f *Face) Addr() net.Addr { return addr(f.beyond) }

func addr(l net.Listener) net.Addr {
	if l == nil {
		return nil
	}
	return l.Addr()
}

// Close releases the addresses of a Face that is not run. Run does so itself.
func (f *Face) Close() {
	for _, l := range []net.Listener{f.loopback, f.beyond} {
		if l != nil {
			l.Close() // nothing is lost with a listener
		}
	}
}

// Run serves until ctx ends: first the picture of the house, then the clients.
// It ends with status offline on the wire, within half a second.
func (f *Face) Run(ctx context.Context) error {
	defer f.Close()
	b := newBroker(ctx, f)
	teller := newTeller(f.o, b)
	defer teller.close()
	teller.everything()

	var clients sync.WaitGroup
	for _, l := range []net.Listener{f.loopback, f.beyond} {
		if l == nil {
			continue
		}
		name := listenerTLS
		if l == f.loopback {
			name = listenerLoopback
		}
		clients.Go(func() { f.accept(l, name, b, &clients) })
	}

	err := teller.run(ctx)
	f.Close()
	teller.offline()
	f.endAll(b)
	clients.Wait()
	b.close()
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return nil
	}
	return err
}
