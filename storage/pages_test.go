package storage

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"

	"gatehouse/storage/clip"
)

// Of a box of 512 MB the check of a file of some MB may take this much, which the race
// detector needs half of.
const mostMemory = 128 << 20

// kinds are the pages of a file that count, by what they are: "leaf", "branch", "freelist".
func kinds(t *testing.T, path string) map[string][]uint64 {
	t.Helper()
	db, err := bolt.Open(path, 0o600, &bolt.Options{ReadOnly: true, PreLoadFreelist: true})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	all := map[string][]uint64{}
	err = db.View(func(tx *bolt.Tx) error {
		for id := 0; ; {
			info, err := tx.Page(id)
			if info == nil || err != nil {
				return err
			}
			all[info.Type] = append(all[info.Type], uint64(id))
			id++
			if info.Type != "free" {
				id += info.OverflowCount
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// grown makes a file with branches, leaves, inline buckets and free pages.
func grown(t *testing.T, path string) {
	t.Helper()
	db := open(t, path, Options{})
	for round := range 3 {
		if err := db.Update(func(tx *Tx) error {
			b, err := tx.tx.CreateBucketIfNotExists([]byte("rows"))
			for i := 0; err == nil && i < 600; i++ {
				err = b.Put(fmt.Appendf(nil, "row %04d", i), bytes.Repeat([]byte{byte(round)}, 200))
			}
			if err == nil {
				_, err = b.CreateBucketIfNotExists([]byte("small"))
			}
			if err == nil {
				err = b.Bucket([]byte("small")).Put([]byte("k"), []byte("v"))
			}
			if err == nil {
				err = b.Put([]byte("large"), make([]byte, 20_000))
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	shut(t, db)
}

// checked runs the check as the hub does, and says what it found and what it took.
func checked(t *testing.T, path string) (said string, memory int64, took time.Duration) {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), 20*time.Second)
	defer stop()
	cmd := exec.CommandContext(ctx, os.Args[0], "storage-weighs", path)
	var weighs, out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &weighs, &out
	began := time.Now()
	err := cmd.Run()
	took = time.Since(began)
	if err != nil {
		said, _, _ = strings.Cut(err.Error()+": "+out.String(), "\n")
	}
	if _, err := fmt.Sscan(weighs.String(), &memory); err != nil {
		t.Errorf("what the check took is not known: %v, %s", err, said)
	}
	return said, memory, took
}

// highWater is the most memory that this process has had, in bytes. What its parent is
// told of it when it ends counts the parent's own memory at the fork too.
func highWater() (bytes int64) {
	status, err := os.ReadFile("/proc/self/status") // proc(5): VmHWM, in KiB
	if err != nil {
		return -1
	}
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	if _, err := fmt.Sscan(rest, &bytes); err != nil {
		return -1
	}
	return bytes << 10
}

// Numbers in a damaged file that say how much there is of something are not believed:
// bbolt alone takes gigabytes for some of these, and runs in circles for others.
func TestCheckOfADamagedFileIsBounded(t *testing.T) {
	const size = 4096
	path := filepath.Join(t.TempDir(), "home.db")
	grown(t, path)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	of := kinds(t, path)
	if len(of["leaf"]) < 5 || len(of["branch"]) == 0 || len(of["freelist"]) != 1 || len(of["free"]) == 0 {
		t.Fatalf("pages: %v", of)
	}
	if said, memory, took := checked(t, path); said != "" || memory <= 0 || memory > mostMemory {
		t.Fatalf("a sound file: %s, %d MB, %v", said, memory>>20, took)
	}
	u16, u32, u64 := binary.NativeEndian.PutUint16, binary.NativeEndian.PutUint32, binary.NativeEndian.PutUint64
	branch, leaf, list := of["branch"][0], of["leaf"][len(of["leaf"])-1], of["freelist"][0]
	for name, row := range map[string]struct {
		page uint64
		harm func(p []byte)
		want string
	}{
		"a leaf that goes on for ever":   {leaf, func(p []byte) { u32(p[12:], 0xFFFFFFFF) }, "goes on for 4294967295 pages"},
		"a branch that goes on far":      {branch, func(p []byte) { u32(p[12:], 0x7F7F7F7F) }, "goes on for 2139062143 pages"},
		"a leaf that goes on too far":    {leaf, func(p []byte) { u32(p[12:], uint32(len(whole)/size)) }, "beyond the last one"},
		"a branch that leads to itself":  {branch, func(p []byte) { u64(p[pageHead+8:], branch) }, "is led to twice"},
		"a branch that leads far away":   {branch, func(p []byte) { u64(p[pageHead+8:], 1<<40) }, "beyond the last one"},
		"a branch that leads to a meta":  {branch, func(p []byte) { u64(p[pageHead+8:], 0) }, "is led to twice"},
		"a branch that leads nowhere":    {branch, func(p []byte) { u16(p[10:], 0) }, "leads nowhere"},
		"a branch that leads to garbage": {branch, func(p []byte) { u16(p[10:], 0xFFFF) }, "holds 65535 elements"},
		"a leaf of garbage":              {leaf, func(p []byte) { u16(p[10:], 0xFFFF) }, "holds 65535 elements"},
		"a key of gigabytes":             {leaf, func(p []byte) { u32(p[pageHead+8:], 0xFFFFFF00) }, "lies beyond"},
		"a key of megabytes":             {leaf, func(p []byte) { u32(p[pageHead+8:], 1<<20) }, "lies beyond"},
		"a value of gigabytes":           {leaf, func(p []byte) { u32(p[pageHead+12:], 0xFFFFFF00) }, "lies beyond"},
		"another page's number":          {leaf, func(p []byte) { u64(p, leaf+1) }, "says that it is page"},
		"a leaf of no kind":              {leaf, func(p []byte) { u16(p[8:], 0x7F) }, "neither branch nor leaf"},
		"a list that goes on for ever":   {list, func(p []byte) { u32(p[12:], 0xFFFFFFFF) }, "goes on for 4294967295 pages"},
		"a list of no end":               {list, func(p []byte) { u16(p[10:], 0xFFFF); u64(p[pageHead:], 1<<29) }, "lists 536870912 free pages"},
		"a list of less than none":       {list, func(p []byte) { u16(p[10:], 0xFFFF); u64(p[pageHead:], 1<<63) }, "free pages of"},
		"a list of what is not there":    {list, func(p []byte) { u64(p[pageHead:], 1<<50) }, "as free"},
		"a list of no kind":              {list, func(p []byte) { u16(p[8:], leafPage) }, "no list of free pages"},
	} {
		bad := bytes.Clone(whole)
		row.harm(bad[row.page*size:][:size])
		if err := os.WriteFile(path, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		said, memory, took := checked(t, path)
		if !strings.HasPrefix(said, "exit status 1: page") || !strings.Contains(said, row.want) || memory <= 0 || memory > mostMemory || took > 10*time.Second {
			t.Errorf("%s: %q with %d MB in %v; want a page that %q", name, said, memory>>20, took, row.want)
		}
	}
	// A bucket that lies in its leaf is looked at too: in the leaf that counts, not in one of before.
	for at := 0; ; {
		i := bytes.Index(whole[at:], []byte("small"))
		if i < 0 {
			t.Fatal("no bucket lies in a leaf, so none was looked at")
		}
		bucket := at + i + len("small")
		at = bucket
		if !slices.Contains(of["leaf"], uint64(bucket/size)) || binary.NativeEndian.Uint64(whole[bucket:]) != 0 {
			continue
		}
		bad := bytes.Clone(whole)
		u16(bad[bucket+bucketHead+10:], 0xFFFF)
		if err := os.WriteFile(path, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		if said, memory, _ := checked(t, path); !strings.Contains(said, "holds a bucket of kind") || memory > mostMemory {
			t.Errorf("a bucket of garbage: %q with %d MB", said, memory>>20)
		}
		return
	}
}

// A volume of clips with such a number in it is set aside, the store opens, and takes
// clips again.
func TestDamagedVolumeIsSetAside(t *testing.T) {
	dir := t.TempDir()
	o := clip.Options{Dir: dir, VolumeSize: 1 << 20, Check: InChild("storage-check"), Free: func(string) (int64, error) { return 1 << 40, nil }}
	write := func(s *clip.Store, n int) {
		t.Helper()
		row := clip.Row{ID: clipID(n), Group: "camera", Class: clip.Events, At: time.Now()}
		head, body := filmBytes(n, 3)
		err := s.Write(clip.Batch{
			Begin: []clip.Row{row}, Heads: []clip.Head{{ID: row.ID, Bytes: head}},
			Pieces: []clip.Piece{{ID: row.ID, Bytes: body}}, End: []clip.Row{row},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	s, err := clip.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	write(s, 1)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	volumes, err := filepath.Glob(filepath.Join(dir, "events-*.clips"))
	if err != nil || len(volumes) != 1 {
		t.Fatal(volumes, err)
	}
	leaves := kinds(t, volumes[0])["leaf"]
	f, err := os.OpenFile(volumes[0], os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range leaves {
		if _, err := f.WriteAt([]byte{0xff, 0xff, 0xff, 0xff}, int64(id)*4096+12); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "in-use"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	if s, err = clip.Open(o); err != nil {
		t.Fatal(err)
	}
	faults := s.Faults()
	if len(faults) != 1 || faults[0].File != filepath.Base(volumes[0])+".damaged" || !strings.Contains(faults[0].Err, "goes on for 4294967295 pages") || faults[0].Clips != 1 {
		t.Errorf("faults %+v", faults)
	}
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("it took %v", took)
	}
	write(s, 2)
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// FuzzPages puts a number anywhere into a file. What is passed can be read to its last
// row without touching memory that is not the file's.
func FuzzPages(f *testing.F) {
	path := filepath.Join(f.TempDir(), "home.db")
	db, err := Open(path, Options{})
	if err != nil {
		f.Fatal(err)
	}
	err = db.Update(func(tx *Tx) error {
		b, err := tx.tx.CreateBucketIfNotExists([]byte("rows"))
		for i := 0; err == nil && i < 300; i++ {
			err = b.Put(fmt.Appendf(nil, "row %04d", i), make([]byte, 100))
		}
		if err == nil {
			_, err = b.CreateBucketIfNotExists([]byte("small"))
		}
		return err
	})
	if err != nil {
		f.Fatal(err)
	}
	if err := db.Close(); err != nil {
		f.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(uint32(0), uint8(0), uint64(0))
	f.Add(uint32(4*4096+12), uint8(4), uint64(0xFFFFFFFF))
	f.Add(uint32(3*4096+10), uint8(2), uint64(0xFFFF))
	f.Fuzz(func(t *testing.T, at uint32, width uint8, n uint64) {
		bad := bytes.Clone(whole)
		b := binary.NativeEndian.AppendUint64(nil, n)
		copy(bad[int(at)%len(bad):], b[:width%9])
		path := filepath.Join(t.TempDir(), "bad.db")
		if err := os.WriteFile(path, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		if checkPages(path) != nil {
			return
		}
		if err := checkHere(path); err != nil && strings.Contains(err.Error(), "fault") {
			t.Errorf("%d bytes of %#x at %d pass: %v", width%9, n, int(at)%len(bad), err)
		}
	})
}
