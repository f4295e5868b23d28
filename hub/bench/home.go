package main

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/pprof"
	"slices"
	"strings"
	"syscall"
	"time"

	"gatehouse/hub"
	"gatehouse/hub/alarm"
	"gatehouse/hub/config"
	"gatehouse/hub/home"
	"gatehouse/hub/home/journal"
	"gatehouse/hub/people/auth"
	"gatehouse/storage"
)

// told is a line that the home says on stdout.
type told struct {
	Event  string   `json:"event"` // tokens page furnished done
	Tokens []string `json:"tokens,omitempty"`
	Addr   string   `json:"addr,omitempty"`
	What   string   `json:"what,omitempty"`
	Err    string   `json:"err,omitempty"`
}

func tell(t told) {
	if err := json.NewEncoder(os.Stdout).Encode(t); err != nil {
		os.Exit(1) // nobody listens any more
	}
}

// readers is how many tokens are made for stalled browsers: the hub bounds the
// streams of one.
const readers = 6

// homeMain is the hub in a process of its own: the real one with its real
// drivers, and a panel that arms and disarms at a word on stdin.
func homeMain(args []string) error {
	f := flag.NewFlagSet("home", flag.ContinueOnError)
	data := f.String("data", "", "data folder")
	stick := f.String("stick", "", "port of the stick")
	mesh := f.String("mesh", "", "port of the Zigbee stick")
	meshDevices := f.String("mesh-devices", "", "devices in its network, as ieee:short,…")
	page := f.String("page", "127.0.0.1:0", "address of page and API")
	mqtt := f.String("mqtt", "", "address of MQTT")
	door := f.String("door", "", "device whose contact trips at once")
	events := f.Int("events", 0, "journal lines that there are already")
	all := f.Int("devices", 0, "devices to wait for")
	if err := f.Parse(args); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := os.MkdirAll(*data, 0o700); err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	owner := auth.Demo{Name: "owner", Password: "maple house bench 2026", TOTP: "GATEHOUSEBENCHHOMEGATEHOUSEBENC2"}
	if err := makeTokens(ctx, *data, owner, log); err != nil {
		return err
	}
	if err := fill(filepath.Join(*data, "journal.db"), *events, log); err != nil {
		return err
	}
	network, err := meshHome(*meshDevices)
	if err != nil {
		return err
	}
	return hub.Run(ctx, hub.Options{
		Config:  config.Config{Data: *data, Name: "Bench", Zwave: config.Zwave{Port: *stick}, Zigbee: config.Zigbee{Port: *mesh, Adapter: "znp"}, MQTT: config.MQTT{Loopback: *mqtt}},
		Version: "bench", Log: log, Web: http.NotFoundHandler(),
		Up: func(a net.Addr) { tell(told{Event: "page", Addr: a.String()}) },
		Demo: &hub.Demo{
			Owner: owner, Listen: *page, Zigbee: network,
			Settings: benchSettings(),
			Furnish:  func(ctx context.Context, h hub.House) error { return obey(ctx, h, home.DeviceID(*door), *all) },
		},
	})
}

// benchSettings are figures without delays, with which a door may open often.
func benchSettings() home.AlarmSettings {
	s := alarm.DefaultSettings()
	s.ExitDelay, s.EntryDelay, s.AbortWindow, s.Swinger, s.OutsideStandard = 0, 0, 0, 14, true
	return s
}

// profileDir names, in the environment, the folder for CPU profiles of homes.
const profileDir = "GATEHOUSE_BENCH_PROFILES"

// profile begins or ends a CPU profile of this process, if one is wanted.
func profile(name string, on bool) error {
	dir := os.Getenv(profileDir)
	if dir == "" {
		return nil
	}
	if !on {
		pprof.StopCPUProfile()
		return nil
	}
	f, err := os.Create(filepath.Join(dir, name+".pprof"))
	if err != nil {
		return err
	}
	return pprof.StartCPUProfile(f)
}

// makeTokens makes the tokens that the clients come with, before the hub runs.
func makeTokens(ctx context.Context, data string, owner auth.Demo, log *slog.Logger) error {
	db, err := storage.Open(filepath.Join(data, "home.db"), storage.Options{Log: log})
	if err != nil {
		return err
	}
	defer db.Close()
	porter, err := auth.Open(auth.Options{DB: db, Dir: data, Demo: &owner, Log: log})
	if err != nil {
		return err
	}
	var tokens []string
	for i := range readers {
		_, secret, err := porter.CreateToken(ctx, "bench", fmt.Sprintf("bench-%d", i), auth.Viewer, time.Time{})
		if err != nil {
			return err
		}
		tokens = append(tokens, string(secret))
	}
	tell(told{Event: "tokens", Tokens: tokens})
	return nil
}

// fill writes n journal lines.
func fill(path string, n int, log *slog.Logger) error {
	if n == 0 {
		return nil
	}
	j, err := journal.Open(journal.Options{Path: path, Log: log})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- j.Run(ctx) }()
	addLines(j, n)
	cancel()
	if err := <-done; err != nil {
		return err
	}
	return j.Close()
}

func addLines(j *journal.Journal, n int) {
	for i := range n {
		j.Add(home.Event{
			At: home.At(time.Now()), Kind: home.KindReading, Device: home.DeviceID(fmt.Sprintf("zwave-%d", i%50+2)),
			Text: "Window opened", Data: json.RawMessage(`{"trait":"contact","value":"open"}`),
		})
	}
}

// known counts the devices whose interview has told what they are.
func known(h hub.House) int {
	n := 0
	for _, d := range h.Devices.Devices() {
		if len(d.Traits) > 0 {
			n++
		}
	}
	return n
}

// obey makes the door trip at once, when all devices are known, and then
// carries out what stdin says.
func obey(ctx context.Context, h hub.House, door home.DeviceID, all int) error {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		zones := h.Panel.Zones()
		i := slices.IndexFunc(zones, func(z home.Zone) bool { return z.Device == door && z.Trait == home.Contact })
		if i >= 0 && known(h) >= all {
			z := zones[i]
			z.Kind, z.EntryDelay = home.ZoneInstant, nil
			if err := h.Panel.PutZone(ctx, z, "bench"); err != nil {
				return err
			}
			break
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
	tell(told{Event: "furnished"})
	go func() { // ends with the process
		for in := bufio.NewScanner(os.Stdin); in.Scan(); {
			what := strings.TrimSpace(in.Text())
			t := told{Event: "done", What: what}
			if err := do(ctx, h, door, what); err != nil {
				t.Err = err.Error()
			}
			tell(t)
		}
	}()
	<-ctx.Done()
	return nil
}

func do(ctx context.Context, h hub.House, door home.DeviceID, what string) error {
	switch what {
	case "settle":
		return settle(ctx, h, door)
	case "profile", "profiled":
		return profile(fmt.Sprintf("home-%d", os.Getpid()), what == "profile")
	}
	at := home.Duration(0)
	r := home.ModeRequest{By: "bench", Channel: home.ByAPI, CodeFree: true, Force: true, ExitDelay: &at}
	switch what {
	case "arm":
		r.Mode = home.Away
	case "disarm":
		r.Mode = home.Disarmed
	default:
		return fmt.Errorf("unknown word %q", what)
	}
	_, err := h.Panel.SetMode(ctx, r)
	return err
}

// settle waits until the house has heard that the door is closed and the
// sirens are silent.
func settle(ctx context.Context, h hub.House, door home.DeviceID) error {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		calm := true
		for _, d := range h.Devices.Devices() {
			if s, ok := d.Traits[home.Siren]; ok && s.Value != home.Off {
				calm = false
			}
			if d.ID == door && d.Traits[home.Contact].Value != home.Closed {
				calm = false
			}
		}
		if calm {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}
