package api

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"gatehouse/hub/alarm"
	"gatehouse/hub/bus"
	"gatehouse/hub/home"
	"gatehouse/hub/home/journal"
	"gatehouse/hub/people/auth"
)

// house is a small house of fakes with an API on it.
type house struct {
	*fakePanel
	*fakeDevices
	*fakeJournal
	fakeRules
	people *fakePeople
	board  fakeBoard

	alarms  bus.Topic[home.Alarm]
	devices bus.Topic[home.Device]
	events  bus.Topic[home.Event]
	health  bus.Topic[int]

	opt Options
}

func newHouse() *house {
	h := &house{
		fakePanel: newFakePanel(), fakeDevices: newFakeDevices(), fakeJournal: &fakeJournal{},
		people: newFakePeople(),
	}
	h.opt = Options{
		People: h.people, Panel: h.fakePanel, Zones: h.fakePanel, Codes: h.fakePanel, Rules: &h.fakeRules,
		Devices: h.fakeDevices, Journal: h.fakeJournal, Health: &h.board, Upgrades: &fakeUpgrades{}, Locks: &fakeLocks{},
		Radios:       map[string]Radio{"zwave": &fakeRadio{}},
		AlarmChanges: &h.alarms, DeviceChanges: &h.devices, Events: &h.events, HealthChanges: WatchTopic(&h.health),
		Version: "0.1.0", SecurityContact: "mailto:security@example.org",
		Hosts: func() []string { return []string{"gatehouse.local"} },
	}
	return h
}

func (h *house) api(t *testing.T) *API {
	t.Helper()
	a, err := New(h.opt)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// call makes one request; who is a name that fakePeople knows, "" for nobody.
func call(t *testing.T, h http.Handler, who, method, path, body string, with ...func(*http.Request)) *httptest.ResponseRecorder {
	t.Helper()
	var b io.Reader
	if body != "" {
		b = strings.NewReader(body)
	}
	r := httptest.NewRequestWithContext(t.Context(), method, "https://gatehouse.local"+path, b)
	r.RemoteAddr = "192.0.2.7:4711"
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if who != "" {
		r.Header.Set("X-Test-Caller", who)
	}
	for _, f := range with {
		f(r)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// decode reads a JSON answer and fails on another status.
func decode[T any](t *testing.T, w *httptest.ResponseRecorder, want int) T {
	t.Helper()
	var v T
	if w.Code != want {
		t.Fatalf("got status %d, want %d: %s", w.Code, want, w.Body)
	}
	if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
		t.Fatalf("%v in %q", err, w.Body)
	}
	return v
}

// wantProblem checks that the answer is a problem of that status and code.
func wantProblem(t *testing.T, w *httptest.ResponseRecorder, status int, code string) Problem {
	t.Helper()
	p := decode[Problem](t, w, status)
	if got := w.Header().Get("Content-Type"); got != "application/problem+json" {
		t.Errorf("got media type %q, want application/problem+json", got)
	}
	if p.Code != code || p.Status != status || p.Type != "urn:gatehouse:problem:"+code || p.Detail == "" || p.Title == "" {
		t.Errorf("got problem %+v, want code %q, status %d, and the words", p, code, status)
	}
	return p
}

type fakePanel struct {
	state    home.Alarm
	err      error
	asked    []home.ModeRequest
	settings home.AlarmSettings
	zones    []home.Zone
	codes    []home.Code
}

func newFakePanel() *fakePanel {
	return &fakePanel{
		state:    home.Alarm{Seq: 7, Mode: home.Disarmed, Phase: home.PhaseDisarmed},
		settings: home.AlarmSettings{ExitDelay: home.Duration(time.Minute), EntryDelay: home.Duration(30 * time.Second)},
		zones:    []home.Zone{{ID: "front-door", Name: "Front door", Device: "zwave-5", Trait: home.Contact, Kind: home.ZoneEntry}},
		codes:    []home.Code{{ID: "c1", Person: "Ada", Kind: "user", Code: "987654"}},
	}
}

func (f *fakePanel) State() home.Alarm { return f.state }
func (f *fakePanel) SetMode(_ context.Context, r home.ModeRequest) (home.Alarm, error) {
	f.asked = append(f.asked, r)
	if f.err != nil {
		return f.state, f.err
	}
	f.state.Mode, f.state.Seq, f.state.ChangedBy = r.Mode, f.state.Seq+1, r.By
	f.state.Phase = home.PhaseArmed
	if r.Mode == home.Disarmed {
		f.state.Phase = home.PhaseDisarmed
	}
	return f.state, nil
}
func (f *fakePanel) Silence(context.Context, string, home.Channel) error       { return f.err }
func (f *fakePanel) Panic(context.Context, string, string, home.Channel) error { return f.err }
func (f *fakePanel) SilentPanic(context.Context, string, home.Channel) error   { return f.err }
func (f *fakePanel) Acknowledge(context.Context, string) error                 { return f.err }
func (f *fakePanel) Test(context.Context, bool, string) error                  { return f.err }
func (f *fakePanel) Modes() []home.AlarmMode                                   { return alarm.New().Modes() }

func (f *fakePanel) Areas() []home.Area { return alarm.New().Areas() }

func (f *fakePanel) PutMode(context.Context, home.AlarmMode, string) error { return nil }
func (f *fakePanel) DeleteMode(context.Context, home.Mode, string) error   { return nil }
func (f *fakePanel) PutArea(context.Context, home.Area, string) error      { return nil }
func (f *fakePanel) DeleteArea(context.Context, home.AreaID, string) error { return nil }

func (f *fakePanel) Settings() home.AlarmSettings { return f.settings }
func (f *fakePanel) PutSettings(_ context.Context, s home.AlarmSettings, _ string) error {
	if f.err == nil {
		f.settings = s
	}
	return f.err
}
func (f *fakePanel) Zones() []home.Zone { return f.zones }
func (f *fakePanel) PutZone(_ context.Context, z home.Zone, _ string) error {
	if f.err == nil {
		f.zones = append(f.zones, z)
	}
	return f.err
}
func (f *fakePanel) DeleteZone(context.Context, home.ZoneID, string) error { return f.err }
func (f *fakePanel) Codes() []home.Code                                    { return f.codes }
func (f *fakePanel) PutCode(_ context.Context, c home.Code, _ string) (home.Code, error) {
	if c.Code == "" {
		c.Code = "246810"
	}
	return c, f.err
}
func (f *fakePanel) DeleteCode(context.Context, string, string) error { return f.err }

// fakeRules keeps one rule and one person.
type fakeRules struct {
	rule   home.Rule
	place  home.RuleSettings
	person home.Presence
	dry    []home.Rule
}

func (f *fakeRules) Rules() []home.Rule { return nil }
func (f *fakeRules) Rule(id home.RuleID) (home.Rule, bool) {
	return f.rule, f.rule.ID != "" && f.rule.ID == id
}

func (f *fakeRules) PutRule(_ context.Context, r home.Rule, _ string) (home.Rule, error) {
	if r.ID == "" {
		r.ID = "made"
	}
	f.rule = r
	return r, nil
}
func (f *fakeRules) DeleteRule(context.Context, home.RuleID, string) error { return nil }
func (f *fakeRules) DryRun(_ context.Context, r home.Rule) ([]home.RuleRun, error) {
	f.dry = append(f.dry, r)
	return nil, nil
}
func (f *fakeRules) Runs(home.RuleID) ([]home.RuleRun, error) { return nil, nil }
func (f *fakeRules) Vocabulary() []home.RuleWord              { return nil }
func (f *fakeRules) Settings() home.RuleSettings              { return f.place }
func (f *fakeRules) PutSettings(_ context.Context, s home.RuleSettings, _ string) error {
	f.place = s
	return nil
}
func (f *fakeRules) People() []home.Presence { return nil }
func (f *fakeRules) SetPresence(_ context.Context, person string, at bool, _ string) (home.Presence, error) {
	f.person = home.Presence{Person: person, Home: at}
	return f.person, nil
}
func (f *fakeRules) ForgetPerson(context.Context, string, string) error { return nil }

type fakeDevices struct{ all []home.Device }

func newFakeDevices() *fakeDevices {
	at := home.At(time.Date(2026, 5, 3, 10, 0, 0, 0, time.UTC))
	return &fakeDevices{[]home.Device{{
		ID: "zwave-5", Name: "Front door", Room: "Hall", Radio: "zwave", Address: "5", Security: home.SecurityS2Authenticated,
		Power: "battery", Health: home.HealthOK, LastSeen: &at,
		Traits: map[home.Trait]home.State{home.Contact: {Value: home.Open, Since: at}, home.Battery: {Value: home.Number(87), Since: at}},
	}}}
}
func (f *fakeDevices) Devices() []home.Device { return f.all }
func (f *fakeDevices) Device(id home.DeviceID) (home.Device, bool) {
	for _, d := range f.all {
		if d.ID == id {
			return d, true
		}
	}
	return home.Device{}, false
}

func (f *fakeDevices) Rename(id home.DeviceID, name, room, _ string) (home.Device, error) {
	d, _ := f.Device(id)
	d.Name, d.Room = name, room
	return d, nil
}

func (f *fakeDevices) Hang(id home.DeviceID, _ home.Place, _ string) (home.Device, error) {
	d, _ := f.Device(id)
	return d, &home.Invalid{Field: "place", Reason: d.Name + " is no siren"}
}

func (f *fakeDevices) LetChirp(id home.DeviceID, _ bool, _ string) (home.Device, error) {
	d, _ := f.Device(id)
	return d, &home.Invalid{Field: "chirp", Reason: d.Name + " is no siren that can chirp"}
}
func (f *fakeDevices) Remove(context.Context, home.DeviceID, string) error { return nil }
func (f *fakeDevices) Command(cmd home.Command, _ string) (string, error) {
	if _, ok := f.Device(cmd.Device); !ok {
		return "", &home.NotFound{What: "device", ID: string(cmd.Device)}
	}
	return "c1", nil
}

type fakeJournal struct {
	mu    sync.Mutex
	lines []home.Event
}

func (f *fakeJournal) add(text string) home.Event {
	f.mu.Lock()
	defer f.mu.Unlock()
	e := home.Event{Seq: uint64(len(f.lines) + 1), Kind: home.KindSystem, Text: text}
	f.lines = append(f.lines, e)
	return e
}

func (f *fakeJournal) Page(q journal.Query) ([]home.Event, string, error) {
	if q.Cursor == "nonsense" {
		return nil, "", &home.Invalid{Field: "cursor", Reason: "is not one that a page gave"}
	}
	return f.lines, "", nil
}

func (f *fakeJournal) After(seq uint64, limit int) ([]home.Event, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	from := min(int(seq), len(f.lines))
	return slices.Clone(f.lines[from:min(from+limit, len(f.lines))]), nil
}

func (f *fakeJournal) Last() uint64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return uint64(len(f.lines))
}

type fakeBoard struct{ items []home.TroubleItem }

func (f *fakeBoard) List() []home.TroubleItem { return f.items }

type fakeRadio struct{ join JoinState }

func (f *fakeRadio) State() RadioState { return RadioState{Radio: "zwave", State: "up"} }
func (f *fakeRadio) Join(context.Context, JoinRequest, string) error {
	f.join.Step = "waiting"
	return nil
}
func (f *fakeRadio) Joining() JoinState                       { return f.join }
func (f *fakeRadio) Pin(context.Context, string) error        { return nil }
func (f *fakeRadio) CancelJoin(context.Context) error         { return nil }
func (f *fakeRadio) Leave(context.Context, int, string) error { return nil }

// fakePeople knows callers by a header of the test. What a test does not need
// it refuses, or answers with nothing.
type fakePeople struct {
	callers map[string]auth.Caller
	tokens  []auth.Token
	err     error
}

func newFakePeople() *fakePeople {
	f := &fakePeople{callers: map[string]auth.Caller{
		"pending": {Kind: auth.BySession, ID: "s-pending", User: "u-owner", Name: "Ada", Role: auth.Owner, Stage: auth.StagePending},
		"enrol":   {Kind: auth.BySession, ID: "s-enrol", User: "u-new", Name: "Bo", Role: auth.Owner, Stage: auth.StageEnrol},
		"stale":   {Kind: auth.BySession, ID: "s-stale", User: "u-owner", Name: "Ada", Role: auth.Owner, Stage: auth.StageFull},
	}}
	for _, r := range auth.Roles {
		f.callers[string(r)] = auth.Caller{
			Kind: auth.BySession, ID: "s-" + string(r), User: "u-" + string(r), Name: "person-" + string(r), Role: r,
			Stage: auth.StageFull, SteppedUp: time.Now(),
		}
		f.callers["token-"+string(r)] = auth.Caller{
			Kind: auth.ByToken, ID: "t-" + string(r), Name: "program-" + string(r), Role: r, Stage: auth.StageFull,
		}
	}
	return f
}

func (f *fakePeople) Caller(r *http.Request) (auth.Caller, error) {
	c, ok := f.callers[cmp.Or(r.Header.Get("X-Test-Caller"), strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))]
	if !ok {
		return auth.Caller{}, auth.ErrNotSignedIn
	}
	return c, nil
}

func (f *fakePeople) Setup(auth.Caller) auth.Setup {
	return auth.Setup{Claimed: true, Step: auth.StepDone}
}
func (f *fakePeople) Home() auth.Home      { return auth.Home{Name: "Elm Street"} }
func (f *fakePeople) Users() []auth.User   { return nil }
func (f *fakePeople) Tokens() []auth.Token { return f.tokens }
func (f *fakePeople) Sessions(string) []auth.Session {
	return []auth.Session{{ID: "s-owner", User: "u-owner"}}
}
func (f *fakePeople) EndSession(context.Context, string, string) error { return f.err }

func (f *fakePeople) Claim(context.Context, auth.Client, auth.Secret) (auth.Entered, error) {
	return auth.Entered{}, &auth.WrongCode{Left: 3}
}

func (f *fakePeople) Judge(string, auth.Secret) (int, error) {
	return 1, &auth.WeakPassword{Reason: "Too short: use 12 characters or more.", Score: 1}
}

func (f *fakePeople) ChoosePassword(context.Context, auth.Caller, string, auth.Secret) error {
	return &auth.WrongStep{Want: auth.StepDone}
}

func (f *fakePeople) OfferTOTP(context.Context, auth.Caller) (auth.Offer, error) {
	return auth.Offer{}, nil
}

func (f *fakePeople) ConfirmTOTP(context.Context, auth.Caller, auth.Secret) ([]auth.Secret, error) {
	return nil, &auth.WrongCode{Left: 3}
}

func (f *fakePeople) NewRecoveryCodes(context.Context, auth.Caller) ([]auth.Secret, error) {
	return nil, nil
}

func (f *fakePeople) ConfirmRecovery(context.Context, auth.Caller, auth.Client, auth.Secret) (auth.Entered, error) {
	return auth.Entered{}, &auth.WrongCode{Left: 3}
}
func (f *fakePeople) Finish(context.Context, auth.Caller, auth.Home) error { return nil }
func (f *fakePeople) SignIn(context.Context, auth.Client, string, auth.Secret) (auth.Entered, error) {
	return auth.Entered{}, &auth.WrongSignIn{Left: 3}
}

func (f *fakePeople) SecondFactor(context.Context, auth.Caller, auth.Client, auth.Secret) (auth.Entered, error) {
	return auth.Entered{}, &auth.WrongCode{Left: 3}
}

func (f *fakePeople) StepUp(context.Context, auth.Caller, auth.Client, auth.Secret, auth.Secret) (auth.Caller, error) {
	return auth.Caller{}, &auth.WrongSignIn{Left: 3}
}
func (f *fakePeople) SignOut(context.Context, auth.Caller) error { return nil }
func (f *fakePeople) ChangePassword(context.Context, auth.Caller, auth.Client, auth.Secret) (auth.Entered, error) {
	return auth.Entered{}, &auth.WeakPassword{Reason: "Too short: use 12 characters or more."}
}
func (f *fakePeople) DemoCode() (auth.Secret, time.Duration, bool) { return "", 0, false }
func (f *fakePeople) AddUser(context.Context, string, string, auth.Role, time.Time) (auth.User, auth.Invite, error) {
	return auth.User{}, auth.Invite{}, nil
}

func (f *fakePeople) ChangeUser(context.Context, string, string, auth.Role, time.Time) (auth.User, error) {
	return auth.User{}, auth.ErrLastOwner
}
func (f *fakePeople) RemoveUser(context.Context, string, string) error { return auth.ErrLastOwner }
func (f *fakePeople) ResetUser(context.Context, string, string) (auth.Invite, error) {
	return auth.Invite{}, nil
}

func (f *fakePeople) CreateToken(context.Context, string, string, auth.Role, time.Time) (auth.Token, auth.Secret, error) {
	return auth.Token{}, "", nil
}
func (f *fakePeople) RevokeToken(context.Context, string, string) error { return nil }

func TestAlarmIsReadAndArmed(t *testing.T) {
	h := newHouse()
	srv := h.api(t).Handler()
	got := decode[map[string]any](t, call(t, srv, "owner", "GET", "/api/v1/alarm", ""), 200)
	for _, field := range []string{"open", "bypassed", "troubles"} {
		if l, ok := got[field].([]any); !ok || len(l) != 0 {
			t.Errorf("got %s %v, want an empty list", field, got[field])
		}
	}
	state := decode[home.Alarm](t, call(t, srv, "token-owner", "PUT", "/api/v1/alarm/mode", `{"mode":"away","exit_delay":"0s"}`), 200)
	if state.Mode != home.Away || state.Seq != 8 || state.ChangedBy != "program-owner" {
		t.Errorf("got %+v, want the panel's state after arming", state)
	}
	asked := h.asked[0]
	if !asked.CodeFree || asked.Channel != home.ByAPI || asked.ExitDelay == nil || *asked.ExitDelay != 0 {
		t.Errorf("got request %+v, want code free, channel api, no exit delay", asked)
	}
}

func TestDocumentsAreBytesNotPanics(t *testing.T) {
	h := newHouse()
	srv := h.api(t).Handler()
	w := call(t, srv, "", "GET", "/api/openapi.json", "")
	var doc map[string]any
	if err := json.Unmarshal(bytes.TrimSpace(w.Body.Bytes()), &doc); err != nil || doc["openapi"] != "3.1.0" {
		t.Errorf("got openapi %v, err %v, want 3.1.0", doc["openapi"], err)
	}
}
