package hub

import (
	"fmt"
	"slices"
	"sync"

	"gatehouse/hub/camera"
	"gatehouse/hub/face/api"
	"gatehouse/hub/home"
)

// find is a camera that can be had. Errors: *home.NotFound, *home.Conflict.
func (c *cameras) find(id home.DeviceID) (*watched, error) {
	c.mu.Lock()
	w, ok := c.known[id]
	c.mu.Unlock()
	switch {
	case !ok:
		return nil, &home.NotFound{What: "camera", ID: string(id)}
	case w.camera == nil:
		return nil, &home.Conflict{Reason: w.fault.Error()}
	}
	return w, nil
}

// up is a camera that sends pictures. Errors: *home.NotFound, *home.Conflict.
func (c *cameras) up(id home.DeviceID) (*watched, error) {
	w, err := c.find(id)
	if err != nil {
		return nil, err
	}
	if st := w.camera.State(); st.Condition != camera.Up {
		return nil, &home.Conflict{Reason: fmt.Sprintf("%s sends no pictures now: it is %s", c.hub.nameOf(id), st.Condition)}
	}
	return w, nil
}

// film is what a camera that sends pictures sends. Errors: *home.NotFound,
// *home.Conflict.
func (c *cameras) film(id home.DeviceID) (camera.Film, *watched, error) {
	w, err := c.up(id)
	if err != nil {
		return camera.Film{}, nil, err
	}
	f, ok := w.camera.Film()
	if !ok {
		return camera.Film{}, nil, &home.Conflict{Reason: fmt.Sprintf("%s sends no pictures yet", c.hub.nameOf(id))}
	}
	return f, w, nil
}

// MayLook implements api.Cameras.
func (c *cameras) MayLook(id home.DeviceID) error {
	_, err := c.up(id)
	return err
}

// Look implements api.Cameras.
func (c *cameras) Look(id home.DeviceID, who string, sound bool) (api.LiveView, error) {
	w, err := c.up(id)
	if err != nil {
		return nil, err
	}
	v, err := w.camera.View(sound)
	if err != nil {
		return nil, err
	}
	return &lookingThrough{View: v, leave: c.looks(id, who)}, nil
}

// lookingThrough is a live view that every face shows while it lasts.
type lookingThrough struct {
	*camera.View
	leave func()
}

// Close implements api.LiveView.
func (l *lookingThrough) Close() {
	l.View.Close()
	l.leave()
}

// looks notes that who looks through a camera, until leave is called.
func (c *cameras) looks(id home.DeviceID, who string) (leave func()) {
	c.eye(id, func(all []string) []string { return append(all, who) })
	return sync.OnceFunc(func() {
		c.eye(id, func(all []string) []string {
			at := slices.Index(all, who)
			return slices.Delete(all, at, at+1)
		})
	})
}

func (c *cameras) eye(id home.DeviceID, change func([]string) []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := change(c.eyes[id])
	if c.eyes[id] = all; len(all) == 0 {
		delete(c.eyes, id)
	}
	c.hub.devices.SetWatched(id, c.watchers(id))
}

// watchers are who looks through a camera, each once; c.mu is held.
func (c *cameras) watchers(id home.DeviceID) []string {
	list := append([]string{}, c.eyes[id]...)
	slices.Sort(list)
	return slices.Compact(list)
}
