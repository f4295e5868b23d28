package clip

import (
	"encoding/json"
	"slices"
	"time"
)

// Class is how long footage is kept: each has volumes of its own.
type Class string

// Classes.
const (
	Events     Class = "events"     // around what happened
	Continuous Class = "continuous" // all day long
	Kept       Class = "kept"       // until somebody deletes it
)

// Classes lists every class, in the order in which their volumes are given up.
var Classes = []Class{Continuous, Events, Kept}

// Row is what the index says of a clip. It is all that can be read without the
// owner's key: whose, when, how long and where.
type Row struct {
	ID      ID        `json:"-"`
	Group   string    `json:"group"` // whose: a camera
	Class   Class     `json:"class"`
	At      time.Time `json:"at"` // of its first picture
	Files   []File    `json:"files,omitempty"`
	Volumes []uint32  `json:"volumes,omitempty"` // where its pieces are; a clip that was being written when one was full goes on in the next
	Open    bool      `json:"open,omitempty"`    // it is being written, or was when the power went
	// About is whatever the room above wants to know of it.
	About json.RawMessage `json:"about,omitempty"`
}

// File is one sealed file of a clip.
type File struct {
	Track Track `json:"track"`
	Head  int64 `json:"head"` // bytes
	Body  int64 `json:"body"` //
}

// Size is the file's length.
func (f File) Size() int64 { return f.Head + f.Body }

// Bytes is what the clip takes, all files together.
func (r Row) Bytes() (n int64) {
	for _, f := range r.Files {
		n += f.Size()
	}
	return n
}

// File is one file of the clip.
func (r Row) File(track Track) (File, bool) {
	i := slices.IndexFunc(r.Files, func(f File) bool { return f.Track == track })
	if i < 0 {
		return File{}, false
	}
	return r.Files[i], true
}

func (r *Row) grow(track Track, head, body int64) {
	i := slices.IndexFunc(r.Files, func(f File) bool { return f.Track == track })
	if i < 0 {
		r.Files = append(r.Files, File{Track: track})
		i = len(r.Files) - 1
	}
	r.Files[i].Head += head
	r.Files[i].Body += body
}

func (r Row) clone() Row {
	r.Files, r.Volumes = slices.Clone(r.Files), slices.Clone(r.Volumes)
	return r
}
