package hub

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"gatehouse/hub/health"
	"gatehouse/hub/home"
	"gatehouse/hub/home/journal"
	"gatehouse/hub/people/audit"
	"gatehouse/storage"
)

func TestRecordOfViewsThatIsNotWholeIsSaid(t *testing.T) {
	inHouse(t, nil, func(t *testing.T, h *house) {
		h.absent(health.ViewsBroken, "")
		var last audit.Entry
		for range 3 {
			var err error
			last, err = h.views.Record(context.Background(), time.Now(), audit.View{Kind: audit.Clip, Camera: "camera-porch", Clip: "c1", Who: "Anna"})
			if err != nil {
				t.Fatal(err)
			}
		}
		head, data := h.views.Head(), h.o.Config.Data
		witness := func(head audit.Head) {
			t.Helper()
			h.end()
			db, err := storage.Open(h.file("home.db"), storage.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if err := (viewWitness{storage.NewCell[audit.Head](db, "views-head")}).Save(head); err != nil {
				t.Fatal(err)
			}
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
			h.start(data)
		}
		witness(audit.Head{N: 5, Hash: last.Prev}) // two more were written, and are gone
		h.present(health.ViewsBroken, "", "The record ends with entry 3, and the hub remembers entry 5")
		witness(head)
		h.absent(health.ViewsBroken, "")
	})
}

func TestViewsThatCannotBeWrittenAreSaid(t *testing.T) {
	inHouse(t, nil, func(t *testing.T, h *house) {
		full := storage.Fault{Kind: storage.FaultWriting, File: viewsFile, Err: "no space left on device"}
		h.viewsFault(full, true)
		h.present(health.ViewsUnwritten, "", "no space left on device")
		h.viewsFault(full, false)
		h.absent(health.ViewsUnwritten, "")
	})
}

// Who is filmed may know that somebody looks or speaks now, and who looks at what was is
// between them and the owner.
func TestALiveViewIsInTheJournal(t *testing.T) {
	inHouse(t, nil, func(t *testing.T, h *house) {
		news := h.viewChanges.Subscribe(8)
		defer news.Close()
		for _, v := range []audit.View{{Kind: audit.Clip, Clip: "c1"}, {Kind: audit.Live}, {Kind: audit.Still, Clip: "c1"}, {Kind: audit.Still}, {Kind: audit.Talk}} {
			v.Camera, v.Who = doorID, "Anna"
			if _, err := h.views.Record(context.Background(), time.Now(), v); err != nil {
				t.Fatal(err)
			}
			if it, ok := news.TryNext(); !ok || it.Value.Kind != v.Kind || it.Value.N == 0 {
				t.Errorf("%s: the faces hear %+v", v.Kind, it)
			}
		}
		h.pass(time.Second)
		lines, _, err := h.journal.Page(journal.Query{Kind: home.KindAccess})
		if err != nil {
			t.Fatal(err)
		}
		lines = slices.DeleteFunc(lines, func(e home.Event) bool { return e.Device != doorID })
		if len(lines) != 3 || lines[0].Who == nil || *lines[0].Who != "Anna" || !strings.HasPrefix(lines[0].Text, "Anna speaks through ") {
			t.Errorf("the journal has %+v, want three lines: that Anna looks, live and at a picture of now, and speaks", lines)
		}
	})
}

// TestALiveViewThatAKilledHubLeftOpen has an end after the next start, in the record and
// in the journal, and not one more after the one after that.
func TestALiveViewThatAKilledHubLeftOpen(t *testing.T) {
	inHouse(t, nil, func(t *testing.T, h *house) {
		begun, err := h.views.Record(context.Background(), time.Now(), audit.View{Kind: audit.Live, Camera: doorID, Who: "Anna"})
		if err != nil {
			t.Fatal(err)
		}
		h.pass(time.Minute)
		for range 2 {
			h.end() // nobody writes the end of a view
			h.start(h.o.Config.Data)
			h.pass(time.Second)
		}
		all, _, err := h.views.Page(audit.Query{})
		if err != nil || len(all) != 2 || all[0].Ends != begun.N || all[0].Why != audit.Stopped || all[0].At.Sub(begun.At.Time) < time.Minute {
			t.Errorf("the record has %+v, %v; want one end of %+v", all, err, begun)
		}
		lines, _, err := h.journal.Page(journal.Query{Kind: home.KindAccess})
		if err != nil {
			t.Fatal(err)
		}
		ended := slices.DeleteFunc(lines, func(e home.Event) bool { return !strings.HasSuffix(e.Text, audit.Stopped) })
		if len(ended) != 1 || !strings.HasPrefix(ended[0].Text, "Anna looks no longer through ") {
			t.Errorf("the journal has %+v", ended)
		}
	})
}
