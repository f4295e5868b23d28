//go:build interop

package interop

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// line is one JSON line of a peer.
type line struct {
	Event     string          `json:"event"`
	ID        int             `json:"id"`
	Node      int             `json:"node"`
	Nodes     []int           `json:"nodes"`
	Class     int             `json:"class"`
	Property  string          `json:"property"`
	Key       string          `json:"key"`
	Value     json.RawMessage `json:"value"`
	Type      int             `json:"type"`
	EventCode int             `json:"event_code"`
	Data      json.RawMessage `json:"data"`
	Port      int             `json:"port"`
	Command   string          `json:"command"`
	Why       string          `json:"why"`

	raw string
}

// peer is a Node.js program that tells and is told things in JSON lines.
type peer struct {
	t  *testing.T
	in io.Writer

	mu    sync.Mutex
	lines []line
	more  chan struct{} // closed and renewed with each line
	ended bool
	asked int
}

// start runs a script of this folder; it ends with the test.
func start(t *testing.T, script string, args ...string) *peer {
	t.Helper()
	if _, err := os.Stat("node_modules/zwave-js/package.json"); err != nil {
		t.Fatal("the peer is not installed: run `npm ci --ignore-scripts` in zwave/zwavesim/interop")
	}
	cmd := exec.CommandContext(t.Context(), "node", append([]string{script}, args...)...)
	cmd.Env = append(os.Environ(), "NODE_ENV=production")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("node, version 20 or later, is needed: %v", err)
	}
	p := &peer{t: t, in: in, more: make(chan struct{})}
	read := make(chan struct{})
	go func() {
		defer close(read)
		p.read(out)
	}()
	t.Cleanup(func() {
		_ = in.Close() // the script ends by itself
		timer := time.AfterFunc(5*time.Second, func() { _ = cmd.Process.Kill() })
		<-read
		_ = cmd.Wait()
		timer.Stop()
	})
	return p
}

func (p *peer) read(r io.Reader) {
	s := bufio.NewScanner(r)
	s.Buffer(nil, 1<<20)
	for s.Scan() {
		var l line
		if !strings.HasPrefix(s.Text(), "{") || json.Unmarshal(s.Bytes(), &l) != nil {
			continue // its log
		}
		l.raw = s.Text()
		p.mu.Lock()
		p.lines = append(p.lines, l)
		close(p.more)
		p.more = make(chan struct{})
		p.mu.Unlock()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ended = true
	close(p.more)
}

// mark is a place in what the peer has said, to look on from.
func (p *peer) mark() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.lines)
}

// heard waits for a line after the mark that fits.
func (p *peer) heard(from int, within time.Duration, what string, fits func(line) bool) line {
	p.t.Helper()
	end := time.After(within)
	for {
		p.mu.Lock()
		lines, more, ended := p.lines[from:], p.more, p.ended
		p.mu.Unlock()
		for _, l := range lines {
			if fits(l) {
				return l
			}
		}
		if ended {
			p.t.Fatalf("the peer ended before: %s", what)
		}
		select {
		case <-more:
		case <-end:
			for _, l := range lines {
				p.t.Log("peer:", l.raw)
			}
			p.t.Fatalf("not within %s: %s", within, what)
		}
	}
}

// tell sends a command and waits until it is done.
func (p *peer) tell(cmd map[string]any) {
	p.t.Helper()
	from := p.mark()
	p.asked++
	id := p.asked
	cmd["id"] = id
	b, err := json.Marshal(cmd)
	if err != nil {
		p.t.Fatal(err)
	}
	if _, err := p.in.Write(append(b, '\n')); err != nil {
		p.t.Fatal(err)
	}
	l := p.heard(from, 30*time.Second, "answer to "+string(b), func(l line) bool {
		return l.ID == id && (l.Event == "done" || l.Event == "failed")
	})
	if l.Event == "failed" {
		p.t.Fatalf("%s: %s", b, l.Why)
	}
}

func scratch(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return dir
}
