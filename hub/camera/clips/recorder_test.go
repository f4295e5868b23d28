package clips

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/google/go-cmp/cmp"

	"gatehouse/hub/health"
	"gatehouse/hub/home"
	"gatehouse/storage/clip"
)

// drawer is a VaultStore in memory.
type drawer struct {
	v  home.Vault
	ok bool
}

func (d *drawer) Load() (home.Vault, bool, error) { return d.v, d.ok, nil }
func (d *drawer) Save(v home.Vault) error         { d.v, d.ok = v, true; return nil }

// room is a recorder that runs, with its owner's identity beside it.
type room struct {
	*Recorder
	t     *testing.T
	owner *age.HybridIdentity
	board *health.Board
	store *clip.Store
	dir   string
	lines lines
	end   func()
}

// called is what the family calls a camera.
func called(id home.DeviceID) string { return strings.Replace(string(id), "camera-", "the ", 1) }

// lines is a journal that counts.
type lines struct {
	mu   sync.Mutex
	text []string
}

func (l *lines) Add(e home.Event) uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text = append(l.text, e.Text)
	return uint64(len(l.text))
}

var theOwner = sync.OnceValue(func() *age.HybridIdentity {
	id, err := age.GenerateHybridIdentity()
	if err != nil {
		panic(err)
	}
	return id
})

func openRoom(t *testing.T, dir string, o clip.Options) *room {
	t.Helper()
	o.Dir = dir
	store, err := clip.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	h := &room{t: t, owner: theOwner(), board: health.NewBoard(nil), store: store, dir: dir}
	if h.Recorder, err = New(Options{Store: store, Vault: &drawer{}, Board: h.board, Journal: &h.lines, Name: called}); err != nil {
		t.Fatal(err)
	}
	if _, err := h.PutVault(home.Vault{Recipients: []string{h.owner.Recipient().String()}}, "Anna"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- h.Run(ctx) }()
	h.end = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(h.end)
	return h
}

// box is an MP4 box.
func box(kind string, body []byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(8+len(body)))
	return append(append(b, kind...), body...)
}

// noise is footage that says nothing.
func noise(n int) []byte {
	b := make([]byte, n)
	var seed [32]byte
	rand.NewChaCha8(seed).Read(b)
	return b
}

var began = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func footage() home.Footage {
	return home.Footage{
		Camera: "camera-porch", At: began, Reason: "zone:front-door", Codecs: "avc1.640028", Width: 1920, Height: 1080,
		Init: slices.Concat(box("ftyp", []byte("iso5")), box("moov", noise(600))),
	}
}

func part(n, size int) home.FootagePart {
	return home.FootagePart{
		At: began.Add(time.Duration(n) * time.Second), Duration: time.Second, Pictures: 25, Key: n%2 == 0,
		Bytes: slices.Concat(box("moof", fmt.Appendf(nil, "part %d", n)), box("mdat", noise(size))),
	}
}

// wait waits for a clip to be in a state.
func (h *room) wait(id home.ClipID, want home.ClipState) home.Clip {
	h.t.Helper()
	s := h.Changes.Subscribe(64)
	defer s.Close()
	ctx, cancel := context.WithTimeout(h.t.Context(), 30*time.Second)
	defer cancel()
	for {
		c, err := h.Clip(id)
		var none *home.NotFound
		if err != nil && !errors.As(err, &none) {
			h.t.Fatal(err)
		}
		if err == nil && c.State == want {
			return c
		}
		if _, err := s.Next(ctx); err != nil {
			h.t.Fatalf("clip %s is %q, want %q", id, c.State, want)
		}
	}
}

func (h *room) export(id home.ClipID, file string) []byte {
	h.t.Helper()
	f, err := h.File(id, file)
	if err != nil {
		h.t.Fatal(err)
	}
	b, err := io.ReadAll(f)
	if err != nil {
		h.t.Fatal(err)
	}
	return b
}

// opened opens an exported file as its owner.
func (h *room) opened(b []byte) []byte {
	h.t.Helper()
	r, err := age.Decrypt(bytes.NewReader(b), h.owner)
	if err != nil {
		h.t.Fatal(err)
	}
	plain, err := io.ReadAll(r)
	if err != nil {
		h.t.Fatal(err)
	}
	return plain
}

// withoutFree takes the boxes out that fill chunks.
func withoutFree(t *testing.T, b []byte) []byte {
	t.Helper()
	for rest := b; len(rest) > 0; {
		n := 0
		if len(rest) >= 8 {
			n = int(binary.BigEndian.Uint32(rest))
		}
		if n < 8 || n > len(rest) {
			t.Fatalf("a box of %d bytes where %d are", n, len(rest))
		}
		rest = rest[n:]
	}
	return dense(b)
}

func TestClipIsOneSealedFile(t *testing.T) {
	h := openRoom(t, t.TempDir(), clip.Options{})
	f := footage()
	tape, err := h.Begin(f)
	if err != nil {
		t.Fatal(err)
	}
	id := home.ClipID(tape.(*recording).id.String())
	want := f.Init
	for n, size := range []int{100_000, 10, chunk - 200, 2_000_000, 5000} {
		p := part(n, size)
		want = append(want, p.Bytes...)
		if err := tape.Add(p); err != nil {
			t.Fatal(err)
		}
		if n == 1 {
			h.wait(id, home.ClipRecording) // so that something was pressed
		}
	}
	jpeg := append([]byte{0xff, 0xd8, 0xff, 0xe0}, noise(20_000)...)
	if err := tape.Still(began.Add(time.Second), jpeg); err != nil {
		t.Fatal(err)
	}
	tape.See(home.Sight{At: began.Add(time.Second), Label: "person", Score: 0.83, Left: 0.1, Top: 0.2, Right: 0.3, Base: 0.9})
	tape.End(began.Add(5*time.Second), nil)
	if err := tape.Add(part(9, 1)); !errors.Is(err, ErrEnded) {
		t.Errorf("a part after the end: %v", err)
	}
	c := h.wait(id, home.ClipWhole)

	film := h.export(id, "film")
	if got := withoutFree(t, h.opened(film)); !bytes.Equal(got, want) {
		t.Errorf("the film has %d bytes, want %d", len(got), len(want))
	}
	sum := sha256.Sum256(film)
	wantClip := home.Clip{
		ID: id, Camera: "camera-porch", Start: home.At(began), End: home.At(began.Add(5 * time.Second)), Reason: "zone:front-door",
		State: home.ClipWhole, Labels: []home.ClipLabel{{Name: "person", Score: 0.83}}, Bytes: int64(len(film)), SealedTo: []string{"owner"}, Epoch: 1,
		SHA256: hex.EncodeToString(sum[:]), Codecs: "avc1.640028", Width: 1920, Height: 1080, Stills: 1, Notes: true,
	}
	if diff := cmp.Diff(c, wantClip); diff != "" {
		t.Errorf("clip (-got +want):\n%s", diff)
	}
	if got := h.opened(h.export(id, "0")); !bytes.Equal(got, jpeg) {
		t.Error("the still is another one")
	}
	var n notes
	if err := json.Unmarshal(h.opened(h.export(id, "notes")), &n); err != nil {
		t.Fatal(err)
	}
	// Of five parts three stand alone.
	if len(n.Parts) != 3 || n.Parts[0].Millis != 2000 || n.Parts[2].Pictures != 25 || len(n.Sights) != 1 || n.Sights[0].Label != "person" || len(n.Stills) != 1 {
		t.Errorf("notes: %+v", n)
	}
	plain := h.opened(film)
	for i, p := range n.Parts {
		if got := plain[p.Offset : p.Offset+8]; string(got[4:]) != "moof" {
			t.Errorf("part %d begins at %d with %q", i, p.Offset, got)
		}
	}
}

// Any part of the file can be had alone: that is what range requests ask for.
func TestAnyRangeOfAClip(t *testing.T) {
	h := openRoom(t, t.TempDir(), clip.Options{})
	id := h.record(900_000, 0)
	film := h.export(id, "film")
	f, err := h.File(id, "film")
	if err != nil {
		t.Fatal(err)
	}
	for range 200 {
		from, n := rand.Int64N(int64(len(film))), 1+rand.IntN(200_000)
		if _, err := f.Seek(from, io.SeekStart); err != nil {
			t.Fatal(err)
		}
		var got []byte
		var err error
		buf := make([]byte, 32<<10)
		for err == nil && len(got) < n {
			var k int
			k, err = f.Read(buf)
			got = append(got, buf[:k]...)
		}
		got = got[:min(n, len(got))]
		if want := film[from:min(from+int64(n), int64(len(film)))]; !bytes.Equal(got, want) {
			t.Fatalf("%d bytes from %d: %d came (%v)", n, from, len(got), err)
		}
	}
}

// record records a clip of so many bytes and waits for it.
func (h *room) record(size int, n int) home.ClipID {
	h.t.Helper()
	f := footage()
	f.At = f.At.Add(time.Duration(n) * time.Minute)
	tape, err := h.Begin(f)
	if err != nil {
		h.t.Fatal(err)
	}
	id := home.ClipID(tape.(*recording).id.String())
	for i := 0; size > 0; i++ {
		k := min(size, 100_000)
		if err := tape.Add(part(i, k)); err != nil {
			h.t.Fatal(err)
		}
		size -= k
	}
	tape.End(f.At.Add(10*time.Second), nil)
	h.wait(id, home.ClipWhole)
	return id
}

func TestNothingIsRecordedWithoutAVault(t *testing.T) {
	h := openRoom(t, t.TempDir(), clip.Options{})
	if _, err := h.PutVault(home.Vault{}, "Anna"); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Begin(footage()); !errors.Is(err, ErrNoVault) {
		t.Errorf("got %v, want %v", err, ErrNoVault)
	}
	if !h.board.Present(health.NoVault, "") {
		t.Error("nobody is told that nothing is recorded")
	}
	if _, err := h.PutVault(home.Vault{Recipients: []string{h.owner.Recipient().String()}}, "Anna"); err != nil {
		t.Fatal(err)
	}
	if h.board.Present(health.NoVault, "") {
		t.Error("still told that nothing is recorded")
	}
}

func TestVaultTakesHybridKeysOnly(t *testing.T) {
	h := openRoom(t, t.TempDir(), clip.Options{})
	before := h.Vault()
	classic, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	own := h.owner.Recipient().String()
	for _, bad := range [][]string{{classic.Recipient().String()}, {own, classic.Recipient().String()}, {own, own}, {"age1pq1"}, {h.owner.String()}} {
		var invalid *home.Invalid
		if _, err := h.PutVault(home.Vault{Recipients: bad}, "Anna"); !errors.As(err, &invalid) {
			t.Errorf("%.20q…: %v", bad, err)
		}
	}
	if diff := cmp.Diff(h.Vault(), before); diff != "" {
		t.Errorf("the vault has changed:\n%s", diff)
	}
}
