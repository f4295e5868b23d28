package disksim

import (
	"context"
	"slices"
	"sync"
	"syscall"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
)

// disk is a file system in memory, one folder deep, that writes down every write,
// truncation, rename and sync in order.
type disk struct {
	mu    sync.Mutex
	ops   life
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

func (d *disk) log(o op) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.ops = append(d.ops, o)
}

// folder is the root.
type folder struct {
	fs.Inode
	disk *disk
}

// kept is one file: its contents and its number.
type kept struct {
	fs.Inode
	disk   *disk
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
func (d *disk) ill(of string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.ills == of
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
	_ fs.NodeAllocater = (*kept)(nil)
)

func (d *folder) Create(ctx context.Context, name string, _, mode uint32, out *fuse.EntryOut) (*fs.Inode, fs.FileHandle, uint32, syscall.Errno) {
	d.disk.mu.Lock()
	d.disk.nodes++
	k := &kept{disk: d.disk, number: d.disk.nodes, name: name}
	d.disk.mu.Unlock()
	k.mode = mode & 0o777
	n := d.NewPersistentInode(ctx, k, fs.StableAttr{Mode: syscall.S_IFREG})
	d.AddChild(name, n, true)
	out.Mode = syscall.S_IFREG | mode&0o777
	d.disk.log(op{kind: opLink, file: k.number, name: name})
	return n, nil, fuse.FOPEN_KEEP_CACHE, 0
}

func (d *folder) Rename(_ context.Context, name string, _ fs.InodeEmbedder, newName string, _ uint32) syscall.Errno {
	n := d.GetChild(name)
	if n == nil {
		return syscall.ENOENT
	}
	// One operation: no disk shows the half of it.
	d.disk.log(op{kind: opLink, file: n.Operations().(*kept).number, name: newName, data: []byte(name)})
	return 0
}

func (d *folder) Unlink(_ context.Context, name string) syscall.Errno {
	d.disk.log(op{kind: opUnlink, name: name})
	return 0
}

func (d *folder) Fsync(context.Context, fs.FileHandle, uint32) syscall.Errno {
	d.disk.log(op{kind: opSyncFolder})
	return 0
}

func (k *kept) Fsync(context.Context, fs.FileHandle, uint32) syscall.Errno {
	if k.disk.ill("sick") {
		return syscall.EIO
	}
	k.disk.log(op{kind: opSync, file: k.number})
	return 0
}

func (k *kept) Write(_ context.Context, _ fs.FileHandle, data []byte, off int64) (uint32, syscall.Errno) {
	if k.name == illsName {
		k.disk.mu.Lock()
		defer k.disk.mu.Unlock()
		k.disk.ills = string(data)
		return uint32(len(data)), 0
	}
	if k.name != ackName && k.disk.ill("full") {
		return 0, syscall.ENOSPC
	}
	o := op{kind: opWrite, file: k.number, off: off, data: slices.Clone(data)}
	k.mu.Lock()
	k.data = o.apply(k.data)
	k.mu.Unlock()
	if k.name == ackName {
		o.kind = opAck
	}
	k.disk.log(o)
	return uint32(len(data)), 0
}

func (k *kept) Setattr(_ context.Context, _ fs.FileHandle, in *fuse.SetAttrIn, out *fuse.AttrOut) syscall.Errno {
	k.mu.Lock()
	if size, ok := in.GetSize(); ok {
		o := op{kind: opTruncate, file: k.number, off: int64(size)}
		k.data = o.apply(k.data)
		k.disk.log(o)
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

// Allocate implements fs.NodeAllocater: room for a file, which reads as zeros.
func (k *kept) Allocate(_ context.Context, _ fs.FileHandle, off, size uint64, _ uint32) syscall.Errno {
	if k.disk.ill("full") {
		return syscall.ENOSPC
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if end := int64(off + size); end > int64(len(k.data)) {
		o := op{kind: opTruncate, file: k.number, off: end}
		k.data = o.apply(k.data)
		k.disk.log(o)
	}
	return 0
}

// mount serves the disk at dir until the end it returns is called.
func (d *disk) mount(dir string) (end func() error, err error) {
	server, err := fs.Mount(dir, &folder{disk: d}, &fs.Options{MountOptions: fuse.MountOptions{DirectMount: true, FsName: "disksim", Name: "disksim"}})
	if err != nil {
		return nil, err
	}
	return server.Unmount, nil
}

// recorded is everything so far.
func (d *disk) recorded() life {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.ops)
}
