package camera

import (
	"context"
	"time"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h264"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/mp4/codecs"
)

// Film is what a stream is made of.
type Film struct {
	Video codecs.Codec // *codecs.H264 or *codecs.H265, with the parameter sets
	Audio codecs.Codec // *codecs.MPEG4Audio, *codecs.Opus, *codecs.LPCM; nil: none
	Law   Law          // that the sound came in, if it is linear now
	// Turned: some picture came that is shown before one that came earlier (B-frames).
	Turned bool
}

// Fetched tells whether the sound is what HLS has (HLS authoring, Apple: AAC and FLAC, which
// samples become, and no Opus).
func (f Film) Fetched() bool {
	switch f.Audio.(type) {
	case *codecs.MPEG4Audio, *codecs.LPCM:
		return true
	default:
		return false
	}
}

// Law is how samples were made smaller (Rec. ITU-T G.711); "": they were not.
type Law string

// Laws.
const (
	ALaw  Law = "A"
	MuLaw Law = "µ"
)

// Piece is what comes next in a feed: what follows is made of (Film), a picture
// (Units), or a sound (Sound).
type Piece struct {
	Film   *Film
	Units  [][]byte // NAL units of a picture; they belong to the camera
	Sound  []byte
	PTS    int64     // when it is shown, in ticks of 90 kHz; of a sound, of its own rate
	At     time.Time // a picture was there, by the hub's clock
	Missed bool      // the viewer was too slow: pictures are missing before this one
}

// Film is what the camera's stream is made of; false before the first picture.
func (c *Camera) Film() (Film, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.film.told(c.turned), c.film.video != nil
}

func (f film) told(turned bool) Film {
	return Film{Video: f.video, Audio: f.audio, Law: f.law, Turned: turned}
}

// Next waits for what comes next, and takes all that is there. Errors: ErrRests,
// ErrGone, or why ctx ended.
func (f *Feed) Next(ctx context.Context) ([]Piece, error) {
	list, err := f.take(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]Piece, 0, len(list))
	for _, p := range list {
		switch {
		case p.film != nil:
			out = append(out, Piece{Film: new(p.film.told(false))})
		case p.sound != nil:
			out = append(out, Piece{Sound: p.sound.bytes, PTS: p.sound.pts})
		default:
			var units h264.AVCC
			if err := units.Unmarshal(p.picture.bytes); err != nil {
				continue // more units than one picture has
			}
			out = append(out, Piece{Units: units, PTS: p.picture.pts, At: p.picture.at, Missed: p.skipped})
		}
	}
	return out, nil
}

// Same tells whether a player that was told f can go on with o.
func (f Film) Same(o Film) bool {
	return film{video: f.Video}.same(film{video: o.Video}) && (f.Audio == nil) == (o.Audio == nil)
}
