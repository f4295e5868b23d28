package port

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tarm/serial"
	"golang.org/x/sys/unix"
)

const (
	readWithin  = 200 * time.Millisecond // a multiple of 100 ms: VTIME counts in tenths of a second
	fastEOFs    = 3                      // empty reads in a row, each faster than half of readWithin, that mean a hang-up
	checkEvery  = time.Second            // how often the path is looked at
	drainWithin = 100 * time.Millisecond // what Close gives the last written bytes
	closeWithin = 2 * time.Second
)

// serialPort is one open serial device.
//
// tty is tarm's: blocking, with VMIN=0 and VTIME, so that read(2) returns at the
// first byte or empty after readWithin. ctl is a second descriptor of the same
// device, non-blocking: it holds the lock, sets what tarm cannot, and writes.
// Termios and TIOCEXCL belong to the device, not to a descriptor.
type serialPort struct {
	path string // as configured
	tty  *serial.Port
	ctl  int
	rdev uint64

	closing atomic.Bool
	failed  atomic.Pointer[error] // the first failure, for both directions

	reading sync.Mutex // held over a Read; Close waits for it: tarm's Close hangs under a Read
	empty   int        // fast empty reads in a row
	checked time.Time  // when the path was last looked at

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
	ctl, err := unix.Open(device, unix.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, openError(path, err)
	}
	p, err := claim(path, device, ctl, o)
	if err != nil {
		_ = unix.Close(ctl)
		return nil, err
	}
	return p, nil
}

// claim locks the device behind ctl, opens it through tarm and sets the line.
func claim(path, device string, ctl int, o Options) (*serialPort, error) {
	var st unix.Stat_t
	if err := unix.Fstat(ctl, &st); err != nil {
		return nil, openError(path, err)
	}
	if _, err := unix.IoctlGetTermios(ctl, unix.TCGETS); err != nil {
		return nil, fmt.Errorf("port: %s: is not a serial port: %s", path, choices(Ports()))
	}
	if err := unix.Flock(ctl, unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return nil, openError(path, unix.EBUSY)
	}
	tty, err := serial.OpenPort(&serial.Config{Name: device, Baud: o.Baud, ReadTimeout: readWithin})
	if err != nil {
		return nil, openError(path, err)
	}
	p := &serialPort{path: path, tty: tty, ctl: ctl, rdev: st.Rdev, checked: time.Now()}
	if err := p.setLine(o); err != nil {
		_ = tty.Close()
		return nil, fmt.Errorf("port: %s: cannot set the line: %w", path, err)
	}
	return p, nil
}

func (p *serialPort) setLine(o Options) error {
	if o.RTSCTS {
		t, err := unix.IoctlGetTermios(p.ctl, unix.TCGETS)
		if err != nil {
			return err
		}
		t.Cflag |= unix.CRTSCTS
		if err := unix.IoctlSetTermios(p.ctl, unix.TCSETS, t); err != nil {
			return err
		}
	}
	// Keeps out programs that do not ask for the lock; it does not bind root.
	if err := unix.IoctlSetInt(p.ctl, unix.TIOCEXCL, 0); err != nil {
		return err
	}
	return unix.IoctlSetInt(p.ctl, unix.TCFLSH, unix.TCIFLUSH)
}

// Read returns at least one byte, or the error that ended the port.
func (p *serialPort) Read(b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	p.reading.Lock()
	defer p.reading.Unlock()
	for {
		if err := p.over(); err != nil {
			return 0, err
		}
		began := time.Now()
		n, err := p.tty.Read(b)
		if n > 0 {
			p.empty = 0
			return n, nil
		}
		now := time.Now()
		switch {
		case err != nil && !errors.Is(err, io.EOF):
			return 0, p.fail(fmt.Errorf("port: %s: %w: %w", p.path, ErrUnplugged, err))
		case now.Sub(began) >= readWithin/2:
			p.empty = 0
		default: // after a hang-up every read is empty at once, for ever
			if p.empty++; p.empty >= fastEOFs {
				return 0, p.fail(fmt.Errorf("port: %s: %w", p.path, ErrUnplugged))
			}
		}
		if now.Sub(p.checked) >= checkEvery {
			p.checked = now
			if !p.there() {
				return 0, p.fail(fmt.Errorf("port: %s: %w: the device has gone or is another one", p.path, ErrUnplugged))
			}
		}
	}
}

// there tells whether the configured path still leads to the open device.
func (p *serialPort) there() bool {
	var st unix.Stat_t
	return unix.Stat(p.path, &st) == nil && st.Rdev == p.rdev
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
		n, err := unix.Write(p.ctl, b[done:])
		done += max(n, 0)
		switch {
		case done == len(b):
			return done, nil
		case err == nil, errors.Is(err, unix.EINTR):
		case errors.Is(err, unix.EAGAIN):
			if deadline.IsZero() {
				deadline = time.Now().Add(writeWithin)
			} else if time.Now().After(deadline) {
				return done, p.fail(fmt.Errorf("port: %s: %w for %s", p.path, ErrStalled, writeWithin))
			}
			// Short, so that Close is not kept waiting. An error shows in the next write.
			_, _ = unix.Poll([]unix.PollFd{{Fd: int32(p.ctl), Events: unix.POLLOUT}}, 50)
		default:
			return done, p.fail(fmt.Errorf("port: %s: %w: %w", p.path, ErrUnplugged, err))
		}
	}
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
	return *p.failed.Load()
}

// Close waits for a Read (at most readWithin) and a Write to come back, gives
// what is on the way out a moment, and lets the device go.
func (p *serialPort) Close() error {
	p.once.Do(func() {
		p.closing.Store(true)
		p.reading.Lock()
		defer p.reading.Unlock()
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
		_ = unix.IoctlSetInt(p.ctl, unix.TCFLSH, unix.TCOFLUSH)
	}
	// The mark is the device's and would outlive us while another program has it open.
	_ = unix.IoctlSetInt(p.ctl, unix.TIOCNXCL, 0)
	err := p.tty.Close()
	if e := unix.Close(p.ctl); err == nil {
		err = e
	}
	if err != nil {
		return fmt.Errorf("port: %s: closing: %w", p.path, err)
	}
	return nil
}

// drain waits for the last written bytes to leave, at most drainWithin, and
// tells whether they have.
func (p *serialPort) drain() bool {
	for end := time.Now().Add(drainWithin); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		n, err := unix.IoctlGetInt(p.ctl, unix.TIOCOUTQ)
		if err != nil || n == 0 {
			return err == nil
		}
	}
	return false
}
