// Package homekit is the Apple Home face of the house: a bridge that shows the
// alarm as a security system and the devices as accessories, and takes what a
// paired Apple device asks for.
//
// It is a pure function of the house (table.go): what stands there is what Apple
// Home shows, and what has no word there is named with the reason. The session
// layer is package hap; brutella/hap gives the descriptions of services and
// characteristics.
//
// Its promises:
//
//   - The house is never kept waiting. Run reads the bus in its own goroutine, and
//     what it tells is queued for each controller; see package hap.
//   - As long as nobody is paired and pairing is not open, there is no listener, no
//     announcement and no subscription: one goroutine waits for the owner.
//   - Pairing is open for ten minutes after the owner opened it, with a code that is
//     this hub's alone. It closes with the first device that pairs, or after ten
//     wrong codes, and then there is another code. So is there when the last device
//     was removed.
//   - Apple Home arms. It disarms and unlocks only if the owner chose so, for it asks
//     for no code: who holds an unlocked phone would hold the house. It arms with
//     something open only if the owner chose so, and the journal says what was left
//     out. What is refused is refused with a status, and the value that holds is told
//     again.
//   - The number of an accessory is kept for ever and never given to another one: a
//     device keeps its room and its automations in Apple Home. Devices come and go
//     without a pairing being lost.
//   - A disarming under duress looks like any other.
//   - Cameras are shown only if the owner chose so, by name and by what is so, never
//     by a picture: HomeKit's streams would leave the house's own, sealed way. One that
//     is shown always says whether it records and whether somebody looks or speaks
//     through it now, and each time that was so for a moment. Who, it does not say.
//
// Apple Home has no word for a camera that records or is watched without being its
// stream. Each is an occupancy sensor, as is what else has no kind in Home Assistant's
// bridge: it is read and not switched (a switch would be turned with everything else),
// it is no motion (which has lights and other alarms set off by whoever looks), and no
// contact (which counts as an open door). They are two: one that records all the time
// would hide that somebody looks. What a camera sees move, the person in its picture and
// its bell are the services of a motion sensor, an occupancy sensor and a doorbell.
//
// There is no HomeKit Secure Video.
package homekit

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"sync"
	"syscall"
	"time"

	"gatehouse/hub/bus"
	"gatehouse/hub/face/homekit/hap"
	"gatehouse/hub/health"
	"gatehouse/hub/home"
)

// Alarm is what the face needs of the panel.
type Alarm interface {
	State() home.Alarm
	SetMode(ctx context.Context, r home.ModeRequest) (home.Alarm, error)
}

// Devices is what the face needs of the registry.
type Devices interface {
	Devices() []home.Device
	Command(cmd home.Command, by string) (string, error)
}

// Health lists what is wrong now.
type Health interface{ List() []home.TroubleItem }

// Journal takes lines without waiting.
type Journal interface {
	Add(home.Event) uint64
}

// Store keeps the face's state; a storage.Cell does.
type Store interface {
	Load() (State, bool, error)
	Save(State) error
}

// Options are what the face needs. All are required unless said.
type Options struct {
	Host string // to listen on; "" for every address of the box
	Port int    // 0: any, and remembered
	Name string // of the home, as Apple Home shows the bridge

	Alarm   Alarm
	Devices Devices
	Health  Health
	Journal Journal
	Store   Store

	AlarmChanges  *bus.Topic[home.Alarm]
	DeviceChanges *bus.Topic[home.Device] // Health "" when a device has left
	Readings      *bus.Topic[home.Reading]
	HealthChanges *bus.Topic[health.Change]

	// Announce says where the bridge is found, or takes that back with port 0. nil:
	// nobody is told.
	Announce func(port int, text []string)
	// Full hears how many devices are left out because Apple Home takes no more.
	Full    func(leftOut int)
	Version string
	Log     *slog.Logger
}

// Face is the bridge. Run serves it.
type Face struct {
	o      Options
	keeper *keeper
	server *hap.Server
	bridge *bridge
	wake   chan struct{} // pairings or the window have changed

	opening sync.Mutex // held while the window is opened, or found not to open; taken before mu

	mu       sync.Mutex
	listener net.Listener // bound
	closing  bool         // Run has seen that nobody is to be served, and closes it
	closed   sync.Cond

	refusal   string // the last one that was written
	refusedAt time.Time
}

// New reads what is kept, and makes it when there is nothing. It starts nothing.
func New(o Options) (*Face, error) {
	f := &Face{o: o, wake: make(chan struct{}, 1)}
	f.closed.L = &f.mu
	var err error
	if f.keeper, err = openKeeper(o.Store, f.freePort, f.note); err != nil {
		return nil, fmt.Errorf("homekit: %w", err)
	}
	f.server = hap.New(hap.Options{
		Home: (*apple)(f), Keeper: f.keeper, WrongCode: f.wrongCode, Changed: f.changed, Log: o.Log,
	})
	f.bridge = newBridge(f)
	return f, nil
}

// freePort is a port that is free now, to be remembered: who is paired looks for
// the bridge there, and the page names it. 0: none was found, or none is wanted.
func (f *Face) freePort() int {
	if f.o.Port != 0 {
		return 0
	}
	l, err := f.bind(0)
	if err != nil {
		return 0 // found out when it is needed
	}
	defer l.Close()
	return portOf(l)
}

func portOf(l net.Listener) int {
	tcp, ok := l.Addr().(*net.TCPAddr)
	if !ok {
		return 0
	}
	return tcp.Port
}

func (f *Face) remember(l net.Listener) {
	port := portOf(l)
	if f.o.Port != 0 || f.keeper.state().Port == port {
		return
	}
	if err := f.keeper.update(func(s *State) error { s.Port = port; return nil }); err != nil {
		f.o.Log.Error("apple home port not remembered", "err", err)
	}
}

// Port is where the bridge listens, or will.
func (f *Face) Port() int {
	if f.o.Port != 0 {
		return f.o.Port
	}
	return f.keeper.state().Port
}

func (f *Face) bind(port int) (net.Listener, error) {
	var lc net.ListenConfig
	return lc.Listen(context.Background(), "tcp", net.JoinHostPort(f.o.Host, strconv.Itoa(port)))
}

// Listen binds the port if somebody is to be served, so that a port in use is known
// at once. Nothing is accepted before Run.
func (f *Face) Listen() error {
	if !f.wanted() {
		return nil
	}
	return f.ifWanted(f.listen())
}

// ifWanted is err unless nobody is served: a window that cannot be opened is
// open for a moment, and its port being in use is the answer to who asked.
func (f *Face) ifWanted(err error) error {
	if err == nil {
		return nil
	}
	f.opening.Lock()
	defer f.opening.Unlock()
	if !f.wanted() {
		return nil
	}
	return err
}

// listen binds the port if it is not bound yet.
func (f *Face) listen() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	for f.closing {
		f.closed.Wait()
	}
	if f.listener != nil {
		return nil
	}
	l, err := f.bind(f.Port())
	if err != nil && f.o.Port == 0 {
		l, err = f.bind(0) // somebody took the remembered one; who is paired is told the new one
	}
	if err != nil {
		return bindError(f.Port(), err)
	}
	f.listener = l
	f.remember(l)
	return nil
}

func bindError(port int, err error) error {
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("homekit.port: %d is in use by another program: stop it, or choose another port: %w", port, err)
	case errors.Is(err, syscall.EACCES):
		return fmt.Errorf("homekit.port: this user may not listen on %d: take a port above 1023: %w", port, err)
	default:
		return fmt.Errorf("homekit.port: %w", err)
	}
}

// take hands the bound listener over to who serves it.
func (f *Face) take() net.Listener {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.listener
}

// release closes the listener.
func (f *Face) release() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.listener != nil {
		_ = f.listener.Close() // nothing is lost with a listener
		f.listener = nil
	}
	f.closing = false
	f.closed.Broadcast()
}

// done tells whether nobody is to be served any more, and then has whoever wants
// to be wait until the listener is closed.
func (f *Face) done() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closing = !f.wanted()
	return f.closing
}

// wanted tells whether anybody is to be served.
func (f *Face) wanted() bool {
	return len(f.keeper.Pairings()) > 0 || !f.server.OpenUntil().IsZero()
}

func (f *Face) changed() {
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

// Run serves whenever somebody is paired or pairing is open, until ctx ends.
func (f *Face) Run(ctx context.Context) error {
	defer f.release()
	for {
		if f.wanted() {
			if err := f.ifWanted(f.serve(ctx)); err != nil {
				return err
			}
		}
		if ctx.Err() != nil {
			return nil
		}
		if f.wanted() {
			continue
		}
		select {
		case <-ctx.Done():
			return nil
		case <-f.wake:
		}
	}
}

// serve runs the bridge until nobody wants it or ctx ends.
func (f *Face) serve(ctx context.Context) error {
	if err := f.listen(); err != nil {
		return err
	}
	defer f.release()
	t := newTeller(f)
	defer t.close()
	t.everything()
	defer f.bridge.clear()

	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	l := f.take()
	go func() { ended <- f.server.Serve(ctx, l); close(ended) }()
	err := t.run(ctx, ended)
	cancel()
	t.announce(0)
	if err == nil {
		err = <-ended
	}
	return err
}

// note writes a line about who may come in.
func (f *Face) note(who, line string) {
	e := home.Event{At: home.At(time.Now()), Kind: home.KindAccess, Text: line}
	if who != "" {
		e.Who = home.Who(who)
	}
	f.o.Journal.Add(e)
}

func (f *Face) wrongCode(w hap.WrongCode) {
	line := "Somebody gave a setup code for Apple Home that was not right, from " + w.From.String() + "."
	if w.Closed {
		line = "Somebody gave " + strconv.Itoa(w.Count) + " wrong setup codes for Apple Home, the last from " + w.From.String() + ": pairing was closed, and there is a new code."
		if err := f.keeper.update((*State).renew); err != nil {
			f.o.Log.Error("apple home setup code not renewed", "err", err)
		}
		f.changed()
	}
	f.note("", line)
}
