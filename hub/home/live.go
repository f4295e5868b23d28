package home

import "time"

// Moment is what comes next in a live view: a beginning, or a part that follows one; or
// a still, where it is of stills.
type Moment struct {
	Begin  *Footage    // what the parts after it need to be played; nil: this is a part
	Part   FootagePart //
	Seen   time.Time   // its last picture was there, by the hub's clock
	Still  []byte      // a JPEG picture; nil: this is none
	Missed bool        // the viewer was too slow: pictures are missing before this part
}
