package hub

import (
	"fmt"
	"slices"
	"time"

	"gatehouse/hub/home"
)

// Doubt implements api.Cameras: somebody says that what was seen in a clip was not
// there. It stays on the box, as a count for the part of the picture in which it was
// seen; the detector wants a higher score there from now on.
func (c *cameras) Doubt(id home.ClipID, label, by string) error {
	clip, err := c.hub.clips.Clip(id)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(clip.Labels, func(l home.ClipLabel) bool { return l.Name == label })
	if i < 0 {
		return &home.NotFound{What: "label of this clip", ID: label}
	}
	if err := c.addDoubt(clip.Camera, clip.Labels[i].Zone, label); err != nil {
		return err
	}
	if err := c.hub.clips.Unsee(id, label); err != nil {
		return err
	}
	c.hub.journal.Add(home.Event{
		At: home.At(time.Now()), Kind: home.KindDevice, Device: clip.Camera, Who: home.Who(by),
		Text: fmt.Sprintf("%s said that %s saw no %s.", by, c.hub.nameOf(clip.Camera), label),
	})
	return nil
}

// addDoubt counts a doubt. The camera goes on as it is.
func (c *cameras) addDoubt(id home.DeviceID, zone, label string) error {
	c.saving.Lock()
	defer c.saving.Unlock()
	c.mu.Lock()
	w, ok := c.known[id]
	if !ok {
		c.mu.Unlock()
		return &home.Conflict{Reason: "the camera of this clip was removed: there is nobody who could learn from it"}
	}
	s := w.settings
	c.mu.Unlock()
	s.Seeing.Doubts = slices.Clone(s.Seeing.Doubts)
	i := slices.IndexFunc(s.Seeing.Doubts, func(d home.Doubt) bool { return d.Zone == zone && d.Label == label })
	if i < 0 {
		i = len(s.Seeing.Doubts)
		s.Seeing.Doubts = append(s.Seeing.Doubts, home.Doubt{Zone: zone, Label: label})
	}
	s.Seeing.Doubts[i].Times++
	if err := c.table.Put(string(id), s); err != nil {
		return fmt.Errorf("cameras: %w", err)
	}
	c.mu.Lock()
	w.settings = s
	c.mu.Unlock()
	return nil
}
