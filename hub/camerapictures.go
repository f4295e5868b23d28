package hub

import (
	"context"
	"time"

	"gatehouse/hub/camera/detect"
	"gatehouse/hub/camera/onvif"
)

// ownTime is how long a camera may take to give a picture of its own before its stream
// is looked at instead.
const ownTime = 3 * time.Second

// own fetches the picture that a camera itself gives of now: from where the owner says
// that there is one, or else from where the camera says.
func (w *watched) own(ctx context.Context) ([]byte, error) {
	switch {
	case w.stills != nil:
		return w.stills.picture(ctx)
	case w.word == nil:
		return nil, onvif.ErrLacks
	}
	ctx, cancel := context.WithTimeout(ctx, ownTime)
	defer cancel()
	return w.word.onvif.Picture(ctx)
}

// owned tells whether what own said is all that there is to say: it gave a picture, or
// the owner named the place of it, and is to hear what is wrong there.
func (w *watched) owned(err error) bool { return err == nil || w.stills != nil }

// look fetches a picture of now for the detector: the camera's own, or else one out of
// its stream. It shows nothing of before at.
func (w *watched) look(ctx context.Context) (p detect.Picture, at time.Time, err error) {
	asked := time.Now()
	b, err := w.own(ctx)
	if w.owned(err) {
		return detect.JPEG(b), asked, err
	}
	return stream{w.camera}.next(ctx)
}
