package rules

import (
	"bufio"
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/hub/home"
)

var update = flag.Bool("update", false, "rewrite what fires in testdata/*.txt")

// TestStories plays testdata/*.txt; testdata/README says how they read. Each
// story is played a second time from the journal that it left, as a dry run
// would: the same must fire.
func TestStories(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no stories: %v", err)
	}
	for _, name := range files {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txt"), func(t *testing.T) {
			want, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			s := play(t, want)
			if *update {
				if err := os.WriteFile(name, s.out.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			} else if diff := cmp.Diff(string(want), s.out.String()); diff != "" {
				t.Errorf("story went otherwise (-want +got):\n%s", diff)
			}
			if !s.dark {
				s.again(t)
			}
		})
	}
}

const storyTime = "2006-01-02 15:04:05"

// stage is a story being played.
type stage struct {
	c      *core
	begun  bool
	now    time.Time
	dark   bool // the hub was off: a dry run knows nothing of that
	out    bytes.Buffer
	fired  []Firing
	before *world // the house as it was when the story began
	rules  []home.Rule
	lines  []home.Event
	notes  []Note
	first  time.Time
}

func play(t *testing.T, script []byte) *stage {
	t.Helper()
	s := &stage{c: newCore(newWorld(), time.Time{})}
	lines := bufio.NewScanner(bytes.NewReader(script))
	for n := 1; lines.Scan(); n++ {
		line := lines.Text()
		if strings.HasPrefix(line, " ") {
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
	return s
}

func (s *stage) do(line string) error {
	word, rest, _ := strings.Cut(line, " ")
	switch word {
	case "zone":
		z, err := time.LoadLocation(rest)
		s.c.world.zone = z
		return err
	case "place":
		lat, lon, _ := strings.Cut(rest, " ")
		la, err := strconv.ParseFloat(lat, 64)
		if err != nil {
			return err
		}
		lo, err := strconv.ParseFloat(lon, 64)
		s.c.world.place = &Place{la, lo}
		return err
	case "device":
		return s.device(strings.Fields(rest))
	case "rule":
		var r home.Rule
		d := json.NewDecoder(strings.NewReader(rest))
		d.DisallowUnknownFields()
		if err := d.Decode(&r); err != nil {
			return err
		}
		r.Enabled = true
		return s.rule(r)
	}
	if len(line) < len(storyTime) {
		return fmt.Errorf("want a time")
	}
	at, err := time.ParseInLocation(storyTime, line[:len(storyTime)], s.c.world.zone)
	if err != nil {
		return err
	}
	return s.happen(at, strings.Fields(line[len(storyTime):]))
}

func (s *stage) device(words []string) error {
	d := home.Device{ID: home.DeviceID(words[0]), Name: strings.ReplaceAll(words[1], "_", " "), Health: home.HealthOK, Traits: map[home.Trait]home.State{}}
	for _, w := range words[2:] {
		trait, value, _ := strings.Cut(w, "=")
		d.Traits[home.Trait(trait)] = home.State{Value: readValue(value)}
	}
	s.c.device(d)
	return nil
}

func readValue(s string) home.Value {
	if s == "" {
		return home.Value{}
	}
	if f, err := strconv.ParseFloat(s, 64); err == nil {
		return home.Number(f)
	}
	if b, err := strconv.ParseBool(s); err == nil {
		return home.Bool(b)
	}
	return home.Word(s)
}

func (s *stage) rule(r home.Rule) error {
	if err := check(r); err != nil {
		return err
	}
	cond, err := compileIf(r.If)
	if err != nil {
		return err
	}
	if f := s.c.world.fault(r, cond); f != nil {
		return f
	}
	s.c.put(r, cond, s.now)
	s.rules = append(s.rules, r)
	fmt.Fprintf(&s.out, "    %s\n", s.c.world.sentence(r))
	return nil
}

// happen plays one line at a time.
func (s *stage) happen(at time.Time, words []string) error {
	if !s.begun {
		s.begun, s.c.handled, s.first = true, at, at
		s.before = s.c.world.before(at)
		for _, r := range s.c.rules {
			r.from = at
		}
	}
	s.now = at
	asleep := len(words) > 0 && words[0] == "awake" // the hub was off until now
	for due := s.c.until(); !asleep && !due.IsZero() && !due.After(at); due = s.c.until() {
		s.tell(s.c.step(due, nil))
	}
	if len(words) == 0 {
		return nil
	}
	line := home.Event{At: home.At(at)}
	var in Input
	switch words[0] {
	case "awake":
		s.dark = true
	case "panel":
		p := Panel{Mode: home.Mode(words[1]), Phase: home.Phase(words[2])}
		for _, w := range words[3:] {
			key, value, _ := strings.Cut(w, "=")
			switch key {
			case "by":
				p.By = value
			case "alarm":
				p.Alarm = value
			}
		}
		in = p
		s.notes = append(s.notes, Note{At: home.At(at), Panel: &p})
	case "trouble":
		p := Trouble{Code: words[1], Text: strings.Join(words[2:], " ")}
		in = p
		s.notes = append(s.notes, Note{At: home.At(at), Trouble: &p})
	case "leaves", "comes":
		p := Presence{Person: words[1], Home: words[0] == "comes"}
		in = p
		line.Kind = home.KindPerson
		line.Data, _ = json.Marshal(p)
	default:
		r := home.Reading{Device: home.DeviceID(words[0]), Trait: home.Trait(words[1]), Value: readValue(words[2]), At: at}
		in = Reading{r}
		line.Kind, line.Device = home.KindReading, r.Device
		line.Data, _ = json.Marshal(map[string]any{"trait": r.Trait, "value": r.Value})
	}
	if line.Kind != "" {
		s.lines = append(s.lines, line)
	}
	s.tell(s.c.step(at, in))
	return nil
}

func (s *stage) tell(fired []Firing) {
	for _, f := range fired {
		fmt.Fprintf(&s.out, "    %s %s: %s\n", f.At.In(s.c.world.zone).Format(storyTime), f.Result, f.Text)
	}
	s.fired = append(s.fired, fired...)
}

// again plays what the story left in the journal.
func (s *stage) again(t *testing.T) {
	t.Helper()
	c := newCore(s.before, s.first)
	for _, r := range s.rules {
		cond, err := compileIf(r.If)
		if err != nil {
			t.Fatal(err)
		}
		c.put(r, cond, s.first)
	}
	got := replay(c, pastOf(s.lines, s.notes), s.first, s.now)
	if diff := cmp.Diff(s.fired, got, cmp.Comparer(func(a, b home.Value) bool { return a == b })); diff != "" {
		t.Errorf("a dry run of the same days differs (-ran +dry):\n%s", diff)
	}
}
