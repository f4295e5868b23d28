package auth

import "slices"

// Role is what a person or a program is in this house.
type Role string

// Roles.
const (
	Owner     Role = "owner"
	Member    Role = "member"
	Guest     Role = "guest"     // always ends; opens doors and disarms by keypad code only
	Installer Role = "installer" // ends within 24 hours; never sees a clip
	Viewer    Role = "viewer"    // may look: wall displays, monitoring
	Notifier  Role = "notifier"  // a program that carries notices to people elsewhere, and nothing else
	Onlooker  Role = "onlooker"  // a television or player: what cameras see now, and nothing else
)

// Roles lists every role, from most to least.
var Roles = []Role{Owner, Member, Guest, Installer, Viewer, Notifier, Onlooker}

// Right is one thing that a role may or may not do. Every route, topic and
// command names the right that it needs.
type Right string

// Rights.
const (
	AlarmRead      Right = "alarm.read"
	AlarmArm       Right = "alarm.arm"
	AlarmDisarm    Right = "alarm.disarm"
	AlarmSilence   Right = "alarm.silence"
	AlarmSettings  Right = "alarm.settings" // write
	Panic          Right = "panic"
	ZonesRead      Right = "zones.read"
	ZonesWrite     Right = "zones.write"
	CodesRead      Right = "codes.read"
	CodesWrite     Right = "codes.write"
	RulesRead      Right = "rules.read"
	RulesWrite     Right = "rules.write"
	PresenceWrite  Right = "presence.write" // say who is at home
	DevicesRead    Right = "devices.read"
	DevicesCommand Right = "devices.command"
	DevicesWrite   Right = "devices.write" // rename, remove
	RadiosRead     Right = "radios.read"
	RadiosWrite    Right = "radios.write" // join, leave, heal
	RadiosBackup   Right = "radios.backup"
	EventsRead     Right = "events.read"
	HealthRead     Right = "health.read"
	MetricsRead    Right = "metrics.read"
	NetworkRead    Right = "network.read"
	NetworkWrite   Right = "network.write"
	CamerasRead    Right = "cameras.read"
	CamerasWrite   Right = "cameras.write"
	CamerasLive    Right = "cameras.live"
	CamerasDirect  Right = "cameras.direct" // have them record, or look elsewhere
	CamerasTalk    Right = "cameras.talk"   // be heard through their loudspeakers
	ClipsRead      Right = "clips.read"
	ClipsDelete    Right = "clips.delete"
	ViewsRead      Right = "views.read" // one's own
	ViewsAll       Right = "views.all"  // everybody's: who watched what
	VaultWrite     Right = "vault.write"
	UsersRead      Right = "users.read"
	UsersWrite     Right = "users.write"
	SessionsOwn    Right = "sessions.own" // list and end one's own
	SessionsAll    Right = "sessions.all" // everybody's
	TokensRead     Right = "tokens.read"
	TokensWrite    Right = "tokens.write"
	ConsentsRead   Right = "consents.read"
	ConsentsWrite  Right = "consents.write"
	Disclose       Right = "disclose"
	NotifyOwn      Right = "notify.own"
	NotifyWrite    Right = "notify.write"
	NoticesRead    Right = "notices.read" // what only people outside the house may see; not even an owner's
	HomeKitWrite   Right = "homekit.write"
	SystemRead     Right = "system.read"
	SystemWrite    Right = "system.write" // updates, backup, restore, the home's name
)

// Rights lists every right.
var Rights = []Right{
	AlarmRead, AlarmArm, AlarmDisarm, AlarmSilence, AlarmSettings, Panic,
	ZonesRead, ZonesWrite, CodesRead, CodesWrite, RulesRead, RulesWrite, PresenceWrite,
	DevicesRead, DevicesCommand, DevicesWrite, RadiosRead, RadiosWrite, RadiosBackup,
	EventsRead, HealthRead, MetricsRead, NetworkRead, NetworkWrite,
	CamerasRead, CamerasWrite, CamerasLive, CamerasDirect, CamerasTalk, ClipsRead, ClipsDelete, ViewsRead, ViewsAll, VaultWrite,
	UsersRead, UsersWrite, SessionsOwn, SessionsAll, TokensRead, TokensWrite,
	ConsentsRead, ConsentsWrite, Disclose, NotifyOwn, NotifyWrite, NoticesRead, HomeKitWrite,
	SystemRead, SystemWrite,
}

// Allowed tells whether role may do right. What is not in the table is not
// allowed, unknown roles and rights included. An owner may do everything but
// read notices: who forces an owner to sign in must not learn of one.
func Allowed(role Role, right Right) bool {
	switch role {
	case Owner:
		return right != NoticesRead && slices.Contains(Rights, right)
	case Member:
		return slices.Contains(memberRights, right)
	case Guest:
		return slices.Contains(guestRights, right)
	case Installer:
		return slices.Contains(installerRights, right)
	case Viewer:
		return slices.Contains(viewerRights, right)
	case Notifier:
		return right == NoticesRead
	case Onlooker:
		return right == CamerasLive
	default:
		return false
	}
}

// NeedsStepUp tells whether a person has to give password and second factor
// again, not longer ago than StepUpFor, before right is used. Tokens never
// step up: their role is all that they have.
func NeedsStepUp(right Right) bool { return slices.Contains(stepUpRights, right) }

var (
	memberRights = []Right{
		AlarmRead, AlarmArm, AlarmDisarm, AlarmSilence, Panic,
		ZonesRead, RulesRead, PresenceWrite, DevicesRead, DevicesCommand, RadiosRead,
		EventsRead, HealthRead, NetworkRead, CamerasRead, CamerasLive, CamerasDirect, CamerasTalk, ClipsRead, ViewsRead,
		SessionsOwn, ConsentsRead, NotifyOwn, SystemRead,
	}
	// A guest disarms at the keypad, by a code with a schedule, not here.
	guestRights = []Right{AlarmRead, HealthRead, SessionsOwn}
	// An installer pairs and tests; the house stays closed to them otherwise.
	installerRights = []Right{
		AlarmRead, ZonesRead, ZonesWrite, DevicesRead, DevicesCommand, DevicesWrite,
		RadiosRead, RadiosWrite, HealthRead, MetricsRead, NetworkRead, CamerasRead,
		SessionsOwn, SystemRead,
	}
	viewerRights = []Right{AlarmRead, ZonesRead, DevicesRead, RadiosRead, EventsRead, HealthRead, MetricsRead, SystemRead}

	stepUpRights = []Right{
		UsersWrite, TokensWrite, CodesWrite, AlarmSettings, RulesWrite, RadiosBackup,
		CamerasWrite, CamerasTalk, ConsentsWrite, Disclose, VaultWrite, HomeKitWrite, SystemWrite, SessionsAll,
	}
)
