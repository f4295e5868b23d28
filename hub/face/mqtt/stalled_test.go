package mqtt_test

import (
	"encoding/json"
	"fmt"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

	"gatehouse/hub/home"
)

// A hundred subscribers that never read, and never acknowledge, hold nobody up.
func TestStalledSubscribersDelayNobody(t *testing.T) {
	h := newHouse()
	f, _ := open(t, h.options())
	for range 100 {
		w := connect(t, f, 4, nil)
		if tcp, ok := w.Conn.(*net.TCPConn); ok {
			if err := tcp.SetReadBuffer(4 << 10); err != nil {
				t.Fatal(err)
			}
		}
		w.subscribe("#")
	}
	c := join(t, f, nil)
	c.subscribe("gatehouse/device/zwave-5")

	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	var worst time.Duration
	const readings = 1500 // of 500 bytes: more than the buffers of a client hold
	for i := range readings {
		start := time.Now()
		h.report("zwave-5", home.Battery, home.Number(float64(i)))
		for {
			var d home.Device
			if err := json.Unmarshal(c.next("gatehouse/device/zwave-5").Payload(), &d); err != nil {
				t.Fatal(err)
			}
			if d.Traits[home.Battery].Value.Float() == float64(i) {
				break
			}
		}
		worst = max(worst, time.Since(start))
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 100<<20 {
		t.Errorf("heap grew by %d MiB, want under 1 MiB for each stalled client", grown>>20)
	}
	t.Logf("worst %s, heap %+d KiB", worst, (int64(after.HeapAlloc)-int64(before.HeapAlloc))>>10)
}

// A house with many devices shows all of them to a client that comes, with the
// client's buffers as small as they are.
func TestLargePicture(t *testing.T) {
	h := newHouse()
	const n = 1000
	for i := range n {
		id := home.DeviceID(fmt.Sprintf("zwave-%d", i+100))
		h.devices[id] = device(id, "Sensor", map[home.Trait]home.Value{
			home.Contact: home.Closed, home.Battery: home.Number(50), home.Tamper: home.False, home.Temperature: home.Number(20),
		})
	}
	f, _ := open(t, h.options())
	c := join(t, f, nil)
	c.subscribe("#")
	seen := make(map[string]bool)
	for len(seen) < n+4 {
		select {
		case m := <-c.got:
			if d, ok := strings.CutPrefix(m.Topic(), "gatehouse/device/"); ok {
				seen[d] = true
			}
		case err := <-c.lost:
			t.Fatalf("cut off after %d of %d devices: %v", len(seen), n+4, err)
		case <-time.After(patience):
			t.Fatalf("%d of %d devices", len(seen), n+4)
		}
	}
}
