package alarm

import (
	"slices"
	"strconv"
	"time"

	"gatehouse/hub/home"
)

// Codes are at least MinDigits and at most MaxDigits digits long; after
// WrongCodes wrong ones every code is refused for LockTime.
const (
	MinDigits  = 5
	MaxDigits  = 12
	WrongCodes = 3
	LockTime   = 90 * time.Second

	maxCodes = 256

	// InstallerTime is how long an installer's code can last.
	InstallerTime = 24 * time.Hour
)

// Kinds of code.
const (
	CodeUser      = "user"
	CodeDuress    = "duress" // disarms as any other, and tells people outside
	CodeGuest     = "guest"
	CodeInstaller = "installer"
)

// What a code may be limited to.
const (
	OnlyArm    = "arm"
	OnlyDisarm = "disarm"
)

// code is a code of one person. Code.Code, the digits, is always empty here.
type code struct {
	home.Code
	Digest Digest
}

// enter checks a code that somebody typed for an area.
func (s *step) enter(a int, d Digest) (*code, error) {
	st := &s.p.st
	if s.now.Before(st.lockedUntil) {
		return nil, &home.CodesLocked{Until: st.lockedUntil}
	}
	// All codes are compared, always: the time tells nothing.
	found := -1
	for i := range s.cfg().codes {
		if s.cfg().codes[i].Digest.equal(d) {
			found = i
		}
	}
	if found >= 0 && s.cfg().codes[found].valid(s.now, s.cfg().clock()) && s.cfg().codes[found].opens(s.cfg().areas[a].ID) {
		if st.wrongCodes > 0 {
			st.wrongCodes = 0
			s.durable = true
		}
		return &s.cfg().codes[found], nil
	}
	st.wrongCodes++
	s.durable = true
	left := WrongCodes - st.wrongCodes
	if left > 0 {
		s.line(home.KindAccess, "", nil, AtOnce, "Wrong code: "+tries(left)+" left.")
		return nil, &home.WrongCode{Left: left}
	}
	st.wrongCodes = 0
	st.lockedUntil = s.now.Add(LockTime)
	text := strconv.Itoa(WrongCodes) + " wrong codes: every code is refused for " + say(LockTime) + "."
	s.line(home.KindAccess, "", nil, AtOnce, text)
	s.notice(Notice{Kind: "lockout", Text: text}, nil)
	return nil, &home.WrongCode{Left: 0}
}

func tries(n int) string {
	if n == 1 {
		return "1 try"
	}
	return strconv.Itoa(n) + " tries"
}

// valid tells whether the code is good at the time now. A code that is not is
// as wrong as any other: nobody learns that it was one. clock is that on the
// wall of the house.
func (c *code) valid(now time.Time, clock *time.Location) bool {
	if c.Disabled {
		return false
	}
	if table, err := parseTimetable(c.Schedule); err != nil || !table.open(now.In(clock)) {
		return false
	}
	if c.Expires != nil && !now.Before(c.Expires.Time) {
		return false
	}
	return c.UsesLeft == nil || *c.UsesLeft > 0
}

// opens tells whether the code is good in the area.
func (c *code) opens(a home.AreaID) bool {
	return len(c.Areas) == 0 || slices.Contains(c.Areas, string(a))
}

// may tells what the code is not meant for. Whoever may change an armed mode, or
// ends an entry delay or an alarm by it, could disarm.
func (c *code) may(was, mode home.Mode, ends bool) error {
	switch {
	case c.Kind == CodeInstaller:
		return &home.CodeMayNot{What: "arm or disarm: it begins and ends a walk test of a house that is disarmed"}
	case mode == home.Disarmed && c.Only == OnlyArm:
		return &home.CodeMayNot{What: "disarm"}
	case mode != home.Disarmed && c.Only == OnlyDisarm:
		return &home.CodeMayNot{What: "arm"}
	case was != home.Disarmed && (was != mode || ends) && c.Only == OnlyArm:
		return &home.CodeMayNot{What: "change how the house is armed"}
	}
	return nil
}

// tellDuress tells people outside the house that a code was given under
// duress. Nothing else differs from any other code.
func (s *step) tellDuress(c *code) {
	if c.Kind == CodeDuress {
		s.notice(Notice{Kind: "duress", Outside: true, Text: c.Person + " used the panel under duress."}, nil)
	}
}

// used counts a use of the code.
func (s *step) used(c *code) {
	if c == nil || c.UsesLeft == nil {
		return
	}
	codes := slices.Clone(s.cfg().codes)
	for i := range codes {
		if codes[i].ID == c.ID {
			left := *c.UsesLeft - 1
			codes[i].UsesLeft = &left
		}
	}
	cfg := *s.cfg()
	cfg.codes = codes
	s.p.cfg = &cfg
	s.durable = true
}

func (s *step) putCode(in PutCode) error {
	c := in.Code
	c.Code = ""
	at := slices.IndexFunc(s.cfg().codes, func(o code) bool { return o.ID == c.ID })
	digest := in.Digest
	if digest.IsZero() {
		if at < 0 {
			return &home.Invalid{Field: "code", Reason: "a new code needs its digits"}
		}
		digest = s.cfg().codes[at].Digest
	}
	if c.Kind == "" {
		c.Kind = CodeUser
	}
	if c.Areas == nil {
		c.Areas = []string{}
	}
	if err := s.cfg().checkCode(c); err != nil {
		return err
	}
	if (c.Kind == CodeGuest || c.Kind == CodeInstaller) && c.Expires == nil {
		return &home.Invalid{Field: "expires", Reason: "a code of kind " + c.Kind + " must end some day: give the time when it does"}
	}
	if c.Kind == CodeInstaller && c.Expires.After(s.now.Add(InstallerTime)) {
		return &home.Invalid{Field: "expires", Reason: "an installer's code lasts " + say(InstallerTime) + " at most"}
	}
	if at < 0 && len(s.cfg().codes) >= maxCodes {
		return &home.Invalid{Field: "id", Reason: "there are " + strconv.Itoa(maxCodes) + " codes already: delete one first"}
	}
	for i, o := range s.cfg().codes {
		if i == at {
			continue
		}
		if o.Digest.equal(digest) {
			return &home.Invalid{Field: "code", Reason: "choose other digits: these cannot be used"}
		}
		if o.Person == c.Person && o.Kind == c.Kind {
			return &home.Invalid{Field: "person", Reason: c.Person + " has a " + c.Kind + " code already: change that one"}
		}
		if !in.Digest.IsZero() && (o.Kind == CodeDuress) != (c.Kind == CodeDuress) {
			for _, near := range in.Near {
				if o.Digest.equal(near) {
					return &home.Invalid{Field: "code", Reason: "choose other digits: these are too close to another code, and a slip of the finger must not mean something else"}
				}
			}
		}
	}
	if at >= 0 && digest == s.cfg().codes[at].Digest && (s.cfg().codes[at].Kind == CodeDuress) != (c.Kind == CodeDuress) {
		return &home.Invalid{Field: "kind", Reason: "a code becomes a duress code only with new digits"}
	}
	codes := slices.Clone(s.cfg().codes)
	text := "Code of " + c.Person + " changed."
	if at < 0 {
		codes = append(codes, code{c, digest})
		text = "Code of " + c.Person + " added."
	} else {
		codes[at] = code{c, digest}
	}
	cfg := *s.cfg()
	cfg.codes = codes
	s.p.cfg = &cfg
	s.line(home.KindAccess, "", whoOrNil(in.By), OnceWritten, text)
	return nil
}

func (cfg *config) checkCode(c home.Code) error {
	switch c.Kind {
	case CodeUser, CodeDuress, CodeGuest, CodeInstaller:
	default:
		return &home.Invalid{Field: "kind", Reason: strconv.Quote(c.Kind) + " is not a kind of code: give user, duress, guest or installer"}
	}
	if c.ID == "" || len(c.ID) > maxID {
		return &home.Invalid{Field: "id", Reason: "give an id of 1 to 64 characters"}
	}
	if err := checkName("person", c.Person); err != nil {
		return err
	}
	for _, id := range c.Areas {
		if id == "" || cfg.areaIndex(home.AreaID(id)) < 0 {
			return &home.Invalid{Field: "areas", Reason: "there is no area " + strconv.Quote(id)}
		}
	}
	if _, err := parseTimetable(c.Schedule); err != nil {
		return err
	}
	switch c.Only {
	case "", OnlyArm, OnlyDisarm:
	default:
		return &home.Invalid{Field: "only", Reason: strconv.Quote(c.Only) + " is not something that a code can be for: give arm, disarm, or nothing for both"}
	}
	if c.Kind == CodeDuress && (c.Disabled || c.Only == OnlyArm) {
		return &home.Invalid{Field: "only", Reason: "a duress code that does not disarm would give itself away: let it do all that others do"}
	}
	if c.UsesLeft != nil && *c.UsesLeft < 0 {
		return &home.Invalid{Field: "uses_left", Reason: "give 0 or more, or null for no limit"}
	}
	return nil
}

func (s *step) deleteCode(in DeleteCode) error {
	at := slices.IndexFunc(s.cfg().codes, func(o code) bool { return o.ID == in.ID })
	if at < 0 {
		return &home.NotFound{What: "code", ID: in.ID}
	}
	person := s.cfg().codes[at].Person
	cfg := *s.cfg()
	cfg.codes = slices.Delete(slices.Clone(cfg.codes), at, at+1)
	s.p.cfg = &cfg
	s.line(home.KindAccess, "", whoOrNil(in.By), OnceWritten, "Code of "+person+" deleted.")
	return nil
}
