package home

// Place is where a siren hangs.
type Place string

// Places.
const (
	Inside  Place = "inside"
	Outside Place = "outside" // heard by the neighbours: silent in a disarmed house unless a life is in danger
)

// Sounder is what a siren can do, as its radio found out, and where it hangs,
// as the owner says. A siren is taken to hang inside until then: no radio
// tells, and one that is wrongly thought to hang outside would keep quiet when
// a cover is opened in a disarmed house.
type Sounder struct {
	Place Place `json:"place" enum:"inside,outside"`
	// Patterns are the rhythms that the siren makes by itself, and for how long
	// it keeps each up after one command; 0: not known. There is always a
	// steady one.
	Patterns map[string]Duration `json:"patterns"`
	Strobe   bool                `json:"strobe"` // has lights that can flash without a sound
	// Chirps tells that it can sound shortly to say that the house was armed or
	// disarmed, and Chirp that its owner wants it to.
	Chirps bool `json:"chirps"`
	Chirp  bool `json:"chirp"`
}

// Chirp is what the short sound of a siren tells.
type Chirp string

// Chirps.
const (
	ChirpArmed    Chirp = "armed"
	ChirpDisarmed Chirp = "disarmed"
)

// Sounding is how a siren sounds, or what it does beside being silent. What a
// device cannot do it leaves out.
type Sounding struct {
	Pattern string   `json:"pattern,omitempty"` // one of its Sounder's
	Strobe  bool     `json:"strobe,omitempty"`  // its lights flash, whether it sounds or not
	For     Duration `json:"for,omitempty"`     // it ends by itself after so long, should the hub be lost; 0: it is told
	Chirp   Chirp    `json:"chirp,omitempty"`   // it is silent but for this short sound
}
