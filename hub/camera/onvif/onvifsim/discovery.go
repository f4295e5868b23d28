package onvifsim

import (
	"encoding/xml"
	"fmt"
	"net"
	"net/url"
	"strings"

	"golang.org/x/net/ipv4"
)

// group is where cameras listen for whoever looks for them (WS-Discovery 1.1 §2.4).
var group = &net.UDPAddr{IP: net.IPv4(239, 255, 255, 250), Port: 3702}

// beFound listens for whoever looks for cameras.
func (d *Device) beFound() (*net.UDPConn, error) {
	iface, err := net.InterfaceByName(d.o.Interface)
	if err != nil {
		return nil, fmt.Errorf("onvifsim: %w", err)
	}
	conn, err := net.ListenUDP("udp4", group) // a group's address makes several share the port
	if err != nil {
		return nil, fmt.Errorf("onvifsim: %w", err)
	}
	if err := ipv4.NewPacketConn(conn).JoinGroup(iface, group); err != nil {
		_ = conn.Close()
		return nil, fmt.Errorf("onvifsim: %w", err)
	}
	return conn, nil
}

// answerProbes answers until the socket is closed.
func (d *Device) answerProbes(conn *net.UDPConn) {
	buf := make([]byte, 1<<16)
	for {
		n, from, err := conn.ReadFromUDP(buf)
		if err != nil {
			return
		}
		var probe struct {
			Header struct{ MessageID string }
			Body   struct {
				Probe *struct{ Types string }
			}
		}
		if xml.Unmarshal(buf[:n], &probe) != nil || probe.Body.Probe == nil {
			continue
		}
		if t := probe.Body.Probe.Types; t != "" && !strings.Contains(t, "NetworkVideoTransmitter") {
			continue
		}
		_, _ = conn.WriteToUDP([]byte(d.match(probe.Header.MessageID)), from)
	}
}

// match is the answer to a probe (WS-Discovery 1.1 §5.3, ONVIF Core §7.3).
func (d *Device) match(to string) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	_, port, _ := net.SplitHostPort(d.listener.Addr().String())
	addresses := d.site() + "/onvif/device_service"
	if d.quirks.Both {
		addresses = "http://" + d.listener.Addr().String() + "/onvif/device_service " + addresses
	}
	scope := func(kind, s string) string {
		return "onvif://www.onvif.org/" + kind + "/" + url.PathEscape(s)
	}
	return fmt.Sprintf(`<?xml version="1.0" encoding="UTF-8"?>
<env:Envelope xmlns:env="http://www.w3.org/2003/05/soap-envelope" xmlns:wsa="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery" xmlns:dn="http://www.onvif.org/ver10/network/wsdl"><env:Header><wsa:MessageID>urn:uuid:00000000-0000-4000-8000-%012[1]s</wsa:MessageID><wsa:RelatesTo>%[2]s</wsa:RelatesTo><wsa:To>http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</wsa:To><wsa:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/ProbeMatches</wsa:Action></env:Header><env:Body><d:ProbeMatches><d:ProbeMatch><wsa:EndpointReference><wsa:Address>urn:uuid:00000000-0000-4000-9000-%012[1]s</wsa:Address></wsa:EndpointReference><d:Types>dn:NetworkVideoTransmitter</d:Types><d:Scopes>onvif://www.onvif.org/Profile/Streaming onvif://www.onvif.org/Profile/T %[3]s %[4]s</d:Scopes><d:XAddrs>%[5]s</d:XAddrs><d:MetadataVersion>1</d:MetadataVersion></d:ProbeMatch></d:ProbeMatches></env:Body></env:Envelope>`,
		port, to, scope("name", d.o.Name), scope("hardware", d.o.Model), addresses)
}
