package hub

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"gatehouse/hub/camera/onvif"
	"gatehouse/hub/home"
)

// Find looks for cameras on the LAN: once, because somebody asked. It takes seconds.
func (c *cameras) Find(ctx context.Context, by string) ([]home.FoundCamera, error) {
	if !c.finding.TryLock() {
		return nil, &home.Conflict{Reason: "cameras are being looked for already: wait some seconds"}
	}
	defer c.finding.Unlock()
	found, err := onvif.Find(ctx, c.hub.lan())
	if err != nil {
		return nil, &home.Conflict{Reason: err.Error()}
	}
	list := []home.FoundCamera{}
	for _, f := range found {
		scheme, _, _ := strings.Cut(f.Address, ":")
		list = append(list, home.FoundCamera{ONVIF: f.Address, Name: f.Name, Model: f.Model, Known: c.knownAt(scheme, f.At)})
	}
	answered := fmt.Sprintf("%d answered", len(list))
	if len(list) == 0 {
		answered = "none answered"
	}
	c.hub.journal.Add(home.Event{
		At: home.At(time.Now()), Kind: home.KindDevice, Who: home.Who(by), Text: by + " looked for cameras on the network: " + answered + ".",
	})
	return list, nil
}

// lan is on which interfaces the hub looks for things. A demo keeps to itself.
func (h *Hub) lan() []string {
	if h.o.Demo == nil {
		return h.o.Config.Interfaces
	}
	return []string{Loopback()}
}

// Loopback is the interface of the machine's own.
func Loopback() string {
	all, _ := net.Interfaces()
	for _, i := range all {
		if i.Flags&net.FlagLoopback != 0 {
			return i.Name
		}
	}
	return "lo"
}

// knownAt is the camera of the house whose services are at an address, or whose
// pictures come from that machine when its services are not asked; "": none. One that is
// asked in TLS is known in the clear, too: nobody is to add it so a second time.
func (c *cameras) knownAt(scheme string, at netip.AddrPort) home.DeviceID {
	for _, w := range c.list() {
		if u, err := url.Parse(w.settings.ONVIF); err == nil && u.Host != "" {
			port := cmp.Or(u.Port(), map[string]string{"http": "80", "https": "443"}[u.Scheme])
			same := port == strconv.Itoa(int(at.Port())) || u.Scheme != scheme && !at.Addr().IsLoopback()
			if same && u.Hostname() == at.Addr().String() {
				return w.settings.ID
			}
			continue
		}
		// One box may be several cameras of a demo, and is one of a home.
		if u, err := url.Parse(w.settings.URL); err == nil && u.Hostname() == at.Addr().String() && !at.Addr().IsLoopback() {
			return w.settings.ID
		}
	}
	return ""
}

// Presets implements api.Cameras.
func (c *cameras) Presets(ctx context.Context, id home.DeviceID) ([]home.CameraPreset, error) {
	w, err := c.smart(id)
	if err != nil {
		return nil, err
	}
	found, err := w.onvif.Presets(ctx)
	if err != nil && !errors.Is(err, onvif.ErrLacks) {
		return nil, c.refuses(id, err)
	}
	list := []home.CameraPreset{}
	for _, p := range found {
		list = append(list, home.CameraPreset{ID: p.Token, Name: p.Name})
	}
	return list, nil
}

// LookAt implements api.Cameras.
func (c *cameras) LookAt(ctx context.Context, id home.DeviceID, preset string) error {
	w, err := c.smart(id)
	if err == nil {
		err = w.onvif.Look(ctx, preset)
		if err != nil {
			err = c.refuses(id, err)
		}
	}
	return err
}

// smart is a camera's own word. Errors: as find's.
func (c *cameras) smart(id home.DeviceID) (*ownWord, error) {
	w, err := c.find(id)
	if err != nil {
		return nil, err
	}
	if w.word == nil {
		return nil, &home.Conflict{Reason: "it is not asked: say where its services are, as onvif"}
	}
	return w.word, nil
}

func (c *cameras) refuses(id home.DeviceID, err error) error {
	return &home.Conflict{Reason: c.hub.nameOf(id) + ": " + plain(err)}
}
