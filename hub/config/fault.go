package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Fault is one thing that is wrong with a configuration.
type Fault struct {
	Line   int    // from 1; 0 when the key is not in the file
	Key    string // "network.uplinks[1].interface"; "" when the file itself is meant
	Reason string // what is wrong, and the mend
}

// Invalid says everything that is wrong with a configuration, a line each.
type Invalid struct {
	File   string
	Faults []Fault // by line
}

func (e *Invalid) Error() string {
	var b strings.Builder
	for i, f := range e.Faults {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(e.File)
		if f.Line > 0 {
			fmt.Fprintf(&b, ":%d", f.Line)
		}
		b.WriteString(": ")
		if f.Key != "" {
			b.WriteString(f.Key + ": ")
		}
		b.WriteString(f.Reason)
	}
	return b.String()
}

// faults gathers.
type faults struct {
	list  []Fault
	lines map[string]int // where a key stands in the file
}

func (f *faults) add(line int, key, format string, args ...any) {
	f.list = append(f.list, Fault{line, key, fmt.Sprintf(format, args...)})
}

// at adds a fault of a key, at the line where it, or else what it belongs to,
// stands in the file.
func (f *faults) at(key, format string, args ...any) {
	line := 0
	for k := key; k != "" && line == 0; k = k[:max(0, strings.LastIndexAny(k, ".["))] {
		line = f.lines[k]
	}
	f.add(line, key, format, args...)
}

func (f *faults) err(file string) error {
	if len(f.list) == 0 {
		return nil
	}
	slices.SortStableFunc(f.list, func(a, b Fault) int { return cmp.Compare(a.Line, b.Line) })
	return &Invalid{File: file, Faults: f.list}
}
