package hub

import (
	"errors"
	"fmt"
	"strings"

	"gatehouse/hub/camera"
	"gatehouse/hub/face/api"
	"gatehouse/hub/home"
)

// MayTalk implements api.Cameras.
func (c *cameras) MayTalk(id home.DeviceID) error {
	w, err := c.find(id)
	if err != nil {
		return err
	}
	return c.talkRefused(id, w.camera.MayTalk())
}

// Talk implements api.Cameras.
func (c *cameras) Talk(id home.DeviceID, who string) (api.Speech, error) {
	w, err := c.find(id)
	if err != nil {
		return nil, err
	}
	t, err := w.camera.Talk()
	if err != nil {
		return nil, c.talkRefused(id, err)
	}
	s := &speakingThrough{Talk: t, cameras: c, id: id, who: who}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.talkers[id] = s
	c.hub.devices.SetTalks(id, who)
	return s, nil
}

// talkRefused says why nobody speaks through a camera, by the names of both.
func (c *cameras) talkRefused(id home.DeviceID, err error) error {
	var conflict *home.Conflict
	if !errors.As(err, &conflict) {
		return err
	}
	c.mu.Lock()
	who := c.talkers[id].name()
	c.mu.Unlock()
	if who != "" {
		return &home.Conflict{Reason: fmt.Sprintf("%s speaks through %s: wait until that is over", who, c.hub.nameOf(id))}
	}
	return &home.Conflict{Reason: c.hub.nameOf(id) + strings.TrimPrefix(conflict.Reason, string(id))}
}

// speakingThrough is somebody's turn at a loudspeaker, which every face shows while it
// lasts.
type speakingThrough struct {
	*camera.Talk
	cameras *cameras
	id      home.DeviceID
	who     string
}

// name is who speaks; nobody has none.
func (s *speakingThrough) name() string {
	if s == nil {
		return ""
	}
	return s.who
}

// Close implements api.Speech. Whoever comes next is shown after this one is gone.
func (s *speakingThrough) Close() {
	c := s.cameras
	c.mu.Lock()
	if c.talkers[s.id] == s { // and not one of the camera as it was changed since
		delete(c.talkers, s.id)
		c.hub.devices.SetTalks(s.id, "")
	}
	c.mu.Unlock()
	s.Talk.Close()
}
