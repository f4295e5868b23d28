package quirks

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestOwner(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "quirks")
	o := NewOwner(dir)
	clock := time.Now()
	write := func(name, text string) {
		t.Helper()
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		clock = clock.Add(time.Second) // a file system may count no finer
		if err := os.Chtimes(path, clock, clock); err != nil {
			t.Fatal(err)
		}
	}
	look := func(what string, want bool, faults ...string) {
		t.Helper()
		news, got := o.Look()
		if news != want || len(got) != len(faults) {
			t.Errorf("%s: news %v, want %v; faults %v", what, news, want, got)
		}
		for i := 0; i < len(faults); i += 2 {
			if err := got[faults[i]]; err == nil || !strings.Contains(err.Error(), faults[i+1]) {
				t.Errorf("%s: of %s it says %v, want %q", what, faults[i], err, faults[i+1])
			}
		}
	}
	faulty := func(what, file, words string) {
		t.Helper()
		news, got := o.Look()
		if err := got[file]; !news || len(got) != 1 || err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("%s: news %v, faults %v, want %q of %s", what, news, got, words, file)
		}
	}
	is := func(what, maker, want string) {
		t.Helper()
		if q, _ := o.Find(Likeness{Model: "TS0601", Maker: maker}); q.Name != want {
			t.Errorf("%s: %s is %q, want %q", what, maker, q.Name, want)
		}
	}
	look("no folder", false)
	write("shed.quirks", "device Shed\nmatch TS0601 _TZE200_a\npoint 1 smoke\n")
	write("notes.txt", "this is no quirk file")
	look("a file", true)
	look("the same", false)
	is("a file", "_TZE200_a", "Shed")
	write("barn.quirks", "device Barn\nmatch TS0601 _TZE200_b\npint 1 smoke\n")
	faulty("a file with a fault", "barn.quirks", `barn.quirks, line 3: "pint"`)
	is("beside a file with a fault", "_TZE200_a", "Shed")
	is("a file with a fault", "_TZE200_b", "")
	write("barn.quirks", "device Barn\nmatch TS0601 _TZE200_b\npoint 1 smoke\n")
	look("mended", true)
	is("mended", "_TZE200_b", "Barn")
	write("barn.quirks", "device Barn\n")
	faulty("broken again", "barn.quirks", "has no match")
	is("broken again, what it said holds", "_TZE200_b", "Barn")
	write("barn.quirks", strings.Repeat("#", maxFile+1))
	faulty("too large", "barn.quirks", "split it")
	if err := os.Remove(filepath.Join(dir, "barn.quirks")); err != nil {
		t.Fatal(err)
	}
	look("removed", true)
	is("removed", "_TZE200_b", "")
	if err := os.Symlink("/etc/passwd", filepath.Join(dir, "secret.quirks")); err != nil {
		t.Fatal(err)
	}
	look("a link to elsewhere is not followed", false)
}
