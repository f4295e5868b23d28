package mdns

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/dns/dnsmessage"
)

// Lives of records (RFC 6762 §10), in seconds: short for what hangs on an
// address, long for the rest.
const (
	hostTTL    = 120
	serviceTTL = 4500
	legacyTTL  = 10 // at most, for an ordinary resolver (§6.7)
)

const (
	cacheFlush  = 1 << 15 // top bit of a record's class: nobody else has this one (§10.2)
	unicastWish = 1 << 15 // top bit of a question's class (§5.4)

	typeNSEC dnsmessage.Type = 47

	enumeration = "_services._dns-sd._udp.local" // RFC 6763 §9
)

// message is one in the making.
type message struct{ m dnsmessage.Message }

func (a message) pack() []byte {
	b, err := a.m.Pack()
	if err != nil {
		return nil // New has checked every length
	}
	return b
}

// plain makes it fit for an ordinary resolver, which knows neither the
// cache-flush bit nor long lives of what may change.
func (a message) plain() message {
	for _, rs := range [][]dnsmessage.Resource{a.m.Answers, a.m.Additionals} {
		for i := range rs {
			rs[i].Header.Class &^= cacheFlush
			rs[i].Header.TTL = min(rs[i].Header.TTL, legacyTTL)
		}
	}
	return a
}

func record(name string, ttl uint32, unique bool, body dnsmessage.ResourceBody) dnsmessage.Resource {
	n, _ := dnsmessage.NewName(name + ".")
	h := dnsmessage.ResourceHeader{Name: n, Class: dnsmessage.ClassINET, TTL: ttl}
	switch b := body.(type) {
	case *dnsmessage.AResource:
		h.Type = dnsmessage.TypeA
	case *dnsmessage.AAAAResource:
		h.Type = dnsmessage.TypeAAAA
	case *dnsmessage.PTRResource:
		h.Type = dnsmessage.TypePTR
	case *dnsmessage.SRVResource:
		h.Type = dnsmessage.TypeSRV
	case *dnsmessage.TXTResource:
		h.Type = dnsmessage.TypeTXT
	case *dnsmessage.UnknownResource:
		h.Type = b.Type
	}
	if unique {
		h.Class |= cacheFlush
	}
	return dnsmessage.Resource{Header: h, Body: body}
}

// addresses are the records of the hub's addresses over a link.
func (h *holder) addresses(l link) (list []dnsmessage.Resource) {
	for _, ip := range l.addrs() {
		if ip.Is4() {
			list = append(list, record(h.host(), hostTTL, true, &dnsmessage.AResource{A: ip.As4()}))
		} else {
			list = append(list, record(h.host(), hostTTL, true, &dnsmessage.AAAAResource{AAAA: ip.As16()}))
		}
	}
	return list
}

// instance is the name of a service of this home.
func (h *holder) instance(s Service) string {
	name := h.home
	if h.n > 1 {
		name += " (" + strconv.Itoa(h.n) + ")"
	}
	return name + "." + s.Type + ".local"
}

func (h *holder) srv(s Service) dnsmessage.Resource {
	target, _ := dnsmessage.NewName(h.host() + ".")
	return record(h.instance(s), hostTTL, true, &dnsmessage.SRVResource{Port: uint16(s.Port), Target: target})
}

func (h *holder) txt(s Service) dnsmessage.Resource {
	text := s.Text
	if len(text) == 0 {
		text = []string{""} // RFC 6763 §6.1: one empty string, never none
	}
	return record(h.instance(s), serviceTTL, true, &dnsmessage.TXTResource{TXT: text})
}

func (h *holder) ptr(s Service) dnsmessage.Resource {
	to, _ := dnsmessage.NewName(h.instance(s) + ".")
	return record(s.Type+".local", serviceTTL, false, &dnsmessage.PTRResource{PTR: to})
}

func (h *holder) kind(s Service) dnsmessage.Resource {
	to, _ := dnsmessage.NewName(s.Type + ".local.")
	return record(enumeration, serviceTTL, false, &dnsmessage.PTRResource{PTR: to})
}

// everything is what the hub announces on a link.
func (h *holder) everything(l link) message {
	a := message{m: dnsmessage.Message{Header: dnsmessage.Header{Response: true, Authoritative: true}}}
	a.m.Answers = h.addresses(l)
	for _, s := range h.services {
		a.m.Answers = append(a.m.Answers, h.srv(s), h.txt(s), h.ptr(s), h.kind(s))
	}
	return a
}

// reply is what a question gets on a link, without answers if it is not for
// us.
func (h *holder) reply(l link, q dnsmessage.Question) message {
	a := message{m: dnsmessage.Message{Header: dnsmessage.Header{Response: true, Authoritative: true}}}
	name := strings.TrimSuffix(q.Name.String(), ".")
	wants := func(t dnsmessage.Type) bool { return q.Type == t || q.Type == dnsmessage.TypeALL }
	answer := func(r dnsmessage.Resource) {
		if wants(r.Header.Type) {
			a.m.Answers = append(a.m.Answers, r)
		} else {
			a.m.Additionals = append(a.m.Additionals, r)
		}
	}
	switch {
	case strings.EqualFold(name, h.host()):
		if q.Type != dnsmessage.TypeA && q.Type != dnsmessage.TypeAAAA && q.Type != dnsmessage.TypeALL {
			break
		}
		for _, r := range h.addresses(l) {
			answer(r) // §6.2: the other family comes along
		}
		// Of a family that there is none of, say so (§6.1): a phone waits five
		// seconds for an address of IPv6 before it takes the other.
		if none, ok := h.only(l); ok {
			if len(a.m.Answers) == 0 {
				a.m.Answers = append(a.m.Answers, none)
			} else {
				a.m.Additionals = append(a.m.Additionals, none)
			}
		}
	case strings.EqualFold(name, enumeration) && wants(dnsmessage.TypePTR):
		for _, s := range h.services {
			answer(h.kind(s))
		}
	default:
		for _, s := range h.services {
			switch {
			case strings.EqualFold(name, s.Type+".local") && wants(dnsmessage.TypePTR):
				answer(h.ptr(s))
				a.m.Additionals = append(a.m.Additionals, h.srv(s), h.txt(s))
			case strings.EqualFold(name, h.instance(s)) && (wants(dnsmessage.TypeSRV) || wants(dnsmessage.TypeTXT)):
				answer(h.srv(s))
				answer(h.txt(s))
			default:
				continue
			}
			a.m.Additionals = append(a.m.Additionals, h.addresses(l)...)
			return a
		}
	}
	return a
}

// only says which one family of addresses the hub has on a link, if it has
// but one (NSEC: RFC 4034 §4.1, in the form of RFC 6762 §6.1: the name itself,
// and one window of types).
func (h *holder) only(l link) (dnsmessage.Resource, bool) {
	bits := make([]byte, 4) // types 0 to 31
	has := map[dnsmessage.Type]bool{}
	for _, r := range h.addresses(l) {
		has[r.Header.Type] = true
		bits[r.Header.Type/8] |= 0x80 >> (r.Header.Type % 8)
	}
	var b []byte
	for part := range strings.SplitSeq(h.host(), ".") {
		b = append(append(b, byte(len(part))), part...)
	}
	b = append(append(b, 0, 0, byte(len(bits))), bits...)
	return record(h.host(), hostTTL, true, &dnsmessage.UnknownResource{Type: typeNSEC, Data: b}), len(has) == 1
}

// add takes b's records in, each once.
func (a *message) add(b message) {
	has := func(list []dnsmessage.Resource, r dnsmessage.Resource) bool {
		return slices.ContainsFunc(list, func(x dnsmessage.Resource) bool { return same(x, r) })
	}
	for _, r := range b.m.Answers {
		if !has(a.m.Answers, r) {
			a.m.Answers = append(a.m.Answers, r)
		}
	}
	list := slices.Concat(a.m.Additionals, b.m.Additionals)
	a.m.Additionals = nil
	for _, r := range list {
		if !has(a.m.Answers, r) && !has(a.m.Additionals, r) {
			a.m.Additionals = append(a.m.Additionals, r)
		}
	}
}

// known tells whether all answers are known to who asks, for half of their
// life at least (§7.1).
func (a message) known(theirs []dnsmessage.Resource) bool {
	for _, r := range a.m.Answers {
		found := false
		for _, k := range theirs {
			// Text and port of somebody's old memory are not looked at: told again.
			found = found || (same(r, k) && (r.Header.Type == dnsmessage.TypePTR || isAddr(r)) && k.Header.TTL >= r.Header.TTL/2)
		}
		if !found {
			return false
		}
	}
	return len(a.m.Answers) > 0
}

// same tells whether two records say the same. Of what the hub has but one of,
// a name and a type are enough.
func same(a, b dnsmessage.Resource) bool {
	if !strings.EqualFold(a.Header.Name.String(), b.Header.Name.String()) || a.Header.Type != b.Header.Type {
		return false
	}
	if x, ok := addrOf(a); ok {
		y, _ := addrOf(b)
		return x == y
	}
	x, ok := a.Body.(*dnsmessage.PTRResource)
	if !ok {
		return true
	}
	y, ok := b.Body.(*dnsmessage.PTRResource)
	return ok && strings.EqualFold(x.PTR.String(), y.PTR.String())
}

func isAddr(r dnsmessage.Resource) bool {
	_, ok := addrOf(r)
	return ok
}

func addrOf(r dnsmessage.Resource) (netip.Addr, bool) {
	switch b := r.Body.(type) {
	case *dnsmessage.AResource:
		return netip.AddrFrom4(b.A), true
	case *dnsmessage.AAAAResource:
		return netip.AddrFrom16(b.AAAA), true
	default:
		return netip.Addr{}, false
	}
}
