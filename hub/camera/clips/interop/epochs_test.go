//go:build interop

package interop

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gatehouse/hub/home"
)

// A sheet of paper of before opens the clips of before and none of those that were
// recorded since the keys were changed; the new one the other way round. So says the
// stock tool of the file that the page saves, and age-keygen tells the sheets apart by
// what the vault says of them.
func TestRecoveryKeysOfTwoEpochs(t *testing.T) {
	dir := t.TempDir()
	age, keygen := tool(t, "age"), tool(t, "age-keygen")
	recorder := records(t, dir)

	// key makes a key, as the page saves it, and its public half.
	key := func(name string) (path, recipient string) {
		made := filepath.Join(dir, "made-"+name)
		run(t, keygen, "-pq", "-o", made)
		recipient = strings.TrimSpace(run(t, keygen, "-y", made))
		b, err := os.ReadFile(made)
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Fields(string(b))
		path = filepath.Join(dir, name+".txt")
		saved := "# Recovery key 1. Its public half ends in " + recipient[len(recipient)-6:] + ".\n" + lines[len(lines)-1] + "\n"
		if err := os.WriteFile(path, []byte(saved), 0o600); err != nil {
			t.Fatal(err)
		}
		return path, recipient
	}
	film := bytes.Repeat([]byte("a picture "), 20_000)
	at := time.Now()
	keys, sealed := map[string][2]string{}, map[string]string{}
	for i, epoch := range []string{"old", "new"} {
		owner, ownerTo := key(epoch + "-owner")
		paper, paperTo := key(epoch + "-paper")
		keys[epoch] = [2]string{owner, paper}
		if _, err := recorder.PutVault(home.Vault{Recipients: []string{ownerTo, paperTo}, Epoch: i + 1}, "Ada"); err != nil {
			t.Fatal(err)
		}
		f := home.Footage{Camera: "camera-porch", At: at.Add(time.Duration(i) * time.Minute), Reason: "motion", Codecs: "avc1.640028", Init: []byte("init")}
		tape, err := recorder.Begin(f)
		if err != nil {
			t.Fatal(err)
		}
		if err := tape.Add(home.FootagePart{At: f.At, Duration: time.Second, Key: true, Pictures: 1, Bytes: film}); err != nil {
			t.Fatal(err)
		}
		changes := recorder.Changes.Subscribe(8)
		tape.End(f.At.Add(time.Second), nil)
		var c home.Clip
		for c.State != home.ClipWhole {
			news, err := changes.Next(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			c = news.Value
		}
		changes.Close()
		if c.Epoch != i+1 {
			t.Errorf("a clip of epoch %d, want %d", c.Epoch, i+1)
		}
		file, err := recorder.File(c.ID, "film")
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(file)
		if err != nil {
			t.Fatal(err)
		}
		sealed[epoch] = filepath.Join(dir, epoch+".age")
		if err := os.WriteFile(sealed[epoch], b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for of, pair := range keys {
		for _, with := range pair {
			for epoch, path := range sealed {
				out, err := exec.CommandContext(t.Context(), age, "-d", "-i", with, path).Output()
				if opens := err == nil; opens != (of == epoch) || opens && !bytes.Contains(out, film) {
					t.Errorf("%s of the %s keys and the %s clip: %v", filepath.Base(with), of, epoch, err)
				}
			}
		}
	}
	v := recorder.Vault()
	if old := strings.TrimSpace(run(t, keygen, "-y", keys["old"][1])); len(v.Earlier) != 1 || !strings.HasSuffix(old, v.Earlier[0].Ends[1]) {
		t.Errorf("the old sheet is of %s, the vault says %+v", old[len(old)-6:], v.Earlier)
	}
}
