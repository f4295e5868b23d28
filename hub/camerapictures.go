package hub

import (
	"context"

	"gatehouse/hub/camera/detect"
	"gatehouse/hub/camera/onvif"
)

// pictures is where the pictures come from at which the detector looks: each is the
// one of now.
type pictures interface {
	Picture(ctx context.Context) (detect.Picture, error)
}

// snapshots are pictures that a camera gives at an address when it is asked.
type snapshots struct {
	door    *onvif.Door
	address string
}

// Picture implements pictures.
func (s snapshots) Picture(ctx context.Context) (detect.Picture, error) {
	b, err := s.door.Picture(ctx, s.address)
	return detect.JPEG(b), err
}
