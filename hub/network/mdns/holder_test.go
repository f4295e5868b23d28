package mdns

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/dns/dnsmessage"
)

var (
	start   = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	offered = []Service{{Type: "_https._tcp", Port: 443}, {Type: "_gatehouse._tcp", Port: 443, Text: []string{"v=1"}}}

	eth = link{
		iface: net.Interface{Index: 2, Name: "eth0"}, index: 2,
		prefixes: []netip.Prefix{netip.MustParsePrefix("192.168.1.5/24"), netip.MustParsePrefix("fe80::5/64")},
	}
)

// record is one line of what a packet says.
func lines(t *testing.T, b []byte) (list []string) {
	t.Helper()
	if b == nil {
		return nil
	}
	var m dnsmessage.Message
	if err := m.Unpack(b); err != nil {
		t.Fatal(err)
	}
	for _, q := range m.Questions {
		list = append(list, "? "+q.Name.String()+" "+q.Type.String())
	}
	for i, rs := range [][]dnsmessage.Resource{m.Answers, m.Authorities} {
		for _, r := range rs {
			mark := []string{"! ", "~ "}[i]
			what := mark + r.Header.Name.String() + " "
			switch b := r.Body.(type) {
			case *dnsmessage.SRVResource:
				list = append(list, fmt.Sprintf("%sSRV %s %d", what, b.Target, b.Port))
			case *dnsmessage.TXTResource:
				list = append(list, fmt.Sprintf("%sTXT %q", what, b.TXT))
			case *dnsmessage.PTRResource:
				list = append(list, what+"PTR "+b.PTR.String())
			default:
				a, _ := addrOf(r)
				list = append(list, what+a.String())
			}
		}
	}
	return list
}

func pack(t testing.TB, m dnsmessage.Message) []byte {
	t.Helper()
	b, err := m.Pack()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func from(addr string) netip.AddrPort { return netip.MustParseAddrPort(addr) }

func ask(t testing.TB, name string, typ dnsmessage.Type, class dnsmessage.Class) []byte {
	return pack(t, dnsmessage.Message{
		Header:    dnsmessage.Header{ID: 77},
		Questions: []dnsmessage.Question{{Name: dnsmessage.MustNewName(name), Type: typ, Class: class}},
	})
}

func a(name, ip string, ttl uint32) dnsmessage.Resource {
	return dnsmessage.Resource{
		Header: dnsmessage.ResourceHeader{Name: dnsmessage.MustNewName(name), Type: dnsmessage.TypeA, Class: dnsmessage.ClassINET, TTL: ttl},
		Body:   &dnsmessage.AResource{A: netip.MustParseAddr(ip).As4()},
	}
}

func says(t testing.TB, rs ...dnsmessage.Resource) packet {
	return packet{data: pack(t, dnsmessage.Message{Header: dnsmessage.Header{Response: true}, Answers: rs}), from: from("192.168.1.9:5353")}
}

// settle runs the holder until it is quiet, and returns when it became so.
func settle(h *holder, now time.Time) time.Time {
	for i := 0; h.phase != held && i < 20; i++ {
		now = h.next
		h.due(eth)
		h.sent(now)
	}
	return now
}

func newHeld(t *testing.T) (*holder, time.Time) {
	t.Helper()
	h := newHolder("gatehouse", "Elm St. 4", offered)
	h.begin(start, addresses([]link{eth}))
	return h, settle(h, start)
}

func TestProbesThenAnnounces(t *testing.T) {
	h := newHolder("gatehouse", "Elm St. 4", offered)
	h.begin(start, addresses([]link{eth}))
	type sent struct {
		After time.Duration
		What  []string
	}
	var got []sent
	for i := 0; h.phase != held && i < 20; i++ {
		now := h.next
		if what := lines(t, h.due(eth)); what != nil {
			got = append(got, sent{now.Sub(start), what})
		}
		h.sent(now)
	}
	probe := []string{
		"? gatehouse.local. TypeALL", "? Elm St 4._https._tcp.local. TypeALL", "? Elm St 4._gatehouse._tcp.local. TypeALL",
		"~ gatehouse.local. 192.168.1.5",
		"~ Elm St 4._https._tcp.local. SRV gatehouse.local. 443",
		"~ Elm St 4._gatehouse._tcp.local. SRV gatehouse.local. 443",
	}
	announce := []string{
		"! gatehouse.local. 192.168.1.5",
		"! Elm St 4._https._tcp.local. SRV gatehouse.local. 443",
		`! Elm St 4._https._tcp.local. TXT [""]`,
		"! _https._tcp.local. PTR Elm St 4._https._tcp.local.",
		"! _services._dns-sd._udp.local. PTR _https._tcp.local.",
		"! Elm St 4._gatehouse._tcp.local. SRV gatehouse.local. 443",
		`! Elm St 4._gatehouse._tcp.local. TXT ["v=1"]`,
		"! _gatehouse._tcp.local. PTR Elm St 4._gatehouse._tcp.local.",
		"! _services._dns-sd._udp.local. PTR _gatehouse._tcp.local.",
	}
	want := []sent{
		{0, probe},
		{probeGap, probe},
		{2 * probeGap, probe},
		{3 * probeGap, announce},
		{3*probeGap + announceGap, announce},
	}
	if d := cmp.Diff(got, want); d != "" {
		t.Errorf("(-got +want):\n%s", d)
	}
}

func TestConflicts(t *testing.T) {
	theirs := a("GateHouse.local.", "192.168.1.9", 120)
	h := newHolder("gatehouse", "Elm St. 4", offered)
	h.begin(start, addresses([]link{eth}))
	h.heard(start, eth, says(t, a("gatehouse.local.", "192.168.1.5", 120))) // our own, come back
	h.heard(start, eth, says(t, a("printer.local.", "192.168.1.9", 120)))
	h.heard(start, eth, says(t, a("gatehouse.local.", "192.168.1.9", 0))) // a goodbye
	if h.host() != "gatehouse.local" {
		t.Fatalf("gave way to nobody: %s", h.host())
	}
	h.heard(start, eth, says(t, theirs))
	if name, ok := h.holding(); name != "gatehouse-2.local" || ok {
		t.Fatalf("after a conflict: %s, held %v", name, ok)
	}
	now := settle(h, start)
	// One who comes later and takes a held name: probe again, then give way.
	late := a("gatehouse-2.local.", "192.168.1.9", 120)
	if got := h.instance(offered[0]); got != "Elm St 4 (2)._https._tcp.local" {
		t.Errorf("the service is called %q", got)
	}
	h.heard(now, eth, says(t, late))
	if name, ok := h.holding(); name != "gatehouse-2.local" || ok {
		t.Errorf("not defended: %s, held %v", name, ok)
	}
	h.heard(now, eth, says(t, late))
	if name, _ := h.holding(); name != "gatehouse-3.local" {
		t.Errorf("kept %s", name)
	}
	// All taken: from the start again, but not at once.
	for range 3 {
		h.heard(now, eth, says(t, a(h.host()+".", "192.168.1.9", 120)))
	}
	if h.host() != "gatehouse.local" || h.next.Sub(now) != giveUpFor {
		t.Errorf("all taken: %s in %v", h.host(), h.next.Sub(now))
	}
}

func TestTie(t *testing.T) {
	probe := func(ip string) packet {
		return packet{from: from("192.168.1.9:5353"), data: pack(t, dnsmessage.Message{
			Questions:   []dnsmessage.Question{{Name: dnsmessage.MustNewName("gatehouse.local."), Type: dnsmessage.TypeALL, Class: dnsmessage.ClassINET}},
			Authorities: []dnsmessage.Resource{a("gatehouse.local.", ip, 120)},
		})}
	}
	four := link{index: 2, prefixes: eth.prefixes[:1]}
	for ip, wait := range map[string]time.Duration{"192.168.1.9": yieldFor, "192.168.1.4": 0, "192.168.1.5": 0} {
		h := newHolder("gatehouse", "Elm St. 4", offered)
		h.begin(start, addresses([]link{four}))
		h.heard(start, four, probe(ip))
		if got := h.next.Sub(start); got != wait || h.host() != "gatehouse.local" {
			t.Errorf("against %s: wait %v as %s, want %v", ip, got, h.host(), wait)
		}
	}
}

func TestAnswers(t *testing.T) {
	const name = "gatehouse.local."
	mine := []string{"! gatehouse.local. 192.168.1.5"}
	for _, tt := range []struct {
		what  string
		data  []byte
		from  string
		want  []string
		toAll bool
	}{
		{"A", ask(t, name, dnsmessage.TypeA, dnsmessage.ClassINET), "192.168.1.9:5353", mine, true},
		{"any case", ask(t, "GATEHOUSE.Local.", dnsmessage.TypeA, dnsmessage.ClassINET), "192.168.1.9:5353", mine, true},
		{"ALL", ask(t, name, dnsmessage.TypeALL, dnsmessage.ClassANY), "192.168.1.9:5353", mine, true},
		{"unicast wished", ask(t, name, dnsmessage.TypeA, dnsmessage.ClassINET|unicastWish), "192.168.1.9:5353", mine, false},
		{"ordinary resolver", ask(t, name, dnsmessage.TypeA, dnsmessage.ClassINET), "192.168.1.9:40000", append([]string{"? gatehouse.local. TypeA"}, mine...), false},
		{
			"a kind of service", ask(t, "_https._tcp.local.", dnsmessage.TypePTR, dnsmessage.ClassINET), "192.168.1.9:5353",
			[]string{"! _https._tcp.local. PTR Elm St 4._https._tcp.local."},
			true,
		},
		{
			"which kinds", ask(t, "_services._dns-sd._udp.local.", dnsmessage.TypePTR, dnsmessage.ClassINET), "192.168.1.9:5353",
			[]string{"! _services._dns-sd._udp.local. PTR _https._tcp.local.", "! _services._dns-sd._udp.local. PTR _gatehouse._tcp.local."},
			true,
		},
		{
			"where", ask(t, "elm st 4._gatehouse._tcp.local.", dnsmessage.TypeSRV, dnsmessage.ClassINET), "192.168.1.9:5353",
			[]string{"! Elm St 4._gatehouse._tcp.local. SRV gatehouse.local. 443"},
			true,
		},
		{"another kind", ask(t, "_ipp._tcp.local.", dnsmessage.TypePTR, dnsmessage.ClassINET), "192.168.1.9:5353", nil, false},
		{"another name", ask(t, "printer.local.", dnsmessage.TypeA, dnsmessage.ClassINET), "192.168.1.9:5353", nil, false},
		{"another type", ask(t, name, dnsmessage.TypeTXT, dnsmessage.ClassINET), "192.168.1.9:5353", nil, false},
		{"garbage", []byte("what?"), "192.168.1.9:5353", nil, false},
		{"nothing", nil, "192.168.1.9:5353", nil, false},
	} {
		h, now := newHeld(t)
		reply, toAll := h.heard(now.Add(time.Minute), eth, packet{data: tt.data, from: from(tt.from)})
		if d := cmp.Diff(lines(t, reply), tt.want); d != "" || toAll != tt.toAll {
			t.Errorf("%s: to all %v (-got +want):\n%s", tt.what, toAll, d)
		}
		if tt.from == "192.168.1.9:40000" {
			var m dnsmessage.Message
			if err := m.Unpack(reply); err != nil || m.ID != 77 || m.Answers[0].Header.TTL > 10 || m.Answers[0].Header.Class != dnsmessage.ClassINET {
				t.Errorf("%s: %+v, %v (RFC 6762 §6.7)", tt.what, m, err)
			}
		}
	}
}

func TestNoAddressOfThatFamily(t *testing.T) {
	// The link has no AAAA worth telling: it says so at once.
	four := link{index: 2, prefixes: eth.prefixes[:1]}
	h, now := newHeld(t)
	reply, _ := h.heard(now.Add(time.Minute), four, packet{
		data: ask(t, "gatehouse.local.", dnsmessage.TypeAAAA, dnsmessage.ClassINET), from: from("192.168.1.9:5353"),
	})
	var m dnsmessage.Message
	if err := m.Unpack(reply); err != nil || len(m.Answers) != 1 || m.Answers[0].Header.Type != typeNSEC {
		t.Fatalf("%+v, %v", m, err)
	}
	got := m.Answers[0].Body.(*dnsmessage.UnknownResource).Data
	want := append([]byte("\x09gatehouse\x05local\x00"), 0, 4, 0x40, 0, 0, 0) // only type 1, A
	if d := cmp.Diff(got, want); d != "" {
		t.Errorf("NSEC (-got +want):\n%s", d)
	}
}

func TestKnownAnswersAndPace(t *testing.T) {
	h, now := newHeld(t)
	now = now.Add(time.Minute)
	q := dnsmessage.Question{Name: dnsmessage.MustNewName("gatehouse.local."), Type: dnsmessage.TypeA, Class: dnsmessage.ClassINET}
	send := func(m dnsmessage.Message) []byte {
		m.Questions = []dnsmessage.Question{q}
		reply, _ := h.heard(now, eth, packet{data: pack(t, m), from: from("192.168.1.9:5353")})
		return reply
	}
	if send(dnsmessage.Message{Answers: []dnsmessage.Resource{a("gatehouse.local.", "192.168.1.5", 100)}}) != nil {
		t.Error("told who knows")
	}
	if send(dnsmessage.Message{Answers: []dnsmessage.Resource{a("gatehouse.local.", "192.168.1.5", 20)}}) == nil {
		t.Error("did not tell who will soon forget")
	}
	now = now.Add(10 * time.Millisecond)
	if send(dnsmessage.Message{}) != nil {
		t.Error("said twice within a second")
	}
	if send(dnsmessage.Message{Authorities: []dnsmessage.Resource{a("gatehouse.local.", "192.168.1.9", 120)}}) == nil {
		t.Error("a probe for our name went unanswered")
	}
	now = now.Add(sameGap)
	if send(dnsmessage.Message{}) == nil {
		t.Error("silent after a second")
	}
}

func TestOnlyThisLink(t *testing.T) {
	for addr, want := range map[string]bool{"192.168.1.77": true, "fe80::77": true, "192.168.2.1": false, "8.8.8.8": false, "2001:db8::1": false} {
		if got := eth.near(netip.MustParseAddr(addr)); got != want {
			t.Errorf("%s near: %v", addr, got)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	good := Options{Name: "gatehouse", Instance: "Elm Street 4", Services: []Service{{Type: "_https._tcp", Port: 443}}}
	if _, err := New(good); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*Options){
		"no name":     func(o *Options) { o.Name = "" },
		"dots":        func(o *Options) { o.Name = "gate.house" },
		"hyphen":      func(o *Options) { o.Name = "-gatehouse" },
		"spaces":      func(o *Options) { o.Name = "gate house" },
		"no instance": func(o *Options) { o.Instance = "" },
		"five":        func(o *Options) { o.Services = services("a", "b", "c", "d", "e") },
		"no tcp":      func(o *Options) { o.Services = []Service{{Type: "_https", Port: 443}} },
		"long text": func(o *Options) {
			o.Services = []Service{{Type: "_https._tcp", Port: 443, Text: []string{strings.Repeat("x", 256)}}}
		},
		"no port": func(o *Options) { o.Services = []Service{{Type: "_https._tcp"}} },
	} {
		o := good
		spoil(&o)
		if _, err := New(o); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func services(kinds ...string) (list []Service) {
	for _, k := range kinds {
		list = append(list, Service{Type: "_" + k + "._tcp", Port: 443})
	}
	return list
}

// A new service is probed for and told; other texts are only told; one that is gone
// is taken back, and the rest stays. What is the same is not told again.
func TestServicesComeAndGo(t *testing.T) {
	h, now := newHeld(t)
	bridge := Service{Type: "_hap._tcp", Port: 51826, Text: []string{"sf=1"}}
	if gone := h.offer(now, append(slices.Clone(offered), bridge)); gone != nil || h.phase != probing {
		t.Fatalf("a new service: gone %v, phase %v, want it to be probed for", gone, h.phase)
	}
	if got := lines(t, h.due(eth)); !slices.Contains(got, "? Elm St 4._hap._tcp.local. TypeALL") {
		t.Errorf("the probe asks %q", got)
	}
	now = settle(h, now)
	bridge.Text = []string{"sf=0"}
	if h.offer(now, append(slices.Clone(offered), bridge)); h.phase != announcing {
		t.Errorf("another text: phase %v, want it to be told", h.phase)
	}
	if got := lines(t, h.due(eth)); !slices.Contains(got, `! Elm St 4._hap._tcp.local. TXT ["sf=0"]`) {
		t.Errorf("told %q", got)
	}
	gone := h.offer(settle(h, now), offered)
	got := lines(t, h.farewell(eth, gone))
	if len(gone) != 1 || len(got) != 4 || !slices.Contains(got, "! _hap._tcp.local. PTR Elm St 4._hap._tcp.local.") {
		t.Errorf("taken back: %q", got)
	}
	if got := lines(t, h.everything(eth).pack()); strings.Contains(strings.Join(got, " "), "_hap") {
		t.Errorf("still told: %q", got)
	}

	a, err := New(Options{Name: "gatehouse", Instance: "Elm St. 4"})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := a.Offer(bridge); err != nil {
			t.Fatal(err)
		}
	}
	if len(a.offered) != 1 || len(a.offers()) != 1 {
		t.Errorf("offered %v", a.offers())
	}
	<-a.offered
	_ = a.Offer(bridge)
	a.Withdraw("_https._tcp")
	if len(a.offered) != 0 {
		t.Error("what is the same is told again")
	}
	if a.Withdraw(bridge.Type); len(a.offered) != 1 || len(a.offers()) != 0 {
		t.Errorf("after it was withdrawn: %v", a.offers())
	}
}

func TestLongNameIsCut(t *testing.T) {
	a, err := New(Options{Name: "gatehouse", Instance: strings.Repeat("ü", 30) + "x", Services: offered})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := a.o.Instance, strings.Repeat("ü", 29); got != want {
		t.Errorf("%q, want %q", got, want)
	}
	h := newHolder("gatehouse", a.o.Instance, offered)
	h.n = mostNames
	if h.everything(eth).pack() == nil {
		t.Error("cannot be packed")
	}
}

func FuzzHeard(f *testing.F) {
	f.Add(ask(f, "gatehouse.local.", dnsmessage.TypeALL, dnsmessage.ClassINET), uint16(5353))
	f.Add(ask(f, "gatehouse.local.", dnsmessage.TypeAAAA, dnsmessage.ClassINET|unicastWish), uint16(40000))
	f.Add(says(f, a("gatehouse.local.", "192.168.1.9", 120)).data, uint16(5353))
	f.Add(pack(f, dnsmessage.Message{
		Questions:   []dnsmessage.Question{{Name: dnsmessage.MustNewName("gatehouse.local."), Type: dnsmessage.TypeALL, Class: dnsmessage.ClassINET}},
		Authorities: []dnsmessage.Resource{a("gatehouse.local.", "192.168.1.9", 120)},
	}), uint16(5353))
	f.Add(ask(f, "_https._tcp.local.", dnsmessage.TypePTR, dnsmessage.ClassINET), uint16(5353))
	f.Add(ask(f, "elm st 4._https._tcp.local.", dnsmessage.TypeALL, dnsmessage.ClassANY), uint16(40000))
	f.Add([]byte{0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0xc0, 0x0c}, uint16(5353))
	f.Fuzz(func(t *testing.T, b []byte, p uint16) {
		for _, ph := range []phase{probing, held} {
			h := newHolder("gatehouse", "Elm St. 4", offered)
			h.begin(start, addresses([]link{eth}))
			h.phase = ph
			reply, _ := h.heard(start, eth, packet{data: b, from: netip.AddrPortFrom(netip.MustParseAddr("192.168.1.9"), p)})
			if len(reply) > 4096 {
				t.Errorf("%d bytes answer %d", len(reply), len(b))
			}
			if reply != nil {
				lines(t, reply)
			}
			if h.n < 1 || h.n > mostNames {
				t.Errorf("name %d", h.n)
			}
		}
	})
}
