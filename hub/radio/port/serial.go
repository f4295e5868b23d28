package port

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/tarm/serial"
	"golang.org/x/sys/unix"

	"gatehouse/hub/nowait"
)

const (
	checkEvery  = time.Second            // how often the path is looked at
	drainWithin = 100 * time.Millisecond // what Close gives the last written bytes
	closeWithin = 2 * time.Second
)

// serialPort is one open serial device.
//
// Its one descriptor is non-blocking and known to the runtime's poller. A Read
// that waits holds no thread: a thread in read(2) keeps the scheduler awake for
// 10 ms after every report, looking for a processor to take back, which costs
// more than all that the report sets off.
type serialPort struct {
	path string // as configured
	tty  *os.File
	raw  syscall.RawConn // tty's
	fd   int             // tty's
	rdev uint64

	closing atomic.Bool
	failed  atomic.Pointer[error] // the first failure, for both directions

	writing sync.Mutex
	once    sync.Once
	closed  error
}

func openSerial(path string, o Options) (io.ReadWriteCloser, error) {
	if o.Baud == 0 {
		o.Baud = 115200
	}
	device, err := filepath.EvalSymlinks(path)
	if err != nil {
		return nil, openError(path, err)
	}
	fd, err := unix.Open(device, unix.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, openError(path, err)
	}
	rdev, err := claim(path, device, fd, o)
	if err != nil {
		_ = unix.Close(fd)
		return nil, err
	}
	p := &serialPort{path: path, tty: os.NewFile(uintptr(fd), device), fd: fd, rdev: rdev}
	p.raw, err = p.tty.SyscallConn()
	if err == nil {
		err = p.tty.SetReadDeadline(time.Now().Add(checkEvery))
	}
	if err != nil {
		_ = p.tty.Close()
		return nil, fmt.Errorf("port: %s: cannot be waited for: %w", path, err)
	}
	return p, nil
}

// claim locks the device behind fd, sets the line, and returns the device's
// number.
func claim(path, device string, fd int, o Options) (rdev uint64, err error) {
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return 0, openError(path, err)
	}
	if _, err := unix.IoctlGetTermios(fd, unix.TCGETS); err != nil {
		return 0, fmt.Errorf("port: %s: is not a serial port: %s", path, choices(Ports()))
	}
	if err := unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return 0, openError(path, unix.EBUSY)
	}
	// tarm sets the line (VMIN=1: a read is not over without a byte). The
	// settings are the device's and outlive its descriptor, which blocks.
	line, err := serial.OpenPort(&serial.Config{Name: device, Baud: o.Baud})
	if err != nil {
		return 0, openError(path, err)
	}
	if err := errors.Join(line.Close(), setLine(fd, o)); err != nil {
		return 0, fmt.Errorf("port: %s: cannot set the line: %w", path, err)
	}
	return uint64(st.Rdev), nil //nolint:unconvert // of 32 bits on some processors
}

func setLine(fd int, o Options) error {
	if o.RTSCTS {
		t, err := unix.IoctlGetTermios(fd, unix.TCGETS)
		if err != nil {
			return err
		}
		t.Cflag |= unix.CRTSCTS
		if err := unix.IoctlSetTermios(fd, unix.TCSETS, t); err != nil {
			return err
		}
	}
	// Keeps out programs that do not ask for the lock; it does not bind root.
	if err := unix.IoctlSetInt(fd, unix.TIOCEXCL, 0); err != nil {
		return err
	}
	return unix.IoctlSetInt(fd, unix.TCFLSH, unix.TCIFLUSH)
}

// Read returns at least one byte, or the error that ended the port.
func (p *serialPort) Read(b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	for {
		if err := p.over(); err != nil {
			return 0, err
		}
		n, err := p.take(b)
		switch {
		case n > 0:
			return n, nil
		case p.over() != nil:
		case errors.Is(err, os.ErrDeadlineExceeded):
			if !p.there() {
				return 0, p.fail(fmt.Errorf("port: %s: %w: the device has gone or is another one", p.path, ErrUnplugged))
			}
			// An error shows in the next Read.
			_ = p.tty.SetReadDeadline(time.Now().Add(checkEvery))
		case err == nil: // a hang-up
			return 0, p.fail(fmt.Errorf("port: %s: %w", p.path, ErrUnplugged))
		default:
			return 0, p.fail(fmt.Errorf("port: %s: %w: %w", p.path, ErrUnplugged, err))
		}
	}
}

// take reads what is there, and waits for it.
func (p *serialPort) take(b []byte) (n int, err error) {
	werr := p.raw.Read(func(fd uintptr) bool {
		n, err = nowait.Read(fd, b)
		return !errors.Is(err, nowait.ErrAgain)
	})
	if werr != nil {
		return 0, werr
	}
	return n, err
}

// there tells whether the configured path still leads to the open device.
func (p *serialPort) there() bool {
	var st unix.Stat_t
	return unix.Stat(p.path, &st) == nil && uint64(st.Rdev) == p.rdev //nolint:unconvert // the same
}

// Write gives all of b to the device within writeWithin, or fails the port.
func (p *serialPort) Write(b []byte) (int, error) {
	p.writing.Lock()
	defer p.writing.Unlock()
	var deadline time.Time
	done := 0
	for {
		if err := p.over(); err != nil {
			return done, err
		}
		n, err := nowait.Write(uintptr(p.fd), b[done:])
		done += max(n, 0)
		switch {
		case done == len(b):
			return done, nil
		case err == nil:
		case errors.Is(err, nowait.ErrAgain):
			if deadline.IsZero() {
				deadline = time.Now().Add(writeWithin)
			} else if time.Now().After(deadline) {
				return done, p.fail(fmt.Errorf("port: %s: %w for %s", p.path, ErrStalled, writeWithin))
			}
			// Short, so that Close is not kept waiting. An error shows in the next write.
			_, _ = unix.Poll([]unix.PollFd{{Fd: int32(p.fd), Events: unix.POLLOUT}}, 50)
		default:
			return done, p.fail(fmt.Errorf("port: %s: %w: %w", p.path, ErrUnplugged, err))
		}
	}
}

// WriteNow gives the device what it takes at once, and never waits.
func (p *serialPort) WriteNow(b []byte) (int, error) {
	if !p.writing.TryLock() {
		return 0, nil // a Write waits
	}
	defer p.writing.Unlock()
	if err := p.over(); err != nil {
		return 0, err
	}
	n, err := nowait.Write(uintptr(p.fd), b)
	if err != nil && !errors.Is(err, nowait.ErrAgain) {
		return 0, p.fail(fmt.Errorf("port: %s: %w: %w", p.path, ErrUnplugged, err))
	}
	return n, nil
}

// over is the reason why the port is at its end, or nil.
func (p *serialPort) over() error {
	if p.closing.Load() {
		return fmt.Errorf("port: %s: %w", p.path, os.ErrClosed)
	}
	if err := p.failed.Load(); err != nil {
		return *err
	}
	return nil
}

// fail ends both directions, keeps the first reason, and returns it.
func (p *serialPort) fail(err error) error {
	p.failed.CompareAndSwap(nil, &err)
	p.wake()
	return *p.failed.Load()
}

// wake has a Read that waits look whether the port is at its end.
func (p *serialPort) wake() { _ = p.tty.SetReadDeadline(time.Unix(1, 0)) }

// Close ends a Read that waits, waits for a Write to come back, gives what is
// on the way out a moment, and lets the device go.
func (p *serialPort) Close() error {
	p.once.Do(func() {
		p.closing.Store(true)
		p.wake()
		p.writing.Lock()
		defer p.writing.Unlock()
		// close(2) may wait 30 s for output that a stick does not take.
		done := make(chan error, 1)
		go func() { done <- p.release() }()
		select {
		case p.closed = <-done:
		case <-time.After(closeWithin):
			p.closed = fmt.Errorf("port: %s: the kernel does not let the device go", p.path)
		}
	})
	return p.closed
}

func (p *serialPort) release() error {
	if p.failed.Load() != nil || !p.drain() {
		_ = unix.IoctlSetInt(p.fd, unix.TCFLSH, unix.TCOFLUSH)
	}
	// The mark is the device's and would outlive us while another program has it open.
	_ = unix.IoctlSetInt(p.fd, unix.TIOCNXCL, 0)
	if err := p.tty.Close(); err != nil {
		return fmt.Errorf("port: %s: closing: %w", p.path, err)
	}
	return nil
}

// drain waits for the last written bytes to leave, at most drainWithin, and
// tells whether they have.
func (p *serialPort) drain() bool {
	for end := time.Now().Add(drainWithin); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		n, err := unix.IoctlGetInt(p.fd, unix.TIOCOUTQ)
		if err != nil || n == 0 {
			return err == nil
		}
	}
	return false
}
