package hub

import (
	"context"
	"errors"

	"gatehouse/hub/camera"
	"gatehouse/hub/camera/hls"
	"gatehouse/hub/face/api"
	"gatehouse/hub/home"
)

// Files implements api.Cameras.
func (c *cameras) Files(id home.DeviceID, who string) (api.LiveFiles, error) {
	film, w, err := c.film(id)
	if err != nil {
		return nil, err
	}
	v, err := w.camera.Groups(film.Fetched())
	if err != nil {
		return nil, err
	}
	return &lookingAt{Stream: hls.New(), view: v, cameras: c, id: id, leave: c.looks(id, who)}, nil
}

// lookingAt is a live view by HLS that every face shows while it lasts.
type lookingAt struct {
	*hls.Stream
	view    *camera.View
	cameras *cameras
	id      home.DeviceID
	leave   func()
}

// Run implements api.LiveFiles.
func (l *lookingAt) Run(ctx context.Context) {
	defer l.leave()
	defer l.view.Close()
	if err := l.Stream.Run(ctx, l.view); !errors.Is(err, context.Canceled) {
		l.cameras.hub.log.Info("a live view ended", "device", l.id, "err", err)
	}
}
