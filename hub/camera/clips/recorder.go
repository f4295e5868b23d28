package clips

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"gatehouse/hub/bus"
	"gatehouse/hub/health"
	"gatehouse/hub/home"
	"gatehouse/storage/clip"
)

// Figures of the recorder.
const (
	GoneWithin = time.Hour // the bytes of a deleted clip are off the disk

	Hold       = 300 * time.Millisecond // footage is written after this at the latest
	batchSize  = 8 * pieceSize          // or when so much waits
	backlog    = 32 << 20               // bytes that may wait for a slow disk, all cameras together
	sweepAfter = 10 * time.Minute       // the first of them, so that several go together
	sweepRetry = 10 * time.Minute
	retry      = 500 * time.Millisecond // after the disk refused
)

// Errors of a tape.
var (
	// ErrNoVault: the owner has not said yet whom to seal to.
	ErrNoVault = errors.New("clips: nothing is recorded: the vault has no key of an owner")
	// ErrBehind: the disk does not follow.
	ErrBehind = errors.New("clips: the disk is too slow, or full: the clip was cut short")
	// ErrEnded: the tape has ended.
	ErrEnded = errors.New("clips: the clip has ended")
)

// Board is where the recorder shows what is wrong.
type Board interface {
	Set(present bool, code health.Code, device home.DeviceID, args ...any)
	Present(code health.Code, device home.DeviceID) bool
}

// Journal is where it is written down who did what to clips.
type Journal interface {
	Add(home.Event) uint64
}

// Options are what a recorder needs.
type Options struct {
	Store   *clip.Store
	Vault   VaultStore
	Board   Board
	Journal Journal
	Name    func(home.DeviceID) string // what the family calls a camera; nil: by its id
	Log     *slog.Logger
}

// Recorder seals footage and writes it.
type Recorder struct {
	// Changes carries each clip that begins, ends or is deleted.
	Changes bus.Topic[home.Clip]

	store   *clip.Store
	board   Board
	journal Journal
	name    func(home.DeviceID) string
	log     *slog.Logger
	vault   *vault

	mu     sync.Mutex
	tapes  []*recording          // not written to their end
	queue  int64                 // bytes that wait for the disk, or are being written
	tills  map[clip.ID]time.Time // up to which clips that are being recorded are on it
	seen   map[clip.ID][]home.ClipLabel
	order  []clip.ID // of seen, oldest first
	wake   chan struct{}
	owes   chan struct{}
	owed   time.Time // of the first deletion whose bytes are there still
	limits map[home.DeviceID]limit
	aging  chan struct{} // some camera has days
}

// New makes a recorder. It starts nothing: Run writes.
func New(o Options) (*Recorder, error) {
	v, err := openVault(o.Vault)
	if err != nil {
		return nil, err
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Name == nil {
		o.Name = func(id home.DeviceID) string { return string(id) }
	}
	r := &Recorder{
		store: o.Store, board: o.Board, journal: o.Journal, name: o.Name, log: o.Log, vault: v,
		seen: map[clip.ID][]home.ClipLabel{}, tills: map[clip.ID]time.Time{}, wake: make(chan struct{}, 1), owes: make(chan struct{}, 1),
		limits: map[home.DeviceID]limit{}, aging: make(chan struct{}, 1),
	}
	r.store.Briefs(briefOf)
	r.store.OnDropped(r.dropped)
	r.store.OnFault(func(f clip.Fault) { r.board.Set(true, health.ClipsLost, "", f.File+": "+f.Err) })
	return r, nil
}

// Begin begins a clip.
func (r *Recorder) Begin(f home.Footage) (home.Tape, error) {
	to := r.vault.keys()
	if len(to.keys) == 0 {
		r.board.Set(true, health.NoVault, "")
		return nil, ErrNoVault
	}
	if len(f.Init) == 0 {
		return nil, fmt.Errorf("clips: %s: footage without a beginning", f.Camera)
	}
	t := &recording{r: r, id: clip.NewID(f.At), footage: f, to: to}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.queue > backlog {
		return nil, ErrBehind
	}
	r.tapes = append(r.tapes, t)
	r.push(t, item{kind: itemPart, given: time.Now(), bytes: f.Init, till: f.At})
	return t, nil
}

// push queues an item. r.mu is held.
func (r *Recorder) push(t *recording, it item) {
	t.queue = append(t.queue, it)
	r.queue += int64(len(it.bytes))
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// Run writes what tapes are given until ctx ends, then what is left: clips that
// have not ended are cut short.
func (r *Recorder) Run(ctx context.Context) error {
	if err := r.finish(); err != nil {
		return err
	}
	sweeping := make(chan struct{})
	defer func() { <-sweeping }()
	go func() {
		defer close(sweeping)
		var all sync.WaitGroup
		all.Go(func() { r.sweep(ctx) })
		all.Go(func() { r.expire(ctx) })
		all.Wait()
	}()
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	w := newWriter(r)
	for {
		wait, err := w.step(time.Now())
		if err != nil {
			return err
		}
		timer.Reset(wait)
		select {
		case <-ctx.Done():
			r.stop()
			return w.last(time.Now())
		case err := <-w.written:
			w.landed(time.Now(), err)
		case <-r.wake:
		case <-timer.C:
		}
	}
}

// stop cuts every clip short: the hub ends.
func (r *Recorder) stop() {
	r.mu.Lock()
	tapes := append([]*recording(nil), r.tapes...)
	r.mu.Unlock()
	for _, t := range tapes {
		t.End(time.Now(), errors.New("the hub was stopped"))
	}
}

// about is what the index says of a clip beside what the store needs. All of it
// can be read by whoever has the box.
type about struct {
	End      time.Time `json:"end"`
	Reason   string    `json:"reason"`
	Codecs   string    `json:"codecs"`
	Width    int       `json:"width"`
	Height   int       `json:"height"`
	SealedTo []string  `json:"sealed_to"`
	Epoch    int       `json:"epoch"`
	Sum      string    `json:"sum,omitempty"` // SHA-256 of the film, hexadecimal
	Why      string    `json:"why,omitempty"` // it was cut short
}

func (a about) encode() json.RawMessage {
	b, err := json.Marshal(a)
	if err != nil {
		panic(err) // strings and numbers
	}
	return b
}

// finish ends the clips that were being recorded when the process before died.
func (r *Recorder) finish() error {
	rows, tills, err := r.store.Unfinished()
	if err != nil {
		return err
	}
	var b clip.Batch
	for i, row := range rows {
		var a about
		if err := json.Unmarshal(row.About, &a); err != nil {
			return fmt.Errorf("clips: %s: %w", row.ID, err)
		}
		a.End, a.Why = tills[i], "the power was cut, or the hub was killed"
		sum := sha256.New()
		if film, err := r.store.Reader(row.ID, clip.Film); err != nil {
			r.log.Error("clip that was cut short is not there", "clip", row.ID.String(), "err", err)
		} else if _, err := io.Copy(sum, film); err != nil {
			r.log.Error("clip that was cut short not read", "clip", row.ID.String(), "err", err)
		} else {
			a.Sum = hex.EncodeToString(sum.Sum(nil))
		}
		row.About = a.encode()
		b.End = append(b.End, row)
	}
	if err := r.store.Write(b); err != nil {
		return err
	}
	for _, row := range b.End {
		r.tell(row.ID)
	}
	return nil
}

// drop forgets a tape that has ended.
func (r *Recorder) drop(t *recording) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i, other := range r.tapes {
		if other == t {
			r.tapes = append(r.tapes[:i], r.tapes[i+1:]...)
			return
		}
	}
}

// tell publishes a clip as it is now.
func (r *Recorder) tell(id clip.ID) {
	if r.Changes.Subscribers() == 0 {
		return
	}
	row, ok, err := r.store.Row(id)
	if err != nil || !ok {
		return
	}
	r.Changes.Publish(r.clip(row))
}

// clip is a row as the faces show it.
func (r *Recorder) clip(row clip.Row) home.Clip {
	var a about
	_ = json.Unmarshal(row.About, &a) // what cannot be read is empty
	film, _ := row.File(clip.Film)
	c := home.Clip{
		ID: home.ClipID(row.ID.String()), Camera: home.DeviceID(row.Group), Start: home.At(row.At), End: home.At(a.End),
		Reason: a.Reason, State: home.ClipWhole, Labels: r.labels(row.ID), Bytes: film.Size(), SealedTo: a.SealedTo, Epoch: a.Epoch,
		Kept: row.Class == clip.Kept, SHA256: a.Sum, CutShort: a.Why != "", Why: a.Why,
		Codecs: a.Codecs, Width: a.Width, Height: a.Height,
	}
	if days := r.limitOf(c.Camera).days; days > 0 && !c.Kept && !row.Open {
		end := home.At(row.At.AddDate(0, 0, days))
		c.Expires = &end
	}
	for _, f := range row.Files {
		switch {
		case f.Track == clip.Notes:
			c.Notes = true
		case f.Track >= clip.Still:
			c.Stills++
		}
	}
	switch {
	case row.Open:
		c.State, c.End = home.ClipRecording, r.till(row)
	case c.CutShort:
		c.State = home.ClipCutShort
	}
	if r.store.Lost(row) {
		c.State, c.Why = home.ClipLost, "the file that held it was damaged"
	}
	return c
}

// till is up to when a clip that is being recorded is on the disk.
func (r *Recorder) till(row clip.Row) home.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	if till := r.tills[row.ID]; till.After(row.At) {
		return home.At(till)
	}
	return home.At(row.At)
}

func hexSum(s *sealed) string { return hex.EncodeToString(s.sum.Sum(nil)) }
