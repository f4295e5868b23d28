// Package mdns announces the hub in the house: the name gatehouse.local, and
// the services behind it, to whoever asks on the LAN (RFC 6762, RFC 6763).
//
// It speaks on the interfaces that it was given and on no other, and answers
// only who is on the same link. When another box holds the name already, the
// hub takes gatehouse-2.local and says so, so that the owner hears of it. It
// looks at the interfaces every few seconds and announces itself anew when
// cables, addresses or Wi-Fi come and go.
//
// It is a small responder of its own. The zeroconf module serves its tests as
// the other side: it never answers for a host name, does not look whether one
// is taken, and cannot be shut down without a data race.
package mdns

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"
)

// Options say what is announced where.
type Options struct {
	Name       string    // host name without .local: "gatehouse"
	Instance   string    // what people see in a list: the home's name; cut at 59 bytes
	Services   []Service // at first; see Offer
	Interfaces []string  // by name; none: every interface that is up, has an address and is no loopback
	// OnName is told the name in use, with .local and without a dot at the
	// end, whenever it changes; taken tells that it is not the one asked for.
	// It must not block.
	OnName func(name string, taken bool)
	Log    *slog.Logger // nil for none
}

// Service is one thing that the hub offers.
type Service struct {
	Type string // "_https._tcp"
	Port int
	Text []string // "key=value": told to everybody on the LAN
}

// Announcer announces the hub. New makes one.
type Announcer struct {
	o   Options
	log *slog.Logger

	mu       sync.Mutex
	services []Service
	offered  chan struct{} // services have changed
}

const (
	lookEvery  = 5 * time.Second // at the interfaces
	retryAfter = 5 * time.Second // when no socket could be had
	port       = 5353

	mostInstance = 59 // bytes: with " (5)", a label of 63 (RFC 6763 §4.1.1)
)

// New checks the options. Nothing is sent before Run.
func New(o Options) (*Announcer, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	o.Name = strings.ToLower(strings.TrimSuffix(o.Name, ".local"))
	if !label(o.Name) {
		return nil, fmt.Errorf("mdns: %q is no host name: use letters, digits and hyphens, 1 to 60 of them", o.Name)
	}
	o.Instance = short(o.Instance)
	if strings.Trim(o.Instance, ". ") == "" {
		return nil, fmt.Errorf("mdns: %q cannot be announced: give the home a name", o.Instance)
	}
	a := &Announcer{o: o, log: o.Log, offered: make(chan struct{}, 1)}
	for _, s := range o.Services {
		if err := a.Offer(s); err != nil {
			return nil, err
		}
	}
	return a, nil
}

// mostServices bounds what is announced, so that it fits into a packet.
const mostServices = 4

// Offer announces a service from now on, or with another port or other texts.
func (a *Announcer) Offer(s Service) error {
	if err := s.check(); err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	list := slices.Clone(a.services)
	switch i := slices.IndexFunc(list, func(o Service) bool { return o.Type == s.Type }); {
	case i >= 0 && list[i].equal(s):
		return nil
	case i >= 0:
		list[i] = s
	case len(list) == mostServices:
		return fmt.Errorf("mdns: %d services are announced, and there is no room for %s", mostServices, s.Type)
	default:
		list = append(list, s)
	}
	a.change(list)
	return nil
}

// Withdraw takes a service back. One that is not announced is no error.
func (a *Announcer) Withdraw(kind string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	list := slices.DeleteFunc(slices.Clone(a.services), func(s Service) bool { return s.Type == kind })
	if len(list) < len(a.services) {
		a.change(list)
	}
}

// change puts another list in the place of the old one, which is never changed.
func (a *Announcer) change(list []Service) {
	a.services = list
	select {
	case a.offered <- struct{}{}:
	default:
	}
}

func (a *Announcer) offers() []Service {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.services
}

func (s Service) equal(o Service) bool {
	return s.Type == o.Type && s.Port == o.Port && slices.Equal(s.Text, o.Text)
}

func (s Service) check() error {
	proto, ok := strings.CutPrefix(s.Type, "_")
	proto, ok2 := strings.CutSuffix(proto, "._tcp")
	if !ok || !ok2 || !label(proto) || len(proto) > 15 || s.Port < 1 || s.Port > 65535 {
		return fmt.Errorf("mdns: service %q on port %d cannot be: want a type such as _https._tcp", s.Type, s.Port)
	}
	size := 0
	for _, x := range s.Text {
		size += 1 + len(x)
		if len(x) > 255 || size > 400 {
			return fmt.Errorf("mdns: the texts of %s are too long (RFC 6763 §6.2)", s.Type)
		}
	}
	return nil
}

// short cuts a home's name to what fits into a list.
func short(s string) string {
	return strings.ToValidUTF8(s[:min(len(s), mostInstance)], "") // half a character at the end goes too
}

func label(s string) bool {
	if s == "" || len(s) > 60 || s[0] == '-' || s[len(s)-1] == '-' {
		return false
	}
	return strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

// Run announces until ctx ends, then says goodbye.
func (a *Announcer) Run(ctx context.Context) error {
	h := newHolder(a.o.Name, a.o.Instance, a.offers())
	waiting := false
	for {
		links := a.links()
		if len(links) > 0 {
			waiting = false
			if err := a.announce(ctx, h, links); err != nil && ctx.Err() == nil {
				a.log.Warn("mdns failed, trying again", "err", err)
			}
		} else if !waiting {
			waiting = true
			a.log.Info("mdns waits for an interface", "interfaces", a.o.Interfaces)
		}
		t := time.NewTimer(retryAfter)
		select {
		case <-t.C:
		case <-ctx.Done():
			t.Stop()
			return ctx.Err()
		}
	}
}

// announce runs on one set of links until they change, ctx ends or the sockets
// fail.
func (a *Announcer) announce(ctx context.Context, h *holder, links []link) error {
	c, err := listen(links)
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	heard := make(chan packet, 32)
	done, failed := c.readers(ctx, heard)
	defer func() { stop(); c.close(); <-done }()

	h.services = a.offers()
	h.begin(time.Now(), addresses(links))
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	due := time.NewTimer(0)
	defer due.Stop()
	told := ""
	for {
		select {
		case <-ctx.Done():
			if _, ok := h.holding(); ok {
				c.sendAll(links, func(l link) []byte { return h.goodbye(l) })
			}
			return ctx.Err()
		case err := <-failed:
			return err
		case <-look.C:
			if now := a.links(); !slices.EqualFunc(now, links, link.equal) {
				a.log.Info("interfaces have changed, announcing anew")
				return nil
			}
		case <-a.offered:
			if gone := h.offer(time.Now(), a.offers()); len(gone) > 0 {
				c.sendAll(links, func(l link) []byte { return h.farewell(l, gone) })
			}
		case p := <-heard:
			i := slices.IndexFunc(links, func(l link) bool { return l.index == p.index })
			if i < 0 || !links[i].near(p.from.Addr()) {
				break
			}
			reply, toAll := h.heard(time.Now(), links[i], p)
			c.send(links[i], p, reply, toAll)
		case <-due.C:
			for _, l := range links {
				c.send(l, packet{}, h.due(l), true)
			}
			h.sent(time.Now())
		}
		if name, ok := h.holding(); ok && name != told {
			told = name
			taken := name != h.base+".local"
			if taken {
				a.log.Warn("host name is taken by another box", "name", h.base+".local", "using", name)
			}
			if a.o.OnName != nil {
				a.o.OnName(name, taken)
			}
		}
		due.Reset(time.Until(h.next))
	}
}

// link is an interface with the addresses that it has.
type link struct {
	iface    net.Interface
	index    int
	prefixes []netip.Prefix
}

func (l link) equal(m link) bool { return l.index == m.index && slices.Equal(l.prefixes, m.prefixes) }

func (l link) loopback() bool { return l.iface.Flags&net.FlagLoopback != 0 }

// addrs are the addresses that the hub is found at over this link. Link-local
// ones of IPv6 need a zone to be used, and are told only when there is nothing
// better.
func (l link) addrs() []netip.Addr {
	var good, poor []netip.Addr
	for _, p := range l.prefixes {
		if a := p.Addr(); a.Is6() && a.IsLinkLocalUnicast() {
			poor = append(poor, a)
		} else {
			good = append(good, a)
		}
	}
	if len(good) > 0 {
		return good
	}
	return poor
}

// near tells whether a sender is on this link (RFC 6762 §11). What comes in
// over the loopback comes from this box, under any of its addresses.
func (l link) near(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	return l.loopback() || a.IsLinkLocalUnicast() ||
		slices.ContainsFunc(l.prefixes, func(p netip.Prefix) bool { return p.Contains(a) })
}

// links looks at the interfaces.
func (a *Announcer) links() []link {
	all, err := net.Interfaces()
	if err != nil {
		a.log.Warn("interfaces not readable", "err", err)
		return nil
	}
	var links []link
	for _, i := range all {
		wanted := i.Flags&(net.FlagLoopback|net.FlagPointToPoint) == 0 && i.Flags&net.FlagMulticast != 0
		if len(a.o.Interfaces) > 0 {
			wanted = slices.Contains(a.o.Interfaces, i.Name)
		}
		if !wanted || i.Flags&net.FlagUp == 0 {
			continue
		}
		l := link{iface: i, index: i.Index}
		addrs, _ := i.Addrs()
		for _, x := range addrs {
			if p, err := netip.ParsePrefix(x.String()); err == nil {
				l.prefixes = append(l.prefixes, p)
			}
		}
		slices.SortFunc(l.prefixes, func(x, y netip.Prefix) int { return x.Addr().Compare(y.Addr()) })
		if len(l.prefixes) > 0 {
			links = append(links, l)
		}
	}
	return links
}

func addresses(links []link) (list []netip.Addr) {
	for _, l := range links {
		for _, p := range l.prefixes {
			list = append(list, p.Addr())
		}
	}
	return list
}
