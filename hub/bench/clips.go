package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
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

// Cameras that are written together, and what each sends in a second: 5 Mbit/s, so that
// a second of all of them is a batch.
const (
	sealedCameras = 8
	sealedSecond  = 625_000
	sealedParts   = 10 // in a second
	ahead         = 1  // seconds that wait
)

// sealing writes the footage of eight cameras as fast as it can be taken, by the
// recorder, sealed and indexed; and beside it the same bytes without: to a file for each
// camera with a sync for each second, which is what a recorder does that knows nothing
// of batches, and to one file with one sync for all.
func sealing(ctx context.Context, r *run) error {
	rounds, seconds := 5, 30
	if r.short {
		rounds, seconds = 2, 10
	}
	dir, clean, err := scratch("clips")
	if err != nil {
		return err
	}
	defer clean()
	var sealed, files, plain []time.Duration
	for i := range rounds {
		r.say("clips: writing, round %d of %d", i+1, rounds)
		for _, way := range []struct {
			took *[]time.Duration
			do   func(context.Context, string, int) (time.Duration, error)
		}{{&sealed, writeSealed}, {&files, writeFiles}, {&plain, writePlain}} {
			at := filepath.Join(dir, fmt.Sprint(time.Now().UnixNano()))
			if err := os.Mkdir(at, 0o700); err != nil {
				return err
			}
			d, err := way.do(ctx, at, seconds)
			if err != nil {
				return err
			}
			*way.took = append(*way.took, d)
			if err := os.RemoveAll(at); err != nil {
				return err
			}
		}
	}
	speed := func(d time.Duration) string {
		return fmt.Sprintf("%.0f MB/s", float64(sealedCameras*sealedSecond*seconds)/1e6/d.Seconds())
	}
	us, many, one := quantile(sealed, .5), quantile(files, .5), quantile(plain, .5)
	r.table(fmt.Sprintf("Writing %d cameras, %d times %d s in turns, medians", sealedCameras, rounds, seconds),
		[]string{"", "speed", "ours is so much of it", "goal"}, [][]string{
			{"clips, sealed and indexed, in batches", speed(us), "1", ""},
			{"append to a file for each camera, a sync each", speed(many), ratio(many, us), "≥ 0.8"},
			{"append to one file, a sync for all", speed(one), ratio(one, us), ""},
		})
	return nil
}

// noise is footage that says nothing, in parts that begin as a part does.
func noise() []byte {
	b := make([]byte, sealedSecond/sealedParts)
	for i := range b {
		b[i] = byte(i * 2654435761 >> 13)
	}
	return b
}

// drawer is a vault for the recorder.
type drawer struct{}

func (drawer) Load() (home.Vault, bool, error) {
	return home.Vault{Recipients: []string{strings.TrimSpace(recipient)}, Names: []string{"nobody"}}, true, nil
}
func (drawer) Save(home.Vault) error { return nil }

// unwritten is a journal that keeps nothing.
type unwritten struct{}

func (unwritten) Add(home.Event) uint64 { return 0 }

func writeSealed(ctx context.Context, dir string, seconds int) (time.Duration, error) {
	store, err := clip.Open(clip.Options{Dir: filepath.Join(dir, "clips")})
	if err != nil {
		return 0, err
	}
	defer store.Close()
	rec, err := clips.New(clips.Options{Store: store, Vault: drawer{}, Board: health.NewBoard(nil), Journal: unwritten{}})
	if err != nil {
		return 0, err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	done := make(chan error, 1)
	go func() { done <- rec.Run(ctx) }()
	at := time.Now()
	var tapes []home.Tape
	for i := range sealedCameras {
		tape, err := rec.Begin(home.Footage{Camera: home.DeviceID(fmt.Sprint("camera-", i)), At: at, Reason: "motion", Init: noise()})
		if err != nil {
			return 0, err
		}
		tapes = append(tapes, tape)
	}
	part := home.FootagePart{Duration: time.Second / sealedParts, Pictures: 3, Bytes: noise()}
	// until waits for all clips on the disk to be so. It asks the store, which costs next
	// to nothing: the recorder wants all processors.
	until := func(so func(clip.Row) bool) error {
		for {
			list, _, err := store.List(clip.Query{})
			if err != nil {
				return err
			}
			ids := make([]clip.ID, len(list))
			for i, e := range list {
				ids[i] = e.ID
			}
			rows, err := store.Rows(ids)
			if err != nil {
				return err
			}
			if len(rows) == sealedCameras && !slices.ContainsFunc(rows, func(r clip.Row) bool { return !so(r) }) {
				return nil
			}
			select {
			case err := <-done:
				return errors.Join(errors.New("the recorder has ended"), err)
			case <-time.After(200 * time.Microsecond):
			}
		}
	}
	var began time.Time
	var took time.Duration
	for n := range 1 + seconds + ahead {
		for range sealedParts {
			for _, t := range tapes {
				part.At = at.Add(time.Duration(n) * time.Second)
				if err := t.Add(part); err != nil {
					return 0, err
				}
			}
		}
		// What cameras send next is there while this is written. age holds a chunk back.
		there := int64(1+n-ahead)*sealedSecond - clip.ChunkSize
		if err := until(func(r clip.Row) bool { return r.Bytes() >= there }); err != nil {
			return 0, err
		}
		if n == ahead {
			began = time.Now() // the files are there
		}
		took = time.Since(began)
	}
	stop()
	return took, <-done
}

func writeFiles(_ context.Context, dir string, seconds int) (time.Duration, error) {
	return writeRaw(dir, seconds, sealedCameras)
}

func writePlain(_ context.Context, dir string, seconds int) (time.Duration, error) {
	return writeRaw(dir, seconds, 1)
}

// writeRaw appends each second of all cameras to so many files and syncs each.
func writeRaw(dir string, seconds, files int) (time.Duration, error) {
	second := make([]byte, 0, sealedSecond)
	for range sealedParts {
		second = append(second, noise()...)
	}
	var all []*os.File
	for i := range files {
		f, err := os.Create(filepath.Join(dir, fmt.Sprint("camera-", i)))
		if err != nil {
			return 0, err
		}
		defer f.Close()
		all = append(all, f)
	}
	var began time.Time
	for n := range seconds + 1 {
		if n == 1 {
			began = time.Now() // the files are there
		}
		for _, f := range all {
			for range sealedCameras / files {
				if _, err := f.Write(second); err != nil {
					return 0, err
				}
			}
			if err := f.Sync(); err != nil {
				return 0, err
			}
		}
	}
	return time.Since(began), nil
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
