package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"gatehouse/hub/camera/clips"
	"gatehouse/hub/health"
	"gatehouse/hub/home"
	"gatehouse/storage/clip"
)

// recipient is the public key of nobody: what is sealed to it stays sealed.
//
//go:embed recipient.txt
var recipient string

// film measures what cameras and clips cost: writing them sealed, a camera of 1080p, a
// page of a long timeline.
func film(ctx context.Context, r *run) error {
	return errors.Join(sealing(ctx, r), timeline(ctx, r), eyes(ctx, r))
}

// timeline asks a hub with a hundred thousand clips for pages of them, and for rulers.
func timeline(ctx context.Context, r *run) error {
	if r.bin == "" {
		return nil
	}
	many, tries := 100_000, 200
	if r.short {
		many, tries = 25_000, 40
	}
	dir, clean, err := scratch("timeline")
	if err != nil {
		return err
	}
	defer clean()
	r.say("clips: %d clips are written into an index", many)
	data := filepath.Join(dir, "data")
	if err := os.Mkdir(data, 0o700); err != nil {
		return err
	}
	long := time.Duration(many/sealedCameras) * time.Minute
	first := time.Now().Add(-long)
	if err := fillShelf(filepath.Join(data, "clips"), many, first); err != nil {
		return err
	}
	h, err := openHub(ctx, r, dir)
	if err != nil {
		return err
	}
	defer h.close()
	middle := first.Add(long / 2).UTC()
	page := func(query string) func() (int, error) {
		return func() (int, error) {
			var page struct {
				Clips []home.Clip `json:"clips"`
			}
			err := h.get("/clips?limit=100&"+query, &page)
			return len(page.Clips), err
		}
	}
	day := fmt.Sprintf("/clips/marks?since=%s&until=%s", middle.Add(-24*time.Hour).Format(time.RFC3339), middle.Format(time.RFC3339))
	ruler := func(query string) func() (int, error) {
		return func() (n int, err error) {
			var marks []home.ClipMark
			err = h.get(day+query, &marks)
			for _, m := range marks {
				n += m.Clips
			}
			return n, err
		}
	}
	until := "until=" + middle.Format(time.RFC3339)
	var rows [][]string
	for _, q := range []struct {
		name string
		ask  func() (clips int, err error)
	}{
		{"a page: the newest of the house", page("")},
		{"a page: the house, from the middle on", page(until)},
		{"a page: one camera of eight, from the middle on", page("camera=camera-3&" + until)},
		{"a page: what one zone set off, a tenth of all, from the middle on", page("reason=zone:door-7&" + until)},
		{"the ruler of a day: one camera", ruler("&grain=120&camera=camera-3")},
		{"the ruler of a day: the house", ruler("&grain=120")},
		{"the ruler of a day: the house, each clip a mark of its own", ruler("&grain=0")},
	} {
		var took []time.Duration
		clips, before := 0, cpu(h.Process.Pid)
		for range tries {
			began := time.Now()
			if clips, err = q.ask(); err != nil {
				return err
			}
			if clips == 0 {
				return fmt.Errorf("%s: no clips", q.name)
			}
			took = append(took, time.Since(began))
		}
		each := (cpu(h.Process.Pid) - before) / time.Duration(tries)
		rows = append(rows, []string{q.name, fmt.Sprint(clips), ms(each), ms(quantile(took, .5)), ms(quantile(took, .99)), "< 20 ms"})
	}
	r.table(fmt.Sprintf("A timeline of %d clips, one a minute of each of %d cameras, over HTTPS; %d each", many, sealedCameras, tries),
		[]string{"", "of clips", "CPU of the hub", "p50", "p99", "goal"}, rows)
	return nil
}

// fillShelf writes an index of clips, one a minute of each camera, without footage.
func fillShelf(dir string, many int, first time.Time) error {
	store, err := clip.Open(clip.Options{Dir: dir})
	if err != nil {
		return err
	}
	defer store.Close()
	if _, err := clips.New(clips.Options{Store: store, Vault: drawer{}, Board: health.NewBoard(nil), Journal: unwritten{}}); err != nil {
		return err // it says what the listings hold
	}
	for from := 0; from < many; from += 5000 {
		var batch clip.Batch
		for i := from; i < min(from+5000, many); i++ {
			at := first.Add(time.Duration(i/sealedCameras) * time.Minute)
			reason := "continuous"
			if i/sealedCameras%10 == 7 {
				reason = "zone:door-7"
			}
			about, err := json.Marshal(map[string]any{
				"end": at.Add(20 * time.Second), "reason": reason, "codecs": "avc1.640028",
				"width": 1920, "height": 1080, "sealed_to": []string{"owner", "recovery"}, "epoch": 1, "sum": fmt.Sprintf("%064d", i),
			})
			if err != nil {
				return err
			}
			row := clip.Row{ID: clip.NewID(at), Group: fmt.Sprint("camera-", i%sealedCameras), Class: clip.Events, At: at, About: about}
			batch.Begin, batch.End = append(batch.Begin, row), append(batch.End, row)
			batch.Heads = append(batch.Heads, clip.Head{ID: row.ID, Bytes: make([]byte, 3200)}) // two recipients
		}
		if err := store.Write(batch); err != nil {
			return err
		}
	}
	return nil
}
