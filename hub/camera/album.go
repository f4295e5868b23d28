package camera

import (
	"fmt"
	"time"

	"github.com/bluenviron/gortsplib/v5/pkg/format"
	"github.com/pion/rtp"
)

// album makes pictures of packets that carry JPEG (RFC 2435). Each stands alone.
type album struct {
	packets interface {
		Decode(*rtp.Packet) ([]byte, error)
	}
	to     sink
	opened bool
}

func newAlbum(f *format.MJPEG, to sink) (*album, error) {
	d, err := f.CreateDecoder()
	if err != nil {
		return nil, fmt.Errorf("camera: jpeg: %w", err)
	}
	return &album{packets: d, to: to}, nil
}

// take implements taker. A picture of which a packet is missing is left out.
func (a *album) take(p *rtp.Packet, _ int64, now time.Time) bool {
	b, err := a.packets.Decode(p)
	if err != nil {
		return false
	}
	if !a.opened {
		a.opened = true
		a.to.open(film{words: JPEG})
	}
	a.to.see(picture{at: now, key: true, bytes: b})
	return true
}
