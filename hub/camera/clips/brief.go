package clips

import (
	"encoding/binary"
	"encoding/json"
	"time"

	"gatehouse/hub/home"
	"gatehouse/storage/clip"
)

// brief is what the listings hold of a clip that has ended, for a ruler of thousands of
// them: its end and its reason, as its row says them. The first byte tells of which
// kind a brief is; one of a kind that is not known here is as good as none.
type brief struct {
	end    home.Time
	reason string
}

const briefKind = 1

func briefOf(row clip.Row) string {
	var a about
	_ = json.Unmarshal(row.About, &a) // what cannot be read is empty, as in a clip
	return brief{home.At(a.End), a.Reason}.encode()
}

func (b brief) encode() string {
	return string(append(binary.BigEndian.AppendUint64([]byte{briefKind}, uint64(b.end.UnixMilli())), b.reason...))
}

func parseBrief(s string) (b brief, ok bool) {
	if len(s) < 9 || s[0] != briefKind {
		return brief{}, false
	}
	at := time.UnixMilli(int64(binary.BigEndian.Uint64([]byte(s[1:9]))))
	return brief{home.At(at), s[9:]}, true
}
