package api

import (
	"context"
	"encoding/json"
	"net/http"

	"gatehouse/hub/home"
)

// BackedUp is a Radio whose network is backed up.
type BackedUp interface {
	// Backup is how the backup stands.
	Backup() (BackupState, error)
	// TakeBackup takes one now.
	TakeBackup(ctx context.Context, by string) error
	// BackupFile is the backup; it holds the network's keys.
	BackupFile(by string) ([]byte, error)
	// RestoreBackup has the backup, or file in its place, be written to the stick that
	// is in. erase says that what that holds may be lost.
	RestoreBackup(file []byte, erase bool, by string) error
}

// BackupState is how the backup of a network stands.
type BackupState struct {
	At         *home.Time `json:"at" doc:"of the backup; null: there is none"`
	Network    string     `json:"network" doc:"the network's id"`
	Devices    int        `json:"devices" doc:"how many it names"`
	Fault      string     `json:"fault" doc:"why the last one failed; empty: it did not"`
	Restorable bool       `json:"restorable" doc:"the stick that is in does not hold the network, and can be given it"`
	Keyless    int        `json:"keyless" doc:"devices with link keys that the stick before made and does not give away: the stick that is in will not know them, and such a device has to be joined again should it ever lose the network's key"`
	Erases     string     `json:"erases" doc:"the network that the stick holds instead, and would lose"`
}

func (a *API) backedUp(name string) (BackedUp, error) {
	r, err := a.radio(name)
	if err != nil {
		return nil, err
	}
	b, ok := r.(BackedUp)
	if !ok {
		return nil, &home.Conflict{Reason: "this hub does not back up that network as yet"}
	}
	return b, nil
}

func (a *API) backup(_ context.Context, in *radioPath) (*out[BackupState], error) {
	b, err := a.backedUp(in.Radio)
	if err != nil {
		return nil, err
	}
	s, err := b.Backup()
	if err != nil {
		return nil, err
	}
	return &out[BackupState]{s}, nil
}

func (a *API) takeBackup(ctx context.Context, in *radioPath) (*out[BackupState], error) {
	b, err := a.backedUp(in.Radio)
	if err != nil {
		return nil, err
	}
	if err := b.TakeBackup(ctx, ask(ctx).caller.Name); err != nil {
		return nil, err
	}
	return a.backup(ctx, in)
}

func (a *API) backupFile(ctx context.Context, in *radioPath) (*out[json.RawMessage], error) {
	b, err := a.backedUp(in.Radio)
	if err != nil {
		return nil, err
	}
	file, err := b.BackupFile(ask(ctx).caller.Name)
	if err != nil {
		return nil, err
	}
	return &out[json.RawMessage]{file}, nil
}

type restoreInput struct {
	radioPath
	Body *restoreRequest
}

type restoreRequest struct {
	File  any  `json:"file,omitempty" writeOnly:"true" doc:"a backup to take in the place of the one that is kept: the JSON of an open coordinator backup"`
	Erase bool `json:"erase,omitempty" doc:"the stick may lose the network that it holds"`
}

func (a *API) restoreBackup(ctx context.Context, in *restoreInput) (*status[BackupState], error) {
	b, err := a.backedUp(in.Radio)
	if err != nil {
		return nil, err
	}
	var r restoreRequest
	if in.Body != nil {
		r = *in.Body
	}
	var file []byte
	if r.File != nil {
		if file, err = json.Marshal(r.File); err != nil {
			return nil, &home.Invalid{Field: "file", Reason: err.Error()}
		}
	}
	if err := b.RestoreBackup(file, r.Erase, ask(ctx).caller.Name); err != nil {
		return nil, err
	}
	s, err := b.Backup()
	if err != nil {
		return nil, err
	}
	return &status[BackupState]{http.StatusAccepted, s}, nil
}
