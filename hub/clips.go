package hub

import (
	"path/filepath"

	"gatehouse/hub/camera/clips"
	"gatehouse/hub/face/api"
	"gatehouse/hub/health"
	"gatehouse/storage"
	"gatehouse/storage/clip"
)

// clipReserve is what stays free on the disk whatever is recorded: for the panel,
// the journal and the copies of both.
const clipReserve = 512 << 20

// openClips opens the store of sealed clips and the recorder that fills it. A
// house whose clips cannot be kept is guarded all the same.
func (h *Hub) openClips() {
	store, err := clip.Open(clip.Options{
		Dir: h.file("clips"), VolumeSize: int64(h.o.Config.Clips.Volume), Check: h.o.Check, Log: h.log,
		Quota: int64(h.o.Config.Clips.Quota), Reserve: clipReserve, Free: h.o.Box.Free,
	})
	if err == nil {
		h.closers = append(h.closers, store.Close)
		h.clips, err = clips.New(clips.Options{
			Store: store, Board: h.board, Journal: h.journal, Name: h.nameOf, Log: h.log,
			Vault: &vaultStore{
				home:    storage.NewSealedCell[savedVault](h.db, "vault", h.seal),
				clips:   storage.NewSealedFile[savedVault](filepath.Join(h.file("clips"), vaultName), h.seal),
				journal: h.journal, log: h.log,
			},
		})
	}
	if err != nil {
		h.log.Error("clips cannot be kept", "err", err)
		h.board.Raise(health.ClipsNotWritten, "", err.Error())
	}
}

// clipShelf is the recorder as the API needs it; nil when there is none.
func (h *Hub) clipShelf() api.Clips {
	if h.clips == nil {
		return nil
	}
	return h.clips
}
