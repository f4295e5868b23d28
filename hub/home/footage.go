package home

import "time"

// Footage is the beginning of a clip: what every part of it needs to be played.
type Footage struct {
	Camera DeviceID
	At     time.Time // of the first picture, by the hub's clock
	Reason string    // "zone:front-door", "doorbell", "motion", "phase:entry", "person:<name>", "continuous"
	Codecs string    // RFC 6381: "avc1.640028" or "hvc1.1.6.L120.90,mp4a.40.2"
	Width  int       // pixels
	Height int       //
	Init   []byte    // the ftyp and moov boxes of a fragmented MP4 (ISO/IEC 14496-12 §8.8)
}

// FootagePart is one fragment, moof and mdat: some pictures with the sound of
// their time, a tenth of a second or so. Whoever gets one may keep its
// bytes and must not change them.
type FootagePart struct {
	At       time.Time     // of its first picture, by the hub's clock
	Duration time.Duration //
	Pictures int           //
	Key      bool          // its first picture stands alone: one can begin to look here
	Bytes    []byte        //
}

// Tape takes a clip's parts in their order. None of its methods waits for a
// disk: what cannot be taken any more is said by an error, and by a condition.
type Tape interface {
	// Add takes the next part.
	Add(p FootagePart) error
	// Still takes a JPEG picture of the clip.
	Still(at time.Time, jpeg []byte) error
	// Stale tells that clips are sealed to other keys from now on than this one is:
	// it is to be ended soon, and gone on with in another.
	Stale() bool
	// See takes what was seen.
	See(s Sight)
	// End ends the clip; why is nil unless it was cut short.
	End(at time.Time, why error)
}
