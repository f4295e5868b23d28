package mqtt

import (
	"bytes"
	"io"
	"net"
	"testing"
	"time"
)

// pair is a connection as the face has it, and the client's end of it.
func pair(t *testing.T) (*conn, net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	client, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	server, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close(); server.Close() })
	return newConn(server, server, func() int { return 16 << 20 }), client
}

// What is queued leaves with a flush, together and without writeLoop, which
// does not run here.
func TestFlushSendsAllInOneWrite(t *testing.T) {
	c, client := pair(t)
	for _, part := range []string{"device ", "event ", "alarm"} {
		if err := c.enqueue([]byte(part)); err != nil {
			t.Fatal(err)
		}
	}
	if err := client.SetReadDeadline(time.Now().Add(50 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 100)
	if n, err := client.Read(buf); err == nil {
		t.Errorf("before the flush: got %q, want nothing", buf[:n])
	}
	c.flush()
	if err := client.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if n, err := client.Read(buf); err != nil || string(buf[:n]) != "device event alarm" {
		t.Errorf("got %q, %v, want all of it", buf[:n], err)
	}
}

// A client that does not read keeps no flush waiting, and gets every byte in
// order when it reads at last, whoever sent it.
func TestFlushLeavesTheRestToWriteLoop(t *testing.T) {
	c, client := pair(t)
	done := make(chan struct{})
	go func() { defer close(done); c.writeLoop() }()
	var want []byte
	for i := range 2000 { // 8 MiB: more than the buffers of both ends hold
		part := bytes.Repeat([]byte{byte(i)}, 4<<10)
		want = append(want, part...)
		if err := c.enqueue(part); err != nil {
			t.Fatal(err)
		}
		c.flush()
	}
	got := make([]byte, len(want))
	if _, err := io.ReadFull(client, got); err != nil || !bytes.Equal(got, want) {
		t.Errorf("got other bytes than were sent, %v", err)
	}
	if _, err := c.Write([]byte("more")); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(client, got[:4]); err != nil || string(got[:4]) != "more" {
		t.Errorf("after it: got %q, %v", got[:4], err)
	}
	_ = c.Close()
	<-done
}
