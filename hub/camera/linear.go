package camera

import (
	"bytes"
	"encoding/binary"

	"github.com/bluenviron/gortsplib/v5/pkg/format"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/mp4/codecs"

	"gatehouse/hub/camera/flac"
)

// linear is sound as samples. A file has them as FLAC: no browser plays linear samples,
// or G.711, of a file of this kind.
type linear struct {
	*codecs.LPCM
}

// linearOf is what samples a format has, once G.711 is undone; false: it has none, or such
// as no file has.
func linearOf(f format.Format) (l linear, ok bool) {
	switch f := f.(type) {
	case *format.G711:
		l.LPCM = &codecs.LPCM{BitDepth: 16, SampleRate: f.SampleRate, ChannelCount: f.ChannelCount}
	case *format.LPCM:
		l.LPCM = &codecs.LPCM{BitDepth: f.BitDepth, SampleRate: f.SampleRate, ChannelCount: f.ChannelCount}
	default:
		return linear{}, false
	}
	return l, l.flac().Check() == nil
}

func (l linear) flac() flac.Format {
	return flac.Format{Rate: l.SampleRate, Channels: l.ChannelCount, Depth: l.BitDepth}
}

// size is the bytes of a sample of all channels.
func (l linear) size() int { return l.BitDepth / 8 * l.ChannelCount }

// channels are the samples of sounds that follow each other, each channel's by themselves.
func (l linear) channels(sounds []sound) [][]int32 {
	all := make([][]int32, l.ChannelCount)
	for _, s := range sounds {
		for at := 0; at+l.size() <= len(s.bytes); at += l.size() {
			for c := range all {
				all[c] = append(all[c], l.sample(s.bytes[at+c*l.BitDepth/8:]))
			}
		}
	}
	return all
}

func (l linear) sample(b []byte) int32 {
	switch l.BitDepth {
	case 8: // the middle is 128 (RFC 3551 §4.5.10)
		return int32(b[0]) - 128
	case 16:
		return int32(int16(binary.BigEndian.Uint16(b)))
	default:
		return int32(int8(b[0]))<<16 | int32(binary.BigEndian.Uint16(b[1:]))
	}
}

// within is what stands before the boxes in a box that leads to the entry of a track's
// sound: nothing, or version, flags and a count (ISO/IEC 14496-12 §8.5.2), or what each
// entry of sound begins with (§12.2.3), which ends with its rate.
var within = map[string]int{"moov": 0, "trak": 0, "mdia": 0, "minf": 0, "stbl": 0, "stsd": 8, "ipcm": 28}

// file has boxes that say linear samples say FLAC. The library that writes them knows no
// FLAC. What describes both is alike but for two names and the innermost box
// ("Encapsulation of FLAC in ISO Base Media File Format" §3.3).
func (l linear) file(boxes []byte) (out []byte) {
	for len(boxes) > 0 {
		n := binary.BigEndian.Uint32(boxes)
		name, body := string(boxes[4:8]), bytes.Clone(boxes[8:n])
		boxes = boxes[n:]
		if before, ok := within[name]; ok {
			body = append(body[:before:before], l.file(body[before:])...)
		}
		switch name {
		case "ipcm":
			name = "fLaC"
			binary.BigEndian.PutUint32(body[24:], l.entryRate()<<16)
		case "pcmC":
			info := l.flac().Info()
			name, body = "dfLa", append([]byte{0, 0, 0, 0, 0x80, 0, 0, byte(len(info))}, info...) // of its blocks the last, and the kind of this one
		}
		out = binary.BigEndian.AppendUint32(out, uint32(8+len(body)))
		out = append(append(out, name...), body...)
	}
	return out
}

// entryRate is the rate as an entry has it, in 16 bits: of more the greatest half, quarter
// and so on, or the most (§3.3.1).
func (l linear) entryRate() uint32 {
	r := uint32(l.SampleRate)
	for ; r > 0xffff; r /= 2 {
		if r%2 != 0 {
			return 0xffff
		}
	}
	return r
}
