package hap

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Home is what a server shows and is told. Its methods are called by many
// connections at once.
type Home interface {
	// Accessories is the whole database as JSON (§6.6).
	Accessories() []byte
	// Characteristic describes one and says its value.
	Characteristic(id ID) (Characteristic, bool)
	// Write takes a value that the characteristic allows, and returns once it is
	// done or refused.
	Write(ctx context.Context, id ID, value any) Status
}

// ID names a characteristic: accessory and instance.
type ID struct{ AID, IID uint64 }

// Status is how a read or write went (§6.7.1.4).
type Status int

// Statuses.
const (
	StatusOK             Status = 0
	StatusPrivileges     Status = -70401
	StatusUnreachable    Status = -70402
	StatusBusy           Status = -70403
	StatusReadOnly       Status = -70404
	StatusWriteOnly      Status = -70405
	StatusNoEvents       Status = -70406
	StatusNoSuchResource Status = -70409
	StatusInvalid        Status = -70410
)

// Characteristic is one value with its description.
type Characteristic struct {
	Type   string
	Format string // "bool", "uint8" …
	Perms  []string
	Unit   string
	Min    any
	Max    any
	Step   any
	MaxLen int
	Valid  []int // none: all within Min and Max

	Value  any
	Status Status // why there is no value
}

func (c Characteristic) may(perm string) bool { return slices.Contains(c.Perms, perm) }

// check reads a value that somebody wants to write: a bool, float64 or string.
func (c Characteristic) check(raw json.RawMessage) (any, bool) {
	var v any
	if json.Unmarshal(raw, &v) != nil {
		return nil, false
	}
	switch c.Format {
	case "bool": // 0 and 1 are bools to many controllers
		switch v := v.(type) {
		case bool:
			return v, true
		case float64:
			return v == 1, v == 0 || v == 1
		}
	case "float", "uint8", "uint16", "uint32", "uint64", "int":
		n, ok := v.(float64)
		if b, isBool := v.(bool); isBool {
			ok = true
			if b {
				n = 1
			}
		}
		whole := c.Format == "float" || n == math.Trunc(n)
		return n, ok && whole && (!strings.HasPrefix(c.Format, "u") || n >= 0) && c.within(n)
	case "string":
		s, ok := v.(string)
		return s, ok && len(s) <= max(c.MaxLen, 64)
	}
	return nil, false
}

func (c Characteristic) within(n float64) bool {
	if len(c.Valid) > 0 && !slices.ContainsFunc(c.Valid, func(v int) bool { return float64(v) == n }) {
		return false
	}
	low, high := number(c.Min), number(c.Max)
	return (low == nil || n >= *low) && (high == nil || n <= *high)
}

func number(v any) *float64 {
	switch v := v.(type) {
	case int:
		f := float64(v)
		return &f
	case float64:
		return &v
	}
	return nil
}

// value is one characteristic in an answer or an event. Pointers are left out
// when they are nil.
type value struct {
	AID    uint64   `json:"aid"`
	IID    uint64   `json:"iid"`
	Value  *any     `json:"value,omitempty"`
	Status *Status  `json:"status,omitempty"`
	Type   string   `json:"type,omitempty"`
	Perms  []string `json:"perms,omitempty"`
	Events *bool    `json:"ev,omitempty"`
	Format string   `json:"format,omitempty"`
	Unit   string   `json:"unit,omitempty"`
	Min    any      `json:"minValue,omitempty"`
	Max    any      `json:"maxValue,omitempty"`
	Step   any      `json:"minStep,omitempty"`
	MaxLen int      `json:"maxLen,omitempty"`
	Valid  []int    `json:"valid-values,omitempty"`
}

type values struct {
	Characteristics []value `json:"characteristics"`
}

func encode(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic("hap: " + err.Error()) // a type that JSON has no form for: a mistake in the program
	}
	return b
}

// parseIDs reads "1.9,2.34".
func parseIDs(s string) ([]ID, error) {
	var ids []ID
	for one := range strings.SplitSeq(s, ",") {
		a, i, ok := strings.Cut(one, ".")
		aid, err := strconv.ParseUint(a, 10, 64)
		iid, err2 := strconv.ParseUint(i, 10, 64)
		if !ok || err != nil || err2 != nil {
			return nil, fmt.Errorf("hap: %q names no characteristic", one)
		}
		ids = append(ids, ID{aid, iid})
	}
	return ids, nil
}

// Change is a characteristic that has another value.
type Change struct {
	ID    ID
	Value any
	// Keep has each value told, and none merged with a later one: an alarm that
	// was there for a moment was there.
	Keep bool
}

// eventBodies makes the bodies of the fewest messages that tell the changes in
// order, each characteristic once in a message.
func eventBodies(changes []Change) [][]byte {
	var bodies [][]byte
	for len(changes) > 0 {
		var body values
		seen := map[ID]bool{}
		n := 0
		for _, c := range changes {
			if seen[c.ID] {
				break
			}
			seen[c.ID] = true
			body.Characteristics = append(body.Characteristics, value{AID: c.ID.AID, IID: c.ID.IID, Value: &c.Value})
			n++
		}
		bodies = append(bodies, encode(body))
		changes = changes[n:]
	}
	return bodies
}
