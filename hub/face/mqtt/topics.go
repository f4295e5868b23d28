package mqtt

import (
	"strings"

	"gatehouse/hub/home"
)

// Topics of the house.
const (
	topicStatus     = "gatehouse/status"
	topicAlarm      = "gatehouse/alarm"
	topicAlarmState = "gatehouse/alarm/state"
	topicAlarmSet   = "gatehouse/alarm/set"
	topicAlarmError = "gatehouse/alarm/error"
	topicHealth     = "gatehouse/health"
	topicEvent      = "gatehouse/event"
	topicNotice     = "gatehouse/notice"

	topicPresenceError = "gatehouse/presence/error"

	// topicHomeAssistantStatus is where Home Assistant itself says online.
	topicHomeAssistantStatus = "homeassistant/status"

	online  = "online"
	offline = "offline"
)

func topicDevice(id home.DeviceID) string      { return "gatehouse/device/" + string(id) }
func topicDeviceSet(id home.DeviceID) string   { return topicDevice(id) + "/set" }
func topicDeviceError(id home.DeviceID) string { return topicDevice(id) + "/error" }

// topicAreaState is the state of an area beside the house, whose own topics have
// no name in them.
func topicAreaState(id home.AreaID) string { return topicAlarm + "/" + string(id) + "/state" }
func topicAreaSet(id home.AreaID) string   { return topicAlarm + "/" + string(id) + "/set" }

// areaOf takes the area out of gatehouse/alarm/<area>/<last>.
func areaOf(topic, last string) (home.AreaID, bool) {
	id, ok := between(topic, topicAlarm+"/", "/"+last)
	return home.AreaID(id), ok
}

// personOfSet takes the person out of gatehouse/presence/<person>/set.
func personOfSet(topic string) (string, bool) { return between(topic, "gatehouse/presence/", "/set") }

// between is the one level of a topic between two others.
func between(topic, before, after string) (string, bool) {
	rest, ok := strings.CutPrefix(topic, before)
	if !ok {
		return "", false
	}
	name, ok := strings.CutSuffix(rest, after)
	return name, ok && name != "" && !strings.ContainsAny(name, "/+#")
}

// deviceOfSet takes the device out of gatehouse/device/<id>/set.
func deviceOfSet(topic string) (home.DeviceID, bool) {
	id, ok := between(topic, "gatehouse/device/", "/set")
	if !ok {
		return "", false
	}
	return home.DeviceID(id), true
}

// nameable tells whether an id can stand in a topic. The house makes no other
// ids; one from elsewhere must not break out of its place.
func nameable(id home.DeviceID) bool {
	return id != "" && !strings.ContainsAny(string(id), "/+#\x00")
}
