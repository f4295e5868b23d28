package nowait_test

import (
	"bytes"
	"errors"
	"testing"

	"golang.org/x/sys/unix"

	"gatehouse/hub/nowait"
)

// A pipe says when it is empty, when it is full, and when its reader has gone.
func TestPipe(t *testing.T) {
	var fd [2]int
	if err := unix.Pipe2(fd[:], unix.O_NONBLOCK|unix.O_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	in, out := uintptr(fd[0]), uintptr(fd[1])
	t.Cleanup(func() { _ = unix.Close(fd[1]) })
	got := make([]byte, 64)
	if n, err := nowait.Read(in, got); n != 0 || !errors.Is(err, nowait.ErrAgain) {
		t.Errorf("an empty pipe: got %d, %v, want %v", n, err, nowait.ErrAgain)
	}
	if n, err := nowait.Write(out, []byte("door")); n != 4 || err != nil {
		t.Errorf("write: got %d, %v", n, err)
	}
	if n, err := nowait.Read(in, got); err != nil || string(got[:n]) != "door" {
		t.Errorf("read: got %q, %v", got[:n], err)
	}
	if n, err := nowait.Read(in, nil); n != 0 || err != nil {
		t.Errorf("a read of nothing: got %d, %v", n, err)
	}
	block := bytes.Repeat([]byte{1}, 4096)
	for {
		n, err := nowait.Write(out, block)
		if errors.Is(err, nowait.ErrAgain) && n == 0 {
			break
		}
		if err != nil {
			t.Fatalf("filling it: got %d, %v", n, err)
		}
	}
	_ = unix.Close(fd[0])
	if n, err := nowait.Write(out, block); n != 0 || !errors.Is(err, unix.EPIPE) {
		t.Errorf("nobody reads: got %d, %v, want %v", n, err, unix.EPIPE)
	}
}

func BenchmarkWriteAndRead(b *testing.B) {
	var fd [2]int
	if err := unix.Pipe2(fd[:], unix.O_NONBLOCK|unix.O_CLOEXEC); err != nil {
		b.Fatal(err)
	}
	defer func() { _, _ = unix.Close(fd[0]), unix.Close(fd[1]) }()
	buf := make([]byte, 500)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := nowait.Write(uintptr(fd[1]), buf); err != nil {
			b.Fatal(err)
		}
		if _, err := nowait.Read(uintptr(fd[0]), buf); err != nil {
			b.Fatal(err)
		}
	}
}
