package strangers

import (
	"net"
	"testing"
)

func TestCrowd(t *testing.T) {
	at := func(s string) net.Addr {
		a, err := net.ResolveTCPAddr("tcp", s)
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	var c Crowd[string]
	for who, from := range map[string]string{"far": "[fe80::7%1]:1", "near": "192.0.2.7:1"} {
		c.Come(who, Network(at(from)))
		if c.First() != who || !c.Leave(who) || c.Leave(who) || c.Len() != 0 {
			t.Errorf("%s: %+v", who, c)
		}
	}
	for _, s := range []struct{ who, from string }{
		{"tv", "192.0.2.7:1"},
		{"six", "[2001:db8::1]:1"},
		{"one", "192.0.2.66:1"},
		{"two", "[::ffff:192.0.2.66]:2"},
		{"six, too", "[2001:db8::2]:1"},
		{"three", "192.0.2.66:3"},
		{"phone", "192.0.2.8:1"},
	} {
		c.Come(s.who, Network(at(s.from)))
	}
	// The network of three loses its first, then those of two theirs in turn, then who waits longest.
	for _, want := range []string{"one", "six", "two", "tv", "six, too", "three", "phone"} {
		if got := c.First(); got != want || !c.Leave(got) {
			t.Errorf("%q hangs up, want %q", got, want)
		}
	}

	c.Come("tv", Network(at("192.0.2.7:1")))
	if tv, other := c.LenFrom(Network(at("192.0.2.7:99"))), c.LenFrom(Network(at("192.0.2.8:1"))); tv != 1 || other != 0 {
		t.Errorf("%d of its address and %d of another", tv, other)
	}
	if who, ok := c.FirstFrom(Network(at("192.0.2.7:99"))); who != "tv" || !ok {
		t.Errorf("of its address %q hangs up, %v", who, ok)
	}
	if who, ok := c.FirstFrom(Network(at("192.0.2.8:1"))); ok {
		t.Errorf("of another address %q hangs up", who)
	}
}
