package storage

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"io"
	"os"

	bolt "go.etcd.io/bbolt"
)

// What a bbolt file is made of (bbolt v1.5.0, internal/common: page.go, meta.go,
// bucket.go). Numbers are as the processor has them.
const (
	pageHead    = 16 // id, kind, how many elements, how many pages more
	elementSize = 16
	bucketHead  = 16 // root page, sequence
	metaSize    = 64

	branchPage   = 0x01
	leafPage     = 0x02
	freelistPage = 0x10
	bucketFlag   = 0x01

	boltMagic  = 0xED0CDAED
	noFreelist = ^uint64(0)
)

// pages reads how the pages of a bbolt file hang together, without a memory map and
// with as little memory as a bit for each. bbolt's own check believes what it reads: a
// page that says it goes on for 2^32 pages has it fill a map of as many, a branch that
// leads back to itself has it run in circles, and a key of gigabytes is spelt out. What
// has passed here costs bbolt no more than the file is long.
type pages struct {
	r    io.ReaderAt
	size uint64 // of a page
	end  uint64 // the first page that is none
	seen []uint64
	todo []uint64 // pages of a tree
}

// pageFault is what is wrong with a page.
func pageFault(id uint64, format string, args ...any) error {
	return fmt.Errorf("page %d: %s", id, fmt.Sprintf(format, args...))
}

// checkPages finds nothing wrong with a file whose pages all lie within it, say who they
// are, hold what they say they hold, and are led to once. A file without a beginning is
// left to bbolt, which says so.
func checkPages(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	p := &pages{r: f}
	root, free, ok := p.begin()
	if !ok {
		return nil
	}
	if there := uint64(info.Size()) / p.size; p.end > there {
		return fmt.Errorf("it was cut short: %d pages of %d are there", there, p.end)
	}
	p.seen = make([]uint64, p.end/64+1)
	p.seen[0] = 0b11 // both metas
	if free != noFreelist {
		if err := p.freelist(free); err != nil {
			return err
		}
	}
	p.todo = append(p.todo, root)
	for len(p.todo) > 0 {
		id := p.todo[len(p.todo)-1]
		p.todo = p.todo[:len(p.todo)-1]
		if err := p.tree(id); err != nil {
			return err
		}
	}
	return nil
}

// begin reads the newest meta: where the tree and the list of free pages begin.
func (p *pages) begin() (root, free uint64, ok bool) {
	var newest uint64
	take := func(at int64) (size uint32, ok bool) {
		b := make([]byte, pageHead+metaSize)
		if _, err := p.r.ReadAt(b, at); err != nil {
			return 0, false
		}
		m := b[pageHead:]
		u32, u64 := binary.NativeEndian.Uint32, binary.NativeEndian.Uint64
		sum := fnv.New64a()
		_, _ = sum.Write(m[:56])
		if u32(m) != boltMagic || u64(m[56:]) != sum.Sum64() {
			return 0, false
		}
		if txid := u64(m[48:]); p.size == 0 || txid > newest {
			newest = txid
			p.size, root, free, p.end = uint64(u32(m[8:])), u64(m[16:]), u64(m[32:]), u64(m[40:])
		}
		return u32(m[8:]), true
	}
	if size, ok := take(0); ok {
		take(int64(size))
		return root, free, p.size >= 1024
	}
	for size := int64(1024); size <= 1024<<15; size *= 2 { // as bbolt looks for the second
		if _, ok := take(size); ok {
			return root, free, p.size >= 1024
		}
	}
	return 0, 0, false
}

// page is one page, with those that it goes on for.
type page struct {
	id    uint64
	kind  uint16
	count uint64
	size  uint64 // in bytes
}

// take reads the head of a page and counts it as seen.
func (p *pages) take(id uint64) (page, error) {
	if id >= p.end {
		return page{}, pageFault(id, "beyond the last one, %d", p.end-1)
	}
	b, err := p.read(id, 0, pageHead)
	if err != nil {
		return page{}, err
	}
	says, more := binary.NativeEndian.Uint64(b), uint64(binary.NativeEndian.Uint32(b[12:]))
	switch {
	case says != id:
		return page{}, pageFault(id, "says that it is page %d", says)
	case id+more >= p.end:
		return page{}, pageFault(id, "goes on for %d pages, beyond the last one, %d", more, p.end-1)
	}
	for n := id; n <= id+more; n++ {
		if p.seen[n/64]&(1<<(n%64)) != 0 {
			return page{}, pageFault(n, "is led to twice")
		}
		p.seen[n/64] |= 1 << (n % 64)
	}
	return page{
		id: id, kind: binary.NativeEndian.Uint16(b[8:]), count: uint64(binary.NativeEndian.Uint16(b[10:])), size: (1 + more) * p.size,
	}, nil
}

func (p *pages) read(id, at, n uint64) ([]byte, error) {
	b := make([]byte, n)
	if _, err := p.r.ReadAt(b, int64(id*p.size+at)); err != nil {
		return nil, pageFault(id, "%v", err)
	}
	return b, nil
}

// freelist reads the list of free pages.
func (p *pages) freelist(id uint64) error {
	l, err := p.take(id)
	if err != nil {
		return err
	}
	if l.kind != freelistPage {
		return pageFault(id, "is no list of free pages but of kind %#x", l.kind)
	}
	n, at := l.count, uint64(pageHead)
	if n == 0xFFFF { // more than the head has room for
		b, err := p.read(id, at, 8)
		if err != nil {
			return err
		}
		n, at = binary.NativeEndian.Uint64(b), at+8
	}
	if n > p.end || at+8*n > l.size {
		return pageFault(id, "lists %d free pages of %d", n, p.end)
	}
	b, err := p.read(id, at, 8*n)
	if err != nil {
		return err
	}
	for ; len(b) > 0; b = b[8:] {
		if free := binary.NativeEndian.Uint64(b); free < 2 || free >= p.end {
			return pageFault(id, "lists page %d of %d as free", free, p.end)
		}
	}
	return nil
}

// tree reads a page of a tree, and notes those that it leads to.
func (p *pages) tree(id uint64) error {
	t, err := p.take(id)
	if err != nil {
		return err
	}
	if t.kind != branchPage && t.kind != leafPage {
		return pageFault(id, "is neither branch nor leaf but of kind %#x", t.kind)
	}
	if t.kind == branchPage && t.count == 0 {
		return pageFault(id, "is a branch that leads nowhere")
	}
	if pageHead+t.count*elementSize > t.size {
		return pageFault(id, "holds %d elements in %d bytes", t.count, t.size)
	}
	b, err := p.read(id, pageHead, t.count*elementSize)
	if err != nil {
		return err
	}
	for i := range t.count {
		e := b[i*elementSize:]
		if t.kind == branchPage {
			if _, err := p.element(t, i, t.size, e, e[4:], nil); err != nil {
				return err
			}
			p.todo = append(p.todo, binary.NativeEndian.Uint64(e[8:]))
			continue
		}
		value, err := p.element(t, i, t.size, e[4:], e[8:], e[12:])
		if err == nil && binary.NativeEndian.Uint32(e)&bucketFlag != 0 {
			err = p.bucket(t, value, uint64(binary.NativeEndian.Uint32(e[12:])))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// element checks where the i-th element's key and value lie, counted from the element
// itself, in a page of so many bytes, and says where in it the value begins.
func (p *pages) element(t page, i, size uint64, pos, key, value []byte) (at uint64, err error) {
	from, k, v := uint64(binary.NativeEndian.Uint32(pos)), uint64(binary.NativeEndian.Uint32(key)), uint64(0)
	if value != nil {
		v = uint64(binary.NativeEndian.Uint32(value))
	}
	at = pageHead + i*elementSize + from
	if k > bolt.MaxKeySize || at+k+v > size {
		return 0, pageFault(t.id, "element %d of %d and %d bytes lies beyond its %d", i, k, v, size)
	}
	return at + k, nil
}

// bucket reads what a leaf holds of a bucket: the page where its tree begins, or its only
// page, which then lies in the leaf and holds no other bucket.
func (p *pages) bucket(t page, at, size uint64) error {
	if size < bucketHead {
		return pageFault(t.id, "holds a bucket of %d bytes", size)
	}
	b, err := p.read(t.id, at, bucketHead)
	if err != nil {
		return err
	}
	if root := binary.NativeEndian.Uint64(b); root != 0 {
		p.todo = append(p.todo, root)
		return nil
	}
	if size > t.size || size < bucketHead+pageHead {
		return pageFault(t.id, "holds a bucket of %d bytes", size)
	}
	at, size = at+bucketHead, size-bucketHead
	if b, err = p.read(t.id, at, pageHead); err != nil {
		return err
	}
	kind, n := binary.NativeEndian.Uint16(b[8:]), uint64(binary.NativeEndian.Uint16(b[10:]))
	if kind != leafPage || pageHead+n*elementSize > size {
		return pageFault(t.id, "holds a bucket of kind %#x with %d elements in %d bytes", kind, n, size)
	}
	if b, err = p.read(t.id, at+pageHead, n*elementSize); err != nil {
		return err
	}
	for i := range n {
		e := b[i*elementSize:]
		if binary.NativeEndian.Uint32(e)&bucketFlag != 0 {
			return pageFault(t.id, "holds a bucket in a bucket that is in it")
		}
		if _, err := p.element(t, i, size, e[4:], e[8:], e[12:]); err != nil {
			return err
		}
	}
	return nil
}
