package zwavesim_test

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

	"gatehouse/hub/radio/bridge"
	"gatehouse/zwave/zwavesim"
)

// talk asks for the version and waits for ACK and the response.
func talk(t *testing.T, rw io.ReadWriter) {
	t.Helper()
	if _, err := rw.Write(frame(0, 0x15)); err != nil {
		t.Fatal(err)
	}
	want := append([]byte{ack}, frame(1, 0x15, append([]byte("Z-Wave 7.19\x00"), 1)...)...)
	got := make([]byte, len(want))
	if _, err := io.ReadFull(rw, got); err != nil || !bytes.Equal(got, want) {
		t.Fatalf("got % x, %v; want % x", got, err, want)
	}
	if _, err := rw.Write([]byte{ack}); err != nil {
		t.Fatal(err)
	}
}

// patience is how long something may take before a test gives up on it; it judges
// nothing.
const patience = 30 * time.Second

func until(t *testing.T, s *zwavesim.Stick, ok func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := s.Until(ctx, ok); err != nil {
		t.Fatal(err)
	}
}

func run(t *testing.T, f func(context.Context) error) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- f(ctx) }()
	stop = func() {
		cancel()
		select {
		case err := <-done:
			if err != nil && !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
			done <- nil
		case <-time.After(patience):
			t.Error("Run does not end")
		}
	}
	t.Cleanup(stop)
	return stop
}

func TestPTY(t *testing.T) {
	s := zwavesim.New(zwavesim.Options{})
	link := filepath.Join(t.TempDir(), "by-id", "usb-sim")
	p, err := s.LinkPTY(link)
	if err != nil {
		t.Fatal(err)
	}
	stop := run(t, p.Run)
	for range 3 { // hosts come and go
		f, err := os.OpenFile(link, os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		talk(t, f)
		_ = f.Close()
		until(t, s, func() bool { return !s.Attached() })
	}
	f, err := os.OpenFile(link, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	talk(t, f)
	first, _ := os.Readlink(link)
	s.Unplug()
	if n, err := f.Read(make([]byte, 1)); n != 0 || err == nil {
		t.Errorf("after the unplug: read %d, %v", n, err)
	}
	until(t, s, func() bool { return !s.Attached() })
	if _, err := os.Lstat(link); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the link is there: %v", err)
	}
	s.Plug()
	var again *os.File
	for end := time.Now().Add(patience); again == nil; {
		if again, err = os.OpenFile(link, os.O_RDWR, 0); err != nil && time.Now().After(end) {
			t.Fatal(err)
		}
	}
	if second, _ := os.Readlink(link); second == first {
		t.Logf("the kernel gave the same terminal again: %s", second)
	}
	talk(t, again)
	_ = f.Close()
	stop()
	_ = again.Close()
	if _, err := os.Lstat(link); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the link is left behind: %v", err)
	}
	clean(t, s)
}

func TestPTYDoesNotReplaceAFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "notes")
	if err := os.WriteFile(file, []byte("dear"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := zwavesim.New(zwavesim.Options{}).LinkPTY(file); err == nil || !strings.Contains(err.Error(), "in the way") {
		t.Errorf("got %v", err)
	}
	if b, _ := os.ReadFile(file); string(b) != "dear" {
		t.Errorf("the file now says %q", b)
	}
}

func TestTCP(t *testing.T) {
	s := zwavesim.New(zwavesim.Options{Bridge: false})
	l, err := bridge.Listen(t.Context(), s, "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	stop := run(t, l.Run)
	dial := func() net.Conn {
		t.Helper()
		for end := time.Now().Add(patience); ; {
			c, err := net.Dial("tcp", l.Addr())
			if err == nil {
				t.Cleanup(func() { _ = c.Close() })
				return c
			}
			if time.Now().After(end) {
				t.Fatal(err)
			}
		}
	}
	c := dial()
	talk(t, c)
	second := dial()
	if _, err := second.Read(make([]byte, 1)); err == nil {
		t.Error("a second host is served")
	}
	talk(t, c)
	s.Unplug()
	if _, err := c.Read(make([]byte, 1)); err == nil {
		t.Error("not hung up")
	}
	until(t, s, func() bool { return !s.Attached() })
	s.Plug()
	talk(t, dial())
	stop()
	if c, err := net.Dial("tcp", l.Addr()); err == nil {
		_ = c.Close()
		t.Error("still listening")
	}
	clean(t, s)
}
