package health

import "gatehouse/hub/home"

// Code names a condition for ever. Programs may decide on it.
type Code string

// Every way in which the house can be unwell. What is not here cannot be raised.
const (
	Demo             Code = "demo"
	NotClaimed       Code = "not-claimed"
	RadioDown        Code = "radio-down"
	RadioStarting    Code = "radio-starting"
	RadioForeign     Code = "radio-foreign"
	RadioBackupOld   Code = "radio-backup-old"
	DeviceMissing    Code = "device-missing"
	DeviceTampered   Code = "device-tampered"
	NotEnrolled      Code = "not-enrolled"
	NotReporting     Code = "not-reporting"
	DeviceUpdating   Code = "device-updating"
	BatteryLow       Code = "battery-low"
	BatteryEmpty     Code = "battery-empty"
	RFJamming        Code = "rf-jamming"
	ChannelLeft      Code = "channel-left"
	MainsLost        Code = "mains-lost"
	HubBatteryLow    Code = "hub-battery-low"
	KeypadInClear    Code = "keypad-in-clear"
	SirenSilent      Code = "siren-silent"
	StorageFault     Code = "storage-fault"
	StorageRestored  Code = "storage-restored"
	SnapshotFault    Code = "snapshot-fault"
	JournalBehind    Code = "journal-behind"
	ViewsUnwritten   Code = "views-unwritten"
	ViewsBroken      Code = "views-broken"
	DiskLow          Code = "disk-low"
	MQTTDown         Code = "mqtt-down"
	HomeKitDown      Code = "homekit-down"
	HomeKitFull      Code = "homekit-full"
	PageDown         Code = "page-down"
	NameTaken        Code = "name-taken"
	ClockWrong       Code = "clock-wrong"
	ClockUnsynced    Code = "clock-unsynced"
	OutsideStandard  Code = "outside-standard"
	CertificateFault Code = "certificate-fault"
	RuleStopped      Code = "rule-stopped"
	RuleNotArmed     Code = "rule-not-armed"
	QuirkFault       Code = "quirk-fault"
	NoVault          Code = "no-vault"
	ClipsNotWritten  Code = "clips-not-written"
	ClipsLost        Code = "clips-lost"
	ClipsNotErased   Code = "clips-not-erased"

	CameraLost        Code = "camera-lost"
	CameraCertificate Code = "camera-certificate-changed"
	CameraInClear     Code = "camera-password-in-clear"
	CameraNoKey       Code = "camera-no-key-picture"
	CameraPreShort    Code = "camera-pre-roll-short"
	CameraClock       Code = "camera-clock-wrong"
	CameraNotRecorded Code = "camera-not-recorded"
	CameraUnseen      Code = "camera-not-looked-at"
	CameraSubLost     Code = "camera-sub-stream-lost"
	CameraCovered     Code = "camera-covered"
	CameraUnheard     Code = "camera-unheard"
	CameraUnmasked    Code = "camera-not-masked"
	DetectorMissing   Code = "detector-missing"

	// ZoneIgnored is the panel's own: it finds it, and the hub shows it here.
	ZoneIgnored Code = "zone-ignored"
)

// Declaration says what a condition means. Text and Mend are formats: %s is
// filled with what was passed to Raise, in order.
type Declaration struct {
	Severity home.Severity
	Text     string
	Mend     string
	Blocks   []home.Mode
}

// ByUse are the conditions of a device that stand in the way only of those of
// their modes in which the device guards the house.
var ByUse = []Code{DeviceMissing, NotEnrolled, DeviceUpdating, BatteryLow, BatteryEmpty}

var allModes = []home.Mode{home.Home, home.Night, home.Away}

// Declarations is the table that CONDITIONS.md is made from.
//
// What blocks follows the sheet of EN 50131-1 grade 2, modelled on and not
// compliant with it: what keeps a sensor from being heard or trusted stands in
// the way of arming, and whoever may force, may. A disk that can't be written
// does not: sensors are heard and sirens sound, and a house left unarmed because
// of its disk would be the worse for it. Nor does the mains while the battery
// lasts.
var Declarations = map[Code]Declaration{
	Demo: {
		home.SeverityInfo, "This is a demo home: nothing here is real.",
		"Run gatehouse serve with real radios to guard a real home.", nil,
	},
	NotClaimed: {
		home.SeverityInfo, "This hub belongs to nobody yet.",
		"Open its page and enter the claim code.", nil,
	},
	RadioDown: {
		home.SeverityCritical, "The %s stick can't be reached: %s. Its sensors can't be heard.",
		"Plug the stick back in. The hub looks for it every few seconds.", allModes,
	},
	RadioForeign: {
		home.SeverityCritical, "The %s stick is not the one of this house: %s. Its sensors can't be heard.",
		"Put the house's own stick back, or restore its network to this one under Devices.", allModes,
	},
	RadioBackupOld: {
		home.SeverityWarning, "There is no fresh backup of the %s network: %s.",
		"Back it up under Devices. Without one, a broken stick means that every device is joined again.", nil,
	},
	RadioStarting: {
		home.SeverityInfo, "The %s stick is starting.", "Wait a few seconds.", nil,
	},
	DeviceMissing: {
		home.SeverityWarning, "%s has not been heard for too long.",
		"Check its battery, and whether it is still in reach.", allModes,
	},
	DeviceTampered: {
		home.SeverityWarning, "%s says that its cover is open or that it was taken off.",
		"Close the cover. If nobody opened it, look at the sensor.", allModes,
	},
	NotEnrolled: {
		home.SeverityCritical, "%s will not report alarms until it has taken from the hub to whom it reports them.",
		"Press its button so that it wakes up, close to the hub. If that does not help, remove it and join it again.", allModes,
	},
	DeviceUpdating: {
		home.SeverityWarning, "%s is being given a new firmware and is not watched meanwhile.",
		"It ends by itself. Leave the device where it is, or give the firmware up on its page.", allModes,
	},
	NotReporting: {
		home.SeverityWarning, "%s refuses to report by itself, so the hub asks it from time to time and hears of a change late.",
		"It works. Do not guard a door with it; a newer firmware or another model may report.", nil,
	},
	BatteryLow: {
		home.SeverityWarning, "%s wants a new battery%s.", "Change the battery this week.", allModes,
	},
	BatteryEmpty: {
		home.SeverityCritical, "The battery of %s is as good as empty: %s.", "Change the battery today.", allModes,
	},
	RFJamming: {
		home.SeverityCritical, "The %s radio is drowned out: %s. Its sensors can't be relied on.",
		"Look after the house first. Then look for a new transmitter near the hub, and whether its stick was moved.", allModes,
	},
	ChannelLeft: {
		home.SeverityWarning, "The Zigbee network: %s not followed it to channel %d: %s.",
		"Press the button of each, or take its battery out for a moment. Where many are left, take the network back to the channel that it came from (page Channels).", nil,
	},
	MainsLost: {
		home.SeverityWarning, "The hub has lost its mains power and runs on its battery%s.",
		"Check the adapter and the fuse. The alarm goes on until the battery is empty.", nil,
	},
	HubBatteryLow: {
		home.SeverityCritical, "The hub's battery is almost empty: %s. Then nothing guards the house.",
		"Bring the mains back, or feed the hub from another battery.", allModes,
	},
	KeypadInClear: {
		home.SeverityWarning, "%s sends without encryption, so no code is taken from it. Its panic keys work.",
		"Join the keypad again securely.", nil,
	},
	SirenSilent: {
		home.SeverityCritical, "%s has not confirmed since %s what it was told: %s.", "Check its power and its place.", nil,
	},
	StorageFault: {
		home.SeverityCritical, "The disk can't be written: %s.",
		"Free space or change the disk. The alarm works on, but may not remember a power cut.", nil,
	},
	StorageRestored: {
		home.SeverityWarning, "The database was damaged and was put back from a copy: %s.",
		"Look through zones, codes and people for what changed since.", nil,
	},
	SnapshotFault: {
		home.SeverityWarning, "The safety copy of a database can't be made: %s.",
		"Check the disk: it is full, slow or failing.", nil,
	},
	JournalBehind: {
		home.SeverityWarning, "The journal can't keep up: %s events are only in memory.",
		"Check the disk: it is full, slow or failing.", nil,
	},
	ViewsUnwritten: {
		home.SeverityWarning, "Who watches can't be written down, so no clip and no camera is shown: %s.",
		"Check the disk: it is full, slow or failing.", nil,
	},
	ViewsBroken: {
		home.SeverityWarning, "The record of who watched is not whole: %s.",
		"Export it under Privacy, and ask who could get at the box. After a damaged disk, what is missing was lost with it.", nil,
	},
	DiskLow: {
		home.SeverityWarning, "The disk is almost full: %s left.", "Free some space.", nil,
	},
	MQTTDown: {
		home.SeverityWarning, "The MQTT broker is not listening: %s.",
		"Free the port or choose another under mqtt in the configuration.", nil,
	},
	HomeKitDown: {
		home.SeverityWarning, "Apple Home can't reach this hub: %s.",
		"Free the port or choose another under homekit in the configuration.", nil,
	},
	HomeKitFull: {
		home.SeverityInfo, "Apple Home takes 150 accessories of one hub, so %s devices are not shown there.",
		"They are guarded all the same, and shown everywhere else.", nil,
	},
	PageDown: {
		home.SeverityWarning, "The hub's page can't be reached: %s.",
		"Free the port or choose another under listen in the configuration.", nil,
	},
	NameTaken: {
		home.SeverityInfo, "Another device answers to %s, so this hub is %s.",
		"Give one of them another name.", nil,
	},
	ClockWrong: {
		home.SeverityWarning, "The clock can't be right: %s.", "Check the hub's time.", nil,
	},
	ClockUnsynced: {
		home.SeverityInfo, "No time service sets the hub's clock.",
		"Give the box a time server, or look at its clock now and then.", nil,
	},
	OutsideStandard: {
		home.SeverityInfo, "The alarm's delays may lie outside the ranges that keep false alarms rare.",
		"Turn \"Allow unusual figures\" off in the alarm's settings.", nil,
	},
	ZoneIgnored: {
		home.SeverityWarning, "%s",
		"Look at the sensor, then disarm.", nil,
	},
	RuleStopped: {
		home.SeverityWarning, "A rule fired too often and was stopped: %s.",
		"Look at what it waits for and what it does, then save it again.", nil,
	},
	RuleNotArmed: {
		home.SeverityWarning, "A rule was to arm the house, and the house is not armed: %s.",
		"Close or mend what is named, then arm.", nil,
	},
	QuirkFault: {
		home.SeverityWarning, "A file of Zigbee quirks is not understood: %s.",
		"Mend that line. What the file said before holds until the hub restarts; other files are not touched by it.", nil,
	},
	NoVault: {
		home.SeverityWarning, "Nothing that the cameras see is recorded: there is no key to seal it with.",
		"Set up the vault under Cameras. Its key is made in your browser; the hub never has it.", nil,
	},
	ClipsNotWritten: {
		home.SeverityWarning, "What the cameras record can't be written: %s.",
		"Free space or change the disk. What is in memory is written as soon as the disk takes it.", nil,
	},
	ClipsLost: {
		home.SeverityWarning, "A file of clips is damaged and was set aside: %s.",
		"The clips in it are lost. Look at the disk: a card that forgets once does so again.", nil,
	},
	CameraLost: {
		home.SeverityWarning, "%s can't be had: %s. Nothing that happens before it is recorded.",
		"Look after its power and its network, then its address and password under Cameras.", nil,
	},
	CameraCertificate: {
		home.SeverityWarning, "%s shows another certificate than before for %s. Whoever is there was told no password, and nothing is taken from them.",
		"If you reset the camera or renewed its certificate, compare it with what the camera says itself and trust it on its page under Cameras. If not, somebody may stand between it and the hub. A camera that makes itself a new one each time it starts can't be known by it: give it one that stays.", nil,
	},
	CameraInClear: {
		home.SeverityInfo, "The password of %s may be told in the clear: its owner allowed that, and its pictures do not come in TLS. Whoever takes its address in this network can have it.",
		"Set RTSP authentication to Digest in the camera, or begin its address with rtsps://, and take back on its page under Cameras what you allowed. Use its password nowhere else.", nil,
	},
	CameraNoKey: {
		home.SeverityWarning, "%s sends no picture that stands alone, so nothing can be recorded of it.",
		"Set its key frame interval (also called I-frame interval or GOP) to 2 to 4 s.", nil,
	},
	CameraPreShort: {
		home.SeverityInfo, "%s sends so many bytes that less than the pre-roll asked for is kept.",
		"Lower its bit rate, or set its key frame interval to 2 to 4 s.", nil,
	},
	CameraClock: {
		home.SeverityInfo, "The clock of %s is %s off. What it writes into its pictures is no proof of when.",
		"Set its time, or have it ask a time server. The times of clips are the hub's and right.", nil,
	},
	CameraNotRecorded: {
		home.SeverityWarning, "%s was to record and could not: %s.",
		"Mend what it names. The next clip that is recorded ends this.", nil,
	},
	CameraUnheard: {
		home.SeverityWarning, "What %s notices can't be heard: %s. Nothing that only the camera sees sets it off, and nobody hears its bell.",
		"Look in the camera whether ONVIF is on and its user may have events. The hub tries again by itself.", nil,
	},
	CameraUnmasked: {
		home.SeverityWarning, "%s does not black out what it was to: %s. It is in its pictures and clips, and only left out when people are looked for.",
		"Draw the mask in the camera itself, turn the camera, or do without the mask under Cameras.", nil,
	},
	CameraUnseen: {
		home.SeverityWarning, "Nobody looks at the pictures of %s: %s.",
		"Mend what it names, or say under Cameras that it need not be looked at.", nil,
	},
	CameraSubLost: {
		home.SeverityInfo, "The sub-stream of %s can't be looked at: %s. The stream that is recorded is looked at instead, which takes more of the processor.",
		"Mend what it names, or leave its address out under Cameras.", nil,
	},
	CameraCovered: {
		home.SeverityWarning, "%s shows nothing: it is covered, turned to a wall, or in the dark.",
		"Look at its picture, and at the camera. Where it is only dark, give it light or turn its own on.", nil,
	},
	DetectorMissing: {
		home.SeverityWarning, "People are not told from dogs: %s.",
		"Copy the folder bin/detector that make model fills to the hub's data folder. Everything else works without it.", nil,
	},
	ClipsNotErased: {
		home.SeverityWarning, "Clips that were deleted can't be opened any more, but their bytes are still on the disk: %s.",
		"Free some space: a file is written anew without them. The hub tries again every ten minutes.", nil,
	},
	CertificateFault: {
		home.SeverityWarning, "The page's certificate can't be renewed: %s.",
		"Check the clock and the data folder.", nil,
	},
}
