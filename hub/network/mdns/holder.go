package mdns

import (
	"bytes"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// Figures of RFC 6762.
const (
	probes      = 3                      // §8.1
	probeGap    = 250 * time.Millisecond // §8.1
	yieldFor    = time.Second            // §8.2: who loses a tie waits
	announces   = 2                      // §8.3
	announceGap = time.Second            // §8.3
	sameGap     = time.Second            // §6: a record goes out at most once a second

	mostNames = 5           // gatehouse-2 … gatehouse-5: the certificate knows no more
	giveUpFor = time.Minute // when all of them are taken
)

type phase int

const (
	probing phase = iota
	announcing
	held
)

// holder takes and keeps a host name, and tells of the services behind it. It
// is told the time and what was heard, and says what to send; it does no I/O.
type holder struct {
	base     string // asked for
	home     string // what the services are called
	services []Service

	n     int // 1: base itself, 2: base-2 …
	phase phase
	done  int       // probes or announcements that went out in this phase
	next  time.Time // when due wants to be called
	ours  []netip.Addr
	spoke map[said]time.Time
}

// said is an answer that went out to everybody on a link.
type said struct {
	link int
	name string
	typ  dnsmessage.Type
}

func newHolder(base, home string, services []Service) *holder {
	// A label cannot hold a dot in the form that names have here.
	return &holder{base: base, home: strings.ReplaceAll(home, ".", ""), services: services, n: 1}
}

// begin probes anew, for a set of addresses.
func (h *holder) begin(now time.Time, ours []netip.Addr) {
	h.ours, h.spoke = ours, map[said]time.Time{}
	h.probe(now)
}

// offer takes another list of services, and returns those that are gone. A new
// one's name is probed for like the host's; other texts are only told.
func (h *holder) offer(now time.Time, list []Service) (gone []Service) {
	fresh := false
	for _, s := range list {
		fresh = fresh || !slices.ContainsFunc(h.services, func(o Service) bool { return o.Type == s.Type })
	}
	for _, s := range h.services {
		if !slices.ContainsFunc(list, func(o Service) bool { return o.Type == s.Type }) {
			gone = append(gone, s)
		}
	}
	h.services, h.spoke = list, map[said]time.Time{}
	switch {
	case h.phase == probing: // goes on, with the new list
	case fresh:
		h.probe(now)
	default:
		h.phase, h.done, h.next = announcing, 0, now
	}
	return gone
}

func (h *holder) probe(now time.Time) { h.phase, h.done, h.next = probing, 0, now }

// host is the name that is wanted now.
func (h *holder) host() string {
	if h.n == 1 {
		return h.base + ".local"
	}
	return h.base + "-" + strconv.Itoa(h.n) + ".local"
}

func (h *holder) holding() (name string, ok bool) { return h.host(), h.phase != probing }

// due is what is to be sent on a link now, nil for nothing.
func (h *holder) due(l link) []byte {
	switch h.phase {
	case probing:
		if h.done == probes {
			return nil // the last one is being waited for
		}
		return h.probeMessage(l)
	case announcing:
		return h.everything(l).pack()
	default:
		return nil
	}
}

// sent notes that what was due went out on all links.
func (h *holder) sent(now time.Time) {
	h.done++
	switch {
	case h.phase == probing && h.done <= probes:
		h.next = now.Add(probeGap)
	case h.phase == probing:
		h.phase, h.done, h.next = announcing, 0, now
	case h.phase == announcing && h.done < announces:
		h.next = now.Add(announceGap)
	default:
		h.phase, h.next = held, now.Add(time.Hour)
	}
}

// heard takes a packet and returns the answer to it, nil for none, and whether
// it goes to everybody.
func (h *holder) heard(now time.Time, l link, p packet) (reply []byte, toAll bool) {
	var m dnsmessage.Message
	if m.Unpack(p.data) != nil || m.OpCode != 0 || m.RCode != 0 {
		return nil, false // §18.3, §18.11; garbled: nobody's business
	}
	if m.Response {
		if slices.ContainsFunc(slices.Concat(m.Answers, m.Additionals), h.conflicts) {
			h.lose(now)
		}
		return nil, false
	}
	if h.phase == probing {
		if h.losesTie(m) {
			h.done, h.next = 0, now.Add(yieldFor)
		}
		return nil, false
	}
	return h.answer(now, l, p, m)
}

// conflicts tells whether a record gives a name of ours to somebody else.
func (h *holder) conflicts(r dnsmessage.Resource) bool {
	if r.Header.TTL == 0 {
		return false
	}
	name := strings.TrimSuffix(r.Header.Name.String(), ".")
	if a, ok := addrOf(r); ok {
		return strings.EqualFold(name, h.host()) && !slices.Contains(h.ours, a)
	}
	srv, ok := r.Body.(*dnsmessage.SRVResource)
	return ok && !strings.EqualFold(srv.Target.String(), h.host()+".") &&
		slices.ContainsFunc(h.services, func(s Service) bool { return strings.EqualFold(name, h.instance(s)) })
}

// lose takes the next name while probing; a name that was held is probed for
// again first, for the other may be gone (§9).
func (h *holder) lose(now time.Time) {
	if h.phase != probing {
		h.probe(now)
		return
	}
	h.probe(now)
	if h.n++; h.n > mostNames {
		h.n, h.next = 1, now.Add(giveUpFor)
	}
}

// losesTie tells whether another box probes for the same name at the same
// time, and wins: the records that sort later win (§8.2).
func (h *holder) losesTie(m dnsmessage.Message) bool {
	var theirs [][]byte
	for _, r := range m.Authorities {
		if a, ok := addrOf(r); ok && strings.EqualFold(r.Header.Name.String(), h.host()+".") {
			if slices.Contains(h.ours, a) {
				return false // our own probe, come back
			}
			theirs = append(theirs, order(a))
		}
	}
	if len(theirs) == 0 {
		return false
	}
	var mine [][]byte
	for _, a := range h.ours {
		mine = append(mine, order(a))
	}
	slices.SortFunc(theirs, bytes.Compare)
	slices.SortFunc(mine, bytes.Compare)
	return slices.CompareFunc(mine, theirs, bytes.Compare) < 0
}

// order is how records are compared: by type, then by data.
func order(a netip.Addr) []byte {
	if a.Is4() {
		return append([]byte{0, byte(dnsmessage.TypeA)}, a.AsSlice()...)
	}
	return append([]byte{0, byte(dnsmessage.TypeAAAA)}, a.AsSlice()...)
}

// answer is what the questions of a packet get.
func (h *holder) answer(now time.Time, l link, p packet, m dnsmessage.Message) (reply []byte, toAll bool) {
	legacy := p.from.Port() != port // §6.7: an ordinary resolver
	all := message{m: dnsmessage.Message{Header: dnsmessage.Header{Response: true, Authoritative: true}}}
	for _, q := range m.Questions[:min(len(m.Questions), mostQuestions)] {
		class := q.Class &^ unicastWish
		if class != dnsmessage.ClassINET && class != dnsmessage.ClassANY {
			continue
		}
		a := h.reply(l, q)
		if len(a.m.Answers) == 0 {
			continue
		}
		if legacy {
			a = a.plain()
			a.m.ID, a.m.Questions = m.ID, []dnsmessage.Question{q}
			return a.pack(), false
		}
		if a.known(m.Answers) {
			continue
		}
		if q.Class&unicastWish == 0 {
			// A probe for our name is answered whatever was said lately.
			k := said{l.index, strings.ToLower(q.Name.String()), q.Type}
			if last := h.spoke[k]; len(m.Authorities) == 0 && now.Sub(last) < sameGap && now.After(last) {
				continue
			}
			if len(h.spoke) > mostSaid {
				clear(h.spoke)
			}
			h.spoke[k] = now
			toAll = true
		}
		all.add(a)
	}
	if len(all.m.Answers) == 0 {
		return nil, false
	}
	return all.pack(), toAll
}

// Bounds against who asks too much.
const (
	mostQuestions = 8 // of one packet
	mostSaid      = 256
)

// probeMessage asks whether anybody has our names, and says what for (§8.1).
func (h *holder) probeMessage(l link) []byte {
	var m dnsmessage.Message
	m.Authorities = h.addresses(l)
	names := []string{h.host()}
	for _, s := range h.services {
		m.Authorities = append(m.Authorities, h.srv(s))
		names = append(names, h.instance(s))
	}
	for _, name := range names {
		n, _ := dnsmessage.NewName(name + ".")
		m.Questions = append(m.Questions, dnsmessage.Question{Name: n, Type: dnsmessage.TypeALL, Class: dnsmessage.ClassINET | unicastWish})
	}
	for i := range m.Authorities {
		m.Authorities[i].Header.Class &^= cacheFlush // §10.2
	}
	return message{m}.pack()
}

// goodbye takes everything back (§10.1).
func (h *holder) goodbye(l link) []byte { return h.everything(l).over() }

// farewell takes services back.
func (h *holder) farewell(l link, gone []Service) []byte {
	a := message{m: dnsmessage.Message{Header: dnsmessage.Header{Response: true, Authoritative: true}}}
	for _, s := range gone {
		a.m.Answers = append(a.m.Answers, h.srv(s), h.txt(s), h.ptr(s), h.kind(s))
	}
	return a.over()
}

// over says that nothing of it holds any more.
func (a message) over() []byte {
	for i := range a.m.Answers {
		a.m.Answers[i].Header.TTL = 0
	}
	return a.pack()
}
