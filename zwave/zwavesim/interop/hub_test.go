//go:build interop

package interop

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// hub is the whole program, running as its owner runs it.
type hub struct {
	t     *testing.T
	page  string // https://host:port
	token string
	http  *http.Client
}

// run builds and starts the hub on a stick, and makes a token for it.
func run(t *testing.T, stick string) *hub {
	t.Helper()
	dir := scratch(t)
	program := filepath.Join(dir, "gatehouse")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, "gatehouse/cmd/gatehouse").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	data, file := filepath.Join(dir, "data"), filepath.Join(dir, "gatehouse.yaml")
	config := fmt.Sprintf(`data: %s
listen: {https: "127.0.0.1:0", http: ""}
interfaces: [lo]
zwave: {port: "tcp://%s"}
mqtt: {listen: "", loopback: "127.0.0.1:0"}
homekit: {enabled: false}
`, data, stick)
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "serve", "--config", file)
	log, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	page, read := make(chan string, 1), make(chan struct{})
	go func() {
		defer close(read)
		ready := regexp.MustCompile(`msg=ready .*page=(\S+)`)
		for s := bufio.NewScanner(log); s.Scan(); {
			if m := ready.FindStringSubmatch(s.Text()); m != nil {
				page <- m[1]
			}
			if os.Getenv("HUB_LOG") == "1" {
				fmt.Fprintln(os.Stderr, s.Text())
			}
		}
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		timer := time.AfterFunc(20*time.Second, func() {
			t.Error("the hub does not end on SIGTERM")
			_ = cmd.Process.Kill()
		})
		defer timer.Stop()
		<-read
		if err := cmd.Wait(); err != nil {
			t.Error("hub:", err)
		}
	})
	h := &hub{t: t}
	select {
	case addr := <-page:
		h.page = "https://" + addr
	case <-read:
		t.Fatal("the hub ended before it was ready")
	case <-time.After(60 * time.Second):
		t.Fatal("the hub is not ready")
	}
	out, err := exec.CommandContext(t.Context(), program, "token", "create", "--name", "interop", "--role", "owner", "--data", data).Output()
	if err != nil {
		t.Fatal("token:", err)
	}
	h.token = strings.TrimSpace(string(out))
	h.http = &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: authority(t, data), MinVersion: tls.VersionTLS12},
	}}
	return h
}

// authority is the hub's own certificate authority, from its data folder.
func authority(t *testing.T, data string) *x509.CertPool {
	t.Helper()
	pool := x509.NewCertPool()
	files, err := filepath.Glob(filepath.Join(data, "tls", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if b, err := os.ReadFile(f); err == nil && bytes.Contains(b, []byte("BEGIN CERTIFICATE")) {
			pool.AppendCertsFromPEM(b)
		}
	}
	return pool
}

// call is one request to the API; the status is returned, the body decoded.
func (h *hub) call(method, path string, body, into any) int {
	h.t.Helper()
	b, err := json.Marshal(body)
	if err != nil {
		h.t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(h.t.Context(), method, h.page+"/api/v1"+path, bytes.NewReader(b))
	if err != nil {
		h.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+h.token)
	if method != http.MethodGet {
		r.Header.Set("Content-Type", "application/json")
	} else {
		r.Body = http.NoBody
		r.ContentLength = 0
	}
	w, err := h.http.Do(r)
	if err != nil {
		h.t.Fatal(err)
	}
	defer func() { _ = w.Body.Close() }()
	got, err := io.ReadAll(w.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	if into != nil && w.StatusCode < 300 {
		if err := json.Unmarshal(got, into); err != nil {
			h.t.Fatalf("%s %s: %v in %s", method, path, err, got)
		}
	}
	if w.StatusCode >= 300 {
		h.t.Logf("%s %s: %d %s", method, path, w.StatusCode, got)
	}
	return w.StatusCode
}

// until asks every 50 ms until ok.
func (h *hub) until(within time.Duration, what string, ok func() bool) {
	h.t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(within); !ok(); <-tick.C {
		if time.Now().After(end) {
			h.t.Fatalf("not within %s: %s", within, what)
		}
	}
}

type alarmState struct {
	Mode  string   `json:"mode"`
	Phase string   `json:"phase"`
	Open  []string `json:"open"`
	Alarm *struct {
		Kind string `json:"kind"`
		Zone string `json:"zone"`
	} `json:"alarm"`
}

func (h *hub) alarm() (a alarmState) {
	h.t.Helper()
	h.call("GET", "/alarm", nil, &a)
	return a
}

func (h *hub) trait(device, trait string) (value string) {
	h.t.Helper()
	var d struct {
		Traits map[string]struct {
			Value any `json:"value"`
		} `json:"traits"`
	}
	h.call("GET", "/devices/"+device, nil, &d)
	return fmt.Sprint(d.Traits[trait].Value)
}

// The main job on a stick that is not ours: the house is armed, a door opens,
// the alarm is raised, the siren's command arrives, and the owner silences it.
func TestHubOnTheirStick(t *testing.T) {
	p, addr := theirs(t)
	h := run(t, addr)
	h.until(60*time.Second, "four devices", func() bool {
		var all []map[string]any
		h.call("GET", "/devices", nil, &all)
		ok := 0
		for _, d := range all {
			if traits, _ := d["traits"].(map[string]any); len(traits) > 0 && d["health"] == "ok" {
				ok++
			}
		}
		return ok == 4
	})
	zone := map[string]any{"id": "front-door", "name": "Front door", "device": "zwave-2", "trait": "contact", "kind": "instant", "modes": []string{"away"}}
	var zones []struct{ ID, Device string }
	h.call("GET", "/zones", nil, &zones)
	for _, z := range zones { // the hub may have made its own
		if z.Device == "zwave-2" {
			zone["id"] = z.ID
		}
	}
	if got := h.call("PUT", fmt.Sprintf("/zones/%s", zone["id"]), zone, nil); got >= 300 {
		t.Fatalf("zone: %d", got)
	}

	// Nobody has heard of the door since the start: it does not count as closed.
	arm := map[string]any{"mode": "away", "exit_delay": "0s"}
	if got := h.call("PUT", "/alarm/mode", arm, nil); got != http.StatusConflict {
		t.Errorf("arming with an unknown door: got %d, want 409", got)
	}
	p.tell(map[string]any{"notify": map[string]any{"node": 2, "type": 6, "event": 23}})
	p.tell(map[string]any{"notify": map[string]any{"node": 4, "type": 7, "event": 0}})
	h.until(30*time.Second, "door closed", func() bool { return h.trait("zwave-2", "contact") == "closed" })
	h.until(30*time.Second, "nobody moves", func() bool { return h.trait("zwave-4", "motion") == "false" })
	var a alarmState
	if got := h.call("PUT", "/alarm/mode", arm, &a); got != http.StatusOK || a.Phase != "armed" || a.Mode != "away" {
		t.Fatalf("arm: %d %+v", got, a)
	}

	from, opened := p.mark(), time.Now()
	p.tell(map[string]any{"notify": map[string]any{"node": 2, "type": 6, "event": 22}})
	on := func(node int, command, value string) func(line) bool {
		return func(l line) bool {
			return l.Event == "command" && l.Node == node && l.Command == command && string(l.Value) == value
		}
	}
	p.heard(from, 30*time.Second, "siren on by Binary Switch", on(3, "BinarySwitchCCSet", "true"))
	t.Logf("door report to siren command at the node: %s, radio and Node.js included", time.Since(opened).Round(time.Millisecond))
	p.heard(from, 30*time.Second, "siren on by Sound Switch", func(l line) bool {
		return l.Event == "command" && l.Node == 5 && l.Command == "SoundSwitchCCTonePlaySet" && string(l.Value) != "0"
	})
	if a := h.alarm(); a.Phase != "alarm" || a.Alarm == nil || a.Alarm.Kind != "burglary" || a.Alarm.Zone != zone["id"] {
		t.Errorf("alarm: got %+v", a)
	}

	if got := h.call("PUT", "/alarm/mode", map[string]any{"mode": "disarmed"}, &a); got != http.StatusOK || a.Phase != "disarmed" {
		t.Fatalf("disarm: %d %+v", got, a)
	}
	p.heard(from, 30*time.Second, "siren off by Binary Switch", on(3, "BinarySwitchCCSet", "false"))
	p.heard(from, 30*time.Second, "siren off by Sound Switch", on(5, "SoundSwitchCCTonePlaySet", "0"))

	// The line to the stick is cut while armed: the hub stays, and hears the door
	// again without a restart.
	p.tell(map[string]any{"notify": map[string]any{"node": 2, "type": 6, "event": 23}})
	h.until(30*time.Second, "door closed again", func() bool { return h.trait("zwave-2", "contact") == "closed" })
	if got := h.call("PUT", "/alarm/mode", arm, &a); got != http.StatusOK || a.Phase != "armed" {
		t.Fatalf("arm again: %d %+v", got, a)
	}
	from = p.mark()
	p.tell(map[string]any{"drop": true})
	p.heard(from, 30*time.Second, "the stick is back", func(l line) bool { return l.Event == "connected" })
	p.tell(map[string]any{"notify": map[string]any{"node": 2, "type": 6, "event": 22}})
	h.until(30*time.Second, "alarm", func() bool { return h.alarm().Phase == "alarm" })
	p.heard(from, 30*time.Second, "siren on", on(3, "BinarySwitchCCSet", "true"))
}
