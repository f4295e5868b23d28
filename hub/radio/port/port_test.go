package port_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"

	"gatehouse/hub/radio/port"
)

// stick is the far end of a pty, reached through a link as under /dev/serial/by-id.
type stick struct {
	*os.File
	link string
}

func plug(t testing.TB, link string) *stick {
	t.Helper()
	master, slave, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Lstat(link); err == nil {
		if err := os.Remove(link); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(slave.Name(), link); err != nil {
		t.Fatal(err)
	}
	_ = slave.Close()
	t.Cleanup(func() { _ = master.Close() })
	return &stick{master, link}
}

func newStick(t testing.TB) *stick {
	return plug(t, filepath.Join(t.TempDir(), "usb-stick"))
}

func open(t testing.TB, addr string) io.ReadWriteCloser {
	t.Helper()
	p, err := port.Open(t.Context(), addr, port.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	return p
}

// listen gives a TCP port and the far end of the first connection to it.
func listen(t testing.TB) (addr string, far <-chan net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := make(chan net.Conn, 1)
	go func() {
		if conn, err := l.Accept(); err == nil {
			c <- conn
		}
	}()
	t.Cleanup(func() { _ = l.Close() })
	return "tcp://" + l.Addr().String(), c
}

// patience is how long what has to end may take before a test gives up on it. It judges
// nothing: what is not interrupted as it should be never ends, or ends as stalled.
const patience = 20 * time.Second

func within(t *testing.T, d time.Duration, what string, f func()) {
	t.Helper()
	done := make(chan struct{})
	began := time.Now()
	go func() { defer close(done); f() }()
	select {
	case <-done:
		t.Logf("%s: %s", what, time.Since(began).Round(time.Millisecond))
	case <-time.After(d):
		t.Fatalf("%s: not within %s", what, d)
	}
}

func echo(t *testing.T, p io.ReadWriter, far io.ReadWriter) {
	t.Helper()
	all := make([]byte, 256) // every byte value: nothing is translated on the way
	for i := range all {
		all[i] = byte(i)
	}
	got := make([]byte, len(all))
	for range 3 {
		if _, err := far.Write(all); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(p, got); err != nil || !bytes.Equal(got, all) {
			t.Fatalf("stick to hub: got %x, %v", got, err)
		}
		if n, err := p.Write(all); n != len(all) || err != nil {
			t.Fatalf("Write = %d, %v", n, err)
		}
		clear(got)
		if _, err := io.ReadFull(far, got); err != nil || !bytes.Equal(got, all) {
			t.Fatalf("hub to stick: got %x, %v", got, err)
		}
	}
}

func TestBytesPassUnchanged(t *testing.T) {
	t.Run("serial", func(t *testing.T) {
		s := newStick(t)
		echo(t, open(t, s.link), s)
	})
	t.Run("tcp", func(t *testing.T) {
		addr, far := listen(t)
		p := open(t, addr)
		echo(t, p, <-far)
	})
}

// A Read that waits does not keep Close waiting.
func TestCloseEndsAWaitingRead(t *testing.T) {
	for name, addr := range map[string]string{
		"serial": newStick(t).link,
		"tcp":    func() string { a, _ := listen(t); return a }(),
	} {
		t.Run(name, func(t *testing.T) {
			p := open(t, addr)
			reading, read := make(chan struct{}), make(chan error)
			go func() {
				close(reading)
				_, err := p.Read(make([]byte, 8))
				read <- err
			}()
			<-reading
			within(t, patience, "close", func() {
				if err := p.Close(); err != nil {
					t.Error(err)
				}
			})
			within(t, patience, "read after close", func() {
				if err := <-read; err == nil {
					t.Error("Read returned without an error")
				}
			})
			if err := p.Close(); err != nil {
				t.Error("second Close:", err)
			}
			if _, err := p.Write([]byte{1}); err == nil {
				t.Error("Write after Close did not fail")
			}
		})
	}
}

// A hang-up, and a path that no longer leads to the open device, end a Read.
func TestUnplugEndsRead(t *testing.T) {
	for name, pull := range map[string]func(*stick) error{
		"far end closed": func(s *stick) error { return s.Close() },
		"path gone":      func(s *stick) error { return os.Rename(s.link, s.link+"-gone") },
		"path leads elsewhere": func(s *stick) error {
			if err := os.Remove(s.link); err != nil {
				return err
			}
			return os.Symlink("/dev/null", s.link)
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStick(t)
			p := open(t, s.link)
			if err := pull(s); err != nil {
				t.Fatal(err)
			}
			within(t, patience, "unplug", func() {
				if n, err := p.Read(make([]byte, 8)); n != 0 || !errors.Is(err, port.ErrUnplugged) {
					t.Errorf("Read = %d, %v", n, err)
				}
				if _, err := p.Write([]byte{1}); !errors.Is(err, port.ErrUnplugged) {
					t.Errorf("Write after the unplug: %v", err)
				}
			})
		})
	}
	t.Run("tcp", func(t *testing.T) {
		addr, far := listen(t)
		p := open(t, addr)
		_ = (<-far).Close()
		if _, err := p.Read(make([]byte, 8)); !errors.Is(err, port.ErrUnplugged) {
			t.Errorf("Read: %v", err)
		}
	})
}

func TestSecondOpenIsRefused(t *testing.T) {
	s := newStick(t)
	p := open(t, s.link)
	_, err := port.Open(t.Context(), s.link, port.Options{})
	if !errors.Is(err, port.ErrInUse) || !strings.Contains(err.Error(), s.link) {
		t.Fatalf("second Open: %v", err)
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	again := open(t, s.link)
	echo(t, again, s)
}

// The device is marked for programs that do not ask for the lock, and the mark
// goes with Close though the device lives on.
func TestExclusiveMark(t *testing.T) {
	s := newStick(t)
	slave, err := unix.Open(s.link, unix.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = unix.Close(slave) }()
	marked := func() bool { n, err := unix.IoctlGetInt(slave, unix.TIOCGEXCL); return err == nil && n != 0 }
	p := open(t, s.link)
	if !marked() {
		t.Error("open, and not marked")
	}
	_ = p.Close()
	if marked() {
		t.Error("closed, and still marked")
	}
}

func TestFlowControl(t *testing.T) {
	for _, want := range []bool{false, true} {
		s := newStick(t)
		p, err := port.Open(t.Context(), s.link, port.Options{Baud: 460800, RTSCTS: want})
		if err != nil {
			t.Fatal(err)
		}
		term, err := unix.IoctlGetTermios(int(s.Fd()), unix.TCGETS)
		if err != nil {
			t.Fatal(err)
		}
		if got := term.Cflag&unix.CRTSCTS != 0; got != want {
			t.Errorf("RTS/CTS: got %v, want %v", got, want)
		}
		if got := term.Cflag & unix.CBAUD; got != unix.B460800 {
			t.Errorf("baud: got %#o, want %#o", got, unix.B460800)
		}
		_ = p.Close()
	}
}

// A stick that takes nothing: the tty's buffer fills, then Write must give up.
func TestStalledWriter(t *testing.T) {
	stalled := func(t *testing.T, p io.ReadWriteCloser) {
		block := make([]byte, 64<<10)
		within(t, 8*time.Second, "stalled write", func() {
			for range 1000 {
				if _, err := p.Write(block); err != nil {
					if !errors.Is(err, port.ErrStalled) {
						t.Errorf("Write: %v", err)
					}
					return
				}
			}
			t.Error("Write never failed")
		})
		within(t, patience, "read after the stall", func() {
			if _, err := p.Read(make([]byte, 1)); err == nil {
				t.Error("Read after a stalled Write did not fail")
			}
		})
		within(t, patience, "close after the stall", func() { _ = p.Close() })
	}
	t.Run("serial", func(t *testing.T) { stalled(t, open(t, newStick(t).link)) })
	t.Run("tcp", func(t *testing.T) {
		addr, far := listen(t)
		p := open(t, addr)
		defer func() { _ = (<-far).Close() }()
		stalled(t, p)
	})
}

// WriteNow hands over what the far end takes, and never waits for it: not while it
// takes nothing, and not while a Write waits for it.
func TestWriteNow(t *testing.T) {
	now := func(t *testing.T, p io.ReadWriteCloser, far io.Reader) {
		prompt := p.(interface{ WriteNow([]byte) (int, error) })
		if n, err := prompt.WriteNow([]byte("siren")); n != 5 || err != nil {
			t.Fatalf("WriteNow = %d, %v", n, err)
		}
		got := make([]byte, 5)
		if _, err := io.ReadFull(far, got); err != nil || string(got) != "siren" {
			t.Fatalf("got %q, %v", got, err)
		}
		within(t, patience, "a far end that is full", func() {
			block := make([]byte, 64<<10)
			for range 1000 {
				switch n, err := prompt.WriteNow(block); {
				case err != nil:
					t.Errorf("WriteNow = %d, %v", n, err)
					return
				case n == 0:
					return
				}
			}
			t.Error("it took everything")
		})
		writing, wrote := make(chan struct{}), make(chan error)
		go func() {
			close(writing)
			_, err := p.Write(make([]byte, 1<<20))
			wrote <- err
		}()
		<-writing
		within(t, patience, "beside a Write that waits", func() {
			if n, err := prompt.WriteNow([]byte("siren")); err != nil {
				t.Errorf("WriteNow = %d, %v", n, err)
			}
		})
		_ = p.Close()
		<-wrote
		if _, err := prompt.WriteNow([]byte("siren")); err == nil {
			t.Error("WriteNow after Close did not fail")
		}
	}
	t.Run("serial", func(t *testing.T) {
		s := newStick(t)
		now(t, open(t, s.link), s)
	})
	t.Run("tcp", func(t *testing.T) {
		addr, far := listen(t)
		p := open(t, addr)
		c := <-far
		defer func() { _ = c.Close() }()
		now(t, p, c)
	})
}

func TestCloseUnblocksAStalledWriter(t *testing.T) {
	p := open(t, newStick(t).link)
	wrote := make(chan error)
	go func() {
		_, err := p.Write(make([]byte, 1<<20))
		wrote <- err
	}()
	within(t, patience, "close", func() { _ = p.Close() })
	if err := <-wrote; err == nil || errors.Is(err, port.ErrStalled) {
		t.Errorf("Write: %v, want that it was interrupted", err)
	}
}

// What was written just before Close still leaves.
func TestCloseDrains(t *testing.T) {
	s := newStick(t)
	p := open(t, s.link)
	if _, err := p.Write([]byte("last words")); err != nil {
		t.Fatal(err)
	}
	_ = p.Close()
	got := make([]byte, 10)
	if _, err := io.ReadFull(s, got); err != nil || string(got) != "last words" {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestErrorsNameTheMend(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "notes.txt")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		addr string
		is   error
		says []string
	}{
		{"", nil, []string{"no port given", "tcp://host:port"}},
		{filepath.Join(dir, "usb-none"), port.ErrMissing, []string{"no such port", "usb-none", "plug the stick in"}},
		{file, nil, []string{"not a serial port"}},
		{dir, nil, []string{dir}},
		{"/dev/null", nil, []string{"not a serial port"}},
		{"udp://127.0.0.1:1", nil, []string{"unknown scheme", "tcp://host:port"}},
		{"tcp://127.0.0.1", nil, []string{"not of the form tcp://host:port"}},
		{"tcp://:4000", nil, []string{"not of the form tcp://host:port"}},
		{"tcp://127.0.0.1:99999", nil, []string{"tcp://127.0.0.1:99999"}},
		{"tcp://127.0.0.1:1", port.ErrMissing, []string{"nothing listens there"}},
	} {
		p, err := port.Open(t.Context(), c.addr, port.Options{})
		if err == nil {
			_ = p.Close()
			t.Errorf("%q: opened", c.addr)
			continue
		}
		if c.is != nil && !errors.Is(err, c.is) {
			t.Errorf("%q: got %v, want it to be %v", c.addr, err, c.is)
		}
		for _, s := range c.says {
			if !strings.Contains(err.Error(), s) {
				t.Errorf("%q: got %q, want %q in it", c.addr, err, s)
			}
		}
	}
}

// Keep on a real pty: pulled, back under another device, then the house is left.
func TestKeepFollowsTheStick(t *testing.T) {
	s := newStick(t)
	ctx, cancel := context.WithCancel(t.Context())
	type state struct {
		up  bool
		err error
	}
	states := make(chan state, 16)
	got := make(chan byte, 16)
	ended := make(chan error)
	go func() {
		ended <- port.Keep(ctx, s.link, port.Options{}, func(_ context.Context, p io.ReadWriteCloser) error {
			b := make([]byte, 1)
			for {
				if _, err := p.Read(b); err != nil {
					return err
				}
				got <- b[0]
			}
		}, func(up bool, err error) { states <- state{up, err} })
	}()
	up := func() {
		if st := <-states; !st.up {
			t.Errorf("got %v, want up", st)
		}
	}
	within(t, patience, "first open", up)
	_, _ = s.Write([]byte{7})
	if b := <-got; b != 7 {
		t.Errorf("got byte %d", b)
	}
	if err := os.Remove(s.link); err != nil {
		t.Fatal(err)
	}
	_ = s.Close()
	within(t, patience, "unplug noticed", func() {
		if st := <-states; st.up || !errors.Is(st.err, port.ErrUnplugged) {
			t.Errorf("got %v, want unplugged", st)
		}
	})
	within(t, patience, "missing said", func() {
		if st := <-states; st.up || !errors.Is(st.err, port.ErrMissing) {
			t.Errorf("got %v, want missing", st)
		}
	})
	s2 := plug(t, s.link)
	within(t, patience, "open again", up)
	_, _ = s2.Write([]byte{9})
	if b := <-got; b != 9 {
		t.Errorf("got byte %d", b)
	}
	cancel()
	within(t, patience, "end", func() {
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("Keep: %v", err)
		}
	})
	if len(states) != 0 {
		t.Errorf("%d more states than expected", len(states))
	}
}

// One byte in on the stick's side, one Read returns.
func BenchmarkRead(b *testing.B) {
	s := newStick(b)
	p := open(b, s.link)
	in, out := []byte{6}, make([]byte, 64)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Write(in); err != nil {
			b.Fatal(err)
		}
		if _, err := p.Read(out); err != nil {
			b.Fatal(err)
		}
	}
}

// As BenchmarkRead, with the reader waiting in the kernel before the byte comes
// and answering it, as a link does: there and back.
func BenchmarkTurn(b *testing.B) {
	s := newStick(b)
	p := open(b, s.link)
	go func() {
		buf := make([]byte, 64)
		for {
			n, err := p.Read(buf)
			if err != nil {
				return
			}
			if _, err := p.Write(buf[:n]); err != nil {
				return
			}
		}
	}()
	buf := make([]byte, 64)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Write(buf[:1]); err != nil {
			b.Fatal(err)
		}
		if _, err := s.Read(buf); err != nil {
			b.Fatal(err)
		}
	}
}
