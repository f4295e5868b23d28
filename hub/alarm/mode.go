package alarm

import (
	"slices"
	"strconv"

	"gatehouse/hub/home"
)

const maxModes = 16

func builtInModes() []home.AlarmMode {
	return []home.AlarmMode{
		{ID: home.Home, Name: "Home", Like: home.Home},
		{ID: home.Night, Name: "Night", Like: home.Night},
		{ID: home.Away, Name: "Away", Like: home.Away},
	}
}

func (s *step) putMode(in PutMode) error {
	m := in.Mode
	if m.Name == "" {
		m.Name = string(m.ID)
	}
	if slices.Contains(home.Modes, m.ID) {
		if m.Like == "" {
			m.Like = m.ID
		}
		if m.Like != m.ID {
			return &home.Invalid{Field: "like", Reason: string(m.ID) + " is itself: leave this empty"}
		}
	}
	cfg := *s.cfg()
	if err := cfg.checkMode(m, cfg.settings); err != nil {
		return err
	}
	at := cfg.modeIndex(m.ID)
	cfg.modes = slices.Clone(cfg.modes)
	text := "Mode " + m.Name + " changed."
	if at >= 0 {
		for a, st := range s.p.st.stands {
			if st.mode == m.ID {
				return &home.Conflict{Reason: cfg.areas[a].Name + " is armed in this mode: disarm first."}
			}
		}
		cfg.modes[at] = m
	} else {
		if len(cfg.modes) >= maxModes {
			return &home.Invalid{Field: "id", Reason: "there are " + strconv.Itoa(maxModes) + " modes already: delete one first"}
		}
		cfg.modes = append(cfg.modes, m)
		// A new mode begins with the zones of the one that it is like.
		cfg.zones = slices.Clone(cfg.zones)
		for i, z := range cfg.zones {
			if slices.Contains(z.Modes, m.Like) {
				cfg.zones[i].Modes = append(slices.Clone(z.Modes), m.ID)
			}
		}
		text = "Mode " + m.Name + " added, with the zones of " + string(m.Like) + "."
	}
	s.p.cfg = cfg.indexed()
	s.line(home.KindAlarm, "", whoOrNil(in.By), OnceWritten, text)
	return nil
}

func (c *config) checkMode(m home.AlarmMode, s home.AlarmSettings) error {
	if !slug(string(m.ID)) || m.ID == home.Disarmed {
		return &home.Invalid{Field: "id", Reason: strconv.Quote(string(m.ID)) + " cannot be a mode: give small letters, digits and hyphens, at most 64, such as guests"}
	}
	if err := checkName("name", m.Name); err != nil {
		return err
	}
	if !slices.Contains(home.Modes, m.Like) {
		return &home.Invalid{Field: "like", Reason: "give home, night or away: faces that know no other modes show this one so"}
	}
	if m.ExitDelay != nil {
		if err := checkExit(*m.ExitDelay, s); err != nil {
			return err
		}
	}
	if m.EntryDelay != nil {
		return checkEntry(*m.EntryDelay, s)
	}
	return nil
}

func (s *step) deleteMode(in DeleteMode) error {
	at := s.cfg().modeIndex(in.ID)
	switch {
	case at < 0:
		return &home.NotFound{What: "mode", ID: string(in.ID)}
	case at < len(home.Modes):
		return &home.Conflict{Reason: "Every home has the modes home, night and away."}
	}
	for a, st := range s.p.st.stands {
		if st.mode == in.ID {
			return &home.Conflict{Reason: s.cfg().areas[a].Name + " is armed in this mode: disarm first."}
		}
	}
	cfg := *s.cfg()
	name := cfg.modes[at].Name
	cfg.modes = slices.Delete(slices.Clone(cfg.modes), at, at+1)
	cfg.zones = slices.Clone(cfg.zones)
	for i, z := range cfg.zones {
		modes := slices.DeleteFunc(slices.Clone(z.Modes), func(m home.Mode) bool { return m == in.ID })
		if len(modes) == 0 && !z.Kind.AlwaysOn() {
			return &home.Conflict{Reason: z.Name + " guards in this mode only: let it guard in another one first."}
		}
		cfg.zones[i].Modes = modes
		if _, own := z.EntryDelays[in.ID]; own {
			cfg.zones[i].EntryDelays = without(z.EntryDelays, in.ID)
		}
	}
	s.p.cfg = cfg.indexed()
	s.line(home.KindAlarm, "", whoOrNil(in.By), OnceWritten, "Mode "+name+" deleted.")
	return nil
}

func without(delays map[home.Mode]home.Duration, m home.Mode) map[home.Mode]home.Duration {
	rest := make(map[home.Mode]home.Duration, len(delays))
	for k, d := range delays {
		if k != m {
			rest[k] = d
		}
	}
	return rest
}
