package zcl_test

import (
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/zigbee/zcl"
)

var image = zcl.Image{Manufacturer: 0x115F, Type: 0x0102, Version: 0x01020304}

// wires is the table that tests and the fuzz corpus share: whole frames of a
// cluster. A frame without an error goes both ways; one that is read only does
// not append to the same bytes, but to bytes that parse to the same.
var wires = []struct {
	name     string
	cluster  zcl.Cluster
	wire     string // hexadecimal
	value    zcl.Command
	err      string
	readOnly bool
}{
	{name: "read model and maker", wire: "00 2a 00 0400 0500", value: zcl.ReadAttributes{Attrs: []zcl.Attr{zcl.BasicManufacturer, zcl.BasicModel}}},
	{name: "read nothing", wire: "00 2a 00", value: zcl.ReadAttributes{}},
	{name: "read half an attribute", wire: "00 2a 00 0400 05", err: "zcl: foundation command 0x00: too short"},
	{name: "read response", wire: "18 2a 01 0400 00 42 04 49 4b 45 41 0500 86 2100 00 20 c8", value: zcl.ReadAttributesResponse{Records: []zcl.ReadRecord{
		{Attr: zcl.BasicManufacturer, Value: zcl.OfText("IKEA")},
		{Attr: zcl.BasicModel, Status: zcl.UnsupportedAttribute},
		{Attr: zcl.BatteryPercentage, Value: zcl.Of(zcl.Uint8, 200)},
	}}},
	{name: "read response whose last string is cut off", wire: "18 2a 01 2100 00 20 c8 0500 00 42 09 41", value: zcl.ReadAttributesResponse{
		Records: []zcl.ReadRecord{{Attr: zcl.BatteryPercentage, Value: zcl.Of(zcl.Uint8, 200)}},
		Rest:    []byte{5, 0, 0, 0x42, 9, 0x41},
	}},
	{name: "read response whose only string is cut off", wire: "18 2a 01 0500 00 42 09 41", err: "zcl: foundation command 0x01: too short"},
	{name: "write CIE address", cluster: zcl.IASZone, wire: "00 2b 02 1000 f0 efcdab8967452301", value: zcl.WriteAttributes{Attributes: []zcl.Attribute{
		{Attr: zcl.ZoneCIEAddress, Value: zcl.Of(zcl.IEEE, 0x0123456789ABCDEF)},
	}}},
	{name: "write undivided", wire: "00 2b 03 0300 21 3c00", value: zcl.WriteAttributes{Mode: zcl.WriteAllOrNo, Attributes: []zcl.Attribute{{Attr: 3, Value: zcl.Of(zcl.Uint16, 60)}}}},
	{name: "write unheard", wire: "00 2b 05 1000 29 d8ff", value: zcl.WriteAttributes{Mode: zcl.WriteUnheard, Attributes: []zcl.Attribute{{Attr: 0x10, Value: zcl.OfInt(zcl.Int16, -40)}}}},
	{name: "all written", wire: "18 2b 04 00", value: zcl.WriteAttributesResponse{}},
	{name: "two not written", wire: "18 2b 04 88 0000 8d 1000", value: zcl.WriteAttributesResponse{Records: []zcl.WriteRecord{{Status: zcl.ReadOnly}, {Status: zcl.InvalidDataType, Attr: 0x10}}}},
	{name: "refused with a lone status", wire: "18 2b 04 86", value: zcl.WriteAttributesResponse{Records: []zcl.WriteRecord{{Status: zcl.UnsupportedAttribute, Attr: zcl.NoAttr}}}, readOnly: true},
	{name: "report battery", cluster: zcl.PowerConfiguration, wire: "00 2c 06 00 2100 20 100e 60a8 02", value: zcl.ConfigureReporting{Records: []zcl.Reporting{
		{Attr: zcl.BatteryPercentage, Min: 3600, Max: 43104, Change: zcl.Of(zcl.Uint8, 2)},
	}}},
	{name: "report zone status, and hear of on/off", cluster: zcl.IASZone, wire: "00 2c 06 00 0200 19 0000 2c01 01 0000 5802", value: zcl.ConfigureReporting{Records: []zcl.Reporting{
		{Attr: zcl.ZoneStatusAttr, Max: 300, Change: zcl.Of(zcl.Bitmap16, 0)},
		{Attr: 0, Received: true, Timeout: 600},
	}}},
	{name: "all reporting set", wire: "18 2c 07 00", value: zcl.ConfigureReportingResponse{}},
	{name: "reporting not set", wire: "18 2c 07 8c 00 2100", value: zcl.ConfigureReportingResponse{Records: []zcl.ReportingStatus{{Status: zcl.UnreportableAttribute, Attr: 0x21}}}},
	{name: "reporting refused with a lone status", wire: "18 2c 07 82", value: zcl.ConfigureReportingResponse{Records: []zcl.ReportingStatus{{Status: 0x82, Attr: zcl.NoAttr}}}, readOnly: true},
	{name: "read reporting", wire: "00 2d 08 00 2100 01 0000", value: zcl.ReadReporting{Records: []zcl.ReportingOf{{Attr: 0x21}, {Received: true}}}},
	{name: "reporting", wire: "18 2d 09 00 00 2100 20 100e 60a8 02 8b 00 2000", value: zcl.ReadReportingResponse{Records: []zcl.ReportingRecord{
		{Reporting: zcl.Reporting{Attr: 0x21, Min: 3600, Max: 43104, Change: zcl.Of(zcl.Uint8, 2)}},
		{Status: zcl.NotFound, Reporting: zcl.Reporting{Attr: 0x20}},
	}}},
	{name: "report", wire: "18 2e 0a 0000 29 0cfe 2000 20 1e", value: zcl.ReportAttributes{Attributes: []zcl.Attribute{
		{Attr: 0, Value: zcl.OfInt(zcl.Int16, -500)}, {Attr: 0x20, Value: zcl.Of(zcl.Uint8, 30)},
	}}},
	{name: "report of a maker's attribute", wire: "1c 5f11 2e 0a f700 41 03 012106", value: zcl.ReportAttributes{Attributes: []zcl.Attribute{
		{Attr: 0xF7, Value: zcl.Value{Type: zcl.Octets, B: []byte{1, 0x21, 6}}},
	}}},
	// An Aqara contact (0xFF02 of Basic): a structure of a voltage and more.
	{name: "report of a structure", wire: "1c 5f11 2e 0a 02ff 4c 0200 10 01 21 d10b", value: zcl.ReportAttributes{Attributes: []zcl.Attribute{
		{Attr: 0xFF02, Value: zcl.Value{Type: zcl.Struct, B: []byte{2, 0, 0x10, 1, 0x21, 0xD1, 0x0B}}},
	}}},
	{name: "report of an array, and one more", wire: "18 2e 0a 0100 48 20 0200 0708 0000 10 01", value: zcl.ReportAttributes{Attributes: []zcl.Attribute{
		{Attr: 1, Value: zcl.Value{Type: zcl.Array, B: []byte{0x20, 2, 0, 7, 8}}}, {Attr: 0, Value: zcl.Of(zcl.Bool, 1)},
	}}},
	{name: "report of a type that nobody knows", wire: "18 2e 0a 0100 7f 0102", value: zcl.ReportAttributes{Attributes: []zcl.Attribute{
		{Attr: 1, Value: zcl.Value{Type: 0x7F, B: []byte{1, 2}}},
	}}},
	{name: "report nested too deep", wire: "18 2e 0a 0100 48" + strings.Repeat(" 48 0100", 16), err: "zcl: foundation command 0x0a: nested too deep"},
	{name: "default response", wire: "18 2f 0b 01 c3", value: zcl.DefaultResponse{Command: 1, Status: zcl.UnsupportedCluster}},
	{name: "default response too short", wire: "18 2f 0b 01", err: "zcl: foundation command 0x0b: too short"},
	{name: "read a structure", wire: "00 31 0e 0100 00", value: zcl.Raw{Of: zcl.Head{Command: 0x0E}, Payload: []byte{1, 0, 0}}},

	{name: "factory defaults", wire: "01 01 00", value: zcl.ResetToFactoryDefaults{}},
	{name: "a maker's command of a known cluster", wire: "05 5f11 01 00 07", value: zcl.Raw{
		Of: zcl.Head{Kind: zcl.Local, Manufacturer: 0x115F}, Payload: []byte{7},
	}},
	{name: "a cluster that is not known", cluster: 0xEF00, wire: "09 01 02 0001 01", value: zcl.Raw{
		Of: zcl.Head{Kind: zcl.Local, Cluster: 0xEF00, Direction: zcl.ToClient, Command: 2}, Payload: []byte{0, 1, 1},
	}},
	{name: "a kind that is reserved", wire: "02 01 00", value: zcl.Raw{Of: zcl.Head{Kind: 2}}},

	{name: "identify", cluster: zcl.Identify, wire: "01 01 00 3c00", value: zcl.IdentifySelf{Seconds: 60}},
	{name: "identify query", cluster: zcl.Identify, wire: "01 01 01", value: zcl.IdentifyQuery{}},
	{name: "identify effect", cluster: zcl.Identify, wire: "01 01 40 0100", value: zcl.IdentifyEffect{Effect: 1}},
	{name: "identify query response", cluster: zcl.Identify, wire: "09 01 00 3c00", value: zcl.IdentifyQueryResponse{Seconds: 60}},

	{name: "off", cluster: zcl.OnOff, wire: "01 01 00", value: zcl.TurnOff{}},
	{name: "on", cluster: zcl.OnOff, wire: "01 01 01", value: zcl.TurnOn{}},
	{name: "toggle", cluster: zcl.OnOff, wire: "01 01 02", value: zcl.Toggle{}},
	{name: "off with effect", cluster: zcl.OnOff, wire: "01 01 40 0001", value: zcl.TurnOffWithEffect{Variant: 1}},
	{name: "on, recall", cluster: zcl.OnOff, wire: "01 01 41", value: zcl.TurnOnRecall{}},
	{name: "on for a minute", cluster: zcl.OnOff, wire: "01 01 42 01 5802 0000", value: zcl.TurnOnTimed{OnlyWhenOn: true, OnTime: 600}},
	{name: "unknown command", cluster: zcl.OnOff, wire: "01 01 fd 00", value: zcl.Raw{
		Of: zcl.Head{Kind: zcl.Local, Cluster: zcl.OnOff, Command: 0xFD}, Payload: []byte{0},
	}},

	{name: "zone opened", cluster: zcl.IASZone, wire: "09 01 00 0100 00 05 0000", value: zcl.ZoneStatusChange{Status: zcl.ZoneAlarm1, Zone: 5}},
	{name: "all ten bits, a second ago", cluster: zcl.IASZone, wire: "09 01 00 ff03 00 05 0400", value: zcl.ZoneStatusChange{
		Status: zcl.ZoneAlarm1 | zcl.ZoneAlarm2 | zcl.ZoneTamper | zcl.ZoneBatteryLow | zcl.ZoneSupervision | zcl.ZoneRestore |
			zcl.ZoneTrouble | zcl.ZoneMainsFault | zcl.ZoneTest | zcl.ZoneBatteryDefect,
		Zone: 5, Delay: 4,
	}},
	{name: "zone status of old firmware", cluster: zcl.IASZone, wire: "09 01 00 0100 00", value: zcl.ZoneStatusChange{Status: zcl.ZoneAlarm1}, readOnly: true},
	{name: "half a zone status", cluster: zcl.IASZone, wire: "09 01 00 01", err: "zcl: IAS Zone command 0x00 to the client: too short"},
	{name: "enrol request", cluster: zcl.IASZone, wire: "09 01 01 1500 4d11", value: zcl.ZoneEnrollRequest{Type: zcl.TypeContact, Manufacturer: 0x114D}},
	{name: "enrol request with more behind", cluster: zcl.IASZone, wire: "09 01 01 1500 4d11 aabbcc", value: zcl.ZoneEnrollRequest{Type: zcl.TypeContact, Manufacturer: 0x114D}, readOnly: true},
	{name: "enrolled", cluster: zcl.IASZone, wire: "01 01 00 00 05", value: zcl.ZoneEnrollResponse{Zone: 5}},
	{name: "not enrolled", cluster: zcl.IASZone, wire: "01 01 00 03 ff", value: zcl.ZoneEnrollResponse{Code: zcl.EnrollTooMany, Zone: 0xFF}},
	{name: "normal mode", cluster: zcl.IASZone, wire: "01 01 01", value: zcl.ZoneNormalMode{}},
	{name: "test mode", cluster: zcl.IASZone, wire: "01 01 02 3c 00", value: zcl.ZoneTestMode{Seconds: 60}},

	{name: "arm away with a code", cluster: zcl.IASACE, wire: "01 01 00 03 04 31323334 00", value: zcl.Arm{Mode: zcl.ArmAway, Code: "1234"}},
	{name: "arm without a zone", cluster: zcl.IASACE, wire: "01 01 00 01 00", value: zcl.Arm{Mode: zcl.ArmStay}, readOnly: true},
	{name: "disarm, code without a value", cluster: zcl.IASACE, wire: "01 01 00 00 ff 17", value: zcl.Arm{Zone: 0x17}, readOnly: true},
	{name: "arm, code cut off", cluster: zcl.IASACE, wire: "01 01 00 03 04 3132", err: "zcl: IAS ACE command 0x00 to the server: too short"},
	{name: "bypass", cluster: zcl.IASACE, wire: "01 01 01 02 0107 04 31323334", value: zcl.Bypass{Zones: []byte{1, 7}, Code: "1234"}},
	{name: "emergency", cluster: zcl.IASACE, wire: "01 01 02", value: zcl.Emergency{}},
	{name: "fire", cluster: zcl.IASACE, wire: "01 01 03", value: zcl.Fire{}},
	{name: "panic", cluster: zcl.IASACE, wire: "01 01 04", value: zcl.Panic{}},
	{name: "get zone map", cluster: zcl.IASACE, wire: "01 01 05", value: zcl.GetZoneIDMap{}},
	{name: "get zone information", cluster: zcl.IASACE, wire: "01 01 06 07", value: zcl.GetZoneInformation{Zone: 7}},
	{name: "get panel status", cluster: zcl.IASACE, wire: "01 01 07", value: zcl.GetPanelStatus{}},
	{name: "get bypassed zones", cluster: zcl.IASACE, wire: "01 01 08", value: zcl.GetBypassedZoneList{}},
	{name: "get zone status", cluster: zcl.IASACE, wire: "01 01 09 02 0a 01 0300", value: zcl.GetZoneStatus{First: 2, Max: 10, Masked: true, Mask: zcl.ZoneAlarm1 | zcl.ZoneAlarm2}},
	{name: "arm response", cluster: zcl.IASACE, wire: "09 01 00 05", value: zcl.ArmResponse{Notification: zcl.ArmNotReady}},
	{name: "zone map", cluster: zcl.IASACE, wire: "09 01 01 0700" + strings.Repeat(" 0000", 14) + " 0080", value: zcl.ZoneIDMap{Sections: [16]uint16{0: 7, 15: 0x8000}}},
	{name: "zone information", cluster: zcl.IASACE, wire: "09 01 02 07 1500 ffffffffffffffff 04 446f6f72", value: zcl.ZoneInformation{Zone: 7, Type: zcl.TypeContact, Address: math.MaxUint64, Label: "Door"}},
	{name: "zone changed", cluster: zcl.IASACE, wire: "09 01 03 07 0100 01 04 446f6f72", value: zcl.ZoneStatusChanged{Zone: 7, Status: zcl.ZoneAlarm1, Audible: zcl.AudibleDefault, Label: "Door"}},
	{name: "exit, 59 s", cluster: zcl.IASACE, wire: "09 01 04 04 3b 01 00", value: zcl.PanelStatusChanged{Panel: zcl.Panel{Status: zcl.PanelExitDelay, Seconds: 59, Audible: zcl.AudibleDefault}}},
	{name: "panel status", cluster: zcl.IASACE, wire: "09 01 05 07 00 01 02", value: zcl.GetPanelStatusResponse{Panel: zcl.Panel{Status: zcl.PanelInAlarm, Audible: zcl.AudibleDefault, Alarm: zcl.AlarmFire}}},
	{name: "bypassed zones", cluster: zcl.IASACE, wire: "09 01 06 02 0107", value: zcl.BypassedZoneList{Zones: []byte{1, 7}}},
	{name: "bypassed zones, more than are there", cluster: zcl.IASACE, wire: "09 01 06 03 0107", err: "zcl: IAS ACE command 0x06 to the client: too short"},
	{name: "bypass response", cluster: zcl.IASACE, wire: "09 01 07 02 0004", value: zcl.BypassResponse{Results: []zcl.BypassResult{zcl.Bypassed, zcl.BypassUnknownZone}}},
	{name: "zone status", cluster: zcl.IASACE, wire: "09 01 08 01 02 01 0100 07 0000", value: zcl.GetZoneStatusResponse{Complete: true, Zones: []zcl.ZoneRecord{{Zone: 1, Status: zcl.ZoneAlarm1}, {Zone: 7}}}},
	{name: "zone status, 255 zones in 3 bytes", cluster: zcl.IASACE, wire: "09 01 08 01 ff 01 0100", err: "zcl: IAS ACE command 0x08 to the client: too short"},

	{name: "start warning", cluster: zcl.IASWD, wire: "01 01 00 17 b400 32 02", value: zcl.StartWarning{Mode: zcl.WarnBurglar, Strobe: 1, Level: zcl.LevelVeryHigh, Seconds: 180, DutyCycle: 50, StrobeLevel: zcl.LevelHigh}},
	{name: "stop warning", cluster: zcl.IASWD, wire: "01 01 00 00 0000 00 00", value: zcl.StartWarning{}},
	{name: "start warning without strobe", cluster: zcl.IASWD, wire: "01 01 00 22 0a00", value: zcl.StartWarning{Mode: zcl.WarnFire, Level: zcl.LevelHigh, Seconds: 10}, readOnly: true},
	{name: "squawk", cluster: zcl.IASWD, wire: "01 01 01 1a", value: zcl.Squawk{Mode: zcl.SquawkDisarmed, Strobe: true, Level: zcl.LevelHigh}},
	{name: "squawk too short", cluster: zcl.IASWD, wire: "01 01 01", err: "zcl: IAS WD command 0x01 to the server: too short"},

	{name: "to half", cluster: zcl.Level, wire: "01 01 00 7f 0a00", value: zcl.MoveToLevel{Level: 127, Time: 10}},
	{name: "to all, and on", cluster: zcl.Level, wire: "01 01 04 fe ffff 00 00", value: zcl.MoveToLevel{OnOff: true, Level: zcl.LevelFull, Time: 0xFFFF}, readOnly: true},
	{name: "to a level, cut off", cluster: zcl.Level, wire: "01 01 00 7f 0a", err: "zcl: Level command 0x00 to the server: too short"},

	{name: "check-in", cluster: zcl.PollControl, wire: "09 01 00", value: zcl.CheckIn{}},
	{name: "listen on for 5 s", cluster: zcl.PollControl, wire: "01 01 00 01 1400", value: zcl.CheckInResponse{FastPoll: true, Timeout: 20}},
	{name: "listen on, cut off", cluster: zcl.PollControl, wire: "01 01 00 01 14", err: "zcl: Poll Control command 0x00 to the server: too short"},

	{name: "lock", cluster: zcl.DoorLock, wire: "01 01 00 00", value: zcl.LockDoor{}},
	{name: "lock, without even a length", cluster: zcl.DoorLock, wire: "01 01 00", value: zcl.LockDoor{}, readOnly: true},
	{name: "unlock with a PIN", cluster: zcl.DoorLock, wire: "01 01 01 04 31323334", value: zcl.UnlockDoor{PIN: "1234"}},
	{name: "unlock, PIN cut off", cluster: zcl.DoorLock, wire: "01 01 01 04 3132", err: "zcl: Door Lock command 0x01 to the server: too short"},
	{name: "locks", cluster: zcl.DoorLock, wire: "09 01 00 00", value: zcl.LockDoorResponse{}},
	{name: "does not unlock", cluster: zcl.DoorLock, wire: "09 01 01 01", value: zcl.UnlockDoorResponse{Status: zcl.Failure}},
	{name: "unlocked at its keypad", cluster: zcl.DoorLock, wire: "09 01 20 00 02 0300 04 31323334 00e1f505 00", value: zcl.LockOperation{
		Source: zcl.LockByKeypad, Event: zcl.UnlockedEvent, User: 3, PIN: "1234", Time: 100000000,
	}},
	{name: "locked by hand, of short firmware", cluster: zcl.DoorLock, wire: "09 01 20 02 0d ffff", value: zcl.LockOperation{
		Source: zcl.LockByHand, Event: zcl.ManuallyLocked, User: 0xFFFF,
	}, readOnly: true},

	{name: "into a group", cluster: zcl.Groups, wire: "01 01 00 0700 03 486975", value: zcl.AddGroup{Group: 7, Name: "Hiu"}},
	{name: "into a group, while it blinks", cluster: zcl.Groups, wire: "01 01 05 0700 00", value: zcl.AddGroup{IfIdentifying: true, Group: 7}},
	{name: "a group?", cluster: zcl.Groups, wire: "01 01 01 0700", value: zcl.ViewGroup{Group: 7}},
	{name: "which of two groups?", cluster: zcl.Groups, wire: "01 01 02 02 0700 0800", value: zcl.GetGroups{Groups: []uint16{7, 8}}},
	{name: "which groups?", cluster: zcl.Groups, wire: "01 01 02 00", value: zcl.GetGroups{}},
	{name: "which groups, cut off", cluster: zcl.Groups, wire: "01 01 02 02 0700 08", err: "zcl: Groups command 0x02 to the server: too short"},
	{name: "out of a group", cluster: zcl.Groups, wire: "01 01 03 0700", value: zcl.RemoveGroup{Group: 7}},
	{name: "out of all", cluster: zcl.Groups, wire: "01 01 04", value: zcl.RemoveGroups{}},
	{name: "in the group", cluster: zcl.Groups, wire: "09 01 00 00 0700", value: zcl.GroupResponse{Group: 7}},
	{name: "was in no such group", cluster: zcl.Groups, wire: "09 01 03 8b 0700", value: zcl.GroupResponse{Removed: true, Status: zcl.NotFound, Group: 7}},
	{name: "the group", cluster: zcl.Groups, wire: "09 01 01 00 0700 03 486975", value: zcl.ViewGroupResponse{Group: 7, Name: "Hiu"}},
	{name: "the groups", cluster: zcl.Groups, wire: "09 01 02 fe 02 0700 0800", value: zcl.GetGroupsResponse{Capacity: 0xFE, Groups: []uint16{7, 8}}},

	{name: "a scene", cluster: zcl.Scenes, wire: "01 01 00 0700 02 0a00 01 41 0600 01 01", value: zcl.AddScene{
		Scene: zcl.Scene{Group: 7, Scene: 2}, Time: 10, Name: "A", Fields: []byte{6, 0, 1, 1},
	}},
	{name: "a scene?", cluster: zcl.Scenes, wire: "01 01 01 0700 02", value: zcl.ViewScene{Scene: zcl.Scene{Group: 7, Scene: 2}}},
	{name: "end a scene", cluster: zcl.Scenes, wire: "01 01 02 0700 02", value: zcl.RemoveScene{Scene: zcl.Scene{Group: 7, Scene: 2}}},
	{name: "end the scenes", cluster: zcl.Scenes, wire: "01 01 03 0700", value: zcl.RemoveScenes{Group: 7}},
	{name: "keep a scene", cluster: zcl.Scenes, wire: "01 01 04 0700 02", value: zcl.StoreScene{Scene: zcl.Scene{Group: 7, Scene: 2}}},
	{name: "recall a scene", cluster: zcl.Scenes, wire: "01 01 05 0700 02", value: zcl.RecallScene{Scene: zcl.Scene{Group: 7, Scene: 2}}},
	{name: "recall a scene in a while", cluster: zcl.Scenes, wire: "01 01 05 0700 02 0a00", value: zcl.RecallScene{Scene: zcl.Scene{Group: 7, Scene: 2}}, readOnly: true},
	{name: "which scenes?", cluster: zcl.Scenes, wire: "01 01 06 0700", value: zcl.GetScenes{Group: 7}},
	{name: "kept a scene", cluster: zcl.Scenes, wire: "09 01 04 00 0700 02", value: zcl.SceneResponse{To: zcl.SceneStored, Scene: zcl.Scene{Group: 7, Scene: 2}}},
	{name: "the scene", cluster: zcl.Scenes, wire: "09 01 01 00 0700 02 0a00 01 41", value: zcl.ViewSceneResponse{AddScene: zcl.AddScene{Scene: zcl.Scene{Group: 7, Scene: 2}, Time: 10, Name: "A"}}},
	{name: "no such scene", cluster: zcl.Scenes, wire: "09 01 01 8b 0700 02", value: zcl.ViewSceneResponse{Status: zcl.NotFound, AddScene: zcl.AddScene{Scene: zcl.Scene{Group: 7, Scene: 2}}}},
	{name: "ended the scenes", cluster: zcl.Scenes, wire: "09 01 03 00 0700", value: zcl.RemoveScenesResponse{Group: 7}},
	{name: "the scenes", cluster: zcl.Scenes, wire: "09 01 06 00 fe 0700 02 01 02", value: zcl.GetScenesResponse{Capacity: 0xFE, Group: 7, Scenes: []byte{1, 2}}},
	{name: "no scenes", cluster: zcl.Scenes, wire: "09 01 06 8b fe 0700", value: zcl.GetScenesResponse{Status: zcl.NotFound, Capacity: 0xFE, Group: 7}},
	{name: "scenes cut off", cluster: zcl.Scenes, wire: "09 01 06 00 fe 0700 02 01", err: "zcl: Scenes command 0x06 to the client: too short"},

	{name: "the bolt is jammed", cluster: zcl.Alarms, wire: "09 01 00 00 0101", value: zcl.Alarm{Code: byte(zcl.LockAlarmJammed), Of: zcl.DoorLock}},
	{name: "alarm cut off", cluster: zcl.Alarms, wire: "09 01 00 00 01", err: "zcl: Alarms command 0x00 to the client: too short"},

	{name: "brighter", cluster: zcl.Level, wire: "01 01 05 00 ff", value: zcl.MoveLevel{OnOff: true, Rate: 0xFF}},
	{name: "a step darker", cluster: zcl.Level, wire: "01 01 02 01 20 0500", value: zcl.StepLevel{Down: true, Size: 32, Time: 5}},
	{name: "enough", cluster: zcl.Level, wire: "01 01 03", value: zcl.StopLevel{}},
	{name: "enough, of a switch", cluster: zcl.Level, wire: "01 01 07 00 00", value: zcl.StopLevel{OnOff: true}, readOnly: true},

	{name: "up", cluster: zcl.WindowCovering, wire: "01 01 00", value: zcl.RaiseCovering{}},
	{name: "down", cluster: zcl.WindowCovering, wire: "01 01 01", value: zcl.LowerCovering{}},
	{name: "stay", cluster: zcl.WindowCovering, wire: "01 01 02", value: zcl.StopCovering{}},
	{name: "a third down", cluster: zcl.WindowCovering, wire: "01 01 05 21", value: zcl.LiftCovering{Percent: 33}},
	{name: "slats", cluster: zcl.WindowCovering, wire: "01 01 08 32", value: zcl.TiltCovering{Percent: 50}},
	{name: "somewhere", cluster: zcl.WindowCovering, wire: "01 01 05", err: "zcl: Window Covering command 0x05 to the server: too short"},

	{name: "a PIN", cluster: zcl.DoorLock, wire: "01 01 05 0300 01 00 04 31323334", value: zcl.SetPIN{User: 3, Status: zcl.UserEnabled, PIN: "1234"}},
	{name: "a PIN cut off", cluster: zcl.DoorLock, wire: "01 01 05 0300 01 00 04 3132", err: "zcl: Door Lock command 0x05 to the server: too short"},
	{name: "no PIN any more", cluster: zcl.DoorLock, wire: "01 01 07 0300", value: zcl.ClearPIN{User: 3}},
	{name: "somebody has that PIN", cluster: zcl.DoorLock, wire: "09 01 05 03", value: zcl.SetPINResponse{Status: zcl.PINDuplicate}},
	{name: "PIN cleared", cluster: zcl.DoorLock, wire: "09 01 07 00", value: zcl.ClearPINResponse{}},
	{name: "a PIN was added at the lock", cluster: zcl.DoorLock, wire: "09 01 21 00 02 0300 04 31323334 00 01 00e1f505 00", value: zcl.LockProgrammed{
		Event: 2, User: 3, PIN: "1234", Status: zcl.UserEnabled, Time: 100000000,
	}},

	{name: "there may be a newer firmware", cluster: zcl.OTAUpgrade, wire: "09 01 00 00 64", value: zcl.ImageNotify{Jitter: 100}},
	{name: "there is a newer firmware", cluster: zcl.OTAUpgrade, wire: "09 01 00 03 64 5f11 0201 04030201", value: zcl.ImageNotify{Names: 3, Jitter: 100, Image: image}},
	{name: "a newer firmware?", cluster: zcl.OTAUpgrade, wire: "01 01 01 00 5f11 0201 04030201", value: zcl.QueryNextImage{Image: image}},
	{name: "a newer firmware, for this hardware?", cluster: zcl.OTAUpgrade, wire: "01 01 01 01 5f11 0201 04030201 0300", value: zcl.QueryNextImage{Image: image, HasHardware: true, Hardware: 3}},
	{name: "a newer firmware, cut off", cluster: zcl.OTAUpgrade, wire: "01 01 01 01 5f11 0201 04030201 03", err: "zcl: OTA Upgrade command 0x01 to the server: too short"},
	{name: "a newer firmware", cluster: zcl.OTAUpgrade, wire: "09 01 02 00 5f11 0201 04030201 00000100", value: zcl.QueryNextImageResponse{Image: image, Size: 65536}},
	{name: "none", cluster: zcl.OTAUpgrade, wire: "09 01 02 98", value: zcl.QueryNextImageResponse{Status: zcl.NoImageAvailable}},
	{name: "a part?", cluster: zcl.OTAUpgrade, wire: "01 01 03 00 5f11 0201 04030201 40000000 40", value: zcl.ImageBlockRequest{Image: image, Offset: 64, Max: 64}},
	{name: "a part, with all that may be said?", cluster: zcl.OTAUpgrade, wire: "01 01 03 03 5f11 0201 04030201 40000000 40 04030201008d1500 3200", value: zcl.ImageBlockRequest{
		Image: image, Offset: 64, Max: 64, HasNode: true, Node: 0x00158D0001020304, HasPeriod: true, Period: 50,
	}},
	{name: "a part, of firmware that leaves the period out", cluster: zcl.OTAUpgrade, wire: "01 01 03 02 5f11 0201 04030201 40000000 40", value: zcl.ImageBlockRequest{Image: image, Offset: 64, Max: 64}, readOnly: true},
	{name: "a page?", cluster: zcl.OTAUpgrade, wire: "01 01 04 01 5f11 0201 04030201 40000000 40 0001 3200 04030201008d1500", value: zcl.ImagePageRequest{
		Image: image, Offset: 64, Max: 64, Page: 256, Spacing: 50, HasNode: true, Node: 0x00158D0001020304,
	}},
	{name: "a part", cluster: zcl.OTAUpgrade, wire: "09 01 05 00 5f11 0201 04030201 40000000 02 0708", value: zcl.ImageBlockResponse{Image: image, Offset: 64, Data: []byte{7, 8}}},
	{name: "a part later", cluster: zcl.OTAUpgrade, wire: "09 01 05 97 00000000 3c000000 6400", value: zcl.ImageBlockResponse{Status: zcl.WaitForData, Ask: 60, Period: 100}},
	{name: "no more parts", cluster: zcl.OTAUpgrade, wire: "09 01 05 95", value: zcl.ImageBlockResponse{Status: zcl.Abort}},
	{name: "a part cut off", cluster: zcl.OTAUpgrade, wire: "09 01 05 00 5f11 0201 04030201 40000000 02 07", err: "zcl: OTA Upgrade command 0x05 to the client: too short"},
	{name: "it is there", cluster: zcl.OTAUpgrade, wire: "01 01 06 00 5f11 0201 04030201", value: zcl.UpgradeEndRequest{Image: image}},
	{name: "it is broken", cluster: zcl.OTAUpgrade, wire: "01 01 06 96 5f11 0201 04030201", value: zcl.UpgradeEndRequest{Status: zcl.InvalidImage, Image: image}},
	{name: "run it at once", cluster: zcl.OTAUpgrade, wire: "09 01 07 5f11 0201 04030201 00000000 00000000", value: zcl.UpgradeEndResponse{Image: image}},

	{name: "nothing", wire: "", err: "zcl: frame of 0 bytes is too short"},
	{name: "half a frame", wire: "00 01", err: "zcl: frame of 2 bytes is too short"},
	{name: "half a maker's frame", wire: "04 5f11 01", err: "zcl: frame of 4 bytes is too short"},
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func parse(cluster zcl.Cluster, b []byte) (zcl.Frame, zcl.Command, error) {
	f, err := zcl.ParseFrame(b)
	if err != nil {
		return f, nil, err
	}
	c, err := zcl.Parse(cluster, f)
	return f, c, err
}

func TestParse(t *testing.T) {
	for _, w := range wires {
		t.Run(w.name, func(t *testing.T) {
			wire := unhex(t, w.wire)
			before := slices.Clone(wire)
			f, got, err := parse(w.cluster, wire)
			if w.err != "" {
				var bad *zcl.Malformed
				if fmt.Sprint(err) != w.err || len(wire) > 4 && !errors.As(err, &bad) {
					t.Fatalf("got error %v, want %s", err, w.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(wire, before) {
				t.Errorf("the wire was changed to % x, was % x", wire, before)
			}
			if d := cmp.Diff(got, w.value); d != "" {
				t.Errorf("(-got +want):\n%s", d)
			}
			sent := zcl.Send(f.Sequence, w.value)
			sent.Quiet = f.Quiet
			if f.Kind == zcl.Foundation {
				sent.Direction, sent.Manufacturer = f.Direction, f.Manufacturer
			}
			again := sent.Append([]byte{0xAA})[1:]
			if !w.readOnly && !slices.Equal(again, before) {
				t.Errorf("appended\n% x, want\n% x", again, before)
			}
			clear(wire) // a command keeps nothing of it
			if _, c, err := parse(w.cluster, again); err != nil || !reflect.DeepEqual(c, got) {
				t.Errorf("appended and parsed %#v, %v, want %#v", c, err, got)
			}
		})
	}
}

// FuzzParse holds every cluster to the promises of the package.
func FuzzParse(f *testing.F) {
	for _, w := range wires {
		f.Add(uint16(w.cluster), unhex(f, w.wire))
	}
	f.Fuzz(func(t *testing.T, cluster uint16, b []byte) {
		frame, got, err := parse(zcl.Cluster(cluster), b)
		if err != nil {
			return
		}
		sent := zcl.Send(frame.Sequence, got)
		sent.Quiet = frame.Quiet
		if frame.Kind == zcl.Foundation {
			sent.Direction, sent.Manufacturer = frame.Direction, frame.Manufacturer
		}
		wire := sent.Append(nil)
		frame2, again, err := parse(zcl.Cluster(cluster), wire)
		if err != nil {
			t.Fatalf("%#v appended to bytes that do not parse: %v", got, err)
		}
		if !reflect.DeepEqual(again, got) {
			t.Errorf("appended and parsed\n%#v, was\n%#v", again, got)
		}
		frame.Payload, frame2.Payload = nil, nil
		if !reflect.DeepEqual(frame, frame2) {
			t.Errorf("frame %+v, was %+v", frame2, frame)
		}
	})
}

func TestAnswerGoesBackUnderTheSameNumber(t *testing.T) {
	asked := zcl.Frame{Kind: zcl.Foundation, Direction: zcl.ToClient, Manufacturer: 0x115F, Sequence: 0x2E, Command: 0x0A}
	got := fmt.Sprintf("% x", zcl.Answer(asked, zcl.DefaultResponse{Command: 0x0A}).Append(nil))
	if want := "14 5f 11 2e 0b 0a 00"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// The values of table 2-10: how each type is written, what it is as a number, and
// which pattern says that the device does not know.
func TestValues(t *testing.T) {
	for _, tt := range []struct {
		t     zcl.Type
		wire  string
		value float64
		print string
	}{
		{zcl.NoData, "", 0, "unknown"},
		{zcl.Data8, "ff", 255, "0xff"},
		{zcl.Bool, "01", 1, "true"},
		{zcl.Bool, "ff", 255, "unknown"},
		{zcl.Bitmap16, "ffff", 65535, "0xffff"},
		{zcl.Bitmap32, "01000080", 0x80000001, "0x80000001"},
		{zcl.Uint8, "c8", 200, "200"},
		{zcl.Uint8, "ff", 255, "unknown"},
		{zcl.Uint16, "0102", 513, "513"},
		{zcl.Uint24, "010203", 197121, "197121"},
		{zcl.Uint24, "ffffff", 1<<24 - 1, "unknown"},
		{zcl.Uint48, "010000000080", 1<<47 + 1, "1.40737488355329e+14"},
		{zcl.Uint64, "ffffffffffffffff", math.MaxUint64, "unknown"},
		{zcl.Int8, "ff", -1, "-1"},
		{zcl.Int8, "80", -128, "unknown"},
		{zcl.Int16, "0cfe", -500, "-500"},
		{zcl.Int16, "0080", -32768, "unknown"},
		{zcl.Int24, "feffff", -2, "-2"},
		{zcl.Int32, "00000080", math.MinInt32, "unknown"},
		{zcl.Int64, "feffffffffffffff", -2, "-2"},
		{zcl.Int64, "0000000000000080", math.MinInt64, "unknown"},
		{zcl.Enum8, "03", 3, "0x3"},
		{zcl.Enum8, "ff", 255, "unknown"},
		{zcl.Enum16, "1500", 0x15, "0x15"},
		{zcl.Semi, "00c1", -2.5, "-2.5"},
		{zcl.Semi, "0100", math.Ldexp(1, -24), "5.960464477539063e-08"},
		{zcl.Semi, "007c", math.Inf(1), "+Inf"},
		{zcl.Semi, "017c", math.NaN(), "unknown"},
		{zcl.Single, "0000a041", 20, "20"},
		{zcl.Single, "0000c07f", math.NaN(), "unknown"},
		{zcl.Double, "000000000000f0bf", -1, "-1"},
		{zcl.Octets, "02 0102", 0, "01 02"},
		{zcl.Octets, "ff", 1, "unknown"},
		{zcl.Text, "02 6869", 0, `"hi"`},
		{zcl.Text, "00", 0, `""`},
		{zcl.Text, "ff", 1, "unknown"},
		{zcl.LongOctets, "0200 0102", 0, "01 02"},
		{zcl.LongText, "0200 6869", 0, `"hi"`},
		{zcl.LongText, "ffff", 1, "unknown"},
		{zcl.Array, "20 0200 0708", 0, "20 02 00 07 08"},
		{zcl.Struct, "0100 20 07", 0, "01 00 20 07"},
		{zcl.Set, "10 0000", 0, "10 00 00"},
		{zcl.Bag, "42 0100 02 6869", 0, "42 01 00 02 68 69"},
		{zcl.Array, "20 ffff", 0, "20 ff ff"}, // no value, not 65535 of them
		{zcl.TimeOfDay, "ffffffff", math.MaxUint32, "unknown"},
		{zcl.Date, "7d0b1902", 0x02190B7D, "3.5195773e+07"},
		{zcl.UTC, "00e1f505", 100000000, "1e+08"},
		{zcl.ClusterID, "0005", 0x500, "0x500"},
		{zcl.AttributeID, "ffff", 0xFFFF, "unknown"},
		{zcl.BACnetOID, "01000000", 1, "0x1"},
		{zcl.IEEE, "efcdab8967452301", 0x0123456789ABCDEF, "0x123456789abcdef"},
		{zcl.Key, "000102030405060708090a0b0c0d0e0f", 0, "[redacted]"},
	} {
		wire := unhex(t, tt.wire)
		v, rest, err := zcl.ParseValue(tt.t, append(slices.Clone(wire), 0xAA))
		if err != nil || len(rest) != 1 {
			t.Errorf("type 0x%02x % x: error %v, %d bytes left, want 1", tt.t, wire, err, len(rest))
			continue
		}
		if got := v.Append(nil); !slices.Equal(got, wire) {
			t.Errorf("type 0x%02x % x: appended % x", tt.t, wire, got)
		}
		if got := v.Float(); got != tt.value && !math.IsNaN(tt.value) {
			t.Errorf("type 0x%02x % x: is %v, want %v", tt.t, wire, got, tt.value)
		}
		if got := v.String(); got != tt.print {
			t.Errorf("type 0x%02x % x: prints %s, want %s", tt.t, wire, got, tt.print)
		}
		for n := range wire {
			if _, _, err := zcl.ParseValue(tt.t, wire[:n]); err == nil {
				t.Errorf("type 0x%02x: parses from % x alone", tt.t, wire[:n])
			}
		}
	}
}

func TestCodesAreNotPrinted(t *testing.T) {
	for _, c := range []any{
		zcl.Arm{Code: "47110815"},
		zcl.Bypass{Code: "47110815"},
		zcl.LockDoor{PIN: "47110815"},
		zcl.UnlockDoor{PIN: "47110815"},
		zcl.LockOperation{PIN: "47110815"},
		zcl.LockProgrammed{PIN: "47110815"},
		zcl.SetPIN{PIN: "47110815"},
		zcl.Value{Type: zcl.Key, B: []byte("47110815")},
	} {
		if s := fmt.Sprintf("%v %+v %s", c, c, c); strings.Contains(s, "47110815") {
			t.Errorf("%T prints its code: %s", c, s)
		}
	}
}

func TestLux(t *testing.T) {
	// 0xFFFE is the highest, 3.576 Mlx.
	for n, want := range map[uint64]float64{0: 0, 1: 1, 10001: 10, 20001: 100, 0xFFFE: 3575197} {
		if got := zcl.Lux(zcl.Of(zcl.Uint16, n)); math.Abs(got-want) > want/1e6 {
			t.Errorf("%d is %v lx, want %v", n, got, want)
		}
	}
}

func BenchmarkParseZoneStatus(b *testing.B) {
	wire := unhex(b, "09 01 00 0100 00 05 0000")
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := parse(zcl.IASZone, wire); err != nil {
			b.Fatal(err)
		}
	}
}
