package mqtt

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"gatehouse/hub/home"
)

// maxPayload bounds a command. Nothing that the house understands is longer.
const maxPayload = 4 << 10

// code is a keypad code on its way to the panel.
type code string

// LogValue hides the code.
func (code) LogValue() slog.Value { return slog.StringValue("[redacted]") }

// String hides the code.
func (code) String() string { return "[redacted]" }

// alarmCommand is what a client asks of the panel.
type alarmCommand struct {
	trigger bool
	mode    home.Mode // when not trigger
	area    home.AreaID
	code    code
	force   bool // leave out what is open, and arm in spite of troubles
}

// Words of Home Assistant's MQTT alarm panel.
// https://www.home-assistant.io/integrations/alarm_control_panel.mqtt/
const (
	wordDisarm   = "DISARM"
	wordArmHome  = "ARM_HOME"
	wordArmNight = "ARM_NIGHT"
	wordArmAway  = "ARM_AWAY"
	wordVacation = "ARM_VACATION"
	wordTrigger  = "TRIGGER"

	wordArm = "ARM" // ours: the mode is named beside it
)

// parseAlarmCommand reads a word, or JSON such as
// {"action":"ARM","mode":"guests","area":"flat","force":true,"code":"1234"}.
func parseAlarmCommand(b []byte) (alarmCommand, error) {
	var c alarmCommand
	b = bytes.TrimSpace(b)
	if len(b) > maxPayload {
		return c, &home.Invalid{Field: "payload", Reason: fmt.Sprintf("is longer than %d bytes", maxPayload)}
	}
	word, mode := string(b), home.Mode("")
	if len(b) > 0 && b[0] == '{' {
		var in struct {
			Action string      `json:"action"`
			Mode   home.Mode   `json:"mode"`
			Area   home.AreaID `json:"area"`
			Force  bool        `json:"force"`
			Code   *string     `json:"code"`
		}
		if err := decode(b, &in); err != nil {
			return c, err
		}
		word, mode, c.area, c.force = in.Action, in.Mode, in.Area, in.Force
		if in.Code != nil {
			c.code = code(*in.Code)
		}
	}
	word = strings.ToUpper(word)
	if (word == wordArm) != (mode != "" && mode != home.Disarmed) {
		return alarmCommand{}, &home.Invalid{Field: "mode", Reason: `is the mode to be armed with the action ARM, and with no other: give {"action":"ARM","mode":"guests"}`}
	}
	switch word {
	case wordArm:
		c.mode = mode
	case wordVacation:
		c.mode = vacation
	case wordDisarm:
		c.mode = home.Disarmed
	case wordArmHome:
		c.mode = home.Home
	case wordArmNight:
		c.mode = home.Night
	case wordArmAway:
		c.mode = home.Away
	case wordTrigger:
		c.trigger = true
	default:
		// The payload is not repeated: it may be a code in the wrong place.
		return alarmCommand{}, &home.Invalid{Field: "payload", Reason: "want DISARM, ARM_HOME, ARM_NIGHT, ARM_AWAY, ARM_VACATION or TRIGGER, " +
			`or JSON such as {"action":"DISARM","code":"…"}`}
	}
	return c, nil
}

// parseDeviceCommand reads JSON {"trait":"switch","value":"on"}; for a device
// that can be told only one thing, {"value":"on"} or plain on will do. tellable
// lists what the device can be told. A siren may be told for how long it
// sounds: {"trait":"siren","value":"on","for":"30s"}.
func parseDeviceCommand(b []byte, tellable []home.Trait) (home.Command, error) {
	b = bytes.TrimSpace(b)
	if len(b) > maxPayload {
		return home.Command{}, &home.Invalid{Field: "payload", Reason: fmt.Sprintf("is longer than %d bytes", maxPayload)}
	}
	if len(b) == 0 {
		return home.Command{}, &home.Invalid{Field: "payload", Reason: `is empty; want JSON such as {"trait":"switch","value":"on"}`}
	}
	var in struct {
		Trait home.Trait    `json:"trait"`
		Value *home.Value   `json:"value"`
		For   home.Duration `json:"for"`
	}
	if b[0] == '{' {
		if err := decode(b, &in); err != nil {
			return home.Command{}, err
		}
		if in.Value == nil || !in.Value.Known() {
			return home.Command{}, &home.Invalid{Field: "value", Reason: `is missing; want JSON such as {"trait":"switch","value":"on"}`}
		}
	} else {
		v := plainValue(b)
		in.Value = &v
	}
	if in.Trait == "" {
		if len(tellable) != 1 {
			return home.Command{}, &home.Invalid{Field: "trait", Reason: fmt.Sprintf(
				`is missing; this device can be told %v, so want JSON such as {"trait":"switch","value":"on"}`, tellable)}
		}
		in.Trait = tellable[0]
	}
	return home.Command{Trait: in.Trait, Value: *in.Value, Sound: home.Sounding{For: in.For}}, nil
}

// plainValue reads a bare number or word, the words in any case (Home
// Assistant's defaults are ON and OFF).
func plainValue(b []byte) home.Value {
	var v home.Value
	if b[0] != '"' && json.Unmarshal(b, &v) == nil && v.Known() {
		return v
	}
	return home.Word(strings.ToLower(strings.Trim(string(b), `"`)))
}

// decode is strict: an unknown key is more likely a misspelt one than a wish
// that can be ignored.
func decode(b []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	err := d.Decode(into)
	if err == nil {
		if _, err = d.Token(); err == io.EOF {
			return nil
		}
		return &home.Invalid{Field: "payload", Reason: "has more after the JSON object"}
	}
	if key, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		return &home.Invalid{Field: "payload", Reason: "has a key that means nothing here: " + plainName(key)}
	}
	return &home.Invalid{Field: "payload", Reason: "is not the JSON that is wanted here: " + jsonFault(err)}
}

// jsonFault says what is wrong without repeating the payload's values.
func jsonFault(err error) string {
	switch err := err.(type) { //nolint:errorlint // encoding/json returns them bare
	case *json.UnmarshalTypeError:
		return fmt.Sprintf("%s can't be a %s", err.Field, err.Value)
	case *json.SyntaxError:
		return fmt.Sprintf("wrong at byte %d", err.Offset)
	default:
		return "it ends too early or holds a value of the wrong kind"
	}
}
