package hub

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"gatehouse/hub/alarm"
	"gatehouse/hub/alarm/guard"
	"gatehouse/hub/alarm/rules"
	"gatehouse/hub/alarm/sirens"
	"gatehouse/hub/box"
	"gatehouse/hub/bus"
	"gatehouse/hub/camera/clips"
	"gatehouse/hub/config"
	"gatehouse/hub/face/api"
	"gatehouse/hub/face/api/desk"
	"gatehouse/hub/face/homekit"
	"gatehouse/hub/health"
	"gatehouse/hub/home"
	"gatehouse/hub/home/journal"
	"gatehouse/hub/home/notices"
	"gatehouse/hub/home/registry"
	"gatehouse/hub/home/supervision"
	"gatehouse/hub/network/mdns"
	"gatehouse/hub/people/audit"
	"gatehouse/hub/people/auth"
	"gatehouse/hub/people/auth/localca"
	"gatehouse/hub/radio/zigbeehome"
	"gatehouse/hub/radio/zwavehome"
	"gatehouse/storage"
	"gatehouse/zigbee"
	"gatehouse/zwave"
)

// Options say what a hub is made of.
type Options struct {
	Config  config.Config
	Version string
	Commit  string
	Log     *slog.Logger
	// Check looks at a database in a child process; see storage.InChild.
	Check func(path string) error
	// Web is the owner's page.
	Web http.Handler
	// Notify tells the service manager READY=1, WATCHDOG=1, STOPPING=1. nil: nobody.
	Notify func(state string)
	// Up is called once, when the page listens. nil: nobody asks.
	Up func(page net.Addr)
	// Box is what the hub reads of the machine that it runs on.
	Box Box
	// Demo makes this a demo home, which says so on every face.
	Demo *Demo
}

// Demo is what makes a demo home.
type Demo struct {
	Owner    auth.Demo
	Listen   string             // plain HTTP on loopback; there is no HTTPS
	Settings home.AlarmSettings // short delays
	// WakeInterval is how often sensors are asked to wake up; 0: as in a real home.
	WakeInterval time.Duration
	Controls     http.Handler // served under /demo/
	// Zigbee is the network that the simulated Zigbee stick holds.
	Zigbee *ZigbeeHome
	// Cameras are those of a home that has none yet.
	Cameras []home.Camera
	// Furniture names the devices of the demo home.
	Furniture map[home.DeviceID]Furniture
	// Batteries are how batteries have run down before the demo began.
	Batteries map[home.DeviceID]supervision.Discharge
	// Furnish is called once, when the hub runs.
	Furnish func(ctx context.Context, h House) error
}

// ZigbeeHome is a Zigbee network of before and its devices.
type ZigbeeHome struct {
	Network zigbee.Network
	Devices []zigbee.Device
}

// Furniture is what the family calls a device, and where it is.
type Furniture struct{ Name, Room string }

// House is what the demo furnishes.
type House struct {
	Devices *registry.Registry
	Panel   *guard.Guard
	Rules   *rules.Rules
}

// Hub is one home, built.
type Hub struct {
	o       Options
	log     *slog.Logger
	started time.Time

	db         *storage.DB // people, devices, settings
	panelDB    *storage.DB // the panel alone: its saves wait for nobody
	seal       *storage.Seal
	journal    *journal.Journal
	notices    *notices.Notices
	views      *audit.Record
	viewsEnded *storage.Cell[uint64] // the row of the record up to which each view has its end
	board      *health.Board
	guard      *guard.Guard
	devices    *registry.Registry
	people     *auth.Porter
	rules      *rules.Rules
	clips      *clips.Recorder // nil: they cannot be kept
	sirens     *sirens.Sirens
	keypads    *pads
	locks      *locks
	cameras    *cameras
	warden     *warden
	stick      *zwave.Controller
	zwave      *zwaveNetwork
	zigbee     *zigbeeNetwork // nil without a stick, as zwave
	api        *api.API

	viewChanges bus.Topic[audit.Entry]
	parts       parts

	discovery *discovery
	homekit   *homekit.Face      // nil: the configuration does without
	announcer *mdns.Announcer    // nil in a demo, and when there is nothing to announce
	ca        *localca.Authority // nil in a demo, which has no TLS
	desk      *desk.Socket
	hosts     []string               // what the hub is called, wherever it is
	lanName   atomic.Pointer[string] // what mDNS calls it, once it does

	trustPage http.Handler
	readyOnce sync.Once
	stopping  atomic.Bool // what goes down now was told to

	adoptions chan home.DeviceID
	recheck   chan struct{} // the conditions of devices
	closers   []func() error
}

// Run builds a hub and keeps it running until ctx ends (nil) or something
// vital ends (why).
func Run(ctx context.Context, o Options) error {
	h, err := build(o)
	if err != nil {
		return err
	}
	defer h.close()
	return h.run(ctx)
}

func build(o Options) (_ *Hub, err error) {
	h := &Hub{o: o, log: o.Log, started: time.Now(), adoptions: make(chan home.DeviceID, 256), recheck: make(chan struct{}, 1)}
	defer func() {
		if err != nil {
			h.close()
		}
	}()
	if err := os.MkdirAll(o.Config.Data, 0o700); err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	if err := box.ShortTurns(); err != nil { // a sandbox may forbid it
		h.log.Debug("the hub runs in long turns", "err", err)
	}
	h.o.Box.fill()
	h.board = health.NewBoard(h.conditionChanged)
	if err := h.openStores(); err != nil {
		return nil, err
	}
	if err := h.openPanel(); err != nil {
		return nil, err
	}
	if err := h.openPeople(); err != nil {
		return nil, err
	}
	if err := h.openDoor(); err != nil {
		return nil, err
	}
	if err := h.openRules(); err != nil {
		return nil, err
	}
	h.openClips()
	h.buildRadio()
	h.buildZigbee()
	if err := h.openCameras(); err != nil {
		return nil, err
	}
	if err := h.buildFaces(); err != nil {
		return nil, err
	}
	return h, nil
}

func (h *Hub) file(name string) string { return filepath.Join(h.o.Config.Data, name) }

func (h *Hub) openStores() (err error) {
	o := storage.Options{Log: h.log, Check: h.o.Check, OnFault: h.storageFault}
	if h.db, err = storage.Open(h.file("home.db"), o); err != nil {
		return err
	}
	h.closers = append(h.closers, h.db.Close)
	if h.panelDB, err = storage.Open(h.file("panel.db"), o); err != nil {
		return err
	}
	h.closers = append(h.closers, h.panelDB.Close)
	h.journal, err = journal.Open(journal.Options{
		Path: h.file("journal.db"), Check: h.o.Check, Log: h.log, OnFault: h.storageFault,
	})
	if err != nil {
		return err
	}
	h.closers = append(h.closers, h.journal.Close)
	if err := h.openViews(); err != nil {
		return err
	}
	h.notices, err = notices.Open(noticeStore{h.db, storage.NewTable[home.Notice](h.db, "notices")}, h.log)
	return err
}

func (h *Hub) openPanel() (err error) {
	key, err := deviceKey(h.file("device.key"))
	if err != nil {
		return err
	}
	if h.seal, err = storage.NewSeal(key, "radios"); err != nil {
		return err
	}
	h.sirens = sirens.New(sirenHouse{h}, sirenConditions{h}, h.log)
	if err := h.openKeypads(); err != nil {
		return err
	}
	o := guard.Options{
		Store:   panelStore{storage.NewCell[alarm.Panel](h.panelDB, "panel")},
		Journal: h.journal,
		Siren:   h.sirens,
		Keypads: h.keypads,
		AreaOf:  h.keypads.area,
		Recall:  h.recall,
		Fault:   h.panelFault,
		Notify:  h.notify,
		CodeKey: key,
		Log:     h.log,
	}
	if h.o.Demo != nil {
		o.Defaults = &h.o.Demo.Settings
	}
	if h.guard, err = guard.Open(o); err != nil {
		return err
	}
	// What went wrong before the panel was there is told to it now.
	for _, item := range h.board.List() {
		h.conditionChanged(health.Change{Item: item, Present: true})
	}
	h.devices, err = registry.Open(registry.Options{
		Store: deviceStore{h.db, storage.NewTable[home.Device](h.db, "devices")}, Journal: h.journal, Panel: h.guard,
		Sirens: h.sirens, Log: h.log,
	})
	if err != nil {
		return err
	}
	h.warden, err = newWarden(h)
	return err
}

func (h *Hub) openPeople() (err error) {
	o := auth.Options{DB: h.db, Dir: h.o.Config.Data, Journal: h.journal, Log: h.log}
	if h.o.Demo != nil {
		o.Demo = &h.o.Demo.Owner
	}
	h.people, err = auth.Open(o)
	return err
}

func (h *Hub) buildRadio() {
	if h.o.Config.Zwave.Port == "" {
		return
	}
	h.zwave = &zwaveNetwork{radioLink: radioLink{hub: h, kind: zwavehome.Kind, name: "Z-Wave", port: h.o.Config.Zwave.Port}}
	radio := zwavehome.New(h.devices, zwaveHouse{h.zwave}, h.log)
	o := zwave.Options{
		OnEvent: radio.OnEvent,
		Store:   nodeStore{storage.NewTable[zwave.Node](h.db, "zwave-nodes")},
		Log:     h.log,
	}
	if h.o.Demo != nil {
		o.WakeInterval = h.o.Demo.WakeInterval
	}
	h.stick = zwave.New(o)
	radio.Attach(h.stick)
	h.zwave.radio, h.zwave.stick = radio, h.stick
	h.devices.Attach(zwavehome.Kind, radio)
}

func (h *Hub) buildZigbee() {
	h.locks = &locks{h, storage.NewTable[home.LockCode](h.db, "lock-codes")}
	if h.o.Config.Zigbee.Port == "" {
		return
	}
	h.zigbee = &zigbeeNetwork{
		radioLink: radioLink{hub: h, kind: zigbeehome.Kind, name: "Zigbee", port: h.o.Config.Zigbee.Port},
		lockUses:  make(chan lockUse, 64),
	}
	h.zigbee.owner = h.ownersQuirks()
	h.zigbee.lookAtQuirks()
	h.zigbee.moves = storage.NewCell[channelMove](h.db, "zigbee-channel-move")
	h.zigbee.loadMove()
	h.zigbee.radio = zigbeehome.New(h.devices, zigbeeHouse{h.zigbee}, h.log)
	h.zigbee.radio.Known(h.zigbee.owner.Find)
	store := zigbeeStore{
		network: storage.NewSealedCell[zigbee.Network](h.db, "zigbee-network", h.seal), devices: storage.NewTable[zigbee.Device](h.db, "zigbee-devices"),
		backup: storage.NewSealedCell[zigbee.Backup](h.db, "zigbee-backup", h.seal),
	}
	if h.o.Demo != nil {
		store.before = h.o.Demo.Zigbee
	}
	h.zigbee.store, h.zigbee.backupDue = store, make(chan struct{}, 1)
	h.zigbee.stick = zigbee.New(zigbee.Options{
		Open:    func(p io.ReadWriter) zigbee.Adapter { return h.zigbee.open(p) },
		OnEvent: h.zigbee.hear, Store: store, Source: "gatehouse@" + h.o.Version, Orders: orderStore{storage.NewTable[zigbee.Order](h.db, "zigbee-orders")},
		Quirks: h.zigbee.owner.Find, Log: h.log,
	})
	h.zigbee.radio.Attach(h.zigbee.stick)
	h.devices.Attach(zigbeehome.Kind, h.zigbee.radio)
}

// core are the parts that guard the house, whatever it is wired to.
func (h *Hub) core() []part {
	list := []part{
		{name: "panel", run: h.guard.Run, vital: true},
		{name: "sirens", run: h.sirens.Run, vital: true},
		{name: "siren reports", run: h.sirenReports},
		{name: "chirps", run: h.chirps},
		{name: "keypads", run: h.keypads.Run, vital: true},
		{name: "devices", run: h.devices.Run, vital: true},
		{name: "snapshots", run: h.db.Run},
		{name: "panel snapshots", run: h.panelDB.Run},
		{name: "people", run: h.people.Run, vital: true},
		{name: "watchdog", run: h.watch, vital: true},
		{name: "notices", run: h.notices.Run},
		{name: "views", run: h.views.Run, vital: true},
		{name: "views checked", run: h.checkViews},
		{name: "adoption", run: h.adopter},
		{name: "conditions", run: h.standing},
		{name: "supervision", run: h.warden.run},
		{name: "air", run: h.warden.listen},
		{name: "box", run: h.watchBox},
		{name: "panel conditions", run: h.panelConditions},
		{name: "rules", run: h.rules.Run},
		{name: "cameras", run: h.cameras.run},
		{name: "detector", run: h.cameras.detector.Run},
	}
	if h.clips != nil {
		list = append(list, part{name: "clips", run: h.clips.Run})
	}
	return list
}

// run starts everything, and ends it in the order in which it may be missed:
// faces first, then radio and panel, the journal last.
func (h *Hub) run(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)

	journalCtx, endJournal := context.WithCancel(context.WithoutCancel(ctx))
	coreCtx, endCore := context.WithCancel(context.WithoutCancel(ctx))
	faceCtx, endFaces := context.WithCancel(context.WithoutCancel(ctx))
	defer endJournal()
	defer endCore()
	defer endFaces()

	record := start(journalCtx, h.log, cancel, part{name: "journal", run: h.journal.Run, vital: true})
	core := h.core()
	if h.ca != nil {
		core = append(core, part{name: "certificate", run: h.keepCertificate})
	}
	if h.zwave != nil {
		core = append(core, part{name: "zwave", run: h.zwave.run})
	}
	if h.zigbee != nil {
		core = append(
			core, part{name: "zigbee", run: h.zigbee.run}, part{name: "zigbee air", run: h.zigbee.listen}, part{name: "quirks", run: h.zigbee.watchQuirks},
			part{name: "upgrades", run: h.seeToUpgrades}, part{name: "locks", run: h.zigbee.writeLockUses},
		)
		core = append(core, part{name: "zigbee backup", run: h.zigbee.keepBackup})
	}
	if h.o.Demo != nil && h.o.Demo.Furnish != nil {
		core = append(core, part{name: "furniture", run: h.furnish})
	}
	house := start(coreCtx, h.log, cancel, core...)
	h.raiseStanding()
	h.journal.Add(home.Event{At: home.At(h.started), Kind: home.KindSystem, Text: "Gatehouse " + h.o.Version + " started."})
	faces := start(faceCtx, h.log, cancel, h.faces()...)

	<-ctx.Done()
	h.tell("STOPPING=1")
	endFaces()
	faces.wait()
	h.journal.Add(home.Event{At: home.At(time.Now()), Kind: home.KindSystem, Text: "Gatehouse stopped."})
	h.stopping.Store(true)
	endCore()
	house.wait()
	endJournal()
	record.wait()
	if why := context.Cause(ctx); !errors.Is(why, context.Canceled) {
		return why
	}
	return nil
}

// furnish runs the demo's furnishing once, then rests.
func (h *Hub) furnish(ctx context.Context) error {
	if err := h.o.Demo.Furnish(ctx, House{h.devices, h.guard, h.rules}); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}

// raiseStanding raises the conditions that hold from the start.
func (h *Hub) raiseStanding() {
	if _, file, open := h.people.ClaimCode(); open {
		h.board.Raise(health.NotClaimed, "")
		h.log.Info("this hub belongs to nobody yet: its claim code is in the file", "file", file)
	}
	if h.o.Demo != nil {
		h.board.Raise(health.Demo, "")
	}
	for _, db := range []*storage.DB{h.db, h.panelDB} {
		if f, bad := db.Fault(); bad {
			h.storageFault(f, true)
		}
	}
	if f, bad := h.journal.Fault(); bad {
		h.storageFault(f, true)
	}
}

func (h *Hub) tell(state string) {
	if h.o.Notify != nil {
		h.o.Notify(state)
	}
}

// watch proves, every second, that the panel turns, and tells the service
// manager so. A panel that stands still ends the process. The house is woken by
// this and so looks here at what nobody tells: its time zone, and its claim.
func (h *Hub) watch(ctx context.Context) error {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	zone := h.timeZone("")
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		alive, cancel := context.WithTimeout(ctx, 10*time.Second)
		err := h.guard.Alive(alive)
		cancel()
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return fmt.Errorf("the panel stands still: %w", err)
		}
		zone = h.timeZone(zone) // the panel has just answered, and is not waited for in vain
		h.tell("WATCHDOG=1")
		h.board.Set(!h.people.Setup(auth.Caller{}).Claimed, health.NotClaimed, "")
	}
}

// close closes what was opened, last first.
func (h *Hub) close() {
	for _, c := range slices.Backward(h.closers) {
		if err := c(); err != nil {
			h.log.Error("not closed properly", "err", err)
		}
	}
	h.closers = nil
}
