package hub

import (
	"sync/atomic"
	"time"

	"gatehouse/hub/home"
	"gatehouse/hub/home/journal"
	"gatehouse/storage"
)

// discovery is the owner's switch for Home Assistant's MQTT discovery. It is
// off until somebody wants it, and on in a demo.
type discovery struct {
	cell    *storage.Cell[bool]
	journal *journal.Journal
	on      atomic.Bool
}

func openDiscovery(db *storage.DB, j *journal.Journal, demo bool) (*discovery, error) {
	d := &discovery{cell: storage.NewCell[bool](db, "home-assistant"), journal: j}
	on, chosen, err := d.cell.Load()
	if err != nil {
		return nil, err
	}
	d.on.Store(on || demo && !chosen)
	return d, nil
}

// On implements api.Switch.
func (d *discovery) On() bool { return d.on.Load() }

// Turn implements api.Switch.
func (d *discovery) Turn(on bool, by string) error {
	if err := d.cell.Save(on); err != nil {
		return err
	}
	if d.on.Swap(on) == on {
		return nil
	}
	text := "Home Assistant no longer discovers this home over MQTT."
	if on {
		text = "Home Assistant may discover this home over MQTT."
	}
	d.journal.Add(home.Event{At: home.At(time.Now()), Kind: home.KindSystem, Who: home.Who(by), Text: text})
	return nil
}
