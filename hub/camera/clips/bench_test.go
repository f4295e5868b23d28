package clips

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"filippo.io/age"

	"gatehouse/hub/health"
	"gatehouse/hub/home"
	"gatehouse/storage/clip"
)

// BenchmarkSealedAgainstRaw writes the footage of eight cameras, sealed and
// indexed, and beside it the same bytes without: to a file for each camera with a
// sync each, which is what a recorder does that knows nothing of batches, and to
// one file with one sync for all. It prints all three and our ratio to both: 1
// is as fast as the files.
func BenchmarkSealedAgainstRaw(b *testing.B) {
	const cameras, gop = 8, 500 << 10 // a second of 4 Mbit/s
	dir := b.TempDir()
	store, err := clip.Open(clip.Options{Dir: filepath.Join(dir, "clips")})
	if err != nil {
		b.Fatal(err)
	}
	defer store.Close()
	w := newWriter(&Recorder{store: store, board: quiet{}, seen: map[clip.ID][]home.ClipLabel{}, tills: map[clip.ID]time.Time{}, wake: make(chan struct{}, 1)})
	to := recipients{keys: []age.Recipient{theOwner().Recipient()}, names: []string{"owner"}}
	now := time.Now()
	var tapes []*recording
	begin := func(camera int) *recording {
		f := footage()
		f.Camera, f.At = home.DeviceID(fmt.Sprint("camera-", camera)), now
		return &recording{r: w.r, id: clip.NewID(now), footage: f, to: to}
	}
	for c := range cameras {
		tapes = append(tapes, begin(c))
	}
	w.r.tapes = tapes
	var raw []*os.File
	for c := range cameras + 1 {
		f, err := os.Create(filepath.Join(dir, fmt.Sprint("raw-", c)))
		if err != nil {
			b.Fatal(err)
		}
		defer f.Close()
		raw = append(raw, f)
	}
	film := noise(gop)
	var sealed, files, plain time.Duration
	bytes := 0
	for b.Loop() {
		now = now.Add(time.Second)
		start := time.Now()
		for _, t := range tapes {
			if err := t.take(item{kind: itemPart, given: now, bytes: film, till: now}); err != nil {
				b.Fatal(err)
			}
		}
		if err := w.write(now); err != nil {
			b.Fatal(err)
		}
		sealed += time.Since(start)
		start = time.Now()
		for c := range cameras {
			_, err := raw[c].Write(film)
			if err := errors.Join(err, raw[c].Sync()); err != nil {
				b.Fatal(err)
			}
		}
		files += time.Since(start)
		start = time.Now()
		for range cameras {
			if _, err := raw[cameras].Write(film); err != nil {
				b.Fatal(err)
			}
		}
		if err := raw[cameras].Sync(); err != nil {
			b.Fatal(err)
		}
		plain += time.Since(start)
		bytes += cameras * gop
	}
	mb := float64(bytes) / 1e6
	b.ReportMetric(mb/sealed.Seconds(), "sealed-MB/s")
	b.ReportMetric(mb/files.Seconds(), "files-MB/s")
	b.ReportMetric(mb/plain.Seconds(), "one-file-MB/s")
	b.ReportMetric(files.Seconds()/sealed.Seconds(), "of-files")
	b.ReportMetric(plain.Seconds()/sealed.Seconds(), "of-one-file")
}

// BenchmarkTimeline reads pages of an index of 100,000 clips.
func BenchmarkTimeline(b *testing.B) {
	const clips, cameras = 100_000, 8
	store, err := clip.Open(clip.Options{Dir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	defer store.Close()
	r := &Recorder{store: store, board: quiet{}, seen: map[clip.ID][]home.ClipLabel{}}
	for from := 0; from < clips; from += 5000 {
		var batch clip.Batch
		for i := range 5000 {
			at := began.Add(time.Duration(from+i) * time.Minute)
			row := clip.Row{
				ID: clip.NewID(at), Group: fmt.Sprint("camera-", i%cameras), Class: clip.Events, At: at,
				About: about{End: at.Add(20 * time.Second), Reason: "zone:front-door", Codecs: "avc1.640028", Width: 1920, Height: 1080, SealedTo: []string{"owner", "recovery"}, Sum: fmt.Sprintf("%064d", i)}.encode(),
			}
			batch.Begin, batch.End = append(batch.Begin, row), append(batch.End, row)
			batch.Heads = append(batch.Heads, clip.Head{ID: row.ID, Bytes: noise(3200)})
		}
		if err := store.Write(batch); err != nil {
			b.Fatal(err)
		}
	}
	for name, q := range map[string]Query{
		"house":  {Until: began.Add(clips / 2 * time.Minute), Limit: 200},
		"camera": {Camera: "camera-3", Until: began.Add(clips / 2 * time.Minute), Limit: 200},
		"reason": {Reason: "zone", Until: began.Add(clips / 2 * time.Minute), Limit: 200},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if page, _, err := r.Page(q); err != nil || len(page) != 200 {
					b.Fatal(len(page), err)
				}
			}
		})
	}
}

type quiet struct{}

func (quiet) Set(bool, health.Code, home.DeviceID, ...any) {}
