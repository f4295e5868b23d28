package mqtt

import (
	"fmt"
	"strings"

	"gatehouse/hub/home"
)

// shown is how Home Assistant shows a trait: which kind of entity, which
// class, and how its state is read from the device object.
//
// Spec: https://www.home-assistant.io/integrations/mqtt/#mqtt-discovery and
// the page of each component.
type shown struct {
	name      string // of the entity, after the device's
	component string
	class     string // device_class
	unit      string // unit_of_measurement
	adds      string // state_class
	category  string // entity_category
	state     string // Jinja over v, the trait's value; "" for v itself
	on        string // payloads and options of things that can be told
	off       string
	command   string // command_template; %s stands for nothing: the trait is spelt out
	hidden    string // why the trait is not shown; then all else is empty
}

// truth reads true and false; everything else is not known.
const truth = `{{ 'ON' if v == true else 'OFF' if v == false else 'None' }}`

// told is how a word is sent to a device.
func told(t home.Trait, value string) string {
	return string(encode(struct {
		Trait home.Trait `json:"trait"`
		Value string     `json:"value"`
	}{t, value}))
}

// shownAs is the table of traits.
func shownAs(t home.Trait) shown {
	sensor := func(name, class string) shown {
		return shown{name: name, component: "binary_sensor", class: class, state: truth}
	}
	measure := func(name, class, unit string) shown {
		return shown{name: name, component: "sensor", class: class, unit: unit, adds: "measurement"}
	}
	diagnostic := func(s shown) shown { s.category = "diagnostic"; return s }
	switch t {
	case home.Contact:
		s := sensor("Contact", "opening")
		s.state = `{{ 'ON' if v == 'open' else 'OFF' if v == 'closed' else 'None' }}`
		return s
	case home.Motion:
		return sensor("Motion", "motion")
	case home.Smoke:
		return sensor("Smoke", "smoke")
	case home.CO:
		return sensor("Carbon monoxide", "carbon_monoxide")
	case home.Gas:
		return sensor("Gas", "gas")
	case home.Water:
		return sensor("Water", "moisture")
	case home.Vibration:
		return sensor("Vibration", "vibration")
	case home.Glass:
		return sensor("Glass", "safety") // there is no class for breaking glass
	case home.Tamper:
		return diagnostic(sensor("Tamper", "tamper"))
	case home.Occupancy:
		return sensor("Occupancy", "occupancy")
	case home.Trouble:
		return diagnostic(sensor("Fault", "problem"))
	case home.Battery:
		return diagnostic(measure("Battery", "battery", "%"))
	case home.LowBattery:
		return diagnostic(sensor("Low battery", "battery"))
	case home.Switch:
		return shown{name: "Switch", component: "switch", on: "on", off: "off"}
	case home.Siren:
		return shown{
			name: "Siren", component: "siren", on: "on", off: "off",
			command: `{"trait":"siren","value":"{{ value }}"{% if duration is defined %},"for":"{{ duration }}s"{% endif %} }`,
		}
	case home.Level:
		return shown{
			name: "Level", component: "number", unit: "%",
			command: `{"trait":"level","value":{{ value }}}`,
		}
	case home.Cover:
		return shown{
			name: "Cover", component: "cover", class: "shutter",
			state:   `{{ 'closed' if v == 0 else 'open' if v is number else 'None' }}`,
			command: `{"trait":"cover","value":{{ position }}}`,
		}
	case home.Lock:
		return shown{
			name: "Lock", component: "lock",
			state: `{{ v if v in ['locked', 'unlocked', 'jammed'] else 'None' }}`,
		}
	case home.Button:
		return shown{name: "Button", component: "event", class: "button"}
	case home.Keypad:
		return shown{hidden: "has no state, and what is typed may be a code"}
	case home.Temperature:
		return measure("Temperature", "temperature", "°C")
	case home.Humidity:
		return measure("Humidity", "humidity", "%")
	case home.Illuminance:
		return measure("Illuminance", "illuminance", "lx")
	case home.Power:
		return measure("Power", "power", "W")
	case home.Energy:
		s := measure("Energy", "energy", "kWh")
		s.adds = "total_increasing"
		return s
	case home.Voltage:
		return diagnostic(measure("Voltage", "voltage", "V"))
	case home.Current:
		return measure("Current", "current", "A")
	case home.Link:
		return diagnostic(measure("Link", "", "%"))
	case home.Restless:
		return diagnostic(measure("Restless part of the picture", "", "%"))
	default:
		return shown{}
	}
}

// page is one retained discovery message.
type page struct {
	topic   string
	payload []byte
}

// config is the union of the discovery payloads that the house uses.
type config struct {
	Name              string         `json:"name"`
	UniqueID          string         `json:"unique_id"`
	QoS               int            `json:"qos"`
	StateTopic        string         `json:"state_topic"`
	ValueTemplate     string         `json:"value_template,omitempty"`
	StateTemplate     string         `json:"state_value_template,omitempty"` // siren
	DeviceClass       string         `json:"device_class,omitempty"`
	StateClass        string         `json:"state_class,omitempty"`
	Unit              string         `json:"unit_of_measurement,omitempty"`
	Category          string         `json:"entity_category,omitempty"`
	CommandTopic      string         `json:"command_topic,omitempty"`
	CommandTemplate   string         `json:"command_template,omitempty"`
	PayloadOn         string         `json:"payload_on,omitempty"`
	PayloadOff        string         `json:"payload_off,omitempty"`
	StateOn           string         `json:"state_on,omitempty"`
	StateOff          string         `json:"state_off,omitempty"`
	PositionTopic     string         `json:"position_topic,omitempty"` // cover
	PositionTemplate  string         `json:"position_template,omitempty"`
	SetPositionTopic  string         `json:"set_position_topic,omitempty"`
	SetPosition       string         `json:"set_position_template,omitempty"`
	PayloadOpen       string         `json:"payload_open,omitempty"`
	PayloadClose      string         `json:"payload_close,omitempty"`
	PayloadStop       string         `json:"payload_stop,omitempty"`
	PayloadLock       string         `json:"payload_lock,omitempty"`
	PayloadUnlock     string         `json:"payload_unlock,omitempty"`
	StateLocked       string         `json:"state_locked,omitempty"`
	StateUnlocked     string         `json:"state_unlocked,omitempty"`
	StateJammed       string         `json:"state_jammed,omitempty"`
	SupportDuration   *bool          `json:"support_duration,omitempty"`
	SupportVolume     *bool          `json:"support_volume_set,omitempty"`
	EventTypes        []string       `json:"event_types,omitempty"`
	Min               *int           `json:"min,omitempty"`
	Max               *int           `json:"max,omitempty"`
	Code              string         `json:"code,omitempty"`
	CodeArmRequired   *bool          `json:"code_arm_required,omitempty"`
	CodeDisarm        *bool          `json:"code_disarm_required,omitempty"`
	CodeTrigger       *bool          `json:"code_trigger_required,omitempty"`
	SupportedFeatures []string       `json:"supported_features,omitempty"`
	AttributesTopic   string         `json:"json_attributes_topic,omitempty"`
	Availability      []availability `json:"availability"`
	AvailabilityMode  string         `json:"availability_mode"`
	Device            device         `json:"device"`
	Origin            origin         `json:"origin"`
}

type availability struct {
	Topic         string `json:"topic"`
	ValueTemplate string `json:"value_template,omitempty"`
}

type device struct {
	Identifiers   []string `json:"identifiers"`
	Name          string   `json:"name"`
	Manufacturer  string   `json:"manufacturer,omitempty"`
	Model         string   `json:"model,omitempty"`
	Firmware      string   `json:"sw_version,omitempty"`
	SuggestedArea string   `json:"suggested_area,omitempty"`
	ViaDevice     string   `json:"via_device,omitempty"`
}

type origin struct {
	Name    string `json:"name"`
	Version string `json:"sw_version,omitempty"`
}

// deviceAvailable reads from the device object whether a device can be relied on.
const deviceAvailable = `{{ 'offline' if value_json.health in ['missing', 'failed'] else 'online' }}`

// configTopic is where a trait's discovery message is.
func configTopic(component string, id home.DeviceID, t home.Trait) string {
	return "homeassistant/" + component + "/gatehouse/" + objectID(string(id)) + "_" + string(t) + "/config"
}

// objectID has only what Home Assistant takes in a topic: letters, digits, - and _.
func objectID(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '-', r == '_':
			return r
		default:
			return '_'
		}
	}, s)
}

// deviceTopics are all discovery topics that a device could have.
func deviceTopics(id home.DeviceID) []string {
	var list []string
	for _, t := range home.Traits {
		if s := shownAs(t); s.component != "" {
			list = append(list, configTopic(s.component, id, t))
		}
	}
	return list
}

// devicePages are the discovery messages of a device, one for each of its
// traits that is shown.
func devicePages(d home.Device, version string) []page {
	var pages []page
	for _, t := range home.Traits {
		if _, ok := d.Traits[t]; !ok {
			continue
		}
		if s := shownAs(t); s.component != "" {
			pages = append(pages, page{configTopic(s.component, d.ID, t), encode(traitConfig(d, t, s, version))})
		}
	}
	return pages
}

func traitConfig(d home.Device, t home.Trait, s shown, version string) config {
	state := s.state
	if state == "" {
		state = `{{ v if v is not none else 'None' }}`
	}
	c := config{
		Name: s.name, UniqueID: "gatehouse_" + objectID(string(d.ID)) + "_" + string(t), QoS: 1,
		StateTopic:    topicDevice(d.ID),
		ValueTemplate: fmt.Sprintf("{%% set v = value_json.traits.%s.value %%}", t) + state,
		DeviceClass:   s.class, StateClass: s.adds, Unit: s.unit, Category: s.category,
		Availability:     []availability{{Topic: topicStatus}, {Topic: topicDevice(d.ID), ValueTemplate: deviceAvailable}},
		AvailabilityMode: "all",
		Device: device{
			Identifiers: []string{"gatehouse_" + objectID(string(d.ID))}, Name: d.Name, Manufacturer: d.Maker,
			Model: d.Model, Firmware: d.Firmware, SuggestedArea: d.Room, ViaDevice: "gatehouse",
		},
		Origin: origin{Name: "Gatehouse", Version: version},
	}
	yes, no, low, high := true, false, 0, 100
	switch s.component {
	case "switch":
		c.CommandTopic = topicDeviceSet(d.ID)
		c.PayloadOn, c.PayloadOff = told(t, s.on), told(t, s.off)
		c.StateOn, c.StateOff = s.on, s.off
	case "siren":
		c.CommandTopic, c.CommandTemplate = topicDeviceSet(d.ID), s.command
		c.PayloadOn, c.PayloadOff, c.StateOn, c.StateOff = s.on, s.off, s.on, s.off
		c.SupportDuration, c.SupportVolume = &yes, &no
		c.StateTemplate, c.ValueTemplate = c.ValueTemplate, ""
	case "number":
		c.CommandTopic, c.CommandTemplate = topicDeviceSet(d.ID), s.command
		c.Min, c.Max = &low, &high
	case "cover":
		c.CommandTopic, c.SetPositionTopic, c.SetPosition = topicDeviceSet(d.ID), topicDeviceSet(d.ID), s.command
		c.PositionTopic, c.PositionTemplate = c.StateTopic, fmt.Sprintf("{{ value_json.traits.%s.value }}", t)
		c.PayloadOpen, c.PayloadClose = strings.Replace(s.command, "{{ position }}", "100", 1), strings.Replace(s.command, "{{ position }}", "0", 1)
		c.PayloadStop = told(t, "stop")
	case "lock":
		c.CommandTopic = topicDeviceSet(d.ID)
		c.PayloadLock, c.PayloadUnlock = told(t, "locked"), told(t, "unlocked")
		c.StateLocked, c.StateUnlocked, c.StateJammed = "locked", "unlocked", "jammed"
	case "event":
		// A press is news, not state: the device object would repeat it. An
		// empty result is ignored by Home Assistant.
		c.StateTopic = topicEvent
		c.ValueTemplate = fmt.Sprintf(`{%% if value_json.kind == 'reading' and value_json.device == '%s' and `+
			`value_json.data.trait == '%s' %%}{"event_type": "{{ value_json.data.value }}"}{%% endif %%}`, d.ID, t)
		c.EventTypes = []string{"press", "double", "hold"}
	}
	return c
}

func theHub(version string) device {
	return device{Identifiers: []string{"gatehouse"}, Name: "Gatehouse", Manufacturer: "Gatehouse", Firmware: version}
}

// panelTopic is where the discovery message of an area is; the house is the one
// without a name.
func panelTopic(id home.AreaID) string {
	object := "alarm"
	if id != home.TheHouse {
		object += "_" + objectID(string(id))
	}
	return "homeassistant/alarm_control_panel/gatehouse/" + object + "/config"
}

// panelPage is the discovery message of an area. vacations tells whether the
// owner has made the mode that Home Assistant calls so.
func panelPage(id home.AreaID, name string, vacations bool, version string) page {
	yes, no := true, false
	panel := config{
		Name: "Alarm", UniqueID: "gatehouse_alarm", QoS: 1,
		StateTopic: topicAlarmState, AttributesTopic: topicAlarm,
		CommandTopic:    topicAlarmSet,
		CommandTemplate: `{"action":"{{ action }}","code":"{{ code or '' }}"}`,
		// The code is typed in Home Assistant and judged by the panel.
		Code: "REMOTE_CODE", CodeArmRequired: &no, CodeDisarm: &yes, CodeTrigger: &no,
		SupportedFeatures: []string{"arm_home", "arm_night", "arm_away", "trigger"},
		Availability:      []availability{{Topic: topicStatus}}, AvailabilityMode: "all",
		Device: theHub(version), Origin: origin{Name: "Gatehouse", Version: version},
	}
	if vacations {
		panel.SupportedFeatures = append(panel.SupportedFeatures, "arm_vacation")
	}
	if id != home.TheHouse {
		panel.Name, panel.UniqueID = name, "gatehouse_alarm_"+objectID(string(id))
		panel.StateTopic, panel.CommandTopic = topicAreaState(id), topicAreaSet(id)
	}
	return page{panelTopic(id), encode(panel)}
}

// healthPage is the discovery message of the house's health.
func healthPage(version string) page {
	return page{"homeassistant/binary_sensor/gatehouse/health/config", encode(config{
		Name: "Trouble", UniqueID: "gatehouse_health", QoS: 1,
		StateTopic: topicHealth, AttributesTopic: topicHealth,
		ValueTemplate: `{{ 'OFF' if value_json.ok else 'ON' }}`, DeviceClass: "problem", Category: "diagnostic",
		Availability: []availability{{Topic: topicStatus}}, AvailabilityMode: "all",
		Device: theHub(version), Origin: origin{Name: "Gatehouse", Version: version},
	})}
}
