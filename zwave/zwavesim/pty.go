package zwavesim

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"
	"unsafe"
)

// lookForHost is how often a pty that nobody has open is looked at: the kernel
// does not say when someone opens it.
const lookForHost = 5 * time.Millisecond

// PTY is a stick's place under a stable name, like one in /dev/serial/by-id:
// a symbolic link to a pseudo terminal. The link is there while the stick is
// plugged in, and leads to another terminal after each plugging.
type PTY struct {
	s    *Stick
	link string

	mu     sync.Mutex
	master *os.File
}

// LinkPTY makes the terminal and the link, so that a host may open it at once;
// Run answers.
func (s *Stick) LinkPTY(link string) (*PTY, error) {
	p := &PTY{s: s, link: link}
	if err := p.plugIn(); err != nil {
		return nil, err
	}
	return p, nil
}

// Path is the link.
func (p *PTY) Path() string { return p.link }

// Run serves one host after the other until ctx ends, and takes the link away
// while the stick is unplugged and at the end.
func (p *PTY) Run(ctx context.Context) error {
	defer p.pullOut()
	defer context.AfterFunc(ctx, p.pullOut)()
	for {
		in, changes := p.s.Socket()
		if !in {
			p.pullOut()
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-changes:
			}
			continue
		}
		if err := p.plugIn(); err != nil {
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		p.serve(ctx, changes)
	}
}

// serve waits for a host, serves it, and returns when it has gone or the stick
// was pulled.
func (p *PTY) serve(ctx context.Context, changes <-chan struct{}) {
	p.mu.Lock()
	master := p.master
	p.mu.Unlock()
	t := time.NewTicker(lookForHost)
	defer t.Stop()
	for {
		first, here := look(master)
		if here {
			_ = p.s.Serve(ctx, &terminal{File: master, first: first})
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-changes:
			return
		case <-t.C:
		}
	}
}

// look tells whether someone has the terminal open, and gives what it has
// written already.
func look(master *os.File) (first []byte, here bool) {
	rc, err := master.SyscallConn()
	if err != nil {
		return nil, false
	}
	buf := make([]byte, 256)
	n, rerr := 0, error(nil)
	if err := rc.Read(func(fd uintptr) bool {
		n, rerr = syscall.Read(int(fd), buf)
		return true
	}); err != nil {
		return nil, false
	}
	switch {
	case n > 0:
		return buf[:n], true
	case errors.Is(rerr, syscall.EAGAIN):
		return nil, true
	default:
		return nil, false
	}
}

// terminal is one host's time at the pty. Closing it wakes its Read and leaves
// the pty for the next host.
type terminal struct {
	*os.File
	first []byte
}

func (t *terminal) Read(b []byte) (int, error) {
	if len(t.first) > 0 {
		n := copy(b, t.first)
		t.first = t.first[n:]
		return n, nil
	}
	n, err := t.File.Read(b)
	if errors.Is(err, syscall.EIO) {
		err = io.EOF // the host has closed it
	}
	return n, err
}

func (t *terminal) Close() error {
	return t.SetDeadline(time.Unix(1, 0))
}

func (p *PTY) plugIn() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.master != nil {
		return p.master.SetDeadline(time.Time{})
	}
	master, name, err := openPTY()
	if err != nil {
		return fmt.Errorf("zwavesim: %s: %w", p.link, err)
	}
	if err := p.point(name); err != nil {
		_ = master.Close()
		return fmt.Errorf("zwavesim: %w", err)
	}
	p.master = master
	return nil
}

// point makes the link lead to the terminal, in one step. Only a link is
// replaced, never a file.
func (p *PTY) point(name string) error {
	if st, err := os.Lstat(p.link); err == nil && st.Mode()&os.ModeSymlink == 0 {
		return fmt.Errorf("%s is in the way: it is not a link", p.link)
	}
	if err := os.MkdirAll(filepath.Dir(p.link), 0o750); err != nil {
		return err
	}
	next := p.link + ".new"
	_ = os.Remove(next)
	if err := os.Symlink(name, next); err != nil {
		return err
	}
	return os.Rename(next, p.link)
}

func (p *PTY) pullOut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.master == nil {
		return
	}
	_ = os.Remove(p.link)
	_ = p.master.Close()
	p.master = nil
}

// openPTY opens a pseudo terminal in raw mode and names its other end.
func openPTY() (*os.File, string, error) {
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, "", err
	}
	rc, err := master.SyscallConn()
	if err != nil {
		_ = master.Close()
		return nil, "", err
	}
	var number, unlock int32
	var e1, e2, e3 error
	err = rc.Control(func(fd uintptr) {
		e1 = ioctl(fd, syscall.TIOCGPTN, unsafe.Pointer(&number))
		e2 = ioctl(fd, syscall.TIOCSPTLCK, unsafe.Pointer(&unlock))
		var t syscall.Termios
		if e3 = ioctl(fd, syscall.TCGETS, unsafe.Pointer(&t)); e3 == nil {
			t.Iflag, t.Oflag, t.Lflag = 0, 0, 0
			t.Cc[syscall.VMIN], t.Cc[syscall.VTIME] = 1, 0
			e3 = ioctl(fd, syscall.TCSETS, unsafe.Pointer(&t))
		}
	})
	if err = errors.Join(err, e1, e2, e3); err != nil {
		_ = master.Close()
		return nil, "", err
	}
	// Until somebody has opened the other end once, it looks as if it were open.
	name := fmt.Sprintf("/dev/pts/%d", number)
	slave, err := os.OpenFile(name, os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		_ = master.Close()
		return nil, "", err
	}
	_ = slave.Close()
	return master, name, nil
}

func ioctl(fd, request uintptr, arg unsafe.Pointer) error {
	if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, fd, request, uintptr(arg)); errno != 0 {
		return errno
	}
	return nil
}
