package storage

import (
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"testing"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
)

// recorder is a file system in memory, one folder deep, that writes down every
// write, truncation, rename and sync in order. From that it makes what a disk
// may hold after a power cut at any moment: all that was synced, and of the
// rest any part, torn at 512 bytes.
type recorder struct {
	mu    sync.Mutex
	ops   []op
	nodes uint64 // numbers given to files
	ills  string // what was last written to the file "ills": "full", "sick" or "none"
}

// op is one thing that was asked of the disk.
type op struct {
	kind opKind
	file uint64 // number of the file
	off  int64
	data []byte // opWrite
	name string // opLink: name now of file; opUnlink
}

type opKind int

const (
	opWrite opKind = iota
	opTruncate
	opSync
	opLink // also the second half of a rename
	opUnlink
	opSyncFolder
	opAck // written to the file "ack": data says what was promised
)

func (r *recorder) log(o op) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ops = append(r.ops, o)
}

// folder is the root.
type folder struct {
	fs.Inode
	r *recorder
}

// kept is one file: its contents and its number.
type kept struct {
	fs.Inode
	r      *recorder
	number uint64
	name   string // at birth

	mu   sync.Mutex
	data []byte
	mode uint32
}

// Files of these names are not on the disk: they steer the recorder.
const (
	ackName  = "ack"  // what is written here is promised
	illsName = "ills" // "full": writes fail with ENOSPC; "sick": syncs fail with EIO
)

// ill tells whether the disk has this illness.
func (r *recorder) ill(of string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.ills == of
}

var (
	_ fs.NodeCreater   = (*folder)(nil)
	_ fs.NodeRenamer   = (*folder)(nil)
	_ fs.NodeUnlinker  = (*folder)(nil)
	_ fs.NodeFsyncer   = (*folder)(nil)
	_ fs.NodeFsyncer   = (*kept)(nil)
	_ fs.NodeWriter    = (*kept)(nil)
	_ fs.NodeSetattrer = (*kept)(nil)
	_ fs.NodeGetattrer = (*kept)(nil)
	_ fs.NodeOpener    = (*kept)(nil)
	_ fs.NodeReader    = (*kept)(nil)
)

func (d *folder) Create(ctx context.Context, name string, _, mode uint32, out *fuse.EntryOut) (*fs.Inode, fs.FileHandle, uint32, syscall.Errno) {
	d.r.mu.Lock()
	d.r.nodes++
	k := &kept{r: d.r, number: d.r.nodes, name: name}
	d.r.mu.Unlock()
	k.mode = mode & 0o777
	n := d.NewPersistentInode(ctx, k, fs.StableAttr{Mode: syscall.S_IFREG})
	d.AddChild(name, n, true)
	out.Mode = syscall.S_IFREG | mode&0o777
	d.r.log(op{kind: opLink, file: k.number, name: name})
	return n, nil, fuse.FOPEN_KEEP_CACHE, 0
}

func (d *folder) Rename(_ context.Context, name string, _ fs.InodeEmbedder, newName string, _ uint32) syscall.Errno {
	n := d.GetChild(name)
	if n == nil {
		return syscall.ENOENT
	}
	// One operation: no disk shows the half of it.
	d.r.log(op{kind: opLink, file: n.Operations().(*kept).number, name: newName, data: []byte(name)})
	return 0
}

func (d *folder) Unlink(_ context.Context, name string) syscall.Errno {
	d.r.log(op{kind: opUnlink, name: name})
	return 0
}

func (d *folder) Fsync(context.Context, fs.FileHandle, uint32) syscall.Errno {
	d.r.log(op{kind: opSyncFolder})
	return 0
}

func (k *kept) Fsync(context.Context, fs.FileHandle, uint32) syscall.Errno {
	if k.r.ill("sick") {
		return syscall.EIO
	}
	k.r.log(op{kind: opSync, file: k.number})
	return 0
}

func (k *kept) Write(_ context.Context, _ fs.FileHandle, data []byte, off int64) (uint32, syscall.Errno) {
	if k.name == illsName {
		k.r.mu.Lock()
		defer k.r.mu.Unlock()
		k.r.ills = string(data)
		return uint32(len(data)), 0
	}
	if k.name != ackName && k.r.ill("full") {
		return 0, syscall.ENOSPC
	}
	o := op{kind: opWrite, file: k.number, off: off, data: slices.Clone(data)}
	k.mu.Lock()
	k.data = o.apply(k.data)
	k.mu.Unlock()
	if k.name == ackName {
		o.kind = opAck
	}
	k.r.log(o)
	return uint32(len(data)), 0
}

func (k *kept) Setattr(_ context.Context, _ fs.FileHandle, in *fuse.SetAttrIn, out *fuse.AttrOut) syscall.Errno {
	k.mu.Lock()
	if size, ok := in.GetSize(); ok {
		o := op{kind: opTruncate, file: k.number, off: int64(size)}
		k.data = o.apply(k.data)
		k.r.log(o)
	}
	if mode, ok := in.GetMode(); ok {
		k.mode = mode & 0o777
	}
	k.mu.Unlock()
	return k.Getattr(context.Background(), nil, out)
}

func (k *kept) Getattr(_ context.Context, _ fs.FileHandle, out *fuse.AttrOut) syscall.Errno {
	k.mu.Lock()
	defer k.mu.Unlock()
	out.Mode, out.Size = k.mode, uint64(len(k.data))
	return 0
}

func (k *kept) Open(context.Context, uint32) (fs.FileHandle, uint32, syscall.Errno) {
	return nil, fuse.FOPEN_KEEP_CACHE, 0
}

// Read copies: what it returns is sent while others may write.
func (k *kept) Read(_ context.Context, _ fs.FileHandle, dest []byte, off int64) (fuse.ReadResult, syscall.Errno) {
	k.mu.Lock()
	defer k.mu.Unlock()
	n := 0
	if off < int64(len(k.data)) {
		n = copy(dest, k.data[off:])
	}
	return fuse.ReadResultData(dest[:n]), 0
}

// mount serves r at dir until the end it returns is called. It tells false when
// this machine lets it mount nothing.
func (r *recorder) mount(t *testing.T, dir string) (end func(), ok bool) {
	t.Helper()
	server, err := fs.Mount(dir, &folder{r: r}, &fs.Options{MountOptions: fuse.MountOptions{DirectMount: true, FsName: "recorder", Name: "recorder"}})
	if err != nil {
		t.Log("no FUSE on this machine: ", err)
		return nil, false
	}
	return func() {
		if err := server.Unmount(); err != nil {
			t.Error(err)
		}
	}, true
}

// recorded is everything so far.
func (r *recorder) recorded() []op {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.ops)
}

// image writes into dir what the disk may hold when the power goes right after
// ops, and returns what had been promised by then.
func image(ops []op, dir string, dice *rand.Rand) (promised string, err error) {
	contents := map[uint64][]byte{} // what is surely there
	loose := map[uint64][]op{}      // not synced
	names := map[string]uint64{}
	var looseNames []op
	for _, o := range ops {
		switch o.kind {
		case opAck:
			promised = string(o.data)
		case opWrite, opTruncate:
			loose[o.file] = append(loose[o.file], o)
		case opSync:
			for _, w := range loose[o.file] {
				contents[o.file] = w.apply(contents[o.file])
			}
			delete(loose, o.file)
		case opLink, opUnlink:
			looseNames = append(looseNames, o)
		case opSyncFolder:
			for _, n := range looseNames {
				n.rename(names)
			}
			looseNames = nil
		}
	}
	// A folder changes in order, up to any point.
	for _, n := range looseNames[:dice.IntN(len(looseNames)+1)] {
		n.rename(names)
	}
	for file, writes := range loose {
		chance := dice.IntN(5) // none, some or all of it, by the file
		for _, w := range writes {
			if w.kind == opTruncate {
				if dice.IntN(4) < chance {
					contents[file] = w.apply(contents[file])
				}
				continue
			}
			for from := 0; from < len(w.data); from += 512 {
				if dice.IntN(4) < chance {
					part := op{kind: opWrite, off: w.off + int64(from), data: w.data[from:min(from+512, len(w.data))]}
					contents[file] = part.apply(contents[file])
				}
			}
		}
	}
	for name, file := range names {
		if name == ackName || name == illsName {
			continue
		}
		if err := os.WriteFile(filepath.Join(dir, name), contents[file], 0o600); err != nil {
			return "", err
		}
	}
	return promised, nil
}

func (o op) apply(b []byte) []byte {
	if o.kind == opTruncate {
		if n := int(o.off); n <= len(b) {
			return b[:n:n]
		}
		return append(b, make([]byte, int(o.off)-len(b))...)
	}
	if end := int(o.off) + len(o.data); end > len(b) {
		b = append(b, make([]byte, end-len(b))...)
	}
	copy(b[o.off:], o.data)
	return b
}

func (o op) rename(names map[string]uint64) {
	if o.kind == opUnlink {
		delete(names, o.name)
		return
	}
	if o.data != nil {
		delete(names, string(o.data))
	}
	names[o.name] = o.file
}
