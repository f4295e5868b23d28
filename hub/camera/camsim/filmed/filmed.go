// Package filmed reads scenes for simulated cameras out of what ffmpeg wrote, so that
// they send what real encoders make. It is for tests and their programs: a hub and its
// demo draw their scenes.
package filmed

import (
	"bytes"
	"fmt"

	"github.com/bluenviron/gortsplib/v5/pkg/format"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h264"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h265"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/mpeg4audio"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/mpegts"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/mpegts/codecs"

	"gatehouse/hub/camera/camsim"
)

// Read takes a scene of so many seconds out of an MPEG transport stream.
func Read(stream []byte, seconds int) (camsim.Scene, error) {
	r := &mpegts.Reader{R: bytes.NewReader(stream)}
	if err := r.Initialize(); err != nil {
		return camsim.Scene{}, fmt.Errorf("filmed: %w", err)
	}
	s := camsim.Scene{Length: int64(seconds) * 90000}
	first := int64(-1)
	add := func(pts, dts int64, units [][]byte) {
		if first < 0 {
			first = dts
		}
		s.Pictures = append(s.Pictures, camsim.Picture{DTS: dts - first, PTS: pts - first, Units: units})
	}
	for _, track := range r.Tracks() {
		switch c := track.Codec.(type) {
		case *codecs.H264:
			f := &format.H264{PayloadTyp: 96, PacketizationMode: 1}
			s.Video = f
			r.OnDataH264(track, func(pts, dts int64, au [][]byte) error {
				var units [][]byte
				for _, u := range au {
					switch h264.NALUType(u[0] & 0x1f) {
					case h264.NALUTypeSPS:
						f.SPS = u
					case h264.NALUTypePPS:
						f.PPS = u
					case h264.NALUTypeAccessUnitDelimiter:
						continue
					default:
					}
					units = append(units, u)
				}
				add(pts, dts, units)
				return nil
			})
		case *codecs.H265:
			f := &format.H265{PayloadTyp: 96}
			s.Video = f
			r.OnDataH265(track, func(pts, dts int64, au [][]byte) error {
				for _, u := range au {
					switch h265.NALUType(u[0] >> 1 & 0x3f) {
					case h265.NALUType_VPS_NUT:
						f.VPS = u
					case h265.NALUType_SPS_NUT:
						f.SPS = u
					case h265.NALUType_PPS_NUT:
						f.PPS = u
					default:
					}
				}
				add(pts, dts, au)
				return nil
			})
		case *codecs.MPEG4Audio:
			config := c.Config
			s.Audio = &format.MPEG4Audio{PayloadTyp: 97, Config: &config, SizeLength: 13, IndexLength: 3, IndexDeltaLength: 3}
			r.OnDataMPEG4Audio(track, func(_ int64, units [][]byte) error {
				for _, u := range units {
					s.Sounds = append(s.Sounds, camsim.Sound{PTS: int64(len(s.Sounds)) * mpeg4audio.SamplesPerAccessUnit, Bytes: u})
				}
				return nil
			})
		case *codecs.Opus:
			s.Audio = &format.Opus{PayloadTyp: 97, ChannelCount: c.ChannelCount}
			r.OnDataOpus(track, func(_ int64, packets [][]byte) error {
				for _, p := range packets {
					s.Sounds = append(s.Sounds, camsim.Sound{PTS: int64(len(s.Sounds)) * 960, Bytes: p}) // 20 ms
				}
				return nil
			})
		}
	}
	for r.Read() == nil { // an end is an error too
	}
	if len(s.Pictures) == 0 {
		return camsim.Scene{}, fmt.Errorf("filmed: no picture in %d bytes", len(stream))
	}
	return s, nil
}

// Describe leaves a scene's parameter sets to its description: some cameras never send
// them with their pictures (RFC 6184 §8.1).
func Describe(s camsim.Scene) camsim.Scene {
	var list []camsim.Picture
	for _, p := range s.Pictures {
		var units [][]byte
		for _, u := range p.Units {
			if t := h264.NALUType(u[0] & 0x1f); t != h264.NALUTypeSPS && t != h264.NALUTypePPS {
				units = append(units, u)
			}
		}
		p.Units = units
		list = append(list, p)
	}
	s.Pictures = list
	return s
}
