//go:build interop

package mqtt_test

import (
	"bufio"
	"context"
	"net"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"gatehouse/hub/home"
)

// mosquitto runs one of Debian's mosquitto clients against the face until it
// ends by itself.
func mosquitto(t *testing.T, addr, program string, args ...string) string {
	t.Helper()
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, program, append([]string{"-h", host, "-p", port}, args...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", program, args, err, out)
	}
	return string(out)
}

// A client that is not ours, in MQTT 3.1.1 and 5, watches and arms.
func TestMosquittoWatchesAndArms(t *testing.T) {
	for _, version := range []string{"mqttv311", "mqttv5"} {
		t.Run(version, func(t *testing.T) {
			h := newHouse()
			f, stop := open(t, h.options())
			addr := f.LoopbackAddr().String()
			v := []string{"-V", version, "-q", "1"}
			args := func(more ...string) []string { return append(append([]string{}, v...), more...) }

			if got := mosquitto(t, addr, "mosquitto_sub", args("-C", "1", "-t", "gatehouse/alarm/state")...); got != "disarmed\n" {
				t.Errorf("state %q, want disarmed", got)
			}
			all := mosquitto(t, addr, "mosquitto_sub", args("-C", "16", "-v", "-t", "#")...)
			for _, want := range []string{"gatehouse/status online", "gatehouse/device/zwave-5 {", "homeassistant/alarm_control_panel/gatehouse/alarm/config {"} {
				if !strings.Contains(all, want) {
					t.Errorf("the picture lacks %s", want)
				}
			}

			port := addr[strings.LastIndex(addr, ":")+1:]
			watch := exec.CommandContext(t.Context(), "mosquitto_sub", args("-p", port, "-C", "4", "-t", "gatehouse/alarm/state", "-t", "gatehouse/status")...)
			out, err := watch.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := watch.Start(); err != nil {
				t.Fatal(err)
			}
			var seen []string
			lines := bufio.NewScanner(out)
			for len(seen) < 2 && lines.Scan() { // the retained two
				seen = append(seen, lines.Text())
			}
			mosquitto(t, addr, "mosquitto_pub", args("-t", "gatehouse/alarm/set", "-m", "ARM_AWAY")...)
			if lines.Scan() {
				seen = append(seen, lines.Text())
			}
			stop()
			for lines.Scan() {
				seen = append(seen, lines.Text())
			}
			if err := watch.Wait(); err != nil {
				t.Fatal(err)
			}
			slices.Sort(seen[:min(2, len(seen))])
			if want := []string{"disarmed", "online", "armed_away", "offline"}; !slices.Equal(seen, want) {
				t.Errorf("watched %q, want %q", seen, want)
			}
			if got := h.State().Mode; got != home.Away {
				t.Errorf("mode %s, want away", got)
			}
		})
	}
}
