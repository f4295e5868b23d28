package mqtt

import (
	"slices"
	"strings"

	"gatehouse/hub/home"
	"gatehouse/hub/people/auth"
)

// who is behind a connection. nil may do nothing.
type who struct {
	name   string       // as journal lines show it
	caller *auth.Caller // nil: anonymous on loopback
}

// anonymous is whoever runs a program on this box.
const anonymous = "a program on this box"

// anonymousRights is what nobody in particular may do, on loopback only: see
// the house, arm it, and say who is at home, which disarms nothing. A disarm
// needs a code, a command must be harmless (see mayTell), and an alarm cannot
// be raised.
var anonymousRights = []auth.Right{ // a table
	auth.AlarmRead, auth.DevicesRead, auth.EventsRead, auth.HealthRead,
	auth.AlarmArm, auth.AlarmDisarm, auth.DevicesCommand, auth.PresenceWrite,
}

func (w *who) may(r auth.Right) bool {
	switch {
	case w == nil:
		return false
	case w.caller == nil:
		return slices.Contains(anonymousRights, r)
	default:
		return w.caller.May(r)
	}
}

// codeFree tells whether the client's token stands in for a keypad code.
func (w *who) codeFree() bool { return w != nil && w.caller != nil && w.caller.CodeFree() }

// mayTell tells whether a device's trait may be set. Without a token only
// plugs and lamps can be switched: locks, sirens and covers (level) need one.
func (w *who) mayTell(t home.Trait) bool {
	return w.may(auth.DevicesCommand) && (w.caller != nil || t == home.Switch)
}

// ended tells whether the client's token is no longer good.
func (w *who) ended() bool {
	if w == nil || w.caller == nil {
		return false
	}
	select {
	case <-w.caller.Ended():
		return true
	default:
		return false
	}
}

// readRight is the right that seeing a topic needs. Topics that are not named
// here are seen by nobody: commands may hold codes, and the broker's own
// topics are its own.
func readRight(topic string) (auth.Right, bool) {
	switch {
	case topic == topicStatus, topic == topicAlarm, topic == topicAlarmState, topic == topicAlarmError:
		return auth.AlarmRead, true
	case topic == topicHealth:
		return auth.HealthRead, true
	case topic == topicEvent, topic == topicPresenceError:
		return auth.EventsRead, true
	case topic == topicNotice:
		return auth.NoticesRead, true
	case strings.HasSuffix(topic, "/set"):
		return "", false
	case isAreaState(topic):
		return auth.AlarmRead, true
	case strings.HasPrefix(topic, "gatehouse/device/"), strings.HasPrefix(topic, "homeassistant/"):
		return auth.DevicesRead, true
	default:
		return "", false
	}
}

func isAreaState(topic string) bool {
	_, ok := areaOf(topic, "state")
	return ok
}

// mayRead tells whether a message on topic is shown.
func (w *who) mayRead(topic string) bool {
	right, ok := readRight(topic)
	return ok && w.may(right)
}

// maySubscribe tells whether a filter is accepted. With a wildcard it is, and
// each message is judged by mayRead when it is sent.
func (w *who) maySubscribe(filter string) bool {
	switch {
	case w == nil, strings.HasPrefix(filter, "$"): // $SYS, $share
		return false
	case strings.ContainsAny(filter, "+#"):
		return true
	default:
		return w.mayRead(filter)
	}
}

// mayPublish tells whether a client's message on topic is looked at at all.
func (w *who) mayPublish(topic string) bool {
	switch topic {
	case topicAlarmSet:
		return w.may(auth.AlarmArm) || w.may(auth.AlarmDisarm)
	case topicHomeAssistantStatus:
		// Home Assistant says online and offline here. It is accepted, so
		// that it is not disconnected for it, and goes nowhere.
		return w != nil
	default:
		if _, ok := personOfSet(topic); ok {
			return w.may(auth.PresenceWrite)
		}
		if _, ok := areaOf(topic, "set"); ok {
			return w.may(auth.AlarmArm) || w.may(auth.AlarmDisarm)
		}
		_, ok := deviceOfSet(topic)
		return ok && w.may(auth.DevicesCommand)
	}
}
