package alarm

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/hub/home"
)

var update = flag.Bool("update", false, "rewrite the effects in testdata/*.txt")

// TestStories plays testdata/*.txt. A story is a list of inputs at times
// (minutes:seconds since midnight of 1 March 2026), each followed by its
// effects, indented. See testdata/README for the words.
func TestStories(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no stories: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := play(t, want)
			if *update {
				if err := os.WriteFile(file, got, 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(string(want), string(got)); diff != "" {
				t.Errorf("story went otherwise (-want +got):\n%s", diff)
			}
		})
	}
}

var midnight = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)

// stage is a story being played.
type stage struct {
	t     *testing.T
	p     Panel
	at    time.Duration // story time
	clock time.Duration // what the wall clock was set by
	count bool          // tell every second of a delay
	out   bytes.Buffer
}

func play(t *testing.T, script []byte) []byte {
	s := &stage{t: t, p: New()}
	lines := bufio.NewScanner(bytes.NewReader(script))
	for n := 1; lines.Scan(); n++ {
		line := lines.Text()
		if strings.HasPrefix(line, " ") || strings.HasPrefix(line, "\t") {
			continue
		}
		s.out.WriteString(line + "\n")
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if err := s.do(line); err != nil {
			t.Fatalf("line %d: %q: %v", n, line, err)
		}
	}
	return s.out.Bytes()
}

func (s *stage) now() time.Time { return midnight.Add(s.at + s.clock) }

// do plays one line.
func (s *stage) do(line string) error {
	words, err := split(line)
	if err != nil {
		return err
	}
	if at, err := parseAt(words[0]); err == nil {
		if at < s.at {
			return fmt.Errorf("time runs backwards")
		}
		s.advance(at)
		words = words[1:]
	}
	if len(words) == 0 {
		return nil
	}
	args := map[string]string{}
	var plain []string
	for _, w := range words[1:] {
		if k, v, ok := strings.Cut(w, "="); ok {
			args[k] = v
		} else {
			plain = append(plain, w)
		}
	}
	return s.act(words[0], plain, args)
}

// advance steps the panel whenever it wants to be until the time at.
func (s *stage) advance(at time.Duration) {
	for {
		until := s.p.Until()
		if until.IsZero() || until.After(midnight.Add(at+s.clock)) {
			break
		}
		s.at = max(until.Sub(midnight)-s.clock, s.at)
		s.step(Tick{})
	}
	s.at = at
}

func (s *stage) step(in Input) {
	next, effects := s.p.Step(s.now(), in)
	if until := next.Until(); !until.IsZero() && !until.After(s.now()) {
		s.t.Fatalf("at %s: a step left a deadline behind: %s", formatAt(s.at), until)
	}
	s.p = next
	for _, e := range effects {
		if in, ok := e.(Indication); ok && in.Passing && !s.count {
			continue
		}
		text := describe(e)
		if e.Retreat() {
			text += "  (once written)"
		}
		fmt.Fprintf(&s.out, "\t%s  %s\n", formatAt(s.at), text)
	}
}

func (s *stage) act(verb string, plain []string, args map[string]string) error {
	channel := home.ByAPI
	var device home.DeviceID
	if slices.Contains(plain, "keypad") {
		channel, device = home.ByKeypad, "keypad-1"
	}
	arg := func(i int) string {
		if i < len(plain) {
			return plain[i]
		}
		return ""
	}
	switch verb {
	case "arm", "disarm":
		r := home.ModeRequest{
			Mode: home.Disarmed, By: args["by"], Channel: channel, RequestID: args["id"],
			Force: slices.Contains(plain, "force"), SteppedUp: slices.Contains(plain, "stepped-up"), CodeFree: slices.Contains(plain, "free"), Area: home.AreaID(args["area"]),
			ArmOnClose: slices.Contains(plain, "on-close"),
		}
		if verb == "arm" {
			r.Mode = home.Mode(arg(0))
		}
		if v, ok := args["bypass"]; ok {
			for id := range strings.SplitSeq(v, ",") {
				r.Bypass = append(r.Bypass, home.ZoneID(id))
			}
		}
		if v, ok := args["exit"]; ok {
			d := new(home.Duration)
			if err := d.UnmarshalText([]byte(v)); err != nil {
				return err
			}
			r.ExitDelay = d
		}
		s.step(SetMode{Request: r, Code: testDigest(args["code"]), Device: device})
	case "silence":
		s.step(Silence{By: args["by"]})
	case "acknowledge":
		s.step(Acknowledge{By: args["by"]})
	case "test":
		s.step(Test{On: !slices.Contains(plain, "over"), By: args["by"]})
	case "person":
		s.step(PersonSeen{Camera: home.DeviceID(arg(0)), Name: args["name"], Area: home.AreaID(args["area"]), At: s.now()})
	case "panic":
		s.step(Panic{Kind: home.ZoneKind(arg(0)), Silent: slices.Contains(plain, "silent"), By: args["by"], Channel: channel, Device: device})
	case "refused-code":
		s.step(RefusedCode{Device: "keypad-1"})
	case "trouble":
		item := home.TroubleItem{Code: arg(0), Text: arg(0), Severity: home.SeverityWarning}
		if slices.Contains(plain, "critical") {
			item.Severity = home.SeverityCritical
		}
		if b, ok := args["blocks"]; ok {
			for m := range strings.SplitSeq(b, ",") {
				item.Blocks = append(item.Blocks, home.Mode(m))
			}
		}
		s.step(Trouble{item, !slices.Contains(plain, "over")})
	case "zone":
		z := home.Zone{
			ID: home.ZoneID(arg(0)), Name: args["name"], Device: home.DeviceID("dev-" + arg(0)), Trait: home.Trait(arg(1)),
			Kind: home.ZoneKind(arg(2)), Chime: slices.Contains(plain, "chime"), CrossZone: home.ZoneID(args["cross"]),
			Silent: slices.Contains(plain, "silent"),
		}
		if v, ok := args["abort"]; ok {
			z.AbortWindow = new(v == "on")
		}
		if m, ok := args["modes"]; ok {
			for m := range strings.SplitSeq(m, ",") {
				z.Modes = append(z.Modes, home.Mode(m))
			}
		}
		if a, ok := args["areas"]; ok {
			for a := range strings.SplitSeq(a, ",") {
				z.Areas = append(z.Areas, home.AreaID(a))
			}
		}
		if err := durations(args, map[string]**home.Duration{"entry": &z.EntryDelay, "exit": &z.ExitDelay}); err != nil {
			return err
		}
		for k, v := range args { // entry.night=0s
			if m, ok := strings.CutPrefix(k, "entry."); ok {
				var d home.Duration
				if err := d.UnmarshalText([]byte(v)); err != nil {
					return err
				}
				if z.EntryDelays == nil {
					z.EntryDelays = map[home.Mode]home.Duration{}
				}
				z.EntryDelays[home.Mode(m)] = d
			}
		}
		s.configure(PutZone{z, args["by"]})
	case "area":
		s.configure(PutArea{home.Area{ID: home.AreaID(arg(0)), Name: args["name"]}, args["by"]})
	case "delete-area":
		s.configure(DeleteArea{home.AreaID(arg(0)), args["by"]})
	case "mode":
		m := home.AlarmMode{ID: home.Mode(arg(0)), Name: args["name"], Like: home.Mode(args["like"]), Silent: slices.Contains(plain, "silent")}
		if err := durations(args, map[string]**home.Duration{"entry": &m.EntryDelay, "exit": &m.ExitDelay}); err != nil {
			return err
		}
		s.configure(PutMode{m, args["by"]})
	case "delete-mode":
		s.configure(DeleteMode{home.Mode(arg(0)), args["by"]})
	case "delete-zone":
		s.configure(DeleteZone{home.ZoneID(arg(0)), args["by"]})
	case "code":
		c := home.Code{
			ID: arg(0), Person: args["person"], Kind: args["kind"], Schedule: args["schedule"],
			Only: args["only"], Disabled: slices.Contains(plain, "off"),
		}
		if a, ok := args["areas"]; ok {
			c.Areas = strings.Split(a, ",")
		}
		if v, ok := args["uses"]; ok {
			n, err := strconv.Atoi(v)
			if err != nil {
				return err
			}
			c.UsesLeft = &n
		}
		if v, ok := args["expires"]; ok {
			at, err := parseAt(v)
			if err != nil {
				return err
			}
			e := home.At(midnight.Add(at))
			c.Expires = &e
		}
		s.configure(PutCode{Code: c, Digest: testDigest(args["digits"]), Near: testNear(args["digits"]), By: args["by"]})
	case "delete-code":
		s.configure(DeleteCode{arg(0), args["by"]})
	case "settings":
		c := s.p.Settings()
		for k, v := range args {
			if k == "by" {
				continue
			}
			if on := map[string]*bool{"exit-restart": &c.ExitRestart, "unvacated-home": &c.UnvacatedHome, "arm-on-close": &c.ArmOnClose}[k]; on != nil {
				*on = v == "on"
				continue
			}
			if to := map[string]*int{"swinger": &c.Swinger, "cycles": &c.SirenCycles}[k]; to != nil {
				n, err := strconv.Atoi(v)
				if err != nil {
					return err
				}
				*to = n
				continue
			}
			if k == "preset" {
				c.Preset = home.Preset(v)
				continue
			}
			d := map[string]*home.Duration{
				"exit": &c.ExitDelay, "entry": &c.EntryDelay, "abort": &c.AbortWindow, "siren": &c.SirenTimeout,
				"cancel": &c.CancelWindow, "cross": &c.CrossZoneTime, "verify": &c.VerifyTime,
			}[k]
			if d == nil {
				return fmt.Errorf("unknown setting %s", k)
			}
			if err := d.UnmarshalText([]byte(v)); err != nil {
				return err
			}
		}
		if slices.Contains(plain, "outside-standard") {
			c.OutsideStandard = true
		}
		if slices.Contains(plain, "standard") {
			c.OutsideStandard = false
		}
		if slices.Contains(plain, "no-strobe") {
			c.StrobeAfter = false
		}
		s.configure(PutSettings{c, args["by"]})
	case "power-cut":
		// until=T: the power is back at T.
		b, err := json.Marshal(s.p)
		if err != nil {
			return err
		}
		var p Panel
		if err := json.Unmarshal(b, &p); err != nil {
			return err
		}
		s.p = p
		if v, ok := args["until"]; ok {
			if s.at, err = parseAt(v); err != nil {
				return err
			}
		}
		s.step(Resumed{})
	case "clock":
		d, err := time.ParseDuration(arg(0))
		if err != nil {
			return err
		}
		s.clock += d
		s.step(ClockStepped{d})
	case "show":
		s.show()
	case "count":
		s.count = arg(0) == "on"
	case "all":
		for _, z := range s.p.Zones() {
			v := home.False
			if z.Trait == home.Button {
				continue
			}
			if z.Trait == home.Contact {
				v = home.Closed
			}
			s.step(Reading{z.Device, z.Trait, v})
		}
	default:
		i := slices.IndexFunc(s.p.Zones(), func(z home.Zone) bool { return string(z.ID) == verb })
		if i < 0 {
			return fmt.Errorf("no such word and no such zone")
		}
		z := s.p.Zones()[i]
		v := home.Word(arg(0))
		switch arg(0) {
		case "yes":
			v = home.True
		case "no":
			v = home.False
		}
		s.step(Reading{z.Device, z.Trait, v})
	}
	return nil
}

// durations reads those of the arguments that are given.
func durations(args map[string]string, to map[string]**home.Duration) error {
	for k, d := range to {
		v, ok := args[k]
		if !ok {
			continue
		}
		*d = new(home.Duration)
		if err := (*d).UnmarshalText([]byte(v)); err != nil {
			return err
		}
	}
	return nil
}

// configure steps an input before the story begins without telling of it,
// unless it is refused.
func (s *stage) configure(in Input) {
	if s.at > 0 {
		s.step(in)
		return
	}
	next, effects := s.p.Step(s.now(), in)
	s.p = next
	for _, e := range effects {
		if a, ok := e.(Answer); ok && a.Err != nil {
			fmt.Fprintf(&s.out, "\t%s\n", describe(e))
		}
	}
}

func (s *stage) show() {
	v := s.p.View(s.now())
	ids := func(z []home.ZoneID) string {
		if len(z) == 0 {
			return "none"
		}
		var w []string
		for _, id := range z {
			w = append(w, string(id))
		}
		return strings.Join(w, " ")
	}
	fmt.Fprintf(&s.out, "\t%s  shows: mode %s, phase %s", formatAt(s.at), v.Mode, v.Phase)
	if v.Until != nil {
		fmt.Fprintf(&s.out, " until %s", formatAt(v.Until.Sub(midnight)-s.clock))
	}
	fmt.Fprintf(&s.out, "; open %s; bypassed %s; ready", ids(v.Open), ids(v.Bypassed))
	for _, m := range s.p.Modes() {
		if v.Ready[m.ID] {
			fmt.Fprintf(&s.out, " %s", m.ID)
		}
	}
	if v.Alarm != nil {
		fmt.Fprintf(&s.out, "; alarm %s %s", v.Alarm.Kind, v.Alarm.Zone)
		for _, is := range []struct {
			so   bool
			word string
		}{{v.Alarm.Silenced, "silenced"}, {v.Alarm.Verified, "verified"}, {!v.Alarm.Reported, "not reported"}, {v.Alarm.RecentClosing, "soon after arming"}} {
			if is.so {
				s.out.WriteString(", " + is.word)
			}
		}
	}
	for _, t := range v.Troubles {
		fmt.Fprintf(&s.out, "; trouble %s", t.Code)
	}
	if v.Test != nil {
		fmt.Fprintf(&s.out, "; walk test until %s: %s", formatAt(v.Test.Until.Sub(midnight)-s.clock), ids(v.Test.Seen))
	}
	for _, a := range v.Areas[1:] {
		fmt.Fprintf(&s.out, "; %s: %s %s", a.ID, a.Mode, a.Phase)
		if a.Until != nil {
			fmt.Fprintf(&s.out, " until %s", formatAt(a.Until.Sub(midnight)-s.clock))
		}
	}
	s.out.WriteString("\n")
}

func describe(e Effect) string {
	switch e := e.(type) {
	case Siren:
		if e.Strobe && !e.On() {
			return "siren: off, lights flash (" + e.ID + ")"
		}
		if !e.On() {
			return "siren: off"
		}
		where := ""
		if e.Inside {
			where = " inside"
		}
		return fmt.Sprintf("siren: %s%s (%s)", e.Pattern, where, e.ID)
	case Indication:
		text := fmt.Sprintf("keypad: %s %s", e.Mode, e.Phase)
		if e.Mode == home.Disarmed && e.Phase == home.PhaseDisarmed {
			text = "keypad: disarmed"
		}
		if e.Area != home.TheHouse {
			text = strings.Replace(text, "keypad", "keypad of "+string(e.Area), 1)
		}
		if e.Seconds > 0 {
			text += fmt.Sprintf(", %d s", e.Seconds)
		}
		if e.Alarm != "" {
			text += ", alarm: " + e.Alarm
		}
		for _, f := range []struct {
			is   bool
			word string
		}{{e.Bypass, "with bypass"}, {e.Ready, "ready"}, {e.Memory, "memory"}, {e.Trouble, "trouble"}, {e.Hurry, "rapid"}} {
			if f.is {
				text += ", " + f.word
			}
		}
		if e.Tone != ToneNone {
			text += ", tone: " + string(e.Tone)
		}
		return text
	case Line:
		text := "journal: " + e.Event.Text
		if e.Event.Who != nil {
			text += " [" + *e.Event.Who + "]"
		}
		return text
	case Notice:
		text := "notice (" + e.Kind + "): " + e.Text
		if e.Outside {
			text = "notice to people outside (" + e.Kind + "): " + e.Text
		}
		return text
	case Answer:
		if e.Err == nil {
			return "answer: done"
		}
		return "answer: " + e.Err.Error()
	default:
		return fmt.Sprintf("%T", e)
	}
}

// testDigest stands in for the keyed hash that the guard makes.
func testDigest(digits string) Digest {
	if digits == "" {
		return Digest{}
	}
	return sha256.Sum256([]byte(digits))
}

func testNear(digits string) []Digest {
	var near []Digest
	for i := range digits {
		for d := range 10 {
			b := []byte(digits)
			b[i] = byte('0' + d)
			if string(b) != digits {
				near = append(near, testDigest(string(b)))
			}
		}
	}
	return near
}

// split cuts a line into words; "quoted words" are one.
func split(line string) ([]string, error) {
	var words []string
	var b strings.Builder
	quoted := false
	for _, r := range line {
		switch {
		case r == '"':
			quoted = !quoted
		case r == ' ' && !quoted:
			if b.Len() > 0 {
				words = append(words, b.String())
				b.Reset()
			}
		default:
			b.WriteRune(r)
		}
	}
	if quoted {
		return nil, fmt.Errorf("quote without end")
	}
	if b.Len() > 0 {
		words = append(words, b.String())
	}
	return words, nil
}

// parseAt reads mm:ss.s or hh:mm:ss.s.
func parseAt(s string) (time.Duration, error) {
	parts := strings.Split(s, ":")
	if len(parts) < 2 || len(parts) > 3 {
		return 0, fmt.Errorf("%q is not a time", s)
	}
	var d time.Duration
	for i, p := range parts {
		f, err := strconv.ParseFloat(p, 64)
		if err != nil {
			return 0, err
		}
		d *= 60
		if i == len(parts)-1 {
			d += time.Duration(f*1000+0.5) * time.Millisecond
		} else {
			d += time.Duration(f) * time.Second
		}
	}
	return d, nil
}

func formatAt(d time.Duration) string {
	s := fmt.Sprintf("%02d:%04.1f", int(d.Minutes())%60, (d % time.Minute).Seconds())
	if d >= time.Hour {
		s = fmt.Sprintf("%02d:", int(d.Hours())) + s
	}
	return s
}
