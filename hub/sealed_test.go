package hub

import (
	"bytes"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	"gatehouse/hub/camera/clips"
	"gatehouse/hub/home"
)

// plainBox is an MP4 box.
func plainBox(kind string, body []byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(8+len(body)))
	return append(append(b, kind...), body...)
}

// TestSealedMeansSealed records what is easily found again and looks for it in
// every byte of the hub's folder: while it is being recorded, when it has
// ended, was kept and was deleted. Nor is there what opens it: not the owner's
// identity, nor the key of the file, nor what is derived from that.
func TestSealedMeansSealed(t *testing.T) {
	owner, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	canary := func(n int) []byte { return fmt.Appendf(nil, "canary %02d of this very test", n) }
	sps := []byte{0, 0, 0, 1, 0x67, 0x64, 0, 0x28, 0xac, 0xd9, 0x40, 0x78}
	jpeg := slices.Concat([]byte{0xff, 0xd8, 0xff, 0xe0, 0, 0x10}, []byte("JFIF"), bytes.Repeat(canary(1), 500))
	film := home.Footage{
		Camera: "camera-porch", Reason: "zone:front-door", Codecs: "avc1.640028", Width: 1920, Height: 1080,
		Init: slices.Concat(plainBox("ftyp", []byte("iso5")), plainBox("moov", slices.Concat(plainBox("avcC", sps), plainBox("hvcC", sps)))),
	}
	part := slices.Concat(plainBox("moof", plainBox("mfhd", canary(2))), plainBox("mdat", bytes.Repeat(slices.Concat(sps, canary(3)), 300)))
	traces := map[string][]byte{
		"the beginning of the file": film.Init[:12], "avcC": plainBox("avcC", sps), "a part": part[:24], "a sequence parameter set": sps, "the same behind its length": sps[4:],
		"a picture": jpeg[:16], "a picture's canary": canary(1), "a part's canary": canary(2), "the film's canary": canary(3),
		"what was seen": []byte("hippopotamus"), "the owner's identity": []byte(strings.TrimPrefix(owner.String(), "AGE-SECRET-KEY-PQ-1")),
		"an identity": []byte("AGE-SECRET-KEY"),
	}
	names := []string{"ftyp", "moov", "moof", "mdat", "avcC", "hvcC", "mfhd", "JFIF"}
	look := func(t *testing.T, dir, when string) {
		files, ciphertext := 0, 0
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			b, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			files++
			if strings.HasSuffix(path, ".clips") {
				ciphertext += len(bytes.TrimRight(b, "\x00"))
			}
			for what, trace := range traces {
				if bytes.Contains(b, trace) {
					t.Errorf("%s, in %s: %s", when, d.Name(), what)
				}
			}
			for _, name := range names { // four bytes may be there by chance, once
				if n := bytes.Count(b, []byte(name)); n > 1 {
					t.Errorf("%s, in %s: %q, %d times", when, d.Name(), name, n)
				}
			}
			return nil
		})
		if err != nil || files < 5 || ciphertext < 100_000 {
			t.Errorf("%s: %d files looked at, %d bytes of ciphertext (%v)", when, files, ciphertext, err)
		}
	}
	inHouse(t, nil, func(t *testing.T, h *house) {
		if _, err := h.clips.PutVault(home.Vault{Recipients: []string{owner.Recipient().String()}, Wrapped: "opaque"}, "Ada"); err != nil {
			t.Fatal(err)
		}
		// What a passkey opens is ciphertext by itself, and lies on the disk sealed once more, also when it was removed.
		wrapped := "-----BEGIN AGE ENCRYPTED FILE-----\n" + strings.Repeat("Y2FuYXJ5", 8) + "\n-----END AGE ENCRYPTED FILE-----\n"
		traces["what a passkey opens"], traces["a credential"] = []byte("Y2FuYXJ5Y2FuYXJ5"), []byte("cGFzc2tleSBjYW5hcnk")
		key, err := h.clips.AddPasskey(home.VaultPasskey{Name: "Phone", Host: "gatehouse.local", Credential: "cGFzc2tleSBjYW5hcnkgb2Yg", Wrapped: wrapped}, "Ada")
		if err != nil {
			t.Fatal(err)
		}
		film.At = time.Now()
		tape, err := h.clips.Begin(film)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 40 {
			if err := tape.Add(home.FootagePart{At: film.At.Add(time.Duration(i) * time.Second), Duration: time.Second, Bytes: part}); err != nil {
				t.Fatal(err)
			}
			h.pass(100 * time.Millisecond)
		}
		if err := tape.Still(film.At, jpeg); err != nil {
			t.Fatal(err)
		}
		tape.See(home.Sight{At: film.At, Label: "hippopotamus", Score: 0.9})
		h.pass(time.Second)
		look(t, h.o.Config.Data, "while it is recorded")
		tape.End(film.At.Add(time.Minute), nil)
		h.pass(time.Second)
		look(t, h.o.Config.Data, "when it has ended")

		list, _, err := h.clips.Page(clips.Query{})
		if err != nil || len(list) != 1 {
			t.Fatal(list, err)
		}
		sealed, err := h.clips.File(list[0].ID, "film")
		if err != nil {
			t.Fatal(err)
		}
		head, err := age.ExtractHeader(sealed)
		if err != nil {
			t.Fatal(err)
		}
		fileKey, err := age.DecryptHeader(head, owner)
		if err != nil {
			t.Fatal(err)
		}
		nonce := make([]byte, 16)
		if _, err := sealed.Seek(int64(len(head)), io.SeekStart); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(sealed, nonce); err != nil {
			t.Fatal(err)
		}
		traces["the key of the file"] = fileKey
		if traces["the key of its chunks"], err = hkdf.Key(sha256.New, fileKey, nonce, "payload", 32); err != nil {
			t.Fatal(err)
		}
		if _, err := h.clips.Keep(list[0].ID, true, "Ada"); err != nil {
			t.Fatal(err)
		}
		if err := h.clips.RemovePasskey(key.ID, "Ada"); err != nil {
			t.Fatal(err)
		}
		h.pass(time.Second)
		look(t, h.o.Config.Data, "when it was kept")
		data := h.o.Config.Data
		h.end()
		look(t, data, "when the hub has stopped")
		h.start(data)

		if sealed, err = h.clips.File(list[0].ID, "film"); err != nil {
			t.Fatal(err)
		}
		ciphertext, err := io.ReadAll(sealed)
		if err != nil {
			t.Fatal(err)
		}
		deletion, err := h.clips.Delete(list[0].ID, "Ada")
		if err != nil {
			t.Fatal(err)
		}
		look(t, data, "when it was deleted")
		if left(t, data, ciphertext) == 0 {
			t.Fatal("this test cannot fail: the bytes are gone at once")
		}
		h.pass(time.Until(deletion.GoneBy.Time))
		if n := left(t, data, ciphertext); n > 0 {
			t.Errorf("%d chunks of a deleted clip are on the disk still when the page said that they are gone", n)
		}
	})
}

// left counts the chunks of a clip that any file of a folder has a trace of.
func left(t *testing.T, dir string, ciphertext []byte) (n int) {
	t.Helper()
	var disk []byte
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		b, err := os.ReadFile(path)
		disk = append(disk, b...)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for at := 0; at+64 <= len(ciphertext); at += 64 << 10 {
		if bytes.Contains(disk, ciphertext[at:at+64]) {
			n++
		}
	}
	return n
}
