package api

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"gatehouse/hub/home"
)

// keptRadio is a radio with a backup.
type keptRadio struct {
	fakeRadio
	state    BackupState
	restored []string
}

func (k *keptRadio) Backup() (BackupState, error) { return k.state, nil }
func (k *keptRadio) TakeBackup(_ context.Context, by string) error {
	k.state.Network = "taken by " + by
	return nil
}

func (k *keptRadio) BackupFile(string) ([]byte, error) {
	return []byte(`{"network_key":"canary"}`), nil
}

func (k *keptRadio) RestoreBackup(file []byte, erase bool, _ string) error {
	if k.state.Erases != "" && !erase {
		return &home.Conflict{Reason: "the stick holds another network"}
	}
	k.restored = append(k.restored, string(file))
	return nil
}

func TestBackupOfARadio(t *testing.T) {
	h := newHouse()
	kept := &keptRadio{state: BackupState{Network: "00124b0009d69f77", Restorable: true, Erases: "another"}}
	h.opt.Radios = map[string]Radio{"zwave": &fakeRadio{}, "zigbee": kept}
	srv := h.api(t).Handler()
	const path = "/api/v1/radios/zigbee/backup"
	if s := decode[BackupState](t, call(t, srv, "owner", "GET", path, ""), 200); s != kept.state {
		t.Errorf("got %+v, want %+v", s, kept.state)
	}
	if s := decode[BackupState](t, call(t, srv, "owner", "POST", path, ""), 200); !strings.HasPrefix(s.Network, "taken by ") {
		t.Errorf("got %+v", s)
	}
	w := call(t, srv, "owner", "GET", path+"/file", "")
	if w.Code != 200 || w.Body.String() != `{"network_key":"canary"}`+"\n" && w.Body.String() != `{"network_key":"canary"}` {
		t.Errorf("the file: %d %s", w.Code, w.Body)
	}
	if c := w.Header().Get("Cache-Control"); !strings.Contains(c, "no-store") {
		t.Errorf("a browser may keep the keys: Cache-Control %q", c)
	}
	wantProblem(t, call(t, srv, "owner", "POST", path+"/restore", `{}`), http.StatusConflict, codeConflict)
	decode[BackupState](t, call(t, srv, "owner", "POST", path+"/restore", `{"erase":true,"file":{"pan_id":"4711","n":4294967294}}`), http.StatusAccepted)
	if len(kept.restored) != 1 || kept.restored[0] != `{"n":4294967294,"pan_id":"4711"}` {
		t.Errorf("restored %q", kept.restored)
	}
	wantProblem(t, call(t, srv, "owner", "GET", "/api/v1/radios/zwave/backup", ""), http.StatusConflict, codeConflict)
	for _, who := range []string{"member", "installer", "viewer"} {
		if w := call(t, srv, who, "GET", path+"/file", ""); w.Code != http.StatusForbidden {
			t.Errorf("%s gets the keys: %d", who, w.Code)
		}
	}
}
