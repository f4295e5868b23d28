package api

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"gatehouse/hub/camera/clips"
	"gatehouse/hub/home"
	"gatehouse/hub/people/audit"
)

// Clips is what the API needs of the recorder. All files are ciphertext.
type Clips interface {
	Page(clips.Query) (list []home.Clip, next string, err error)
	// Marks are the clips between q.Since and q.Until as a ruler shows them.
	Marks(q clips.Query, grain time.Duration) ([]home.ClipMark, error)
	Clip(home.ClipID) (home.Clip, error)
	File(id home.ClipID, name string) (io.ReadSeeker, error)
	Delete(id home.ClipID, by string) (home.ClipDeletion, error)
	Keep(id home.ClipID, on bool, by string) (home.Clip, error)
	Vault() home.Vault
	PutVault(v home.Vault, by string) (home.Vault, error)
	AddPasskey(p home.VaultPasskey, by string) (home.VaultPasskey, error)
	RemovePasskey(id, by string) error
}

func (a *API) clipsOf() (Clips, error) {
	if a.o.Clips == nil {
		return nil, &home.Conflict{Reason: "this hub cannot keep clips now: its conditions say why"}
	}
	return a.o.Clips, nil
}

type clipsInput struct {
	Camera home.DeviceID `query:"camera" maxLength:"64"`
	Since  time.Time     `query:"since" doc:"began not before"`
	Until  time.Time     `query:"until" doc:"began before"`
	Reason string        `query:"reason" maxLength:"64" doc:"zone:front-door, or what stands before the colon"`
	Kept   string        `query:"kept" enum:"true,false"`
	Limit  int           `query:"limit" minimum:"1" maximum:"1000" default:"50"`
	Cursor string        `query:"cursor" maxLength:"200" doc:"next of the page before"`
}

// clipPage is one page of clips, newest first.
type clipPage struct {
	Clips []home.Clip `json:"clips"`
	Next  string      `json:"next" doc:"cursor of the next page, which may be shorter; empty on the last"`
}

func (a *API) clips(_ context.Context, in *clipsInput) (*out[clipPage], error) {
	c, err := a.clipsOf()
	if err != nil {
		return nil, err
	}
	q := clips.Query{Camera: in.Camera, Since: in.Since, Until: in.Until, Reason: in.Reason, Limit: in.Limit, Cursor: in.Cursor}
	if in.Kept != "" {
		q.Kept = ptr(in.Kept == "true")
	}
	page, next, err := c.Page(q)
	if err != nil {
		return nil, err
	}
	return &out[clipPage]{clipPage{list(page), next}}, nil
}

type marksInput struct {
	Camera home.DeviceID `query:"camera" maxLength:"64"`
	Since  time.Time     `query:"since" doc:"where the ruler begins"`
	Until  time.Time     `query:"until" doc:"where it ends: two days on at most"`
	Grain  int           `query:"grain" minimum:"0" maximum:"3600" default:"60" doc:"seconds: clips of a kind with no more between them are one mark"`
}

// longestRuler is how much time one answer tells of: a day of 25 hours, and some before it.
const longestRuler = 48 * time.Hour

// marks answers with a ruler: small however many clips it is of.
func (a *API) marks(_ context.Context, in *marksInput) (*out[[]home.ClipMark], error) {
	c, err := a.clipsOf()
	if err != nil {
		return nil, err
	}
	switch long := in.Until.Sub(in.Since); {
	case in.Since.IsZero():
		return nil, &home.Invalid{Field: "since", Reason: "say where the ruler begins"}
	case long <= 0 || long > longestRuler:
		return nil, &home.Invalid{Field: "until", Reason: "say a time after since, two days later at most"}
	}
	got, err := c.Marks(clips.Query{Camera: in.Camera, Since: in.Since, Until: in.Until}, time.Duration(in.Grain)*time.Second)
	if err != nil {
		return nil, err
	}
	return &out[[]home.ClipMark]{got}, nil
}

type clipPath struct {
	ID home.ClipID `path:"id" maxLength:"64"`
}

func (a *API) clip(_ context.Context, in *clipPath) (*out[home.Clip], error) {
	c, err := a.clipsOf()
	if err != nil {
		return nil, err
	}
	got, err := c.Clip(in.ID)
	if err != nil {
		return nil, err
	}
	return &out[home.Clip]{got}, nil
}

func (a *API) deleteClip(ctx context.Context, in *clipPath) (*out[home.ClipDeletion], error) {
	c, err := a.clipsOf()
	if err != nil {
		return nil, err
	}
	d, err := c.Delete(in.ID, ask(ctx).caller.Name)
	if err != nil {
		return nil, err
	}
	return &out[home.ClipDeletion]{d}, nil
}

type labelPath struct {
	ID    home.ClipID `path:"id" maxLength:"64"`
	Label string      `path:"label" maxLength:"40" example:"person"`
}

// doubt takes a label off a clip that it was not meant for.
func (a *API) doubt(ctx context.Context, in *labelPath) (*out[home.Clip], error) {
	c, err := a.clipsOf()
	if err != nil {
		return nil, err
	}
	if _, err := c.Clip(in.ID); err != nil {
		return nil, err
	}
	if err := a.o.Cameras.Doubt(in.ID, in.Label, ask(ctx).caller.Name); err != nil {
		return nil, err
	}
	got, err := c.Clip(in.ID)
	if err != nil {
		return nil, err
	}
	return &out[home.Clip]{got}, nil
}

func (a *API) keepClip(ctx context.Context, in *clipPath) (*out[home.Clip], error) {
	return a.setKept(ctx, in.ID, true)
}

func (a *API) letClipGo(ctx context.Context, in *clipPath) (*out[home.Clip], error) {
	return a.setKept(ctx, in.ID, false)
}

func (a *API) setKept(ctx context.Context, id home.ClipID, on bool) (*out[home.Clip], error) {
	c, err := a.clipsOf()
	if err != nil {
		return nil, err
	}
	got, err := c.Keep(id, on, ask(ctx).caller.Name)
	if err != nil {
		return nil, err
	}
	return &out[home.Clip]{got}, nil
}

// clipMedia answers with a sealed file of a clip, or a range of it: the film,
// the notes or a still. The view is written down first: ?why= goes with it, and
// ?export=true says that the file is taken away.
func (a *API) clipMedia(name string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		file, c, err := a.openClip(r, name)
		if err != nil {
			a.refuse(w, r, err)
			return
		}
		h := w.Header()
		h.Set("Content-Type", "application/octet-stream")
		kind := name
		if kind == "" {
			kind = "still-" + r.PathValue("still")
		}
		h.Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q",
			fmt.Sprintf("%s-%s-%s.age", c.Camera, c.Start.Format("20060102T150405Z"), kind)))
		if c.SHA256 != "" {
			h.Set("ETag", `"`+c.SHA256+"-"+kind+`"`)
		}
		http.ServeContent(&patient{ResponseWriter: w, rc: http.NewResponseController(w)}, r, "", c.End.Time, file)
	}
}

func (a *API) openClip(r *http.Request, name string) (io.ReadSeeker, home.Clip, error) {
	s, err := a.clipsOf()
	if err != nil {
		return nil, home.Clip{}, err
	}
	id := home.ClipID(r.PathValue("id"))
	c, err := s.Clip(id)
	if err != nil {
		return nil, c, err
	}
	still := name == ""
	if still {
		name = r.PathValue("still")
	}
	file, err := s.File(id, name)
	if err != nil {
		return nil, c, err
	}
	ask := r.URL.Query()
	v := audit.View{Kind: audit.Clip, Camera: c.Camera, Clip: string(c.ID), Why: ask.Get("why")}
	switch {
	case ask.Get("export") == "true":
		v.Kind = audit.Export
	case still:
		v.Kind = audit.Still
	}
	if err := a.watched(r.Context(), v); err != nil {
		return nil, c, err
	}
	return file, c, nil
}

// patient gives each write its own time: a clip may take longer than an answer. A
// range that lies elsewhere is refused as all else is.
type patient struct {
	http.ResponseWriter
	rc      *http.ResponseController
	refused bool
}

func (p *patient) WriteHeader(status int) {
	if status != http.StatusRequestedRangeNotSatisfiable {
		p.ResponseWriter.WriteHeader(status)
		return
	}
	p.refused = true
	problem(status, codeInvalid, "Range: give one that lies within the file: %s.", p.Header().Get("Content-Range")).write(p.ResponseWriter)
}

func (p *patient) Write(b []byte) (int, error) {
	if p.refused {
		return len(b), nil
	}
	_ = p.rc.SetWriteDeadline(time.Now().Add(sendTimeout)) // a test's recorder has none
	return p.ResponseWriter.Write(b)
}

type vaultInput struct {
	Body vaultRequest
}

type vaultRequest struct {
	Recipients []string        `json:"recipients" maxItems:"8" doc:"public keys, age1pq1…: hybrid ones only (ML-KEM-768 and X25519); none: nothing is recorded"`
	Names      []string        `json:"names,omitempty" maxItems:"8" doc:"what the keys are called, in the same order; without: owner, recovery, key 3…"`
	Wrapped    *string         `json:"wrapped,omitempty" maxLength:"32768" doc:"the private key, wrapped by the browser: opaque to the hub; without: as it was"`
	Epoch      int             `json:"epoch,omitempty" minimum:"1" doc:"the epoch that these keys would be, one more than the vault's: refused when somebody else was first; without: whatever it is"`
	Passkeys   *[]rewrappedKey `json:"passkeys,omitempty" maxItems:"16" doc:"the passkeys that open the new key, with what they open now; all others are forgotten; without: they stay as they are"`
}

type rewrappedKey struct {
	ID      string `json:"id" maxLength:"64"`
	Wrapped string `json:"wrapped" maxLength:"4096" doc:"the private key, wrapped by the browser: an age file in its armour"`
}

func (a *API) vault(context.Context, *none) (*out[home.Vault], error) {
	c, err := a.clipsOf()
	if err != nil {
		return nil, err
	}
	return &out[home.Vault]{c.Vault()}, nil
}

func (a *API) putVault(ctx context.Context, in *vaultInput) (*out[home.Vault], error) {
	c, err := a.clipsOf()
	if err != nil {
		return nil, err
	}
	v := home.Vault{Names: in.Body.Names, Wrapped: c.Vault().Wrapped, Epoch: in.Body.Epoch}
	for _, s := range in.Body.Recipients {
		v.Recipients = append(v.Recipients, strings.TrimSpace(s))
	}
	if in.Body.Wrapped != nil {
		v.Wrapped = *in.Body.Wrapped
	}
	if in.Body.Passkeys != nil {
		v.Passkeys = []home.VaultPasskey{}
		for _, p := range *in.Body.Passkeys {
			v.Passkeys = append(v.Passkeys, home.VaultPasskey{ID: p.ID, Wrapped: p.Wrapped})
		}
	}
	if v, err = c.PutVault(v, ask(ctx).caller.Name); err != nil {
		return nil, err
	}
	return &out[home.Vault]{v}, nil
}

type passkeyInput struct {
	Body passkeyRequest
}

type passkeyRequest struct {
	Name       string   `json:"name" minLength:"1" maxLength:"40"`
	Host       string   `json:"host" maxLength:"253" doc:"the rp id: the name by which this page was opened" example:"gatehouse.local"`
	Credential string   `json:"credential" maxLength:"1364" pattern:"^[A-Za-z0-9_-]+$" doc:"the credential's id, base64url"`
	Transports []string `json:"transports,omitempty" maxItems:"8" maxLength:"32"`
	Wrapped    string   `json:"wrapped" maxLength:"4096" doc:"the private key, wrapped by the browser: an age file in its armour"`
}

func (a *API) addPasskey(ctx context.Context, in *passkeyInput) (*status[home.VaultPasskey], error) {
	c, err := a.clipsOf()
	if err != nil {
		return nil, err
	}
	b := in.Body
	p, err := c.AddPasskey(home.VaultPasskey{
		Name: b.Name, Host: b.Host, Credential: b.Credential, Transports: list(b.Transports), Wrapped: b.Wrapped,
	}, ask(ctx).caller.Name)
	if err != nil {
		return nil, err
	}
	return &status[home.VaultPasskey]{http.StatusCreated, p}, nil
}

func (a *API) removePasskey(ctx context.Context, in *idPath) (*none, error) {
	c, err := a.clipsOf()
	if err != nil {
		return nil, err
	}
	return nil, c.RemovePasskey(in.ID, ask(ctx).caller.Name)
}
