//go:build interop

package interop

import (
	"bufio"
	"encoding/json"
	"net"
	"net/url"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"gatehouse/hub/camera/onvif/onvifsim"
)

const password = "pw & <word>"

// saying is a line of the client's.
type saying struct{ What, Value string }

// asks runs npm onvif on a simulated camera. hear waits for what it says next.
func asks(t *testing.T, o onvifsim.Options, pass string) (d *onvifsim.Device, hear func() saying) {
	t.Helper()
	o.Listen, o.User, o.Password = "127.0.0.1:0", "hub", password
	o.Maker, o.Model, o.Name = "Gatehouse", "Sim 1", "Porch"
	o.Main, o.Sub = "rtsp://127.0.0.1:8554/main", "rtsp://127.0.0.1:8554/sub"
	o.Picture = func() []byte { return nil }
	o.Presets = []string{"Gate", "Door"}
	d, err := onvifsim.New(o)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- d.Run(t.Context()) }()
	t.Cleanup(func() {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	at, err := url.Parse(d.Address())
	if err != nil {
		t.Fatal(err)
	}
	_, port, err := net.SplitHostPort(at.Host)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "node", "client.mjs", port, "hub", pass)
	cmd.Stderr = t.Output()
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Wait()
	})
	lines := bufio.NewScanner(out)
	return d, func() (s saying) {
		t.Helper()
		if !lines.Scan() {
			t.Fatalf("the client has ended: %v", lines.Err())
		}
		if err := json.Unmarshal(lines.Bytes(), &s); err != nil {
			t.Fatal(err)
		}
		return s
	}
}

// TestCamera: npm onvif understands each kind of simulated camera.
func TestCamera(t *testing.T) {
	for name, quirks := range map[string]onvifsim.Quirks{
		"Media2":          {},
		"Profile S alone": {Media1: true},
		"HTTP Digest":     {Digest: true},
		"its clock off":   {Clock: -90 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, hear := asks(t, onvifsim.Options{Quirks: quirks}, password)
			for _, want := range []saying{
				{"device", "Gatehouse Sim 1"},
				{"clock", ""},
				{"profiles", "main sub"},
				{"stream", "rtsp://127.0.0.1:8554/main"},
				{"picture", d.Address() + "/onvif/snapshot?profile=main"},
				{"presets", "Gate Door"},
				{"turned", ""},
				{"subscribed", ""},
			} {
				got := hear()
				if want.What == "clock" {
					at, err := time.Parse(time.RFC3339, got.Value)
					if off := time.Until(at) - quirks.Clock; err != nil || off.Abs() > 30*time.Second {
						t.Errorf("its clock says %q: %v", got.Value, err)
					}
					want.Value = got.Value
				}
				if got != want {
					t.Fatalf("the client says %+v, want %+v", got, want)
				}
			}
			if at, turns := d.Preset(); at != "Gate" || turns != 1 {
				t.Errorf("it looks at %q after %d turns", at, turns)
			}
			// What holds comes first, and then what changes.
			var first []string
			for range 4 {
				first = append(first, hear().Value)
			}
			if slices.ContainsFunc(first, func(s string) bool { return strings.HasSuffix(s, " true") }) {
				t.Errorf("before anything happened it has noticed %q", first)
			}
			d.Motion(true)
			if got := hear(); got != (saying{"noticed", "tns1:RuleEngine/CellMotionDetector/Motion true"}) {
				t.Errorf("of movement the client says %+v", got)
			}
			d.Press()
			if got := hear(); got != (saying{"noticed", "tns1:RuleEngine/MyRuleDetector/Visitor true"}) {
				t.Errorf("of the bell the client says %+v", got)
			}
		})
	}
}

// TestFound: who looks for cameras (WS-Discovery) finds the simulated one.
func TestFound(t *testing.T) {
	d, _ := asks(t, onvifsim.Options{Interface: "lo"}, password)
	cmd := exec.CommandContext(t.Context(), "node", "finder.mjs", "lo")
	cmd.Stderr = t.Output()
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	if err := json.Unmarshal(out, &found); err != nil {
		t.Fatalf("%s: %v", out, err)
	}
	if !slices.Contains(found, d.Address()+"/onvif/device_service") {
		t.Errorf("found %q, want %s", found, d.Address())
	}
}

func TestWrongPassword(t *testing.T) {
	_, hear := asks(t, onvifsim.Options{}, "another")
	if got := hear(); got.What != "failed" || !strings.Contains(got.Value, "not authorized") {
		t.Errorf("with a wrong password the client says %+v", got)
	}
}
