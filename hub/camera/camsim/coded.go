package camsim

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/bluenviron/gortsplib/v5/pkg/format"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h264"
)

// Coded is a scene of what an encoder wrote as a byte stream (Rec. ITU-T H.264 annex B),
// so many pictures a second, which are shown in the order of decoding, each behind an
// access unit delimiter (ffmpeg: -bf 0 -x264-params aud=1 -f h264).
func Coded(stream []byte, rate int) (Scene, error) {
	f := &format.H264{PayloadTyp: 96, PacketizationMode: 1}
	s := Scene{Video: f}
	// Three bytes begin a unit; a zero before them belongs to it as little as one after.
	for unit := range bytes.SplitSeq(stream, []byte{0, 0, 1}) {
		unit = bytes.TrimRight(unit, "\x00")
		if len(unit) == 0 {
			continue
		}
		switch h264.NALUType(unit[0] & 0x1f) {
		case h264.NALUTypeAccessUnitDelimiter:
			at := int64(len(s.Pictures)) * 90000 / int64(rate)
			s.Pictures = append(s.Pictures, Picture{DTS: at, PTS: at})
			continue
		case h264.NALUTypeSPS:
			f.SPS = unit
		case h264.NALUTypePPS:
			f.PPS = unit
		default:
		}
		if len(s.Pictures) == 0 {
			return Scene{}, fmt.Errorf("camsim: a unit of type %d before the first delimiter", unit[0]&0x1f)
		}
		last := &s.Pictures[len(s.Pictures)-1]
		last.Units = append(last.Units, unit)
	}
	if f.SPS == nil || f.PPS == nil {
		return Scene{}, errors.New("camsim: a stream without parameter sets")
	}
	s.Length = int64(len(s.Pictures)) * 90000 / int64(rate)
	return s, nil
}
