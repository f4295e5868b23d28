package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"gatehouse/hub/camera/clips"
	"gatehouse/hub/health"
	"gatehouse/hub/home"
	"gatehouse/storage/clip"
)

// Cameras that are written together, and what each sends in a second: 5 Mbit/s, so that
// a second of all of them is a batch.
const (
	sealedCameras = 8
	sealedSecond  = 625_000
	sealedParts   = 10 // in a second
	ahead         = 1  // seconds that wait
)

// sealing writes the footage of eight cameras as fast as it can be taken, by the
// recorder, sealed and indexed; and beside it the same bytes without: to the store of
// clips alone, to a file for each camera with a sync for each second, which is what a
// recorder does that knows nothing of batches, and to one file with one sync for all. It
// does so on the disk that is here, and on slower ones, such as hubs have.
//
// Where the disk is as fast as the processors, their time counts. Of the 1.7 ns that
// a byte takes (an Intel Xeon with instructions for SHA) SHA-256 has 0.6, ChaCha20-Poly1305
// 0.5, copying what is sealed 0.2, and appending it to a file 0.3. bbolt had 0.5 to 0.7 while
// the pieces lay in its pages, and has next to nothing.
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
	disks := []string{"this disk"}
	rows := [][]string{
		{"clips, sealed and indexed, in batches"},
		{"the same batches given to the store, sealed before"},
		{"append to a file for each camera, a sync each"},
		{"append to one file, a sync for all"},
	}
	ways := []func(context.Context, string, int) (time.Duration, error){writeSealed, writeStore, writeFiles, writePlain}
	for _, speed := range []int{0, 300, 100} {
		if speed > 0 {
			faster, err := slowDown(dir, speed)
			if err != nil {
				r.say("clips: a slower disk is not tried: %v", err)
				break
			}
			defer faster()
			disks = append(disks, fmt.Sprintf("one of %d MB/s", speed))
		}
		took, cpus := make([][]time.Duration, len(ways)), make([][]time.Duration, len(ways))
		for i := range rounds {
			r.say("clips: writing, %s, round %d of %d", disks[len(disks)-1], i+1, rounds)
			for turn := range ways {
				way := turn
				if i%2 == 1 { // or each would come after the same one always
					way = len(ways) - 1 - turn
				}
				d, cpu, err := onItsOwn(ctx, dir, seconds, ways[way])
				if err != nil {
					return err
				}
				took[way], cpus[way] = append(took[way], d), append(cpus[way], cpu)
			}
		}
		us := quantile(took[0], .5)
		for way := range ways {
			d, bytes := quantile(took[way], .5), float64(sealedCameras*sealedSecond*seconds)
			rows[way] = append(rows[way], fmt.Sprintf("%.0f MB/s", bytes/1e6/d.Seconds()), ratio(d, us))
			if speed == 0 {
				rows[way] = append(rows[way], fmt.Sprintf("%.2f ns", float64(quantile(cpus[way], .5))/bytes))
			}
		}
	}
	head := []string{""}
	for i, d := range disks {
		head = append(head, d, "clips are so much of it (goal ≥ 0.8)")
		if i == 0 {
			head = append(head, "CPU of a byte")
		}
	}
	r.table(fmt.Sprintf("Writing %d cameras, %d times %d s in turns, medians", sealedCameras, rounds, seconds), head, rows)
	return nil
}

// onItsOwn times a way in a folder of its own, and has the disk done with what is deleted
// then: else the next one pays for that.
func onItsOwn(ctx context.Context, dir string, seconds int, do func(context.Context, string, int) (time.Duration, error)) (took, cpu time.Duration, err error) {
	at := filepath.Join(dir, "turn")
	if err := os.Mkdir(at, 0o700); err != nil {
		return 0, 0, err
	}
	before := ownCPU()
	took, err = do(ctx, at, seconds)
	cpu = ownCPU() - before
	if err := errors.Join(err, os.RemoveAll(at)); err != nil {
		return 0, 0, err
	}
	f, err := os.Open(dir)
	if err != nil {
		return 0, 0, err
	}
	return took, cpu, errors.Join(unix.Syncfs(int(f.Fd())), f.Close())
}

// slowDown gives the disk under dir so many MB/s for what this process writes and syncs,
// until faster is called. It wants the right to make a control group of block devices
// (Linux, Documentation/admin-guide/cgroup-v1/blkio-controller.rst).
func slowDown(dir string, speed int) (faster func(), err error) {
	const groups = "/sys/fs/cgroup/blkio"
	var at unix.Stat_t
	if err := unix.Stat(dir, &at); err != nil {
		return nil, err
	}
	group := filepath.Join(groups, fmt.Sprintf("gatehouse-bench-%d", os.Getpid()))
	if err := os.Mkdir(group, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	write := func(file, text string) error { return os.WriteFile(file, []byte(text), 0) }
	self := fmt.Sprint(os.Getpid())
	faster = func() {
		_ = write(filepath.Join(groups, "cgroup.procs"), self)
		_ = os.Remove(group)
	}
	limit := fmt.Sprintf("%d:%d %d", unix.Major(at.Dev), unix.Minor(at.Dev), speed*1_000_000)
	if err := errors.Join(write(filepath.Join(group, "blkio.throttle.write_bps_device"), limit), write(filepath.Join(group, "cgroup.procs"), self)); err != nil {
		faster()
		return nil, err
	}
	return faster, nil
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

// writeStore gives the store what the recorder would give it: a second of all cameras
// in each batch.
func writeStore(_ context.Context, dir string, seconds int) (time.Duration, error) {
	store, err := clip.Open(clip.Options{Dir: filepath.Join(dir, "clips")})
	if err != nil {
		return 0, err
	}
	defer store.Close()
	at := time.Now()
	var begin clip.Batch
	for i := range sealedCameras {
		row := clip.Row{ID: clip.NewID(at), Group: fmt.Sprint("camera-", i), Class: clip.Events, At: at}
		begin.Begin = append(begin.Begin, row)
	}
	if err := store.Write(begin); err != nil {
		return 0, err
	}
	const chunks = sealedSecond / clip.ChunkSize // a second in whole chunks, in a piece and the rest of it
	bytes := make([]byte, chunks*clip.ChunkSize)
	var began time.Time
	for n := range seconds + 1 {
		if n == 1 {
			began = time.Now() // the files are there
		}
		var b clip.Batch
		for _, row := range begin.Begin {
			b.Pieces = append(b.Pieces, clip.Piece{ID: row.ID, Track: clip.Film, Chunk: uint32(n * chunks), Bytes: bytes, Till: at})
		}
		if err := store.Write(b); err != nil {
			return 0, err
		}
	}
	// The rest of each second is chunks that are not whole.
	return time.Since(began) * sealedSecond / (chunks * clip.ChunkSize), nil
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
