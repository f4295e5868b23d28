package home

import (
	"fmt"
	"io"
	"log/slog"
	"slices"
)

// Camera is a camera of the house: what the owner wants of it, and how it is doing.
type Camera struct {
	ID           DeviceID `json:"id" doc:"camera-<name>, for ever" example:"camera-porch"`
	Name         string   `json:"name"`
	URL          string   `json:"url" doc:"rtsp:// or rtsps://, with the user's name and never with a password"`
	PasswordFile string   `json:"password_file" doc:"a file in the folder secrets of the hub's data that holds the password, readable by nobody else; empty: what was given as password, if anything"`
	HasPassword  bool     `json:"has_password" doc:"a password was given; it is never shown"`
	BasicAuth    bool     `json:"basic_auth" doc:"the owner allows that whoever is at url (rtsp://) or sub_url gets the password itself, if they ask for that (Basic); off: they get digests of it alone. In TLS (rtsps://) it may be asked for anyway; onvif and snapshot_url never get it"`
	// Certificate is what an rtsps:// camera showed the first time; it may show no other.
	Certificate string `json:"certificate" doc:"SHA-256 of the camera's certificate; another one is refused until this is emptied"`

	// HTTPSCertificate is what it showed the first time where onvif or snapshot_url say https; it may show no other.
	HTTPSCertificate string `json:"https_certificate" doc:"SHA-256 of the certificate that the camera shows over https, for onvif and snapshot_url; another one is refused until this is emptied, or says that one"`

	// PortCertificates are what it showed the first time at ports of its own, where its services or its picture have several.
	PortCertificates map[string]string `json:"port_certificates,omitempty" doc:"by port, SHA-256 of the certificates that the camera shows over https at other ports than the one that https_certificate is of: that of onvif, or else of snapshot_url. Another one is refused there until its port is left out, or says that one"`

	ONVIF string `json:"onvif" doc:"http:// or https:// address of the camera's own services, with the user's name: it tells where its pictures are and what it notices; empty: it is not asked"`
	// SnapshotURL is on the machine that URL names: the password goes there too.
	SnapshotURL string `json:"snapshot_url" doc:"http:// or https:// address of the camera's present picture (JPEG), without name and password: those of url are used; empty: from where onvif says that it is, or else from the stream, if that is H.264"`

	// SubURL is on the machine that URL names: the password goes there too.
	SubURL string `json:"sub_url" doc:"rtsp:// or rtsps:// address of a second, smaller stream of the camera (H.264 or JPEG) that shows the same, without name and password: those of url are used. It is looked at instead of the stream that is recorded, while something is looked for; empty: that one is"`

	Pre        Duration     `json:"pre" doc:"what a clip shows of before its trigger"`
	Post       Duration     `json:"post" doc:"what it shows of after"`
	Longest    Duration     `json:"longest" doc:"of one clip; continuous recording and alarms go on in another"`
	Audio      bool         `json:"audio" doc:"sound is recorded too; off: it is not even asked of the camera"`
	Continuous bool         `json:"continuous" doc:"everything is recorded"`
	Quota      string       `json:"quota" doc:"bytes that its clips may take, such as 20GiB; empty: what all share"`
	KeepDays   int          `json:"keep_days" doc:"days that its clips stay at most, but for those that are kept; 0: as long as there is room" minimum:"0" maximum:"3650"`
	Zones      []ZoneID     `json:"zones" doc:"zones whose sensors set it off, for as long as they are open"`
	Buttons    []DeviceID   `json:"buttons" doc:"devices whose button sets it off: a doorbell"`
	Phases     []Phase      `json:"phases" doc:"phases of the alarm in which it records"`
	Heeds      []string     `json:"heeds" doc:"what the camera itself notices (onvif) that sets it off: motion, person, doorbell"`
	Looks      []CameraLook `json:"looks" doc:"where it looks when a zone trips: presets of a camera that turns (onvif)"`
	OffIn      []Mode       `json:"off_in" doc:"modes in which it is disconnected and nothing is recorded"`
	Seeing     Seeing       `json:"seeing" doc:"what its pictures are looked at for, on the box; off by default"`

	Status CameraStatus `json:"status" doc:"read only"`
}

// CameraStatus is how a camera is doing.
type CameraStatus struct {
	State       string   `json:"state" enum:"starting,up,lost,resting" doc:"resting: nobody may record now, and it is not connected"`
	Why         string   `json:"why" doc:"it is lost; one sentence"`
	Since       Time     `json:"since"`
	SubWhy      string   `json:"sub_why" doc:"why the smaller stream (sub_url) can't be looked at; one sentence; empty: it can, or nobody looks"`
	Recording   string   `json:"recording" doc:"why it records now; empty: it does not"`
	Watched     []string `json:"watched" doc:"who looks through it now: people and programs by name"`
	Talks       string   `json:"talks" doc:"who speaks through it now, by name; empty: nobody"`
	Speaker     bool     `json:"speaker" doc:"somebody can speak through it: asked of the camera once its pictures come"`
	NoSpeaker   string   `json:"no_speaker" doc:"why nobody can; one sentence; empty also until it has said"`
	Codecs      string   `json:"codecs" doc:"RFC 6381; empty before the first picture"`
	Width       int      `json:"width"`
	Height      int      `json:"height"`
	PacketsLost uint64   `json:"packets_lost"`
	Clips       uint64   `json:"clips" doc:"begun since the hub started"`

	OtherCertificate      string `json:"other_certificate" doc:"SHA-256 of a certificate that it showed instead of certificate; who shows it was told nothing; empty: none"`
	OtherHTTPSCertificate string `json:"other_https_certificate" doc:"the same, instead of https_certificate"`

	OtherPortCertificates map[string]string `json:"other_port_certificates,omitempty" doc:"by port, the same, instead of those of port_certificates"`

	Restless []SightPart `json:"restless" doc:"parts of the picture in which something never rests, such as a clock or a tree in the wind, while movement is looked for (seeing.motion): found by the hub, which lets movement there set nothing off until it has been quiet for some minutes; none while an alarm or an entry delay runs"`

	Masks []CameraMask `json:"masks" doc:"how it stands with each part of the picture that the camera is to black out"`
	ONVIF *CameraONVIF `json:"onvif,omitempty" doc:"how it stands with its own services; absent without"`
}

// CameraONVIF is what a camera says of itself.
type CameraONVIF struct {
	Heard    bool     `json:"heard" doc:"what it notices is heard now"`
	Why      string   `json:"why" doc:"it is not; one sentence"`
	Maker    string   `json:"maker"`
	Model    string   `json:"model"`
	Firmware string   `json:"firmware"`
	Notices  []string `json:"notices" doc:"what it says that it can notice: motion, person, doorbell, covered"`
	Turns    bool     `json:"turns" doc:"it can be turned to presets"`
	TalkBack bool     `json:"talk_back" doc:"it says that it takes sound; whether the hub can make it is status.speaker"`
}

// CameraMask is how it stands with a part of the picture that the camera is to black out.
type CameraMask struct {
	Zone  string `json:"zone" doc:"name of the part, in seeing.zones"`
	Black bool   `json:"black" doc:"the camera says that it blacks it out, read back within ten minutes; false: it is in pictures and clips, and ignored by the detector alone"`
	Why   string `json:"why" doc:"why not; one sentence"`
}

// CameraLook is where a camera looks when a zone trips.
type CameraLook struct {
	Zone   ZoneID `json:"zone" maxLength:"64"`
	Preset string `json:"preset" maxLength:"120" doc:"id of the preset, which the camera gives"`
}

// CameraPreset is somewhere that a camera can look.
type CameraPreset struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// FoundCamera is a camera that answered on the LAN. What it says of itself is not
// proven.
type FoundCamera struct {
	ONVIF string   `json:"onvif" doc:"address of its services"`
	Name  string   `json:"name"`
	Model string   `json:"model"`
	Known DeviceID `json:"known" doc:"it is a camera of the house already; empty: it is not"`
}

// DefaultCamera is what an owner has not said otherwise: the alarm is recorded, sound
// is not.
func DefaultCamera(id DeviceID) Camera {
	return Camera{
		ID: id, Name: string(id), Pre: 4 * second, Post: 10 * second, Longest: 300 * second,
		Zones: []ZoneID{}, Buttons: []DeviceID{}, Heeds: slices.Clone(Heeded), Looks: []CameraLook{}, Phases: []Phase{PhaseEntry, PhaseAlarm}, OffIn: []Mode{},
		Seeing: Seeing{Zones: []SightZone{}, Doubts: []Doubt{}},
	}
}

// Heeded is what a camera can notice by itself that may set it off.
var Heeded = []string{"motion", "person", "doorbell"}

const second = Duration(1e9)

// Secret is a password. It prints as [redacted] whatever it is printed with.
type Secret string

// Format implements fmt.Formatter.
func (Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[redacted]") }

// LogValue implements slog.LogValuer.
func (Secret) LogValue() slog.Value { return slog.StringValue("[redacted]") }
