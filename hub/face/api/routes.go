package api

import (
	"cmp"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"gatehouse/hub/people/auth"
)

// need is what a route asks of its caller. The zero need lets nobody in.
type need struct {
	level level
	right auth.Right // for levelRight
	local bool       // a program on this machine may, without signing in
	stale bool       // the step-up that the right wants is left to the handler
}

type level byte

const (
	levelNobody  level = iota
	levelAnyone        // no sign-in
	levelSession       // any session, also one that is not full yet: to go on or to leave
	levelEnrol         // a session that enrols, or a full one
	levelFull          // any role
	levelRight         // a role that has the right
)

func anyone() need                 { return need{level: levelAnyone} }
func anySession() need             { return need{level: levelSession} }
func enrolling() need              { return need{level: levelEnrol} }
func signedIn() need               { return need{level: levelFull} }
func right(r auth.Right) need      { return need{level: levelRight, right: r} }
func (n need) orLocal() need       { n.local = true; return n }
func (n need) withoutStepUp() need { n.stale = true; return n }

// check is nil when the caller has what is needed. badToken tells that a token
// came and was not right: such a request is nobody's, wherever it is from.
func (n need) check(as asking, badToken bool, now time.Time) error {
	c := as.caller
	if badToken && n.level != levelAnyone {
		return auth.ErrNotSignedIn
	}
	if n.local && as.local {
		return nil
	}
	switch n.level {
	case levelAnyone:
		return nil
	case levelSession:
		if c.Kind != auth.BySession {
			return auth.ErrNotSignedIn
		}
		return nil
	case levelEnrol:
		switch {
		case c.Kind != auth.BySession:
			return auth.ErrNotSignedIn
		case c.Stage != auth.StageEnrol && c.Stage != auth.StageFull:
			return auth.ErrSecondFactor
		}
		return nil
	case levelFull:
		switch {
		case c.Kind == "":
			return auth.ErrNotSignedIn
		case c.Stage != auth.StageFull:
			return auth.ErrSecondFactor
		}
		return nil
	case levelRight:
		err := c.Check(n.right, now)
		if errors.Is(err, auth.ErrStepUp) && n.stale {
			return nil
		}
		return err
	case levelNobody:
	}
	return &auth.Forbidden{Right: n.right, Role: c.Role}
}

// String names the need for the document and the tests.
func (n need) String() string {
	switch n.level {
	case levelAnyone:
		return "anyone"
	case levelSession:
		return "any session"
	case levelEnrol:
		return "enrolling or signed in"
	case levelFull:
		return "signed in"
	case levelRight:
		s := string(n.right)
		if n.local {
			s += ", or this machine"
		}
		return s
	case levelNobody:
	}
	return "nobody"
}

// route is one line of the table.
type route struct {
	method, path string
	need         need
	tag          string
	does         string // one line for the document
	status       int    // of success; 0: 200 with a body, 204 without
	handler      binder
}

// binder puts a route's handler into the document and the mux.
type binder struct {
	bind    func(a *API, rt *route, op huma.Operation)
	reveals bool // the answer holds a secret that is shown once
	address bool // the token may stand in the address
}

// addressed marks a handler for players that can say a token in the address alone.
func addressed(b binder) binder {
	b.address = true
	return b
}

// revealing marks a handler whose answer holds a secret: it is not kept for
// long.
func revealing(b binder) binder {
	b.reveals = true
	return b
}

// raw binds a plain handler and documents its answer by media type.
func raw(h http.HandlerFunc, mediaType, answer string) binder {
	return binder{bind: func(a *API, rt *route, op huma.Operation) {
		op.Responses = map[string]*huma.Response{strconv.Itoa(cmp.Or(rt.status, http.StatusOK)): {
			Description: answer,
			Content:     map[string]*huma.MediaType{mediaType: {Schema: &huma.Schema{Type: huma.TypeString}}},
		}}
		for rest := rt.path; strings.Contains(rest, "{"); { // the handler asks for them itself
			_, name, _ := strings.Cut(rest, "{")
			name, rest, _ = strings.Cut(name, "}")
			op.Parameters = append(op.Parameters, &huma.Param{Name: name, In: "path", Required: true, Schema: &huma.Schema{Type: huma.TypeString}})
		}
		a.spec.AddOperation(&op)
		a.mux.HandleFunc(rt.method+" "+rt.path, a.gate(rt, h))
	}}
}

// taking documents the body that a plain handler takes.
func taking(mediaType string, b binder) binder {
	bind := b.bind
	b.bind = func(a *API, rt *route, op huma.Operation) {
		op.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{mediaType: {Schema: &huma.Schema{Type: huma.TypeString}}}}
		bind(a, rt, op)
	}
	return b
}

func (a *API) register(rt *route) {
	op := huma.Operation{
		Method: rt.method, Path: rt.path, DefaultStatus: rt.status,
		OperationID: operationID(rt.method, rt.path), Summary: rt.does, Tags: []string{rt.tag},
		Extensions: map[string]any{"x-needs": rt.need.String()},
	}
	if rt.need.level != levelAnyone {
		op.Security = []map[string][]string{{"session": {}}, {"token": {}}}
		if rt.need.level == levelSession || rt.need.level == levelEnrol {
			op.Security = op.Security[:1]
		}
	} else {
		op.Security = []map[string][]string{}
	}
	if !safe(rt.method) {
		op.Parameters = append(op.Parameters, &huma.Param{
			Name: "Idempotency-Key", In: "header", Schema: &huma.Schema{Type: huma.TypeString, MaxLength: ptr(maxKey)},
			Description: "Any text that is new for each thing to be done. A repeat within 24 hours with the same body gets the first answer.",
		})
	}
	rt.handler.bind(a, rt, op)
}

func ptr[T any](v T) *T { return &v }

// routes is the whole table: every path of the API, who may use it, and what
// it does.
func (a *API) routes() []route {
	const (
		get, put, post, patch, del = http.MethodGet, http.MethodPut, http.MethodPost, http.MethodPatch, http.MethodDelete
		created, accepted          = http.StatusCreated, http.StatusAccepted
	)
	table := []route{
		{get, "/api/openapi.json", anyone(), "document", "This document", 0, raw(a.document, "application/openapi+json", "OpenAPI 3.1")},

		{get, "/api/v1/setup", anyone(), "setup", "How far the first claim, or your own enrolment, has come", 0, typed(a.setup)},
		{post, "/api/v1/setup/claim", anyone(), "setup", "Give the claim code of a new hub, or an invitation", 0, revealing(typed(a.claim))},
		{post, "/api/v1/setup/password", enrolling(), "setup", "Choose a password", 0, typed(a.choosePassword)},
		{post, "/api/v1/setup/password/judge", enrolling(), "setup", "How a password would do; nothing is remembered", 0, typed(a.judgePassword)},
		{post, "/api/v1/setup/totp", enrolling(), "setup", "Get a second factor to set up", 0, revealing(typed(a.offerTOTP))},
		{post, "/api/v1/setup/totp/confirm", enrolling(), "setup", "Give a code of the second factor, get the recovery codes", 0, revealing(typed(a.confirmTOTP))},
		{post, "/api/v1/setup/recovery", enrolling(), "setup", "Type one recovery code: the session is full from here on", 0, revealing(typed(a.confirmRecovery))},
		{post, "/api/v1/setup/recovery/new", enrolling(), "setup", "Get other recovery codes", 0, revealing(typed(a.newRecovery))},
		{post, "/api/v1/setup/finish", right(auth.SystemWrite).withoutStepUp(), "setup", "Name the home", 0, typed(a.finish)},

		{get, "/api/v1/session", anyone(), "session", "Who you are", 0, typed(a.session)},
		{post, "/api/v1/session", anyone(), "session", "Sign in: password first", 0, revealing(typed(a.signIn))},
		{post, "/api/v1/session/factor", anySession(), "session", "Sign in: the second factor", 0, revealing(typed(a.secondFactor))},
		{del, "/api/v1/session", anySession(), "session", "Sign out", 0, typed(a.signOut)},
		{post, "/api/v1/reauth", signedIn(), "session", "Step up: password and second factor again", 0, typed(a.reauth)},
		{put, "/api/v1/session/password", signedIn(), "session", "Change your password; all your sessions end", 0, revealing(typed(a.changePassword))},
		{get, "/api/v1/sessions", right(auth.SessionsOwn), "session", "Where you are signed in", 0, typed(a.sessions)},
		{del, "/api/v1/sessions/{id}", right(auth.SessionsOwn), "session", "Sign out there", 0, typed(a.endSession)},

		{get, "/api/v1/alarm", right(auth.AlarmRead), "alarm", "How the panel stands", 0, typed(a.alarm)},
		{put, "/api/v1/alarm/mode", right(auth.AlarmArm), "alarm", "Arm or disarm; answered once the panel has saved it", 0, typed(a.setMode)},
		{post, "/api/v1/alarm/panic", right(auth.Panic), "alarm", "Raise an alarm by hand", 0, typed(a.panic)},
		{post, "/api/v1/alarm/acknowledge", right(auth.AlarmDisarm), "alarm", "Say that the alarms that are over were seen", 0, typed(a.acknowledge)},
		{post, "/api/v1/alarm/test", right(auth.ZonesWrite), "alarm", "Begin or end a walk test, in which zones chime and raise no burglary or tamper alarm", 0, typed(a.walkTest)},
		{post, "/api/v1/alarm/silence", right(auth.AlarmSilence), "alarm", "Silence the sirens; the alarm stays on the record", 0, typed(a.silence)},
		{get, "/api/v1/alarm/settings", right(auth.AlarmRead), "alarm", "The panel's figures", 0, typed(a.settings)},
		{put, "/api/v1/alarm/settings", right(auth.AlarmSettings), "alarm", "Change the figures that are named", 0, typed(a.putSettings)},
		{get, "/api/v1/alarm/modes", right(auth.AlarmRead), "alarm", "The armed modes", 0, typed(a.modes)},
		{get, "/api/v1/alarm/modes/{id}", right(auth.AlarmRead), "alarm", "One armed mode", 0, typed(a.mode)},
		{put, "/api/v1/alarm/modes/{id}", right(auth.AlarmSettings), "alarm", "Make or change an armed mode", 0, typed(a.putMode)},
		{del, "/api/v1/alarm/modes/{id}", right(auth.AlarmSettings), "alarm", "Remove a mode of the owner's own", 0, typed(a.deleteMode)},
		{get, "/api/v1/alarm/areas", right(auth.AlarmRead), "alarm", "The parts of the house that are armed by themselves", 0, typed(a.areas)},
		{put, "/api/v1/alarm/areas/{id}", right(auth.AlarmSettings), "alarm", "Make or rename an area", 0, typed(a.putArea)},
		{del, "/api/v1/alarm/areas/{id}", right(auth.AlarmSettings), "alarm", "Remove an area that no zone or code names", 0, typed(a.deleteArea)},

		{get, "/api/v1/zones", right(auth.ZonesRead), "zones", "All zones", 0, typed(a.zones)},
		{get, "/api/v1/zones/{id}", right(auth.ZonesRead), "zones", "One zone", 0, typed(a.zone)},
		{put, "/api/v1/zones/{id}", right(auth.ZonesWrite), "zones", "Make or change a zone", 0, typed(a.putZone)},
		{del, "/api/v1/zones/{id}", right(auth.ZonesWrite), "zones", "Remove a zone", 0, typed(a.deleteZone)},

		{get, "/api/v1/notify/recent", right(auth.NoticesRead), "notify", "What people elsewhere should know, newest first: for a program that carries it to them", 0, typed(a.recentNotices)},

		{get, "/api/v1/codes", right(auth.CodesRead), "codes", "All keypad codes, without their digits", 0, typed(a.codes)},
		{post, "/api/v1/codes", right(auth.CodesWrite), "codes", "Make a code", created, revealing(typed(a.postCode))},
		{get, "/api/v1/codes/{id}", right(auth.CodesRead), "codes", "One code, without its digits", 0, typed(a.code)},
		{put, "/api/v1/codes/{id}", right(auth.CodesWrite), "codes", "Make or change a code", 0, typed(a.putCode)},
		{del, "/api/v1/codes/{id}", right(auth.CodesWrite), "codes", "Remove a code", 0, typed(a.deleteCode)},

		{get, "/api/v1/rules", right(auth.RulesRead), "rules", "All rules", 0, typed(a.rules)},
		{post, "/api/v1/rules", right(auth.RulesWrite), "rules", "Make a rule", created, typed(a.postRule)},
		{get, "/api/v1/rules/{id}", right(auth.RulesRead), "rules", "One rule", 0, typed(a.rule)},
		{put, "/api/v1/rules/{id}", right(auth.RulesWrite), "rules", "Make or change a rule; one that was stopped starts again", 0, typed(a.putRule)},
		{del, "/api/v1/rules/{id}", right(auth.RulesWrite), "rules", "Remove a rule", 0, typed(a.deleteRule)},
		{get, "/api/v1/rules/{id}/runs", right(auth.RulesRead), "rules", "The last times it fired and why, newest first", 0, typed(a.ruleRuns)},
		{post, "/api/v1/rules/{id}/dry-run", right(auth.RulesRead), "rules", "What it would have done in the last week; nothing is done", 0, typed(a.dryRun)},
		{post, "/api/v1/rules/dry-run", right(auth.RulesRead), "rules", "What a rule that is not saved would have done in the last week", 0, typed(a.dryRunOf)},
		{get, "/api/v1/rules/language", right(auth.RulesRead), "rules", "The words that a condition can read", 0, typed(a.ruleLanguage)},
		{get, "/api/v1/rules/settings", right(auth.RulesRead), "rules", "Where the house stands, for sunrise and sunset", 0, typed(a.ruleSettings)},
		{put, "/api/v1/rules/settings", right(auth.RulesWrite), "rules", "Say where the house stands", 0, typed(a.putRuleSettings)},

		{get, "/api/v1/presence", right(auth.RulesRead), "rules", "Who is said to be at home", 0, typed(a.people)},
		{put, "/api/v1/presence/{person}", right(auth.PresenceWrite), "rules", "Say that a person is at home or not; rules may act on it, none can disarm", 0, typed(a.putPresence)},
		{del, "/api/v1/presence/{person}", right(auth.RulesWrite), "rules", "Forget whether a person is at home", 0, typed(a.forgetPerson)},

		{get, "/api/v1/users", right(auth.UsersRead), "people", "All accounts", 0, typed(a.users)},
		{post, "/api/v1/users", right(auth.UsersWrite), "people", "Invite a person", created, revealing(typed(a.addUser))},
		{put, "/api/v1/users/{id}", right(auth.UsersWrite), "people", "Change role and end; the sessions end", 0, typed(a.changeUser)},
		{del, "/api/v1/users/{id}", right(auth.UsersWrite), "people", "Remove an account; the sessions end", 0, typed(a.removeUser)},
		{post, "/api/v1/users/{id}/reset", right(auth.UsersWrite), "people", "Let a person enrol anew who lost phone and recovery codes", 0, revealing(typed(a.resetUser))},
		{get, "/api/v1/tokens", right(auth.TokensRead), "people", "All tokens of programs", 0, typed(a.tokens)},
		{post, "/api/v1/tokens", right(auth.TokensWrite), "people", "Make a token; it is shown this once", created, revealing(typed(a.createToken))},
		{del, "/api/v1/tokens/{id}", right(auth.TokensWrite), "people", "Revoke a token", 0, typed(a.revokeToken)},

		{get, "/api/v1/devices", right(auth.DevicesRead), "devices", "All devices", 0, typed(a.devices)},
		{get, "/api/v1/devices/{id}", right(auth.DevicesRead), "devices", "One device", 0, typed(a.device)},
		{put, "/api/v1/devices/{id}", right(auth.DevicesWrite), "devices", "Name a device and its room", 0, typed(a.rename)},
		{patch, "/api/v1/devices/{id}", right(auth.DevicesWrite), "devices", "Name a device or its room", 0, typed(a.rename)},
		{del, "/api/v1/devices/{id}", right(auth.DevicesWrite), "devices", "Remove a device that is gone", 0, typed(a.removeDevice)},
		{get, "/api/v1/devices/{id}/signature", right(auth.DevicesRead), "devices", "What whoever is to teach the hub a Zigbee device's ways needs to know of it; no address, key or code is in it", 0, typed(a.signature)},
		{post, "/api/v1/devices/{id}/command", right(auth.DevicesCommand), "devices", "Tell a device something; a later event says done or failed", accepted, typed(a.command)},
		{get, "/api/v1/devices/{id}/codes", right(auth.CodesRead), "codes", "The codes that a lock itself knows, without their digits", 0, typed(a.lockCodes)},
		{put, "/api/v1/devices/{id}/codes/{user}", right(auth.CodesWrite), "codes", "Give a lock a code; answered when the lock has taken it", 0, typed(a.putLockCode)},
		{del, "/api/v1/devices/{id}/codes/{user}", right(auth.CodesWrite), "codes", "Take a code away from a lock", 0, typed(a.deleteLockCode)},
		{get, "/api/v1/firmware", right(auth.DevicesRead), "devices", "The firmware files in the data folder", 0, typed(a.firmware)},
		{post, "/api/v1/devices/{id}/upgrade", right(auth.SystemWrite), "devices", "Give a device a firmware; it asks for it, and the device says how far it has come", accepted, typed(a.startUpgrade)},
		{del, "/api/v1/devices/{id}/upgrade", right(auth.SystemWrite), "devices", "Give up a firmware; the device runs what it ran before", 0, typed(a.stopUpgrade)},

		{get, "/api/v1/keypads", right(auth.DevicesRead), "devices", "All keypads, and what each is set to", 0, typed(a.keypads)},
		{get, "/api/v1/keypads/{id}", right(auth.DevicesRead), "devices", "One keypad", 0, typed(a.keypad)},
		{put, "/api/v1/keypads/{id}", right(auth.DevicesWrite), "devices", "Change the settings of a keypad that are named", 0, typed(a.putKeypad)},

		{get, "/api/v1/homekit", right(auth.HomeKitWrite).withoutStepUp(), "homekit", "How this hub stands with Apple Home", 0, typed(a.homekit)},
		{put, "/api/v1/homekit", right(auth.HomeKitWrite), "homekit", "Change what Apple Home may do", 0, typed(a.putHomeKit)},
		{post, "/api/v1/homekit/window", right(auth.HomeKitWrite), "homekit", "Open pairing with Apple Home for ten minutes", 0, revealing(typed(a.openHomeKit))},
		{del, "/api/v1/homekit/window", right(auth.HomeKitWrite).withoutStepUp(), "homekit", "Close pairing with Apple Home", 0, typed(a.closeHomeKit)},
		{del, "/api/v1/homekit/paired/{id}", right(auth.HomeKitWrite), "homekit", "Remove an Apple device; with the last one that may let others in, all of them", 0, typed(a.unpairHomeKit)},

		{get, "/api/v1/cameras", right(auth.CamerasRead), "cameras", "All cameras: what is wanted of each, and how it is doing", 0, typed(a.cameras)},
		{get, "/api/v1/cameras/{id}", right(auth.CamerasRead), "cameras", "One camera", 0, typed(a.camera)},
		{put, "/api/v1/cameras/{id}", right(auth.CamerasWrite), "cameras", "Make a camera, or change what is named of it; a new address wants its password anew", 0, typed(a.putCamera)},
		{del, "/api/v1/cameras/{id}", right(auth.CamerasWrite), "cameras", "Remove a camera; its clips stay until they expire", 0, typed(a.deleteCamera)},
		{post, "/api/v1/cameras/{id}/record", right(auth.CamerasDirect), "cameras", "Record now, with the pre-roll before it", accepted, typed(a.recordNow)},
		{post, "/api/v1/cameras/discover", right(auth.CamerasWrite).withoutStepUp(), "cameras", "Look for cameras on the LAN, which takes some seconds; what they say of themselves is not proven", http.StatusOK, typed(a.findCameras)},
		{get, "/api/v1/cameras/discover", right(auth.CamerasWrite).withoutStepUp(), "cameras", "The same by GET: nothing is changed by it", http.StatusOK, typed(a.findCameras)},
		{get, "/api/v1/cameras/{id}/presets", right(auth.CamerasRead), "cameras", "Where a camera that turns can look", 0, typed(a.presets)},
		{post, "/api/v1/cameras/{id}/look", right(auth.CamerasDirect), "cameras", "Turn a camera to a preset; answered when it has begun to turn", 0, typed(a.lookAt)},
		{get, "/api/v1/cameras/{id}/snapshot", right(auth.CamerasLive), "cameras", "What a camera sees now, one picture; the view is recorded first", 0, raw(a.snapshot, "image/jpeg", "a picture")},
		{
			get, "/api/v1/cameras/{id}/live", right(auth.CamerasLive), "cameras", "What it sees now, over a WebSocket: texts are objects LiveText, each binary message is a piece of a fragmented MP4; ?sound=true with sound. With ?stills=true it is a JPEG picture a second, for who cannot play what the camera sends. The view is recorded first", 0,
			raw(a.live, "video/mp4", "ISO/IEC 14496-12 §8.8, in messages"),
		},
		{
			post, "/api/v1/cameras/{id}/live", right(auth.CamerasLive), "cameras", "What it sees now, by WebRTC, as WHEP has it: an offer in, an answer out; Location is where the view is ended. For browsers in the house; the view is recorded first", created,
			taking(sessionDescription, raw(a.whep, sessionDescription, "the answer; RFC 8866")),
		},
		{
			get, "/api/v1/cameras/{id}/hls/{file}", right(auth.CamerasLive), "cameras", "What it sees now, by HLS: index.m3u8 and what that names; ?token= takes a token of the role onlooker. The view is recorded first, and ends 20 s after the last file", 0,
			addressed(raw(a.hls, playlistType, "a playlist; RFC 8216. What it names is video/mp4")),
		},
		{del, "/api/v1/cameras/{id}/live/{view}", right(auth.CamerasLive), "cameras", "End a view by WebRTC", 0, raw(a.endWhep, "text/plain", "it has ended")},
		{
			get, "/api/v1/cameras/{id}/talk", right(auth.CamerasTalk), "cameras", "Speak through its loudspeaker, over a WebSocket: each binary message is samples of 16 bits, the smaller byte first, 8000 a second, one channel; texts are objects TalkText. The camera chirps first. For people alone; it is recorded first", 0,
			raw(a.talk, "application/json", "texts, in messages"),
		},

		{get, "/api/v1/radios", right(auth.RadiosRead), "radios", "The radio networks", 0, typed(a.radios)},
		{post, "/api/v1/radios/{radio}/join", right(auth.RadiosWrite), "radios", "Open the network for a new device", accepted, typed(a.join)},
		{get, "/api/v1/radios/{radio}/join", right(auth.RadiosRead), "radios", "How far the joining has come", 0, typed(a.joining)},
		{del, "/api/v1/radios/{radio}/join", right(auth.RadiosWrite), "radios", "Cancel the joining", 0, typed(a.cancelJoin)},
		{post, "/api/v1/radios/{radio}/join/pin", right(auth.RadiosWrite), "radios", "Give the five digits of the label", accepted, typed(a.joinPin)},
		{post, "/api/v1/radios/{radio}/channels", right(auth.RadiosWrite), "radios", "Listen on every channel; takes some seconds", 0, typed(a.survey)},
		{put, "/api/v1/radios/{radio}/channel", right(auth.RadiosWrite), "radios", "Take the network to another channel", 0, typed(a.moveChannel)},
		{post, "/api/v1/radios/{radio}/leave", right(auth.RadiosWrite), "radios", "Wait for a device that shall leave", accepted, typed(a.leave)},
		{get, "/api/v1/radios/{radio}/backup", right(auth.RadiosRead), "radios", "How the backup of the network stands", 0, typed(a.backup)},
		{post, "/api/v1/radios/{radio}/backup", right(auth.RadiosWrite), "radios", "Take a backup of the network now", 0, typed(a.takeBackup)},
		{get, "/api/v1/radios/{radio}/backup/file", right(auth.RadiosBackup), "radios", "The backup as a file; it holds the network's keys", 0, typed(a.backupFile)},
		{post, "/api/v1/radios/{radio}/backup/restore", right(auth.RadiosBackup), "radios", "Give the network of the backup to the stick that is in", accepted, typed(a.restoreBackup)},

		{get, "/api/v1/vault", right(auth.ClipsRead), "clips", "Whose keys clips are sealed to, and the wrapped private key", 0, typed(a.vault)},
		{put, "/api/v1/vault", right(auth.VaultWrite), "clips", "Seal clips to these keys from now on; those of before stay as they are", 0, typed(a.putVault)},
		{post, "/api/v1/vault/passkeys", right(auth.VaultWrite), "clips", "Keep the private key as a browser wrapped it to a passkey; nobody signs in by it", http.StatusCreated, typed(a.addPasskey)},
		{del, "/api/v1/vault/passkeys/{id}", right(auth.VaultWrite), "clips", "Forget what a passkey opens; the vault's key stays as it is", 0, typed(a.removePasskey)},
		{get, "/api/v1/clips", right(auth.ClipsRead), "clips", "Clips, newest first", 0, typed(a.clips)},
		{get, "/api/v1/clips/marks", right(auth.ClipsRead), "clips", "The clips between two times as marks on a ruler, in their order: those of a kind that are near to each other are one", 0, typed(a.marks)},
		{get, "/api/v1/clips/{id}", right(auth.ClipsRead), "clips", "One clip", 0, typed(a.clip)},
		{del, "/api/v1/clips/{id}", right(auth.ClipsDelete), "clips", "Delete a clip: nothing opens it from here on; the answer says when its bytes are gone", http.StatusOK, typed(a.deleteClip)},
		{post, "/api/v1/clips/{id}/keep", right(auth.ClipsDelete), "clips", "Keep a clip until somebody deletes it", http.StatusOK, typed(a.keepClip)},
		{del, "/api/v1/clips/{id}/keep", right(auth.ClipsDelete), "clips", "Let a kept clip go when its room is wanted", http.StatusOK, typed(a.letClipGo)},
		{del, "/api/v1/clips/{id}/labels/{label}", right(auth.CamerasWrite), "clips", "Say that what was seen in a clip was not there: from now on its camera wants to be surer of such things", 0, typed(a.doubt)},
		{get, "/api/v1/clips/{id}/media", right(auth.ClipsRead), "clips", "The sealed film: one age file, or a range of it; the view is recorded first", 0, raw(a.clipMedia("film"), "application/octet-stream", "age-encryption.org/v1")},
		{get, "/api/v1/clips/{id}/notes", right(auth.ClipsRead), "clips", "The sealed notes (JSON): what was seen, and where in the film one can begin to look", 0, raw(a.clipMedia("notes"), "application/octet-stream", "age-encryption.org/v1")},
		{get, "/api/v1/clips/{id}/stills/{still}", right(auth.ClipsRead), "clips", "A sealed picture (JPEG)", 0, raw(a.clipMedia(""), "application/octet-stream", "age-encryption.org/v1")},

		{get, "/api/v1/events", right(auth.EventsRead), "events", "The journal, newest first", 0, typed(a.events)},
		{
			get, streamPath, signedIn(), "events", "Everything as it happens (server-sent events; see the schema Streamed)", 0,
			raw(a.stream, "text/event-stream", "events alarm device event clip health session view beat reset"),
		},
		{get, "/api/v1/views", right(auth.ViewsRead), "views", "Who watched what, newest first; your own views unless you may read all", 0, typed(a.views)},
		{get, "/api/v1/views/check", right(auth.ViewsAll), "views", "Whether anything was changed in the record or taken out of it", 0, typed(a.checkViews)},
		{get, "/api/v1/views/export", right(auth.ViewsAll), "views", "The whole record: a line for each view, which holds the SHA-256 of the line before", 0, raw(a.exportViews, "application/jsonl", "one view a line")},
		{get, "/api/v1/health", right(auth.HealthRead), "system", "What is wrong, and the mend", 0, typed(a.health)},
		{get, "/api/v1/system", right(auth.SystemRead), "system", "The hub itself", 0, typed(a.system)},
		{put, "/api/v1/system", right(auth.SystemWrite), "system", "Turn on or off what is named", 0, typed(a.putSystem)},

		{get, "/healthz", anyone(), "system", "The process answers", 0, raw(a.healthz, "text/plain", "ok")},
		{get, "/readyz", anyone(), "system", "Whether the hub is up; every part's state for this machine and for health.read", 0, raw(a.readyz, "application/json", "ready; 503 when not")},
		{get, "/metrics", right(auth.MetricsRead).orLocal(), "system", "Counters in the Prometheus text form", 0, raw(a.metricsPage, "text/plain", "counters")},
		{get, "/.well-known/security.txt", anyone(), "system", "Whom to tell of a weakness (RFC 9116)", 0, raw(a.securityTxt, "text/plain", "RFC 9116")},
	}
	if a.o.Demo {
		table = append(table, route{
			get, "/api/v1/demo/authenticator", anyone(), "demo", "The demo owner's one-time code", 0, typed(a.demoAuthenticator),
		})
	}
	return table
}
