package hub

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"gatehouse/hub/box"
	"gatehouse/hub/face/api"
	"gatehouse/storage"
)

// parts are the parts that say by themselves how they are doing.
type parts struct {
	mu    sync.Mutex
	known []api.Part
}

// set notes how a part is doing, by its name.
func (p *parts) set(part api.Part) {
	p.mu.Lock()
	defer p.mu.Unlock()
	i := slices.IndexFunc(p.known, func(o api.Part) bool { return o.Name == part.Name })
	if i < 0 {
		p.known = append(p.known, part)
		return
	}
	p.known[i] = part
}

func (p *parts) list() []api.Part {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.known)
}

// readiness is every part: those that were noted, and those that can be asked.
func (h *Hub) readiness() []api.Part {
	list := h.parts.list()
	alive, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	panel := api.Part{Name: "panel", Needed: true, Ready: true}
	if err := h.guard.Alive(alive); err != nil {
		panel.Ready, panel.Text = false, "The panel stands still."
	}
	list = append(list, panel)
	for name, fault := range h.databases() {
		part := api.Part{Name: name, Ready: true}
		if f, bad := fault(); bad {
			part.Ready, part.Text = false, f.Err
		}
		list = append(list, part)
	}
	if h.zwave != nil {
		list = append(list, radioPart(h.zwave.State()))
	}
	if h.zigbee != nil {
		list = append(list, radioPart(h.zigbee.State()))
	}
	slices.SortFunc(list, func(a, b api.Part) int { return strings.Compare(a.Name, b.Name) })
	return list
}

func radioPart(s api.RadioState) api.Part {
	part := api.Part{Name: s.Radio, Ready: s.State == "up"}
	if !part.Ready {
		part.Text = s.Text
	}
	return part
}

// databases are the hub's files, and what is wrong with each.
func (h *Hub) databases() map[string]func() (storage.Fault, bool) {
	return map[string]func() (storage.Fault, bool){
		"home.db": h.db.Fault, "panel.db": h.panelDB.Fault, "journal.db": h.journal.Fault, viewsFile: h.views.Fault,
	}
}

func (h *Hub) storage() []api.StorageUse {
	free, _ := box.DiskFree(h.o.Config.Data) // 0: not known
	var list []api.StorageUse
	for name, fault := range h.databases() {
		use := api.StorageUse{Name: name, Free: free}
		if info, err := os.Stat(h.file(name)); err == nil {
			use.Bytes = info.Size()
		}
		if f, bad := fault(); bad {
			use.Fault = f.Err
		}
		list = append(list, use)
	}
	slices.SortFunc(list, func(a, b api.StorageUse) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// metrics writes the counts of the rooms below the faces in Prometheus's form.
func (h *Hub) metrics(w io.Writer) {
	alarm := h.guard.State()
	fmt.Fprintf(w, "gatehouse_alarm_seq %d\n", alarm.Seq)
	for _, c := range h.board.List() {
		fmt.Fprintf(w, "gatehouse_condition{code=%q,device=%q,severity=%q} 1\n", c.Code, c.Device, c.Severity)
	}
	fmt.Fprintf(w, "gatehouse_journal_last_seq %d\n", h.journal.Last())
	fmt.Fprintf(w, "gatehouse_devices %d\n", len(h.devices.Devices()))
	fmt.Fprintf(w, "gatehouse_readings_unknown_total %d\n", h.devices.UnknownReadings())
	sirens := h.sirens.Counters()
	fmt.Fprintf(w, "gatehouse_siren_told_total %d\n", sirens.Told)
	fmt.Fprintf(w, "gatehouse_siren_failed_total %d\n", sirens.Failed)
	fmt.Fprintf(w, "gatehouse_siren_renewed_total %d\n", sirens.Renewed)
	fmt.Fprintf(w, "gatehouse_siren_contrary_total %d\n", sirens.Contrary)
	if h.stick != nil {
		radioMetrics(w, "zwave", counters(h.stick.Counters()))
	}
	if h.zigbee != nil {
		radioMetrics(w, "zigbee", h.zigbee.counted())
	}
}

func radioMetrics(w io.Writer, radio string, counts map[string]uint64) {
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		fmt.Fprintf(w, "gatehouse_%s_%s_total %d\n", radio, name, counts[name])
	}
}
