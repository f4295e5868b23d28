package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"gatehouse/hub/home"
	"gatehouse/hub/people/audit"
)

// fakeCameras keeps cameras as they were put.
type fakeCameras struct {
	known    map[home.DeviceID]home.Camera
	password home.Secret
	recorded time.Duration
	rests    error // nobody may look
	looked   string
	sound    bool
	view     *fakeView
	stills   func() ([]byte, error)
	speech   *fakeSpeech
	looks    string
	doubted  string
	line     *fakeLine
	files    *fakeFiles
	crowded  []string
	api      *API
}

func (f *fakeCameras) Cameras() (list []home.Camera) {
	for _, c := range f.known {
		list = append(list, c)
	}
	return list
}

func (f *fakeCameras) Camera(id home.DeviceID) (home.Camera, bool) {
	c, ok := f.known[id]
	return c, ok
}

func (f *fakeCameras) PutCamera(_ context.Context, c home.Camera, password *home.Secret, _ string) (home.Camera, error) {
	if password != nil {
		f.password, c.HasPassword = *password, *password != ""
	}
	c.Status.State, c.Status.Watched, c.Status.Masks, c.Status.Restless = "starting", []string{}, []home.CameraMask{}, []home.SightPart{}
	f.known[c.ID] = c
	return c, nil
}

func (f *fakeCameras) DeleteCamera(_ context.Context, id home.DeviceID, _ string) error {
	delete(f.known, id)
	return nil
}

func (f *fakeCameras) Doubt(clip home.ClipID, label, _ string) error {
	f.doubted = string(clip) + " " + label
	return nil
}

func (f *fakeCameras) Record(_ home.DeviceID, length time.Duration, _ string) error {
	f.recorded = length
	return nil
}

func (f *fakeCameras) Snapshot(context.Context, home.DeviceID) ([]byte, error) {
	if f.stills != nil {
		return f.stills()
	}
	return []byte("\xff\xd8 a picture"), nil
}

func (f *fakeCameras) Find(context.Context, string) ([]home.FoundCamera, error) {
	return []home.FoundCamera{{ONVIF: "http://192.0.2.9/onvif/device_service", Name: "Porch"}}, nil
}

func (f *fakeCameras) Presets(context.Context, home.DeviceID) ([]home.CameraPreset, error) {
	return []home.CameraPreset{{ID: "1", Name: "Gate"}}, nil
}

func (f *fakeCameras) LookAt(_ context.Context, _ home.DeviceID, preset string) error {
	f.looks = preset
	return nil
}

func TestCameras(t *testing.T) {
	h := newHouse()
	f := &fakeCameras{known: map[home.DeviceID]home.Camera{}}
	h.opt.Cameras = f
	srv := h.api(t).Handler()
	const path = "/api/v1/cameras/camera-porch"
	const body = `{"name":"Porch","url":"rtsp://hub@192.0.2.9/main","password":"s3cret word","pre":"6s"}`
	wantProblem(t, call(t, srv, "member", "PUT", path, body), http.StatusForbidden, codeForbidden)
	wantProblem(t, call(t, srv, "owner", "GET", path, ""), http.StatusNotFound, codeNotFound)
	for _, bad := range []string{`{"pre":"long"}`, `{"name":""}`, `{"certificate":"none"}`, `{"zones":"front-door"}`, `{"speed":1}`, `{"id":"camera-garden"}`} {
		wantProblem(t, call(t, srv, "owner", "PUT", path, bad), http.StatusUnprocessableEntity, "invalid")
	}
	wantProblem(t, call(t, srv, "owner", "PUT", "/api/v1/cameras/porch", body), http.StatusUnprocessableEntity, "invalid")

	put := call(t, srv, "owner", "PUT", path, body)
	c := decode[home.Camera](t, put, http.StatusOK)
	if c.Name != "Porch" || c.Pre != home.Duration(6*time.Second) || c.Post != home.Duration(10*time.Second) || c.Audio || f.password != "s3cret word" {
		t.Errorf("%+v", c)
	}
	got := call(t, srv, "viewer", "GET", "/api/v1/cameras", "")
	wantProblem(t, got, http.StatusForbidden, codeForbidden)
	got = call(t, srv, "member", "GET", "/api/v1/cameras", "")
	if list := decode[[]home.Camera](t, got, http.StatusOK); len(list) != 1 || strings.Contains(put.Body.String()+got.Body.String(), "s3cret") {
		t.Errorf("%s", got.Body)
	}
	if s := fmt.Sprintf("%v %+v %s %q", f.password, f.password, f.password, f.password); strings.Contains(s, "s3cret") {
		t.Errorf("a password prints as %s", s)
	}
	// What is read can be written back, and changes nothing.
	if again := decode[home.Camera](t, call(t, srv, "owner", "PUT", path, put.Body.String()), http.StatusOK); again.Pre != c.Pre || again.URL != c.URL {
		t.Errorf("%+v", again)
	}

	if c.BasicAuth {
		t.Error("the password may be told in the clear, and nobody asked for that")
	}
	call(t, srv, "owner", "PUT", path, `{"basic_auth":true}`)
	if c = decode[home.Camera](t, call(t, srv, "owner", "PUT", path, `{"name":"Porch"}`), http.StatusOK); !c.BasicAuth {
		t.Error("what its owner allowed of the password was forgotten")
	}

	// What is named of what is looked for changes, the rest stays; doubts are only forgotten.
	c = f.known["camera-porch"]
	c.Seeing.Doubts = []home.Doubt{{Zone: "drive", Label: "person", Times: 2}}
	f.known[c.ID] = c
	call(t, srv, "owner", "PUT", path, `{"seeing":{"on":true,"zones":[{"name":"drive","modes":["away"]}]}}`)
	c = decode[home.Camera](t, call(t, srv, "owner", "PUT", path, `{"seeing":{"verifies":true,"doubts":[{"zone":"drive","label":"person","times":99}]}}`), http.StatusOK)
	if see := c.Seeing; !see.On || !see.Verifies || see.Motion || len(see.Zones) != 1 || len(see.Doubts) != 1 || see.Doubts[0].Times != 2 {
		t.Errorf("%+v", c.Seeing)
	}
	c = decode[home.Camera](t, call(t, srv, "owner", "PUT", path, `{"seeing":{"doubts":[]}}`), http.StatusOK)
	if !c.Seeing.On || len(c.Seeing.Doubts) != 0 {
		t.Errorf("%+v", c.Seeing)
	}
	wantProblem(t, call(t, srv, "owner", "PUT", path, `{"seeing":{"zones":[{"name":"drive","shape":[{"x":2,"y":0}]}]}}`), http.StatusUnprocessableEntity, "invalid")

	wantProblem(t, call(t, srv, "member", "POST", path+"/record", `{"for":"2h"}`), http.StatusUnprocessableEntity, "invalid")
	if w := call(t, srv, "member", "POST", path+"/record", `{"for":"10s"}`); w.Code != http.StatusAccepted || f.recorded != 10*time.Second {
		t.Errorf("%d, %v", w.Code, f.recorded)
	}
	for _, verb := range []string{"GET", "POST"} {
		if list := decode[[]home.FoundCamera](t, call(t, srv, "owner", verb, "/api/v1/cameras/discover", ""), http.StatusOK); len(list) != 1 || list[0].Name != "Porch" {
			t.Errorf("found %+v", list)
		}
		wantProblem(t, call(t, srv, "member", verb, "/api/v1/cameras/discover", ""), http.StatusForbidden, codeForbidden)
	}
	if list := decode[[]home.CameraPreset](t, call(t, srv, "member", "GET", path+"/presets", ""), http.StatusOK); len(list) != 1 {
		t.Errorf("presets %+v", list)
	}
	if w := call(t, srv, "member", "POST", path+"/look", `{"preset":"1"}`); w.Code != http.StatusNoContent || f.looks != "1" {
		t.Errorf("%d, it looks at %q", w.Code, f.looks)
	}
	if w := call(t, srv, "owner", "DELETE", path, ""); w.Code != http.StatusNoContent || len(f.known) != 0 {
		t.Errorf("deleted: %d", w.Code)
	}
}

// TestSnapshotIsRefusedUnlessItsViewWasRecorded looks at what a camera sees now.
func TestSnapshotIsRefusedUnlessItsViewWasRecorded(t *testing.T) {
	h, views := viewing()
	h.opt.Cameras = &fakeCameras{known: map[home.DeviceID]home.Camera{"camera-porch": {ID: "camera-porch"}}}
	srv := h.api(t).Handler()
	const path = "/api/v1/cameras/camera-porch/snapshot"
	w := call(t, srv, "member", "GET", path+"?why=who+rang", "")
	if w.Code != http.StatusOK || w.Header().Get("Content-Type") != "image/jpeg" || !strings.Contains(w.Header().Get("Cache-Control"), "no-store") {
		t.Errorf("%d %v", w.Code, w.Header())
	}
	if len(views.watched) != 1 || views.watched[0].Kind != audit.Still || views.watched[0].Camera != "camera-porch" || views.watched[0].Why != "who rang" {
		t.Errorf("on record: %+v", views.watched)
	}
	views.err = errors.New("the disk is full")
	wantProblem(t, call(t, srv, "member", "GET", path, ""), http.StatusServiceUnavailable, codeNotOnRecord)
	wantProblem(t, call(t, srv, "viewer", "GET", path, ""), http.StatusForbidden, codeForbidden)
	wantProblem(t, call(t, srv, "member", "GET", "/api/v1/cameras/camera-none/snapshot", ""), http.StatusNotFound, codeNotFound)
}
