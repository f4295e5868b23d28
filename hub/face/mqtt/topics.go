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

	// topicHomeAssistantStatus is where Home Assistant itself says online.
	topicHomeAssistantStatus = "homeassistant/status"

	online  = "online"
	offline = "offline"
)

func topicDevice(id home.DeviceID) string      { return "gatehouse/device/" + string(id) }
func topicDeviceSet(id home.DeviceID) string   { return topicDevice(id) + "/set" }
func topicDeviceError(id home.DeviceID) string { return topicDevice(id) + "/error" }

// deviceOfSet takes the device out of gatehouse/device/<id>/set.
func deviceOfSet(topic string) (home.DeviceID, bool) {
	rest, ok := strings.CutPrefix(topic, "gatehouse/device/")
	if !ok {
		return "", false
	}
	id, ok := strings.CutSuffix(rest, "/set")
	if !ok || id == "" || strings.ContainsAny(id, "/+#") {
		return "", false
	}
	return home.DeviceID(id), true
}

// nameable tells whether an id can stand in a topic. The house makes no other
// ids; one from elsewhere must not break out of its place.
func nameable(id home.DeviceID) bool {
	return id != "" && !strings.ContainsAny(string(id), "/+#\x00")
}
