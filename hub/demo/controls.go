package demo

import (
	"embed"
	"encoding/json"
	"errors"
	"io/fs"
	"net/http"

	"gatehouse/hub/home"
)

//go:embed page
var page embed.FS

// Path is where the controls are served.
const Path = "/demo/"

// Controls is a small page, and the calls behind it, with which somebody opens
// doors, rings the bell, walks past sensors and cameras, pulls the stick, jams its air,
// cuts the mains and sets the clock:
//
//	GET  /demo/state   {"stick":{"plugged":true,"noise":-100},"zigbee":{"plugged":true},"power":{"mains":true,"battery":100},"clock":{"ahead":3600},
//	                    "things":[{"key","name","room","kind","state","device"}]};
//	                   a keypad has "shows":{"light","besides","seconds","muted","heard"} as well
//	GET  /demo/heard/{thing}  what came out of a camera's loudspeaker last, a WAV file
//	POST /demo/do      {"thing":"front-door","act":"open","digits":""} → 204
func (f *Family) Controls() http.Handler {
	files, err := fs.Sub(page, "page")
	if err != nil {
		panic(err) // the folder is compiled in
	}
	mux := http.NewServeMux()
	mux.Handle("GET "+Path, http.StripPrefix(Path, http.FileServerFS(files)))
	mux.HandleFunc("GET "+Path+"state", f.showState)
	mux.HandleFunc("GET "+Path+"heard/{thing}", f.showHeard)
	mux.HandleFunc("POST "+Path+"do", f.doIt)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'; form-action 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		mux.ServeHTTP(w, r)
	})
}

type thing struct {
	Key    string        `json:"key"`
	Name   string        `json:"name"`
	Room   string        `json:"room"`
	Kind   string        `json:"kind"`
	State  string        `json:"state"`
	Device home.DeviceID `json:"device"`
	Shows  *display      `json:"shows,omitempty"` // keypads
}

// fed is how the hub is fed.
type fed struct {
	Mains   bool `json:"mains"`
	Battery int  `json:"battery"` // percent
}

func (f *Family) showState(w http.ResponseWriter, _ *http.Request) {
	var state struct {
		Stick struct {
			Plugged bool `json:"plugged"`
			Noise   int  `json:"noise"` // dBm
		} `json:"stick"`
		Zigbee struct {
			Plugged bool `json:"plugged"`
		} `json:"zigbee"`
		Power *fed `json:"power"` // null: no hub runs here
		Clock struct {
			Ahead int `json:"ahead"` // seconds; negative: it is slow
		} `json:"clock"`
		Things []thing `json:"things"`
	}
	state.Stick.Plugged, state.Stick.Noise = f.Stick.Plugged(), f.Stick.Noise()
	state.Zigbee.Plugged = f.Mesh.Plugged()
	if mains, percent, ok := f.power.now(); ok {
		state.Power = &fed{mains, percent}
	}
	state.Clock.Ahead = int(f.clock.off().Seconds())
	for _, it := range f.items {
		t := thing{Key: it.key, Name: it.name, Room: it.room, Kind: it.kind, State: it.state(), Device: it.device()}
		if it.shows != nil {
			t.Shows = it.shows()
		}
		state.Things = append(state.Things, t)
	}
	answer(w, http.StatusOK, state)
}

func (f *Family) showHeard(w http.ResponseWriter, r *http.Request) {
	it := f.thing(r.PathValue("thing"))
	if it == nil || it.eye == nil {
		answer(w, http.StatusNotFound, map[string]string{"detail": "there is no such camera"})
		return
	}
	w.Header().Set("Content-Type", "audio/wav")
	_, _ = w.Write(it.eye.heard()) // the client may be gone
}

func (f *Family) doIt(w http.ResponseWriter, r *http.Request) {
	var ask struct {
		Thing  string `json:"thing"`
		Act    string `json:"act"`
		Digits string `json:"digits"`
	}
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, 4096))
	d.DisallowUnknownFields()
	if err := d.Decode(&ask); err != nil {
		answer(w, http.StatusBadRequest, map[string]string{"detail": err.Error()})
		return
	}
	err := f.Do(ask.Thing, ask.Act, ask.Digits)
	var missing *home.NotFound
	switch {
	case err == nil:
		w.WriteHeader(http.StatusNoContent)
	case errors.As(err, &missing):
		answer(w, http.StatusNotFound, map[string]string{"detail": err.Error()})
	default:
		answer(w, http.StatusUnprocessableEntity, map[string]string{"detail": err.Error()})
	}
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the client may be gone
}
