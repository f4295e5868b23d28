package hub

import (
	"context"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"time"

	"gatehouse/hub/face/api"
	"gatehouse/hub/face/api/desk"
	"gatehouse/hub/health"
	"gatehouse/hub/people/auth/localca"
)

// SocketFile is the name, in the data folder, of the socket through which the
// command line speaks with a running hub.
const SocketFile = "gatehouse.sock"

// HostName is what the hub is called on the LAN.
const HostName = "gatehouse.local"

// openDoor makes the hub's certificates and the socket for whoever holds the
// box.
func (h *Hub) openDoor() (err error) {
	if h.desk, err = desk.Listen(h.file(SocketFile)); err != nil {
		// A disk that has turned read-only takes no socket. The house is
		// guarded all the same; only the command line has to do without.
		h.log.Error("no desk for the command line", "err", err)
		h.desk = nil
	}
	if h.o.Demo != nil {
		return nil
	}
	host, err := os.Hostname()
	if err != nil {
		host = ""
	}
	h.ca, err = localca.Open(localca.Options{
		Dir: h.file("tls"), Host: host, IPs: h.addressesOfBox(), Log: h.log,
	})
	if err != nil {
		return err
	}
	h.hosts = []string{HostName}
	if host != "" && !strings.EqualFold(host, "localhost") {
		h.hosts = append(h.hosts, host)
		if !strings.HasSuffix(host, ".local") {
			h.hosts = append(h.hosts, host+".local")
		}
	}
	return nil
}

// trust is what the unencrypted port shows; nil in a demo.
func (h *Hub) trust() *api.Trust {
	if h.ca == nil {
		return nil
	}
	_, port, err := net.SplitHostPort(h.o.Config.Listen.HTTPS)
	if err != nil {
		port = "443"
	}
	return &api.Trust{Name: h.o.Config.Name, Hosts: h.names, CA: h.ca.RootPEM(), HTTPS: port}
}

// names are what the hub answers to, beside its addresses: the one that it has
// on the LAN first.
func (h *Hub) names() []string {
	if name := h.lanName.Load(); name != nil && *name != HostName {
		return append([]string{*name}, h.hosts...)
	}
	return h.hosts
}

// named notes the name that the hub has on the LAN, and shows it when it is not
// the usual one because another device has that.
func (h *Hub) named(name string, taken bool) {
	h.board.Set(taken, health.NameTaken, "", HostName, name)
	h.lanName.Store(&name)
}

// addressesOfBox are the addresses under which the LAN knows the box: those of
// the configured interfaces, or of all that are up.
func (h *Hub) addressesOfBox() []netip.Addr {
	interfaces, err := net.Interfaces()
	if err != nil {
		return nil
	}
	var list []netip.Addr
	for _, i := range interfaces {
		wanted := len(h.o.Config.Interfaces) == 0 || slices.Contains(h.o.Config.Interfaces, i.Name)
		if !wanted || i.Flags&net.FlagUp == 0 {
			continue
		}
		addrs, err := i.Addrs()
		if err != nil {
			continue
		}
		for _, a := range addrs {
			if p, err := netip.ParsePrefix(a.String()); err == nil {
				list = append(list, p.Addr())
			}
		}
	}
	return list
}

// keepCertificate renews the certificate before it ends and when the box gets
// other addresses, and says so when it cannot.
func (h *Hub) keepCertificate(ctx context.Context) error {
	tick := time.NewTicker(time.Minute)
	defer tick.Stop()
	for {
		err := h.ca.SetAddresses(h.addressesOfBox())
		if fault := h.ca.Fault(time.Now()); fault != nil {
			err = fault
		}
		if err != nil {
			h.board.Raise(health.CertificateFault, "", err.Error())
		} else {
			h.board.Clear(health.CertificateFault, "")
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// keepDesk answers the command line.
func (h *Hub) keepDesk(ctx context.Context) error {
	if h.desk == nil {
		<-ctx.Done()
		return nil
	}
	return h.desk.Serve(ctx, h.people, deskRadios{h}, h.log)
}
