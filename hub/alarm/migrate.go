package alarm

import (
	"encoding/json"
	"fmt"

	"gatehouse/hub/home"
)

// migrated is a saved panel in the form that this program reads.
func migrated(b []byte) ([]byte, error) {
	var head struct {
		Version int `json:"version"`
	}
	if err := json.Unmarshal(b, &head); err != nil {
		return nil, err
	}
	if head.Version == 1 {
		return fromVersion1(b)
	}
	return b, nil
}

// fromVersion1 gives a house without areas its one area, and the three modes
// that it had to the list of modes.
//
// BEFORE: {"mode":"away","watch":"armed",…,"bypassed":[…],"zones":[{…}],"answers":[{…}]}
// AFTER:  {"stands":[{"mode":"away","watch":"armed",…,"bypassed":[…]}],"areas":[{"id":"house",…}],
// "modes":[…],"zones":[{…,"areas":["house"]}],"answers":[{…,"area":"house"}]}
func fromVersion1(b []byte) ([]byte, error) {
	var one map[string]json.RawMessage
	if err := json.Unmarshal(b, &one); err != nil {
		return nil, err
	}
	stand := map[string]json.RawMessage{}
	for _, key := range []string{
		"mode", "watch", "since", "until", "exit_delay", "exit", "entry_zone", "entry_kind", "changed_by", "bypassed",
	} {
		if v, ok := one[key]; ok {
			stand[key] = v
			delete(one, key)
		}
	}
	house := []home.AreaID{home.TheHouse}
	for key, added := range map[string]map[string]any{"zones": {"areas": house}, "answers": {"area": home.TheHouse}} {
		var list []map[string]any
		if v, ok := one[key]; ok {
			if err := json.Unmarshal(v, &list); err != nil {
				return nil, fmt.Errorf("version 1: %s: %w", key, err)
			}
		}
		for _, item := range list {
			if item == nil {
				return nil, fmt.Errorf("version 1: %s: there is a hole in the list", key)
			}
			for k, v := range added {
				item[k] = v
			}
		}
		if err := put(one, key, list); err != nil {
			return nil, err
		}
	}
	fresh := newConfig(DefaultSettings(), nil, nil)
	for key, v := range map[string]any{
		"version": 2, "stands": []any{stand}, "areas": fresh.areas, "modes": fresh.modes,
	} {
		if err := put(one, key, v); err != nil {
			return nil, err
		}
	}
	return json.Marshal(one)
}

func put(to map[string]json.RawMessage, key string, v any) (err error) {
	to[key], err = json.Marshal(v)
	return err
}
