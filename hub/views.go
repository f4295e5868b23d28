package hub

import (
	"context"
	"strings"
	"time"

	"gatehouse/hub/health"
	"gatehouse/hub/home"
	"gatehouse/hub/people/audit"
	"gatehouse/storage"
)

// viewsFile is the record of who watched what.
const viewsFile = "views.db"

// checkViewsEvery is how often the record's chain is gone over.
const checkViewsEvery = 24 * time.Hour

// endWithin is how long the ends of what a killed hub left open may take to be written.
const endWithin = time.Minute

// viewWitness keeps the end of the record in the home's own database.
type viewWitness struct{ cell *storage.Cell[audit.Head] }

func (w viewWitness) Load() (audit.Head, bool, error) { return w.cell.Load() }
func (w viewWitness) Save(h audit.Head) error         { return w.cell.Save(h) }

func (h *Hub) openViews() (err error) {
	h.views, err = audit.Open(audit.Options{
		Path: h.file(viewsFile), Witness: viewWitness{storage.NewCell[audit.Head](h.db, "views-head")}, Check: h.o.Check,
		OnFault: h.viewsFault, OnView: h.viewed, Log: h.log,
	})
	if err != nil {
		return err
	}
	h.viewsEnded = storage.NewCell[uint64](h.db, "views-ended")
	h.closers = append(h.closers, h.views.Close)
	return nil
}

// endViews gives what went on when the hub was killed its end in the record.
func (h *Hub) endViews(ctx context.Context) error {
	after, _, err := h.viewsEnded.Load()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, endWithin)
	defer cancel()
	upTo, err := h.views.EndLost(ctx, time.Now(), after)
	if err != nil || upTo == after {
		return err
	}
	return h.viewsEnded.Save(upTo)
}

// viewsFault shows what keeps the record from being written. A record that was
// lost is found by its chain.
func (h *Hub) viewsFault(f storage.Fault, present bool) {
	if f.Kind == storage.FaultWriting {
		h.board.Set(present, health.ViewsUnwritten, "", f.Err)
	}
}

// viewed tells the house of a view. Who is filmed may know that somebody looks or
// speaks now: what a camera sees and says now is in the journal too.
func (h *Hub) viewed(e audit.Entry) {
	h.viewChanges.Publish(e)
	does := " looks "
	switch {
	case e.Kind == audit.Talk:
		does = " speaks "
	case e.Kind == audit.Live || e.Kind == audit.Still && e.Clip == "":
	default:
		return
	}
	if e.Ends != 0 {
		does += "no longer "
	}
	text := e.Who + does + "through " + h.nameOf(e.Camera) + "."
	if e.Why == audit.Stopped {
		text += " " + audit.Stopped
	}
	h.journal.Add(home.Event{At: e.At, Kind: home.KindAccess, Device: e.Camera, Who: home.Who(e.Who), Text: text})
}

// checkViews gives views that a killed hub left open their ends, and goes over the
// record now and once a day, and says when it is not whole.
func (h *Hub) checkViews(ctx context.Context) error {
	if err := h.endViews(ctx); err != nil {
		h.log.Error("ends of views not on record", "err", err)
	}
	tick := time.NewTicker(checkViewsEvery)
	defer tick.Stop()
	for {
		v, err := h.views.Check(audit.Head{})
		if err != nil {
			h.log.Error("record of views not checked", "err", err)
		} else {
			var what []string
			for _, b := range v.Breaks[:min(len(v.Breaks), 3)] {
				what = append(what, strings.TrimSuffix(b.Text, "."))
			}
			h.board.Set(!v.Whole, health.ViewsBroken, "", strings.Join(what, "; "))
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}
