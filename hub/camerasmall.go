package hub

import (
	"context"
	"errors"
	"image"
	"net/url"
	"strings"
	"time"

	"gatehouse/hub/camera"
	"gatehouse/hub/camera/detect"
	"gatehouse/hub/home"
)

// small is the next picture of a camera's sub-stream, if it is looked at: often, or because
// the stream itself can't be decoded. ok is false when there is none, or none yet; only
// where there is nothing else is it waited for.
func (w *watched) small(ctx context.Context, often bool) (p detect.Picture, at time.Time, ok bool) {
	video := w.camera.State().Video
	alone := video != "" && decodable(camera.Key{Video: video}) != nil && w.stills == nil
	if !often && !alone {
		return nil, time.Time{}, false
	}
	k, ok := w.camera.Small(ctx, alone)
	switch {
	case !ok:
		return nil, time.Time{}, false
	case k.Video == camera.JPEG:
		p = detect.JPEG(k.Bytes)
	default:
		p = keyPicture(k)
	}
	return smallPicture{p, w.camera}, k.At, true
}

// smallPicture is one of a sub-stream. One that can't be decoded has the stream itself be
// looked at.
type smallPicture struct {
	detect.Picture
	of *camera.Camera
}

// Image implements detect.Picture.
func (s smallPicture) Image() (image.Image, error) {
	m, err := s.Picture.Image()
	if err != nil {
		s.of.SmallUnread(err)
	}
	return m, err
}

// checkSubURL refuses an address that is none of the camera's, or that would tell the
// password and the pictures in the clear.
func checkSubURL(s string, stream *url.URL) error {
	if s == "" {
		return nil
	}
	u, err := camera.ParseURL(s)
	bad := new(home.Invalid)
	switch {
	case errors.As(err, &bad):
		return &home.Invalid{Field: "sub_url", Reason: bad.Reason}
	case err != nil:
		return err
	case u.User != nil:
		return &home.Invalid{Field: "sub_url", Reason: "leave name and password out: those of url are used"}
	case !strings.EqualFold(u.Hostname(), stream.Hostname()):
		return &home.Invalid{Field: "sub_url", Reason: "it must be on " + stream.Hostname() + ", where url leads to"}
	case u.Scheme != stream.Scheme:
		return &home.Invalid{Field: "sub_url", Reason: "it must begin with " + stream.Scheme + ":// as url does"}
	}
	return nil
}
