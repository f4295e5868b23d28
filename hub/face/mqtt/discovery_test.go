package mqtt

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"gatehouse/hub/home"
)

// components of Home Assistant that the house uses, and the fields that each
// cannot do without.
var components = map[string][]string{
	"binary_sensor":       {"state_topic", "value_template"},
	"sensor":              {"state_topic", "value_template"},
	"switch":              {"state_topic", "value_template", "command_topic", "payload_on", "payload_off", "state_on", "state_off"},
	"siren":               {"state_topic", "state_value_template", "command_topic", "command_template"},
	"number":              {"state_topic", "value_template", "command_topic", "command_template", "min", "max"},
	"cover":               {"state_topic", "value_template", "command_topic", "position_topic", "position_template", "set_position_topic", "set_position_template", "payload_open", "payload_close", "payload_stop"},
	"lock":                {"state_topic", "value_template", "command_topic", "payload_lock", "payload_unlock"},
	"event":               {"state_topic", "value_template", "event_types"},
	"alarm_control_panel": {"state_topic", "command_topic", "command_template", "code", "supported_features"},
}

func TestEveryTraitIsShownOrSaysWhyNot(t *testing.T) {
	for _, trait := range home.Traits {
		s := shownAs(trait)
		if s.hidden != "" {
			if s.component != "" {
				t.Errorf("%s is both hidden and a %s", trait, s.component)
			}
			continue
		}
		if s.component == "" || s.name == "" {
			t.Errorf("%s is neither shown nor hidden for a reason", trait)
			continue
		}
		d := home.Device{
			ID: "zwave-9", Name: "It", Health: home.HealthOK,
			Traits: map[home.Trait]home.State{trait: {}},
		}
		pages := devicePages(d, "1")
		if len(pages) != 1 {
			t.Errorf("%s has %d pages, want 1", trait, len(pages))
			continue
		}
		checkPage(t, pages[0])
		if !slices.Contains(deviceTopics(d.ID), pages[0].topic) {
			t.Errorf("%s: %s would not be taken back", trait, pages[0].topic)
		}
		told := slices.Contains(tellable(d), trait)
		if told != strings.Contains(string(pages[0].payload), `"command_topic"`) {
			t.Errorf("%s: can be told %v, but its page says otherwise", trait, told)
		}
	}
	checkPage(t, healthPage("1"))
	checkPage(t, panelPage(home.TheHouse, "House", true, "1"))
	checkPage(t, panelPage("flat", "The flat", false, "1"))
}

// checkPage holds a page against what Home Assistant wants.
func checkPage(t *testing.T, p page) {
	t.Helper()
	parts := strings.Split(p.topic, "/")
	if len(parts) != 5 || parts[0] != "homeassistant" || parts[4] != "config" {
		t.Fatalf("%s is not homeassistant/<component>/<node>/<object>/config", p.topic)
	}
	needs, ok := components[parts[1]]
	if !ok {
		t.Fatalf("%s: the house uses no component %s", p.topic, parts[1])
	}
	var fields map[string]any
	if err := json.Unmarshal(p.payload, &fields); err != nil {
		t.Fatalf("%s: %v", p.topic, err)
	}
	for _, f := range append(needs, "name", "unique_id", "availability", "device", "origin") {
		if _, ok := fields[f]; !ok && (parts[1] != "alarm_control_panel" || f != "value_template") {
			t.Errorf("%s has no %s", p.topic, f)
		}
	}
	for _, open := range []string{"{{", "{%"} {
		closing := map[string]string{"{{": "}}", "{%": "%}"}[open]
		for f, v := range fields {
			if s, ok := v.(string); ok && strings.Count(s, open) != strings.Count(s, closing) {
				t.Errorf("%s: %s has unbalanced %s in %s", p.topic, f, open, s)
			}
		}
	}
}

// What Home Assistant would send is what the house understands.
func TestDiscoveredCommandsAreUnderstood(t *testing.T) {
	for trait, sent := range map[home.Trait][]struct{ field, value string }{
		home.Switch: {{"payload_on", "on"}, {"payload_off", "off"}},
		home.Cover:  {{"payload_open", "100"}, {"payload_close", "0"}, {"payload_stop", "stop"}},
		home.Lock:   {{"payload_lock", "locked"}, {"payload_unlock", "unlocked"}},
	} {
		d := home.Device{ID: "zwave-9", Traits: map[home.Trait]home.State{trait: {}, home.Level: {}}}
		for _, p := range devicePages(d, "") {
			var fields map[string]any
			if err := json.Unmarshal(p.payload, &fields); err != nil {
				t.Fatal(err)
			}
			for _, s := range sent {
				payload, ok := fields[s.field].(string)
				if !ok {
					continue
				}
				got, err := parseDeviceCommand([]byte(payload), tellable(d))
				if err != nil || got.Trait != trait || got.Value.String() != s.value {
					t.Errorf("%s: %s is understood as %s %s (%v), want %s", trait, payload, got.Trait, got.Value, err, s.value)
				}
			}
		}
	}
	siren := shownAs(home.Siren).command
	before, more, ok := strings.Cut(siren, "{% if duration is defined %}")
	lasting, after, ok2 := strings.Cut(more, "{% endif %}")
	if !ok || !ok2 {
		t.Fatalf("the siren's command says nothing of a duration: %s", siren)
	}
	fill := strings.NewReplacer("{{ value }}", "on", "{{ duration }}", "30")
	for template, want := range map[string]string{
		fill.Replace(before + after):                                            "siren on 0s",
		fill.Replace(before + lasting + after):                                  "siren on 30s",
		strings.ReplaceAll(shownAs(home.Level).command, "{{ value }}", "40"):    "level 40 0s",
		strings.ReplaceAll(shownAs(home.Cover).command, "{{ position }}", "40"): "cover 40 0s",
	} {
		cmd, err := parseDeviceCommand([]byte(template), []home.Trait{home.Siren, home.Level, home.Cover})
		got := fmt.Sprintf("%s %s %s", cmd.Trait, cmd.Value, time.Duration(cmd.Sound.For))
		if err != nil || got != want {
			t.Errorf("%s is understood as %s (%v), want %s", template, got, err, want)
		}
	}
}
