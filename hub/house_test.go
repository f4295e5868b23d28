package hub

import (
	"context"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"gatehouse/hub/config"
	"gatehouse/hub/health"
	"gatehouse/hub/home"
	"gatehouse/hub/home/journal"
	"gatehouse/zwave/zwavesim"
)

// house is a hub without faces, in a synctest bubble: its rooms are the real
// ones, the files too, and the stick's bytes come through a pipe.
type house struct {
	*Hub
	t       *testing.T
	stick   *zwavesim.Stick
	power   string // folder of power supplies
	running context.Context
	end     func()
	without []string // parts of the core

	mu     sync.Mutex
	synced bool
	free   int64
}

// inHouse runs a test in a house whose devices furnish places. A test that
// takes days leaves out the parts that look every few seconds at what it does
// not change.
func inHouse(t *testing.T, furnish func(*zwavesim.Stick), test func(*testing.T, *house), without ...string) {
	t.Helper()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(earliest().Add(30 * 24 * time.Hour))) // the bubble's clock begins in 2000
		h := &house{t: t, without: append(without, "watchdog", "snapshots", "panel snapshots"), stick: zwavesim.New(zwavesim.Options{}), power: filepath.Join(dir, "power"), synced: true, free: 1 << 40}
		if furnish != nil {
			furnish(h.stick)
		}
		h.start(filepath.Join(dir, "data"))
		defer func() { h.end() }()
		test(t, h)
	})
}

// start builds the hub and runs its core.
func (h *house) start(data string) {
	h.t.Helper()
	var err error
	h.Hub, err = build(Options{
		Config: config.Config{Data: data, Name: "Test", Zwave: config.Zwave{Port: "pipe"}, Clips: config.Clips{Volume: 16 * config.MiB}},
		Log:    slog.New(slog.DiscardHandler),
		Box: Box{
			Power:  h.power,
			Synced: func() (bool, error) { h.mu.Lock(); defer h.mu.Unlock(); return h.synced, nil },
			Free:   func(string) (int64, error) { h.mu.Lock(); defer h.mu.Unlock(); return h.free, nil },
		},
	})
	if err != nil {
		h.t.Fatal(err)
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	h.running = ctx
	rooms := slices.DeleteFunc(h.core(), func(p part) bool { return slices.Contains(h.without, p.name) })
	rooms = append(rooms, part{name: "journal", run: h.journal.Run, vital: true}, part{name: "zwave", run: h.keepStick, vital: true})
	parts := start(ctx, h.log, cancel, rooms...)
	h.raiseStanding()
	h.end = func() {
		h.stopping.Store(true)
		cancel(nil)
		parts.wait()
		h.close()
	}
	h.pass(time.Second)
	for _, n := range h.stick.Nodes() {
		n.WakeUp()
	}
	h.pass(time.Minute)
}

// keepStick drives the stick as port.Keep would, which needs a port.
func (h *house) keepStick(ctx context.Context) error {
	for ctx.Err() == nil {
		host, far := net.Pipe()
		var wg sync.WaitGroup
		serve, stop := context.WithCancel(ctx)
		wg.Go(func() { _ = h.stick.Serve(serve, far) })
		err := h.Hub.stick.Run(ctx, host)
		stop()
		wg.Wait()
		zwaveHouse{h.zwave}.RadioDown(err)
		_ = h.stick.Until(ctx, h.stick.Plugged)
	}
	return nil
}

// pass lets virtual time pass and everything settle.
func (h *house) pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// has finds a condition.
func (h *house) has(code health.Code, device home.DeviceID) (home.TroubleItem, bool) {
	list := h.board.List()
	i := slices.IndexFunc(list, func(c home.TroubleItem) bool { return c.Code == string(code) && c.Device == device })
	if i < 0 {
		return home.TroubleItem{}, false
	}
	return list[i], true
}

// present checks that a condition is shown, with these words in its sentence,
// by the board and by the panel.
func (h *house) present(code health.Code, device home.DeviceID, words string) home.TroubleItem {
	h.t.Helper()
	item, ok := h.has(code, device)
	switch {
	case !ok:
		h.t.Errorf("%s %s is not shown; there are %v", code, device, h.codes())
	case !strings.Contains(item.Text, words):
		h.t.Errorf("%s says %q, want %q in it", code, item.Text, words)
	case !slices.ContainsFunc(h.guard.State().Troubles, func(x home.TroubleItem) bool { return x.Code == item.Code && x.Device == device }):
		h.t.Errorf("the panel does not know of %s", code)
	}
	return item
}

// absent checks that a condition is not shown.
func (h *house) absent(code health.Code, device home.DeviceID) {
	h.t.Helper()
	if item, ok := h.has(code, device); ok {
		h.t.Errorf("%s is shown: %s", code, item.Text)
	}
}

// codes are the conditions that lower the safety of the house.
func (h *house) codes() []string {
	var codes []string
	for _, c := range h.board.List() {
		if c.Severity != home.SeverityInfo {
			codes = append(codes, c.Code+" "+string(c.Device))
		}
	}
	return codes
}

// lines are the journal's lines about troubles with these words.
func (h *house) lines(words string) int {
	h.t.Helper()
	if err := h.journal.Flush(context.Background()); err != nil {
		h.t.Fatal(err)
	}
	page, _, err := h.journal.Page(journal.Query{Kind: home.KindTrouble, Limit: 1000})
	if err != nil {
		h.t.Fatal(err)
	}
	n := 0
	for _, e := range page {
		if strings.Contains(e.Text, words) {
			n++
		}
	}
	return n
}

func (h *house) supply(name string, files map[string]string) {
	h.t.Helper()
	dir := filepath.Join(h.power, name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		h.t.Fatal(err)
	}
	for file, content := range files {
		if err := os.WriteFile(filepath.Join(dir, file), []byte(content+"\n"), 0o644); err != nil {
			h.t.Fatal(err)
		}
	}
}
