package hub

import (
	"context"
	"errors"

	"gatehouse/hub/camera"
	"gatehouse/hub/camera/whep"
	"gatehouse/hub/face/api"
	"gatehouse/hub/home"
)

// Answer implements api.Cameras.
func (c *cameras) Answer(ctx context.Context, id home.DeviceID, who string, o api.Offer) (api.LiveLine, error) {
	film, w, err := c.film(id)
	if err != nil {
		return nil, err
	}
	v, err := c.door.Answer(ctx, whep.Ask{Offer: o.Text, Here: o.Here, There: o.There, Film: film})
	if err != nil {
		return nil, err
	}
	return &lookingBy{Viewer: v, cameras: c, camera: w.camera, id: id, who: who}, nil
}

// lookingBy is a live view by WebRTC that every face shows while it lasts.
type lookingBy struct {
	*whep.Viewer
	cameras *cameras
	camera  *camera.Camera
	id      home.DeviceID
	who     string
}

// Run implements api.LiveLine.
func (l *lookingBy) Run(ctx context.Context) {
	defer l.Close()
	feed, err := l.camera.Watch(l.Sound())
	if err == nil {
		defer feed.Close()
		defer l.cameras.looks(l.id, l.who)()
		err = l.Viewer.Run(ctx, feed)
	}
	if !errors.Is(err, context.Canceled) {
		l.cameras.hub.log.Info("a live view ended", "device", l.id, "err", err)
	}
}
