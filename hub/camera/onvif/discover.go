package onvif

import (
	"cmp"
	"context"
	"encoding/xml"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/net/ipv4"
)

// Found is a camera that answered whoever looks for cameras. What it says is not
// proven: anybody on the LAN can say so.
type Found struct {
	At      netip.AddrPort // where it answered from, and the port of its services
	Address string         // of its services, there
	Name    string
	Model   string
}

// findTime is how long cameras may take to answer: they wait up to half a second by
// themselves (SOAP-over-UDP 1.1, APP_MAX_DELAY), and a packet may be lost.
const (
	findTime  = 3 * time.Second
	findAgain = 700 * time.Millisecond // the question is put twice
	mostFound = 64
)

// group is where cameras listen for whoever looks for them (WS-Discovery 1.1 §2.4).
var group = &net.UDPAddr{IP: net.IPv4(239, 255, 255, 250), Port: 3702}

// Find asks on interfaces which cameras are there. Without any, it is every interface
// that is up, has an address and is no loopback.
func Find(ctx context.Context, interfaces []string) ([]Found, error) {
	links, err := linksOf(interfaces)
	if err != nil {
		return nil, err
	}
	var mu sync.Mutex
	var found []Found
	var asking sync.WaitGroup
	errs := make([]error, len(links))
	for i, l := range links {
		asking.Go(func() {
			errs[i] = l.ask(ctx, func(f Found) {
				mu.Lock()
				defer mu.Unlock()
				known := slices.ContainsFunc(found, func(o Found) bool { return o.Address == f.Address })
				if !known && len(found) < mostFound {
					found = append(found, f)
				}
			})
		})
	}
	asking.Wait()
	slices.SortFunc(found, func(a, b Found) int { return cmp.Compare(a.Address, b.Address) })
	for _, err := range errs {
		if err != nil && len(found) == 0 {
			return nil, err
		}
	}
	return found, nil
}

// link is an interface, with one of its addresses and all that are near it.
type link struct {
	iface net.Interface
	own   netip.Addr
	near  []netip.Prefix
}

func linksOf(names []string) (links []link, err error) {
	all, err := net.Interfaces()
	if err != nil {
		return nil, fmt.Errorf("look for cameras: %w", err)
	}
	for _, i := range all {
		wanted := i.Flags&(net.FlagLoopback|net.FlagPointToPoint) == 0 && i.Flags&net.FlagMulticast != 0
		if len(names) > 0 {
			wanted = slices.Contains(names, i.Name)
		}
		if !wanted || i.Flags&net.FlagUp == 0 {
			continue
		}
		l := link{iface: i}
		addrs, _ := i.Addrs()
		for _, a := range addrs {
			if p, err := netip.ParsePrefix(a.String()); err == nil && p.Addr().Is4() {
				l.near = append(l.near, p)
			}
		}
		if len(l.near) > 0 {
			l.own = l.near[0].Addr()
			links = append(links, l)
		}
	}
	if len(links) == 0 {
		return nil, fmt.Errorf("look for cameras: no network with an IPv4 address is up")
	}
	return links, nil
}

// ask puts the question on one link, and tells of those there who answer.
func (l link) ask(ctx context.Context, tell func(Found)) error {
	var lc net.ListenConfig
	conn, err := lc.ListenPacket(ctx, "udp4", netip.AddrPortFrom(l.own, 0).String())
	if err != nil {
		return fmt.Errorf("look for cameras: %w", err)
	}
	defer func() { _ = conn.Close() }() // nothing is lost with it
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	p := ipv4.NewPacketConn(conn)
	_ = p.SetMulticastTTL(1)
	if err := p.SetMulticastInterface(&l.iface); err != nil {
		return fmt.Errorf("look for cameras: %s: %w", l.iface.Name, err)
	}
	id := "urn:uuid:" + uuid()
	began := time.Now()
	buf := make([]byte, 1<<16)
	for _, until := range []time.Duration{findAgain, findTime} {
		if _, err := conn.WriteTo(probe(id), group); err != nil {
			return fmt.Errorf("look for cameras: %s: %w", l.iface.Name, err)
		}
		_ = conn.SetReadDeadline(began.Add(until))
		for ctx.Err() == nil {
			n, from, err := conn.ReadFrom(buf)
			if err != nil {
				break // the time is up
			}
			u, ok := from.(*net.UDPAddr)
			if !ok {
				continue
			}
			at := u.AddrPort().Addr().Unmap()
			if !slices.ContainsFunc(l.near, func(p netip.Prefix) bool { return p.Contains(at) }) {
				continue // nobody of this link
			}
			for _, f := range parseMatches(buf[:n], id, at) {
				tell(f)
			}
		}
	}
	return ctx.Err()
}

// probe is the question (WS-Discovery 1.1 §5.2, in the version that ONVIF Core §7
// uses).
func probe(id string) []byte {
	return []byte(`<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing"><s:Header><a:Action s:mustUnderstand="1">http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe</a:Action><a:MessageID>` + id + `</a:MessageID><a:To s:mustUnderstand="1">urn:schemas-xmlsoap-org:ws:2005:04:discovery</a:To></s:Header><s:Body><d:Probe xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery"><d:Types xmlns:dn="http://www.onvif.org/ver10/network/wsdl">dn:NetworkVideoTransmitter</d:Types></d:Probe></s:Body></s:Envelope>`)
}

// parseMatches reads an answer to the question with that id, from an address.
func parseMatches(b []byte, id string, from netip.Addr) (list []Found) {
	var in struct {
		Header struct{ RelatesTo string }
		Body   struct {
			ProbeMatches struct {
				ProbeMatch []struct{ Scopes, XAddrs string }
			}
		}
	}
	if bounded(b) != nil || xml.Unmarshal(b, &in) != nil || strings.TrimSpace(in.Header.RelatesTo) != id {
		return nil
	}
	for _, m := range in.Body.ProbeMatches.ProbeMatch {
		if len(list) == mostFound {
			break
		}
		if u, port := serviceOf(m.XAddrs, from); u != nil {
			list = append(list, Found{At: netip.AddrPortFrom(from, port), Address: u.String(), Name: scope(m.Scopes, "name"), Model: scope(m.Scopes, "hardware")})
		}
	}
	return list
}

// serviceOf is the best address that can be used, brought to where the answer came
// from: one that leads there by itself if there is any, and of those one in TLS.
func serviceOf(addresses string, from netip.Addr) (best *url.URL, port uint16) {
	top := 0
	for s := range strings.FieldsSeq(addresses) {
		u, err := url.Parse(s)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || len(s) > 500 {
			continue
		}
		rank := 1
		if u.Hostname() == from.String() {
			rank += 2
		}
		if u.Scheme == "https" {
			rank++
		}
		p, err := strconv.ParseUint(hostPort(u).port, 10, 16)
		if err != nil || rank <= top {
			continue
		}
		top, port = rank, uint16(p)
		best = &url.URL{Scheme: u.Scheme, Host: from.String(), Path: u.Path}
		if hostPort(best).port != hostPort(u).port {
			best.Host = netip.AddrPortFrom(from, port).String()
		}
	}
	return best, port
}

// scope is what a camera says of itself (ONVIF Core §7.3.3.2).
func scope(scopes, kind string) string {
	for s := range strings.FieldsSeq(scopes) {
		if rest, ok := strings.CutPrefix(s, "onvif://www.onvif.org/"+kind+"/"); ok {
			if plain, err := url.PathUnescape(rest); err == nil {
				rest = plain
			}
			return words(rest)
		}
	}
	return ""
}
