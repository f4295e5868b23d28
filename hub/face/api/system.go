package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"gatehouse/hub/home"
	"gatehouse/hub/people/auth"
)

// Part is one part of the hub and whether it does its work.
type Part struct {
	Name  string `json:"name" example:"zwave"`
	Ready bool   `json:"ready"`
	// Needed parts make the hub not ready while they are not; a radio whose
	// stick is gone is told, but the hub is up.
	Needed bool   `json:"needed"`
	Text   string `json:"text" doc:"one sentence when it is not ready"`
}

// System is the hub itself.
type System struct {
	Version string       `json:"version"`
	Commit  string       `json:"commit"`
	Go      string       `json:"go"`
	Name    string       `json:"name" doc:"what the owner calls the home"`
	Demo    bool         `json:"demo"`
	Started *home.Time   `json:"started"`
	Now     home.Time    `json:"now" doc:"the hub's clock"`
	Storage []StorageUse `json:"storage"`
	// HomeAssistant tells whether the hub's devices are announced over MQTT in
	// the way that Home Assistant discovers them.
	HomeAssistant bool `json:"home_assistant"`
	// Players are where televisions and players open the cameras, if they do.
	Players []PlayerPort `json:"players" doc:"where televisions and players open the cameras, as scheme://any-name:token@hub:port/camera-porch; none: the configuration names no address for them"`
}

// PlayerPort is one port for televisions and players.
type PlayerPort struct {
	Scheme string `json:"scheme" enum:"rtsp,rtsps" doc:"rtsp: whoever listens on the way reads all of it, and only a token of the role onlooker is taken"`
	Port   int    `json:"port"`
}

// Switch is something about the hub that an owner turns on or off.
type Switch interface {
	On() bool
	// Turn returns once the choice is on disk.
	Turn(on bool, by string) error
}

// StorageUse is one file or folder of the hub's data.
type StorageUse struct {
	Name  string `json:"name" example:"journal"`
	Bytes int64  `json:"bytes"`
	Free  int64  `json:"free" doc:"bytes free on its disk"`
	Fault string `json:"fault" doc:"empty when all is well"`
}

func (a *API) health(context.Context, *none) (*out[[]home.TroubleItem], error) {
	return &out[[]home.TroubleItem]{troubles(a.o.Health.List())}, nil
}

func (a *API) system(context.Context, *none) (*out[System], error) {
	s := System{}
	if a.o.System != nil {
		s = a.o.System()
	}
	if s.Version == "" {
		s.Version = a.o.Version
	}
	if s.Name == "" {
		s.Name = a.o.People.Home().Name
	}
	s.Demo, s.Now, s.Storage, s.Players = a.o.Demo, home.At(time.Now()), list(s.Storage), list(s.Players)
	s.HomeAssistant = a.o.HomeAssistant != nil && a.o.HomeAssistant.On()
	return &out[System]{s}, nil
}

type systemInput struct {
	Body systemRequest
}

// systemRequest changes what it names and leaves the rest.
type systemRequest struct {
	HomeAssistant *bool `json:"home_assistant,omitempty" doc:"announce devices over MQTT for Home Assistant"`
}

func (a *API) putSystem(ctx context.Context, in *systemInput) (*out[System], error) {
	if on := in.Body.HomeAssistant; on != nil {
		if a.o.HomeAssistant == nil {
			return nil, &home.Conflict{Reason: "this hub has no MQTT broker"}
		}
		if err := a.o.HomeAssistant.Turn(*on, ask(ctx).caller.Name); err != nil {
			return nil, err
		}
	}
	return a.system(ctx, nil)
}

// healthz says that the process answers, and nothing else.
func (a *API) healthz(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write([]byte("ok\n")) // the client may be gone
}

type readiness struct {
	Ready bool   `json:"ready"`
	Demo  bool   `json:"demo,omitempty"`
	Parts []Part `json:"parts,omitempty"`
}

// readyz is 200 when every needed part is ready, else 503. Anybody may know
// that much. Which part is not, a burglar outside would like to know too: it is
// told to this machine and to who may read the house's health.
func (a *API) readyz(w http.ResponseWriter, r *http.Request) {
	answer := readiness{Ready: true, Demo: a.o.Demo, Parts: []Part{}}
	if a.o.Ready != nil {
		answer.Parts = list(a.o.Ready())
	}
	for _, p := range answer.Parts {
		answer.Ready = answer.Ready && (p.Ready || !p.Needed)
	}
	as := ask(r.Context())
	if !as.local && !as.caller.May(auth.HealthRead) {
		answer.Parts = nil
	}
	w.Header().Set("Content-Type", "application/json")
	if !answer.Ready {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	_ = json.NewEncoder(w).Encode(answer) // the client may be gone
}

// securityTxt is RFC 9116. It expires half a year after the month it is read
// in, so that a hub that nobody updates does not promise for ever.
func (a *API) securityTxt(w http.ResponseWriter, _ *http.Request) {
	if a.o.SecurityContact == "" {
		problem(http.StatusNotFound, codeNotFound, "This build names no contact for security.").write(w)
		return
	}
	now := time.Now().UTC()
	expires := time.Date(now.Year(), now.Month()+6, 1, 0, 0, 0, 0, time.UTC)
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	var b strings.Builder
	fmt.Fprintf(&b, "Contact: %s\nExpires: %s\nPreferred-Languages: en\n", a.o.SecurityContact, expires.Format(time.RFC3339))
	_, _ = w.Write([]byte(b.String())) // the client may be gone
}
