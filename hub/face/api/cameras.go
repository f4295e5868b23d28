package api

import (
	"context"
	"net/http"
	"time"

	"gatehouse/hub/home"
	"gatehouse/hub/people/audit"
)

// Cameras is what the API needs of the house's cameras. Errors: *home.NotFound,
// *home.Invalid, *home.Conflict.
type Cameras interface {
	Cameras() []home.Camera
	Camera(home.DeviceID) (home.Camera, bool)
	// PutCamera makes or changes a camera; a nil password leaves the one that it has.
	PutCamera(ctx context.Context, c home.Camera, password *home.Secret, by string) (home.Camera, error)
	DeleteCamera(ctx context.Context, id home.DeviceID, by string) error
	Record(id home.DeviceID, length time.Duration, by string) error
	// Find looks for cameras on the LAN; it takes seconds.
	Find(ctx context.Context, by string) ([]home.FoundCamera, error)
	// Presets are where a camera that turns can look; LookAt turns it.
	Presets(ctx context.Context, id home.DeviceID) ([]home.CameraPreset, error)
	LookAt(ctx context.Context, id home.DeviceID, preset string) error
	// Doubt says that what was seen in a clip was not there.
	Doubt(clip home.ClipID, label, by string) error
	// Snapshot is what a camera sees now, a JPEG; it waits for the camera.
	Snapshot(ctx context.Context, id home.DeviceID) ([]byte, error)
	Live
	Talk
}

// cameraPath names a camera.
type cameraPath struct {
	ID home.DeviceID `path:"id" pattern:"^camera-[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$" patternDescription:"camera- and a short name of a-z, 0-9 and -" example:"camera-porch"`
}

type cameraInput struct {
	cameraPath
	Body cameraRequest
}

// cameraRequest changes what it names and leaves the rest. What is read can be
// written back.
type cameraRequest struct {
	ID           home.DeviceID      `json:"id,omitempty" maxLength:"64" doc:"if given, the one of the path"`
	Name         *string            `json:"name,omitempty" minLength:"1" maxLength:"80"`
	URL          *string            `json:"url,omitempty" maxLength:"2000" doc:"rtsp://user@192.168.1.20/stream, or rtsps://; a password in it is taken out and kept sealed"`
	Password     *string            `json:"password,omitempty" writeOnly:"true" maxLength:"256" doc:"kept sealed and never shown; empty forgets it"`
	PasswordFile *string            `json:"password_file,omitempty" maxLength:"1000" doc:"a file in the folder secrets of the hub's data that holds the password alone"`
	BasicAuth    *bool              `json:"basic_auth,omitempty" doc:"true tells the password, without TLS, to whoever is at the camera's address and asks for it: for a camera that knows no digests alone"`
	HasPassword  bool               `json:"has_password,omitempty" readOnly:"true" doc:"ignored"`
	Certificate  *string            `json:"certificate,omitempty" pattern:"^([0-9a-f]{64})?$" patternDescription:"64 hexadecimal digits, or nothing" doc:"empty: the next one that the camera shows is taken"`
	HTTPSCert    *string            `json:"https_certificate,omitempty" pattern:"^([0-9a-f]{64})?$" patternDescription:"64 hexadecimal digits, or nothing" doc:"empty: the next one that the camera shows over https is taken"`
	PortCerts    *map[string]string `json:"port_certificates,omitempty" doc:"by port; a port that is left out: the next one that the camera shows there is taken"`
	ONVIF        *string            `json:"onvif,omitempty" maxLength:"2000" doc:"http://user@192.168.1.20, or https://; with it, url may be left out: the camera is asked"`
	SnapshotURL  *string            `json:"snapshot_url,omitempty" maxLength:"2000" doc:"http://192.168.1.20/snapshot.jpg, on the machine that url names, and over https if onvif is; without name and password"`
	SubURL       *string            `json:"sub_url,omitempty" maxLength:"2000" doc:"rtsp://192.168.1.20/stream2, on the machine that url names and in TLS if url is; without name and password"`
	Pre          *home.Duration     `json:"pre,omitempty" pattern:"^(0|([0-9]+(\\.[0-9]+)?(ms|s|m|h))+)$" patternDescription:"a duration such as \"30s\" or \"4m\""`
	Post         *home.Duration     `json:"post,omitempty" pattern:"^(0|([0-9]+(\\.[0-9]+)?(ms|s|m|h))+)$" patternDescription:"a duration such as \"30s\" or \"4m\""`
	Longest      *home.Duration     `json:"longest,omitempty" pattern:"^(0|([0-9]+(\\.[0-9]+)?(ms|s|m|h))+)$" patternDescription:"a duration such as \"30s\" or \"4m\""`
	Audio        *bool              `json:"audio,omitempty"`
	Continuous   *bool              `json:"continuous,omitempty"`
	Quota        *string            `json:"quota,omitempty" maxLength:"20" example:"20GiB"`
	KeepDays     *int               `json:"keep_days,omitempty" minimum:"0" maximum:"3650"`
	Zones        *[]home.ZoneID     `json:"zones,omitempty" maxItems:"64"`
	Buttons      *[]home.DeviceID   `json:"buttons,omitempty" maxItems:"16"`
	Heeds        *[]string          `json:"heeds,omitempty" maxItems:"3" enum:"motion,person,doorbell"`
	Looks        *[]home.CameraLook `json:"looks,omitempty" maxItems:"16"`
	Phases       *[]home.Phase      `json:"phases,omitempty" maxItems:"5" enum:"disarmed,arming,armed,entry,alarm"`
	OffIn        *[]home.Mode       `json:"off_in,omitempty" maxItems:"64"`
	Seeing       *seeingRequest     `json:"seeing,omitempty"`
	Status       *home.CameraStatus `json:"status,omitempty" readOnly:"true" doc:"ignored"`
}

// seeingRequest changes what it names of what a camera's pictures are looked at for.
type seeingRequest struct {
	On       *bool             `json:"on,omitempty"`
	Motion   *bool             `json:"motion,omitempty"`
	Verifies *bool             `json:"verifies,omitempty"`
	Area     *home.AreaID      `json:"area,omitempty" maxLength:"64"`
	Zones    *[]home.SightZone `json:"zones,omitempty" maxItems:"16"`
	Doubts   *[]home.Doubt     `json:"doubts,omitempty" maxItems:"512" doc:"[] forgets what was doubted; anything else is ignored"`
}

func (r *seeingRequest) set(s *home.Seeing) {
	if r == nil {
		return
	}
	set(&s.On, r.On)
	set(&s.Motion, r.Motion)
	set(&s.Verifies, r.Verifies)
	set(&s.Area, r.Area)
	set(&s.Zones, r.Zones)
	if r.Doubts != nil && len(*r.Doubts) == 0 {
		s.Doubts = []home.Doubt{}
	}
}

func (a *API) findCamera(id home.DeviceID) (home.Camera, error) {
	if a.o.Cameras != nil {
		if c, ok := a.o.Cameras.Camera(id); ok {
			return c, nil
		}
	}
	return home.Camera{}, &home.NotFound{What: "camera", ID: string(id)}
}

func (a *API) cameras(context.Context, *none) (*out[[]home.Camera], error) {
	all := []home.Camera{}
	if a.o.Cameras != nil {
		all = append(all, a.o.Cameras.Cameras()...)
	}
	return &out[[]home.Camera]{all}, nil
}

func (a *API) camera(_ context.Context, in *cameraPath) (*out[home.Camera], error) {
	c, err := a.findCamera(in.ID)
	if err != nil {
		return nil, err
	}
	return &out[home.Camera]{c}, nil
}

func (a *API) putCamera(ctx context.Context, in *cameraInput) (*out[home.Camera], error) {
	b := in.Body
	if b.ID != "" && b.ID != in.ID {
		return nil, &home.Invalid{Field: "id", Reason: "is not the one of the path; an id stays for ever"}
	}
	c, err := a.findCamera(in.ID)
	if err != nil {
		c = home.DefaultCamera(in.ID)
	}
	set(&c.Name, b.Name)
	set(&c.URL, b.URL)
	set(&c.PasswordFile, b.PasswordFile)
	set(&c.BasicAuth, b.BasicAuth)
	set(&c.Certificate, b.Certificate)
	set(&c.HTTPSCertificate, b.HTTPSCert)
	set(&c.PortCertificates, b.PortCerts)
	set(&c.ONVIF, b.ONVIF)
	set(&c.SnapshotURL, b.SnapshotURL)
	set(&c.SubURL, b.SubURL)
	set(&c.Pre, b.Pre)
	set(&c.Post, b.Post)
	set(&c.Longest, b.Longest)
	set(&c.Audio, b.Audio)
	set(&c.Continuous, b.Continuous)
	set(&c.Quota, b.Quota)
	set(&c.KeepDays, b.KeepDays)
	set(&c.Zones, b.Zones)
	set(&c.Buttons, b.Buttons)
	set(&c.Heeds, b.Heeds)
	set(&c.Looks, b.Looks)
	set(&c.Phases, b.Phases)
	set(&c.OffIn, b.OffIn)
	b.Seeing.set(&c.Seeing)
	var password *home.Secret
	if b.Password != nil {
		p := home.Secret(*b.Password)
		password = &p
	}
	c, err = a.o.Cameras.PutCamera(ctx, c, password, ask(ctx).caller.Name)
	if err != nil {
		return nil, err
	}
	return &out[home.Camera]{c}, nil
}

func (a *API) deleteCamera(ctx context.Context, in *cameraPath) (*none, error) {
	if _, err := a.findCamera(in.ID); err != nil {
		return nil, err
	}
	return nil, a.o.Cameras.DeleteCamera(ctx, in.ID, ask(ctx).caller.Name)
}

type recordInput struct {
	cameraPath
	Body recordRequest
}

type recordRequest struct {
	For home.Duration `json:"for" pattern:"^([0-9]+(\\.[0-9]+)?(ms|s|m|h))+$" patternDescription:"a duration such as \"10s\"" example:"10s" doc:"how long from now on, 1s to 10m; the pre-roll comes before it"`
}

func (a *API) recordNow(ctx context.Context, in *recordInput) (*status[home.Camera], error) {
	if _, err := a.findCamera(in.ID); err != nil {
		return nil, err
	}
	length := time.Duration(in.Body.For)
	if length < time.Second || length > 10*time.Minute {
		return nil, &home.Invalid{Field: "for", Reason: "give 1s to 10m"}
	}
	if err := a.o.Cameras.Record(in.ID, length, ask(ctx).caller.Name); err != nil {
		return nil, err
	}
	c, err := a.findCamera(in.ID)
	if err != nil {
		return nil, err
	}
	return &status[home.Camera]{http.StatusAccepted, c}, nil
}

func (a *API) findCameras(ctx context.Context, _ *none) (*status[[]home.FoundCamera], error) {
	if a.o.Cameras == nil {
		return nil, &home.Conflict{Reason: "this hub has no cameras"}
	}
	list, err := a.o.Cameras.Find(ctx, ask(ctx).caller.Name)
	if err != nil {
		return nil, err
	}
	return &status[[]home.FoundCamera]{http.StatusOK, list}, nil
}

func (a *API) presets(ctx context.Context, in *cameraPath) (*out[[]home.CameraPreset], error) {
	if _, err := a.findCamera(in.ID); err != nil {
		return nil, err
	}
	list, err := a.o.Cameras.Presets(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return &out[[]home.CameraPreset]{list}, nil
}

type lookInput struct {
	cameraPath
	Body lookRequest
}

type lookRequest struct {
	Preset string `json:"preset" minLength:"1" maxLength:"120" doc:"id of one of its presets"`
}

func (a *API) lookAt(ctx context.Context, in *lookInput) (*none, error) {
	if _, err := a.findCamera(in.ID); err != nil {
		return nil, err
	}
	return nil, a.o.Cameras.LookAt(ctx, in.ID, in.Body.Preset)
}

// snapshot answers with what a camera sees now. The view is written down before the
// first byte of it.
func (a *API) snapshot(w http.ResponseWriter, r *http.Request) {
	c, err := a.findCamera(home.DeviceID(r.PathValue("id")))
	if err != nil {
		a.refuse(w, r, err)
		return
	}
	picture, err := a.o.Cameras.Snapshot(r.Context(), c.ID)
	if err == nil {
		err = a.watched(r.Context(), audit.View{Kind: audit.Still, Camera: c.ID, Why: r.URL.Query().Get("why")})
	}
	if err != nil {
		a.refuse(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "image/jpeg")
	_, _ = w.Write(picture) // whoever has gone has gone
}
