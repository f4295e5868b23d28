package home

import "time"

// Sight is one thing that the detector saw in a picture. The box is in parts
// of the picture's width and height, 0 to 1, from its upper left corner.
type Sight struct {
	At    time.Time
	Label string  // person | dog | cat | car | …
	Score float64 // 0–1
	Zone  string  // of the camera's zones, the one that had it looked for; "" for the whole picture
	Left  float64
	Top   float64
	Right float64
	Base  float64
}

// Seeing is what a camera's pictures are looked at for, on the box.
type Seeing struct {
	On       bool        `json:"on" doc:"while something has set the camera off, its pictures are looked at: people are told from dogs. Nothing leaves the box"`
	Motion   bool        `json:"motion" doc:"a picture a second is compared with the one before it, all the time; what moves sets the camera off"`
	Verifies bool        `json:"verifies" doc:"a person who is seen verifies a burglary alarm that runs: only for a camera that looks where nobody should be then"`
	Area     AreaID      `json:"area" doc:"whose alarm that is, and whose mode counts; empty: the house"`
	Zones    []SightZone `json:"zones" doc:"parts of the picture; none: people, dogs, cats and cars, everywhere, in every mode"`
	Doubts   []Doubt     `json:"doubts" doc:"what somebody said was not there; [] forgets it, anything else is ignored"`
}

// Wanted tells whether pictures are looked at for anything.
func (s Seeing) Wanted() bool { return s.On || s.Motion }

// Traits are what the camera's device says of it.
func (s Seeing) Traits() map[Trait]State {
	t := map[Trait]State{}
	if s.On {
		t[Occupancy] = State{}
	}
	if s.Motion {
		t[Motion] = State{}
	}
	return t
}

// SightPoint is a place in a picture, in parts of its width and height.
type SightPoint struct {
	X float64 `json:"x" minimum:"0" maximum:"1"`
	Y float64 `json:"y" minimum:"0" maximum:"1"`
}

// SightPart is an upright part of a camera's picture, in parts of its width and height
// from its upper left corner.
type SightPart struct {
	Left  float64 `json:"left"`
	Top   float64 `json:"top"`
	Right float64 `json:"right"`
	Base  float64 `json:"base"`
}

// SightZone is a part of a camera's picture and what is looked for in it.
type SightZone struct {
	Name   string       `json:"name" maxLength:"40"`
	Shape  []SightPoint `json:"shape,omitempty" maxItems:"64" doc:"corners, in their order; none: the whole picture"`
	Labels []string     `json:"labels,omitempty" maxItems:"24" doc:"what is looked for; none: person, dog, cat and car"`
	Once   float64      `json:"once,omitempty" doc:"the score from which one picture is believed; 0: 0.5"`
	Twice  float64      `json:"twice,omitempty" doc:"the score from which two of three pictures are; 0: 0.4"`
	Modes  []Mode       `json:"modes,omitempty" maxItems:"64" doc:"in which it counts; none: in all, disarmed too"`
	Ignore bool         `json:"ignore,omitempty" doc:"nothing is seen here and nothing moves, in any mode"`
	Mask   bool         `json:"mask,omitempty" doc:"the camera itself is to black this ignored part out (onvif); status.masks says whether it does"`
}

// Doubt is what somebody said was not there, so that the hub wants to be surer.
type Doubt struct {
	Zone  string `json:"zone"`
	Label string `json:"label"`
	Times int    `json:"times"`
}
