package keyframe

import (
	"bytes"
	"encoding/binary"
	"errors"
)

// Split takes the NAL units of an access unit out of what an MP4 file holds: each
// behind its length, of four bytes (ISO/IEC 14496-15 §5.3).
func Split(b []byte) ([][]byte, error) {
	var units [][]byte
	for len(b) > 0 {
		if len(b) < 4 || uint64(binary.BigEndian.Uint32(b)) > uint64(len(b)-4) {
			return nil, errors.New("keyframe: a NAL unit that is longer than what there is")
		}
		n := 4 + int(binary.BigEndian.Uint32(b))
		if n > 4 {
			units = append(units, b[4:n:n])
		}
		b = b[n:]
	}
	return units, nil
}

// SplitStream takes them out of a byte stream: each behind a start code (§B.1).
func SplitStream(b []byte) [][]byte {
	code := []byte{0, 0, 1}
	var units [][]byte
	i := bytes.Index(b, code)
	for i >= 0 {
		b = b[i+len(code):]
		i = bytes.Index(b, code)
		unit := b
		if i >= 0 {
			unit = b[:i]
		}
		if unit = bytes.TrimRight(unit, "\x00"); len(unit) > 0 {
			units = append(units, unit[:len(unit):len(unit)])
		}
	}
	return units
}
