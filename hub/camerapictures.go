package hub

import (
	"context"
	"time"

	"gatehouse/hub/camera/detect"
)

// look fetches a picture of now for the detector: from where the owner says that there
// is one, or else out of the camera's stream. It shows nothing of before at.
func (w *watched) look(ctx context.Context) (p detect.Picture, at time.Time, err error) {
	if w.stills == nil {
		return stream{w.camera}.next(ctx)
	}
	asked := time.Now()
	b, err := w.stills.Picture(ctx, w.settings.SnapshotURL)
	return detect.JPEG(b), asked, err
}
