package main

import (
	"cmp"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"gatehouse/hub/camera/detect"
	"gatehouse/hub/home"
)

// tally counts, label by label, what was found, made up and missed.
type tally map[string]*[3]int

const (
	hit = iota
	madeUp
	missed
)

func (t tally) add(label string, what, n int) {
	if t[label] == nil {
		t[label] = new([3]int)
	}
	t[label][what] += n
}

// judge holds sights against the truth: a sight is right when its box covers
// the place of a thing of its kind that no better sight was right about.
func (t tally) judge(sights []home.Sight, truth []point) {
	left := slices.Clone(truth)
	slices.SortStableFunc(sights, func(a, b home.Sight) int { return cmp.Compare(b.Score, a.Score) })
	for _, s := range sights {
		i := slices.IndexFunc(left, func(p point) bool {
			return p.label == s.Label && s.Left <= p.x && p.x <= s.Right && s.Top <= p.y && p.y <= s.Base
		})
		if i < 0 {
			t.add(s.Label, madeUp, 1)
			continue
		}
		t.add(s.Label, hit, 1)
		left = slices.Delete(left, i, i+1)
	}
	for _, p := range left {
		t.add(p.label, missed, 1)
	}
}

func (t tally) print(w io.Writer) {
	fmt.Fprintln(w, "| label | there are | found | made up | missed | precision | recall |")
	fmt.Fprintln(w, "|---|---|---|---|---|---|---|")
	ratio := func(a, b int) string {
		if b == 0 {
			return "–"
		}
		return fmt.Sprintf("%.2f", float64(a)/float64(b))
	}
	for _, label := range detect.Labels {
		if n := t[label]; n != nil {
			fmt.Fprintf(w, "| %s | %d | %d | %d | %d | %s | %s |\n", label, n[hit]+n[missed], n[hit], n[madeUp], n[missed],
				ratio(n[hit], n[hit]+n[madeUp]), ratio(n[hit], n[hit]+n[missed]))
		}
	}
	fmt.Fprintln(w)
}

func (r *run) picture(name string) ([]byte, error) {
	return os.ReadFile(filepath.Join(r.pictures, name+".jpg"))
}

func (r *run) detector() (*detect.Detector, error) {
	m, err := detect.Open(r.folder)
	if err != nil {
		return nil, err
	}
	return detect.New(detect.Options{
		Watch: func(home.DeviceID) detect.Watch { return detect.Watch{} },
		Open:  func() (detect.Eyes, error) { return m, nil },
		Log:   slog.New(slog.DiscardHandler),
	}), nil
}

// found shows what the detector finds on pictures of which the truth is known.
func (r *run) found(w io.Writer) error {
	d, err := r.detector()
	if err != nil {
		return err
	}
	start := time.Now()
	look := func(camera, name string, second int) ([]home.Sight, error) {
		jpeg, err := r.picture(name)
		if err != nil {
			return nil, err
		}
		j, err := d.Judge(home.DeviceID(camera), start.Add(time.Duration(second)*time.Second), detect.JPEG(jpeg))
		return j.Sights, err
	}

	fmt.Fprintf(w, "Eighteen photographs, each looked at twice, so that a score of %v is believed:\n\n", detect.Twice)
	fmt.Fprintln(w, "| picture | what is on it | believed |\n|---|---|---|")
	once, twice := tally{}, tally{}
	for _, p := range photographs {
		first, err := look(p.name, p.name, 0)
		if err != nil {
			return err
		}
		second, err := look(p.name, p.name, 1)
		if err != nil {
			return err
		}
		once.judge(first, p.truth)
		twice.judge(second, p.truth)
		var words []string
		for _, s := range second {
			words = append(words, fmt.Sprintf("%s %.2f", s.Label, s.Score))
		}
		if words == nil {
			words = []string{"nothing"}
		}
		fmt.Fprintf(w, "| %s | %s | %s |\n", p.name, p.of, strings.Join(words, ", "))
	}
	fmt.Fprintln(w)
	twice.print(w)
	fmt.Fprintf(w, "The same, looked at once, so that a score of %v is wanted:\n\n", detect.Once)
	once.print(w)

	yard := tally{}
	for _, s := range street {
		camera := fmt.Sprintf("street-%d", s.second)
		var sights []home.Sight
		for second := s.second - 2; second <= s.second; second++ {
			if sights, err = look(camera, fmt.Sprintf("street/%02d", second), second); err != nil {
				return err
			}
		}
		yard.judge(sights, append(slices.Clone(s.people), parked...))
	}
	fmt.Fprintf(w, "The street, %d pictures, each after the two of the seconds before it, what moved enlarged:\n\n", len(street))
	yard.print(w)
	return nil
}
