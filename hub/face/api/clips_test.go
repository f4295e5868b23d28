package api

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"gatehouse/hub/camera/clips"
	"gatehouse/hub/home"
)

// fakeShelf holds one clip.
type fakeShelf struct {
	film    []byte
	asked   clips.Query
	grain   time.Duration
	did     []string
	v       home.Vault
	refuses error
}

var porchClip = home.Clip{
	ID: "0195", Camera: "camera-porch", Start: home.At(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)), State: home.ClipWhole,
	Labels: []home.ClipLabel{}, SealedTo: []string{"owner"}, SHA256: "abcd",
}

func (f *fakeShelf) Page(q clips.Query) ([]home.Clip, string, error) {
	f.asked = q
	return []home.Clip{porchClip}, "more", nil
}

func (f *fakeShelf) Marks(q clips.Query, grain time.Duration) ([]home.ClipMark, error) {
	f.asked, f.grain = q, grain
	return []home.ClipMark{{Camera: q.Camera, Reason: "continuous", Labels: []string{}, Clips: 1440, Clip: porchClip.ID}}, nil
}

func (f *fakeShelf) Clip(id home.ClipID) (home.Clip, error) {
	if id != porchClip.ID {
		return home.Clip{}, &home.NotFound{What: "clip", ID: string(id)}
	}
	return porchClip, nil
}

func (f *fakeShelf) File(id home.ClipID, name string) (io.ReadSeeker, error) {
	f.did = append(f.did, "file "+name)
	return bytes.NewReader(f.film), nil
}

func (f *fakeShelf) Delete(id home.ClipID, by string) (home.ClipDeletion, error) {
	f.did = append(f.did, "delete by "+by)
	return home.ClipDeletion{Bytes: 7}, f.refuses
}

func (f *fakeShelf) Keep(home.ClipID, bool, string) (home.Clip, error) { return porchClip, f.refuses }
func (f *fakeShelf) Vault() home.Vault                                 { return f.v }
func (f *fakeShelf) PutVault(v home.Vault, by string) (home.Vault, error) {
	f.v = v
	return v, nil
}

func (f *fakeShelf) AddPasskey(p home.VaultPasskey, by string) (home.VaultPasskey, error) {
	if f.refuses != nil {
		return home.VaultPasskey{}, f.refuses
	}
	p.ID, p.By = "k1", by
	f.v.Passkeys = append(f.v.Passkeys, p)
	return p, nil
}

func (f *fakeShelf) RemovePasskey(id, by string) error {
	f.did = append(f.did, "forget "+id+" by "+by)
	return f.refuses
}

func shelfHouse() (*house, *fakeShelf, *fakeViews) {
	h, v := viewing()
	s := &fakeShelf{film: bytes.Repeat([]byte("0123456789"), 100)}
	h.opt.Clips = s
	return h, s, v
}

func TestMediaIsRefusedUnlessItsViewWasRecorded(t *testing.T) {
	h, s, v := shelfHouse()
	srv := h.api(t).Handler()
	for _, path := range []string{"media?why=who+rang", "notes", "stills/0", "media?export=true"} {
		path = "/api/v1/clips/0195/" + path
		w := call(t, srv, "member", "GET", path, "")
		if w.Code != http.StatusOK || !bytes.Equal(w.Body.Bytes(), s.film) {
			t.Fatalf("%s: %d, %d bytes", path, w.Code, w.Body.Len())
		}
		if c := w.Header().Get("Cache-Control"); !strings.Contains(c, "no-store") {
			t.Errorf("%s: Cache-Control %q", path, c)
		}
	}
	var got []string
	for _, w := range v.watched {
		got = append(got, fmt.Sprint(w.Kind, " ", w.Camera, " ", w.Clip, " ", w.Who, " ", w.From, " ", w.Why))
	}
	by := " camera-porch 0195 " + v.watched[0].Who + " 192.0.2.7 "
	if want := []string{"clip" + by + "who rang", "clip" + by, "still" + by, "export" + by}; !slices.Equal(got, want) {
		t.Errorf("recorded %q, want %q", got, want)
	}
	v.err = errors.New("the disk is full")
	if w := call(t, srv, "member", "GET", "/api/v1/clips/0195/media", ""); w.Code == http.StatusOK || bytes.Contains(w.Body.Bytes(), s.film[:10]) {
		t.Errorf("shown though nobody wrote it down: %d %.60s", w.Code, w.Body)
	}
	h.opt.Views = nil
	wantProblem(t, call(t, h.api(t).Handler(), "owner", "GET", "/api/v1/clips/0195/media", ""), http.StatusServiceUnavailable, codeNotOnRecord)
}

func TestRangesOfMedia(t *testing.T) {
	h, s, v := shelfHouse()
	srv := h.api(t).Handler()
	for _, row := range []struct {
		ask    string
		status int
		want   []byte
	}{
		{"bytes=0-9", 206, s.film[:10]},
		{"bytes=995-", 206, s.film[995:]},
		{"bytes=-3", 206, s.film[997:]},
	} {
		w := call(t, srv, "owner", "GET", "/api/v1/clips/0195/media", "", func(r *http.Request) { r.Header.Set("Range", row.ask) })
		if w.Code != row.status || !bytes.Equal(w.Body.Bytes(), row.want) {
			t.Errorf("%s: %d %q", row.ask, w.Code, w.Body)
		}
	}
	far := call(t, srv, "owner", "GET", "/api/v1/clips/0195/media", "", func(r *http.Request) { r.Header.Set("Range", "bytes=2000-") })
	wantProblem(t, far, http.StatusRequestedRangeNotSatisfiable, codeInvalid)
	if got := far.Header().Get("Content-Range"); got != "bytes */1000" {
		t.Errorf("the file is said to have %s", got)
	}
	if len(v.watched) != 4 {
		t.Errorf("%d views recorded of 4", len(v.watched))
	}
	w := call(t, srv, "owner", "GET", "/api/v1/clips/0195/media", "")
	if got, want := w.Header().Get("Content-Disposition"), `attachment; filename="camera-porch-20260301T120000Z-film.age"`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestListOfClips(t *testing.T) {
	h, s, _ := shelfHouse()
	srv := h.api(t).Handler()
	p := decode[clipPage](t, call(t, srv, "member", "GET", "/api/v1/clips?camera=camera-porch&since=2026-03-01T00:00:00Z&reason=zone&kept=true&limit=7&cursor=abc", ""), 200)
	if len(p.Clips) != 1 || p.Next != "more" {
		t.Errorf("got %+v", p)
	}
	if q := s.asked; q.Camera != "camera-porch" || q.Since.Day() != 1 || q.Reason != "zone" || q.Kept == nil || !*q.Kept || q.Limit != 7 || q.Cursor != "abc" {
		t.Errorf("asked %+v", q)
	}
	wantProblem(t, call(t, srv, "owner", "GET", "/api/v1/clips/none", ""), http.StatusNotFound, codeNotFound)
	wantProblem(t, call(t, srv, "owner", "GET", "/api/v1/clips/none/media", ""), http.StatusNotFound, codeNotFound)
	if d := decode[home.ClipDeletion](t, call(t, srv, "owner", "DELETE", "/api/v1/clips/0195", ""), 200); d.Bytes != 7 {
		t.Errorf("got %+v", d)
	}
	s.refuses = &home.Conflict{Reason: "the clip is being recorded"}
	wantProblem(t, call(t, srv, "owner", "POST", "/api/v1/clips/0195/keep", ""), http.StatusConflict, codeConflict)
	h.opt.Clips = nil
	wantProblem(t, call(t, h.api(t).Handler(), "owner", "GET", "/api/v1/clips", ""), http.StatusConflict, codeConflict)
}

func TestVaultNeedsAStepUpAndKeepsWhatIsNotNamed(t *testing.T) {
	h, s, _ := shelfHouse()
	srv := h.api(t).Handler()
	wantProblem(t, call(t, srv, "stale", "PUT", "/api/v1/vault", `{"recipients":[]}`), http.StatusForbidden, codeStepUp)
	decode[home.Vault](t, call(t, srv, "owner", "PUT", "/api/v1/vault", `{"recipients":[" age1pq1a "],"names":["owner"],"wrapped":"opaque"}`), 200)
	v := decode[home.Vault](t, call(t, srv, "owner", "PUT", "/api/v1/vault", `{"recipients":["age1pq1a","age1pq1b"]}`), 200)
	if !slices.Equal(s.v.Recipients, []string{"age1pq1a", "age1pq1b"}) || v.Wrapped != "opaque" {
		t.Errorf("got %+v", v)
	}
	if v := decode[home.Vault](t, call(t, srv, "member", "GET", "/api/v1/vault", ""), 200); len(v.Recipients) != 2 {
		t.Errorf("got %+v", v)
	}
	if s.v.Epoch != 0 || s.v.Passkeys != nil {
		t.Errorf("said to be %+v, which nobody said", s.v)
	}
	for body, want := range map[string][]home.VaultPasskey{
		`{"recipients":["age1pq1c"],"epoch":3,"passkeys":[{"id":"k1","wrapped":"anew"}]}`: {{ID: "k1", Wrapped: "anew"}},
		`{"recipients":["age1pq1c"],"epoch":3,"passkeys":[]}`:                             {},
	} {
		decode[home.Vault](t, call(t, srv, "owner", "PUT", "/api/v1/vault", body), 200)
		if s.v.Epoch != 3 || s.v.Passkeys == nil || !reflect.DeepEqual(s.v.Passkeys, want) {
			t.Errorf("%s: %+v", body, s.v)
		}
	}
}

// A passkey opens the vault in a browser and nothing at the hub: to add or remove one
// takes an owner who has just given password and second factor.
func TestPasskeysOfTheVault(t *testing.T) {
	h, s, _ := shelfHouse()
	srv := h.api(t).Handler()
	const at = "/api/v1/vault/passkeys"
	body := `{"name":"Phone","host":"gatehouse.local","credential":"AAAAAAAAAAAAAAAAAAAAAA","transports":["internal"],"wrapped":"opaque"}`
	for _, row := range []struct {
		who, code string
		status    int
	}{
		{"nobody", codeUnauthorized, http.StatusUnauthorized},
		{"member", codeForbidden, http.StatusForbidden},
		{"installer", codeForbidden, http.StatusForbidden},
		{"stale", codeStepUp, http.StatusForbidden},
	} {
		wantProblem(t, call(t, srv, row.who, "POST", at, body), row.status, row.code)
		wantProblem(t, call(t, srv, row.who, "DELETE", at+"/k1", ""), row.status, row.code)
	}
	if len(s.v.Passkeys)+len(s.did) != 0 {
		t.Fatalf("%+v, %v", s.v.Passkeys, s.did)
	}
	p := decode[home.VaultPasskey](t, call(t, srv, "owner", "POST", at, body), http.StatusCreated)
	if p.ID != "k1" || p.Name != "Phone" || p.Host != "gatehouse.local" || p.Wrapped != "opaque" || !slices.Equal(p.Transports, []string{"internal"}) {
		t.Errorf("got %+v", p)
	}
	for what, bad := range map[string]string{
		"a name of 41":          strings.Replace(body, "Phone", strings.Repeat("x", 41), 1),
		"a credential as such":  strings.Replace(body, "AAAA", "A+/A", 1),
		"a credential of 1,365": strings.Replace(body, "AAAA", strings.Repeat("A", 1365), 1),
		"4,097 of what is kept": strings.Replace(body, "opaque", strings.Repeat("x", 4097), 1),
		"nine transports":       strings.Replace(body, `"internal"`, `"a","b","c","d","e","f","g","h","i"`, 1),
	} {
		if w := call(t, srv, "owner", "POST", at, bad); w.Code != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d %s", what, w.Code, w.Body)
		}
	}
	if w := call(t, srv, "owner", "DELETE", at+"/k1", ""); w.Code != http.StatusNoContent || !slices.Equal(s.did, []string{"forget k1 by " + p.By}) {
		t.Errorf("%d %s, %v", w.Code, w.Body, s.did)
	}
	s.refuses = &home.NotFound{What: "passkey", ID: "k1"}
	wantProblem(t, call(t, srv, "owner", "DELETE", at+"/k1", ""), http.StatusNotFound, codeNotFound)
}

// A wall tablet, an installer, a guest and whoever carries notices see no clip, no
// still and no note, and what they tried leaves nothing on the record of views.
func TestWhoMayNotSeeAClip(t *testing.T) {
	h, s, v := shelfHouse()
	srv := h.api(t).Handler()
	for _, who := range []string{
		"guest", "installer", "viewer", "notifier", "token-guest", "token-installer", "token-viewer", "token-notifier",
	} {
		for _, path := range []string{"", "/media", "/notes", "/stills/0", "/media?export=true"} {
			w := call(t, srv, who, "GET", "/api/v1/clips/0195"+path, "")
			wantProblem(t, w, http.StatusForbidden, codeForbidden)
			if bytes.Contains(w.Body.Bytes(), s.film[:10]) {
				t.Errorf("%s reads %s", who, path)
			}
		}
		wantProblem(t, call(t, srv, who, "GET", "/api/v1/vault", ""), http.StatusForbidden, codeForbidden)
	}
	wantProblem(t, call(t, srv, "member", "PUT", "/api/v1/vault", `{"recipients":[]}`), http.StatusForbidden, codeForbidden)
	if len(v.watched) != 0 || len(s.did) != 0 {
		t.Errorf("views %v and files %v, want none", v.watched, s.did)
	}
}

// Who says of a clip that nobody was there changes what its camera looks for: an
// owner's right.
func TestDoubt(t *testing.T) {
	h, _, _ := shelfHouse()
	f := &fakeCameras{known: map[home.DeviceID]home.Camera{}}
	h.opt.Cameras = f
	srv := h.api(t).Handler()
	const path = "/api/v1/clips/0195/labels/person"
	wantProblem(t, call(t, srv, "member", "DELETE", path, ""), http.StatusForbidden, codeForbidden)
	wantProblem(t, call(t, srv, "owner", "DELETE", "/api/v1/clips/0196/labels/person", ""), http.StatusNotFound, codeNotFound)
	if c := decode[home.Clip](t, call(t, srv, "owner", "DELETE", path, ""), http.StatusOK); c.ID != "0195" || f.doubted != "0195 person" {
		t.Errorf("%q is doubted, and %q comes back", f.doubted, c.ID)
	}
}

func TestMarksOfClips(t *testing.T) {
	h, s, _ := shelfHouse()
	srv := h.api(t).Handler()
	const path = "/api/v1/clips/marks?camera=camera-porch&since=2026-03-01T00:00:00Z"
	got := decode[[]home.ClipMark](t, call(t, srv, "member", "GET", path+"&until=2026-03-02T01:00:00Z&grain=90", ""), 200)
	if len(got) != 1 || got[0].Clips != 1440 {
		t.Errorf("got %+v", got)
	}
	if q := s.asked; q.Camera != "camera-porch" || q.Until.Sub(q.Since) != 25*time.Hour || s.grain != 90*time.Second {
		t.Errorf("asked %+v, %v", q, s.grain)
	}
	for _, bad := range []string{path, path + "&until=2026-02-28T00:00:00Z", path + "&until=2026-03-04T00:00:00Z", path + "&until=2026-03-02T00:00:00Z&grain=3601", "/api/v1/clips/marks?until=2026-03-02T00:00:00Z"} {
		wantProblem(t, call(t, srv, "member", "GET", bad, ""), http.StatusUnprocessableEntity, "invalid")
	}
	h.opt.Clips = nil
	wantProblem(t, call(t, h.api(t).Handler(), "owner", "GET", path, ""), http.StatusConflict, codeConflict)
}
