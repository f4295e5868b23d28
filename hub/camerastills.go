package hub

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"gatehouse/hub/camera"
	"gatehouse/hub/camera/onvif"
	"gatehouse/hub/camera/reach"
	"gatehouse/hub/home"
)

// Snapshot fetches one picture (JPEG) of what a camera sees now. It waits for the
// camera, for some seconds at most. Who may see it is for whoever asks to know.
func (c *cameras) Snapshot(ctx context.Context, id home.DeviceID) ([]byte, error) {
	w, err := c.find(id)
	if err != nil {
		return nil, err
	}
	if w.camera.State().Condition == camera.Resting {
		return nil, &home.Conflict{Reason: c.hub.nameOf(id) + " rests: nobody may look through it now"}
	}
	picture, err := c.picture(ctx, w)
	if err != nil {
		return nil, &home.Conflict{Reason: fmt.Sprintf("%s gives no picture: %s", c.hub.nameOf(id), plain(err))}
	}
	return picture, nil
}

// picture is the one of now: the camera's own, or else one out of its stream.
func (c *cameras) picture(ctx context.Context, w *watched) ([]byte, error) {
	b, err := w.own(ctx)
	if w.owned(err) {
		return b, err
	}
	return c.now(ctx, stream{w.camera})
}

// plain is what went wrong without the path of where.
func plain(err error) string {
	for {
		next := errors.Unwrap(err)
		if next == nil {
			return err.Error()
		}
		err = next
	}
}

// stills is where the owner says that a camera's present picture is.
type stills struct {
	door    *onvif.Door
	address string
}

func (s *stills) picture(ctx context.Context) ([]byte, error) { return s.door.Picture(ctx, s.address) }

// openStills makes the way to a camera's present picture, with the name and password
// of its stream.
func openStills(s home.Camera, password string, pin *reach.Pin) (*stills, error) {
	stream, err := camera.ParseURL(s.URL)
	if err != nil {
		return nil, err
	}
	still, err := onvif.ParseAddress(s.SnapshotURL)
	if err != nil {
		return nil, err
	}
	still.User = stream.User
	if services, err := onvif.ParseAddress(s.ONVIF); err == nil && services.Scheme == "https" && onvif.Port(services) != onvif.Port(still) {
		pin = pin.Beside(onvif.Port(still))
	}
	door, err := onvif.NewDoor(still.String(), password, pin)
	if err != nil {
		return nil, err
	}
	return &stills{door, s.SnapshotURL}, nil
}

// checkSnapshotURL refuses an address that is none of the camera's: its password would
// be told to whoever is there. One in the clear is none of a camera whose services are
// asked in TLS.
func checkSnapshotURL(s, services string, stream *url.URL) error {
	if s == "" {
		return nil
	}
	u, err := onvif.ParseAddress(s)
	bad := new(home.Invalid)
	switch {
	case errors.As(err, &bad):
		return &home.Invalid{Field: "snapshot_url", Reason: bad.Reason}
	case err != nil:
		return err
	case u.User != nil:
		return &home.Invalid{Field: "snapshot_url", Reason: "leave name and password out: those of url are used"}
	case u.Scheme == "http" && strings.HasPrefix(services, "https:"):
		return &home.Invalid{Field: "snapshot_url", Reason: "it must begin with https://, as onvif does"}
	case !strings.EqualFold(u.Hostname(), stream.Hostname()):
		return &home.Invalid{Field: "snapshot_url", Reason: "it must be on " + stream.Hostname() + ", where url leads to"}
	}
	return nil
}
