package home

// RuleID names a rule for ever: "evening-light".
type RuleID string

// Rule is one thing that the family wants the house to do by itself: when
// something happens, and if something holds, then do something. hub/alarm/rules
// says what each part can be.
type Rule struct {
	ID      RuleID `json:"id"`
	Name    string `json:"name"`
	Enabled bool   `json:"enabled"`
	When    When   `json:"when"`
	If      string `json:"if"` // an expression, "" for always
	Then    []Act  `json:"then"`
	Says    string `json:"says"`  // read only: the rule as a sentence
	Fault   string `json:"fault"` // read only: why it can't run as things are, "" when it can
	// Read only: the same for faces with languages of their own, left out when it can.
	FaultSays *Saying `json:"fault_says,omitempty"`
	Stopped   bool    `json:"stopped"` // read only: it fired too often; saving it again starts it
	Next      *Time   `json:"next"`    // read only: when clock or sun fire it next, null when neither does
}

// RuleEvent is what a rule waits for.
type RuleEvent string

// Rule events.
const (
	WhenTime    RuleEvent = "time"    // At, on Days
	WhenSunrise RuleEvent = "sunrise" // moved by Offset, on Days
	WhenSunset  RuleEvent = "sunset"  // the same
	WhenMode    RuleEvent = "mode"    // the house is set to Mode, or to any
	WhenPhase   RuleEvent = "phase"   // the panel comes into Phase
	WhenAlarm   RuleEvent = "alarm"   // an alarm of Kind, or any, begins
	WhenTrouble RuleEvent = "trouble" // a condition with Code, or any, comes
	WhenReading RuleEvent = "reading" // Device's Trait becomes Value, or goes Above or Below, and stays so for For
	WhenButton  RuleEvent = "button"  // Device's button is pressed: Value press, double or hold
	WhenPerson  RuleEvent = "person"  // Person, or anybody, makes a Move
)

// RuleEvents lists every event.
var RuleEvents = []RuleEvent{
	WhenTime, WhenSunrise, WhenSunset, WhenMode, WhenPhase, WhenAlarm, WhenTrouble, WhenReading, WhenButton, WhenPerson,
}

// Move is what a person does about being at home.
type Move string

// Moves.
const (
	Leaves  Move = "leaves"
	Arrives Move = "arrives"
	LastOut Move = "last-leaves"   // nobody of those who were said to be at home is left
	FirstIn Move = "first-arrives" // nobody was at home before
)

// When is the event of a rule. Fields that its event does not use are empty.
type When struct {
	Event  RuleEvent `json:"event"`
	At     string    `json:"at,omitempty"`     // "22:30", on the home's clock
	Offset Duration  `json:"offset,omitempty"` // "-15m": before
	Days   []string  `json:"days,omitempty"`   // mon tue wed thu fri sat sun; none: every day
	Mode   Mode      `json:"mode,omitempty"`
	Phase  Phase     `json:"phase,omitempty"`
	Kind   string    `json:"kind,omitempty"` // of alarm
	Code   string    `json:"code,omitempty"` // of a condition
	Device DeviceID  `json:"device,omitempty"`
	Trait  Trait     `json:"trait,omitempty"`
	Value  Value     `json:"value,omitzero"`
	Above  *float64  `json:"above,omitempty"`
	Below  *float64  `json:"below,omitempty"`
	For    Duration  `json:"for,omitempty"`
	Person string    `json:"person,omitempty"`
	Move   Move      `json:"move,omitempty"`
}

// ActKind is a kind of thing that a rule may do.
type ActKind string

// Act kinds. There is none that disarms, silences, unlocks or changes settings.
const (
	ActCommand ActKind = "command" // tell Device's Trait Value, and take it back after For
	ActArm     ActKind = "arm"     // arm Mode, as somebody without a code could
	ActTell    ActKind = "tell"    // put Text into the journal, which every face shows
)

// Act is one thing that a rule does.
type Act struct {
	Do     ActKind  `json:"do"`
	Device DeviceID `json:"device,omitempty"`
	Trait  Trait    `json:"trait,omitempty"`
	Value  Value    `json:"value,omitzero"`
	For    Duration `json:"for,omitempty"`
	Mode   Mode     `json:"mode,omitempty"`
	Text   string   `json:"text,omitempty"`
}

// RuleRun is one time that a rule fired, did not although its event came, or
// would have fired.
type RuleRun struct {
	At     Time   `json:"at"`
	Rule   RuleID `json:"rule"`
	Result string `json:"result"` // fired over missed unclear stopped refused; made changed removed
	Why    string `json:"why"`    // "the sun set at 16:12 and nobody was home"
	Does   string `json:"does"`   // "Lamp on for 5 minutes"
	Text   string `json:"text"`   // one sentence that says what and why
}

// RuleSettings are what rules need to know of the house. Both are null until
// the owner says where the house is; nothing looks it up.
type RuleSettings struct {
	Latitude  *float64 `json:"latitude"`  // degrees, north is positive
	Longitude *float64 `json:"longitude"` // degrees, east is positive
	Zone      string   `json:"zone"`      // read only: the home's time zone
	Sunrise   *Time    `json:"sunrise"`   // read only: today's, null without a place or in a polar day or night
	Sunset    *Time    `json:"sunset"`
}

// Presence is what was last said of a person: at home or not.
type Presence struct {
	Person string `json:"person"`
	Home   bool   `json:"home"`
	Since  Time   `json:"since"`
}

// RuleWord is one word of the language of a rule's condition.
type RuleWord struct {
	Name string `json:"name"`
	Type string `json:"type"`
	Says string `json:"says"`
}
