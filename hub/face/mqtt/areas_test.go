package mqtt_test

import (
	"encoding/json"
	"slices"
	"testing"

	"gatehouse/hub/home"
)

// flat gives the house an area of its own, and the mode that Home Assistant
// calls vacation.
func (h *house) flat() *house {
	h.alarm.Areas = []home.AreaState{
		{ID: home.TheHouse, Name: "House", Mode: home.Disarmed, Like: home.Disarmed, Phase: home.PhaseDisarmed},
		{ID: "flat", Name: "The flat", Mode: home.Disarmed, Like: home.Disarmed, Phase: home.PhaseDisarmed},
	}
	h.alarm.Ready = map[home.Mode]bool{home.Home: true, home.Night: true, home.Away: true, "vacation": true}
	return h
}

func TestAreasHaveTopicsOfTheirOwn(t *testing.T) {
	h := newHouse().flat()
	f, _ := open(t, h.options())
	c := join(t, f, asToken("token", "owner-token"))
	c.subscribe("gatehouse/alarm/flat/state", "gatehouse/alarm/state", "gatehouse/alarm/error")
	c.until("gatehouse/alarm/flat/state", "disarmed")
	c.send("gatehouse/alarm/flat/set", "ARM_HOME")
	c.until("gatehouse/alarm/flat/state", "armed_home")
	c.send("gatehouse/alarm/set", `{"action":"ARM","mode":"vacation","area":"flat","force":true}`)
	c.until("gatehouse/alarm/flat/state", "armed_vacation")
	c.send("gatehouse/alarm/flat/set", `{"action":"DISARM","area":"cellar"}`)
	var r struct{ Error, Text string }
	if err := json.Unmarshal(c.next("gatehouse/alarm/error").Payload(), &r); err != nil || r.Error != "invalid" {
		t.Errorf("another area than the topic's is answered %+v, %v, want invalid", r, err)
	}
	c.send("gatehouse/alarm/flat/set", "DISARM")
	c.until("gatehouse/alarm/flat/state", "disarmed")
	h.mu.Lock()
	var asked []string
	for _, r := range h.requests {
		asked = append(asked, string(r.Area)+" "+string(r.Mode))
		if r.Force != (r.Mode == "vacation") {
			t.Errorf("%s: force is %t", r.Mode, r.Force)
		}
	}
	h.mu.Unlock()
	if want := []string{"flat home", "flat vacation", "flat disarmed"}; !slices.Equal(asked, want) {
		t.Errorf("asked for %q, want %q", asked, want)
	}
}

// Areas are seen and armed with the rights of the house; commands are seen by
// nobody.
func TestAreasNeedTheRightsOfTheHouse(t *testing.T) {
	h := newHouse().flat()
	f, _ := open(t, h.options())
	viewer := join(t, f, asToken("token", "viewer-token"))
	viewer.subscribe("#", "gatehouse/alarm/flat/state")
	owner := join(t, f, asToken("token", "owner-token"))
	owner.send("gatehouse/alarm/flat/set", "ARM_AWAY")
	viewer.until("gatehouse/alarm/flat/state", "armed_away")
	for _, m := range viewer.flush(h) {
		if m.Topic() == "gatehouse/alarm/flat/set" {
			t.Errorf("a command is seen: %s", m.Payload())
		}
	}
	viewer.send("gatehouse/alarm/flat/set", "DISARM")
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.requests) != 1 {
		t.Errorf("asked for %+v, want one arming by the owner", h.requests)
	}
}

func TestAnAreaIsAPanelOfHomeAssistantUntilItIsGone(t *testing.T) {
	const page = "homeassistant/alarm_control_panel/gatehouse/alarm_flat/config"
	h := newHouse().flat()
	f, _ := open(t, h.options())
	c := join(t, f, nil)
	c.subscribe("homeassistant/#", "gatehouse/alarm/+/state")
	var config struct {
		Name              string
		StateTopic        string   `json:"state_topic"`
		CommandTopic      string   `json:"command_topic"`
		SupportedFeatures []string `json:"supported_features"`
	}
	if err := json.Unmarshal(c.next(page).Payload(), &config); err != nil {
		t.Fatal(err)
	}
	if config.Name != "The flat" || config.StateTopic != "gatehouse/alarm/flat/state" || config.CommandTopic != "gatehouse/alarm/flat/set" ||
		!slices.Contains(config.SupportedFeatures, "arm_vacation") {
		t.Errorf("the flat's page is %+v", config)
	}
	h.mu.Lock()
	h.alarm.Areas = h.alarm.Areas[:1]
	alarm := h.alarm
	h.mu.Unlock()
	h.alarms.Publish(alarm)
	c.until("gatehouse/alarm/flat/state", "")
	c.until(page, "")
}
