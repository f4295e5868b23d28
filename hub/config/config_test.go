package config

import (
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write testdata/*.golden anew")

// Each testdata/NAME.yaml stands beside NAME.golden: what it reads as, or
// everything that is wrong with it.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files: %v", err)
	}
	for _, path := range files {
		t.Run(filepath.Base(path), func(t *testing.T) {
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			var got []byte
			c, err := Parse(filepath.Base(path), b)
			if err != nil {
				got = []byte(err.Error() + "\n")
			} else if got, err = json.MarshalIndent(c, "", "  "); err != nil {
				t.Fatal(err)
			} else {
				got = append(got, '\n')
			}
			golden := strings.TrimSuffix(path, ".yaml") + ".golden"
			if *update {
				if err := os.WriteFile(golden, got, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(got), string(want)); diff != "" {
				t.Errorf("(-got +want)\n%s", diff)
			}
		})
	}
}

func TestDefaultsAreValid(t *testing.T) {
	c := Default()
	if err := c.Validate(); err != nil {
		t.Error(err)
	}
	got, err := Parse("empty.yaml", nil)
	if err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff(got, c); diff != "" {
		t.Errorf("an empty file (-got +want)\n%s", diff)
	}
}

// What a file says never shows in an error when it may be a secret.
func TestSecretsAreNotRepeated(t *testing.T) {
	for _, text := range []string{
		"password: hunter2", "zwave: {S2_AccessControl: hunter2}", "lte: {pin: hunter2}",
		"mqtt: {password: hunter2}", "zigbee: {network_key: hunter2}", "network: {probes: {http: 'http://me:hunter2@example.org/'}}",
	} {
		_, err := Parse("secret.yaml", []byte(text))
		if err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v, want an error without the secret", text, err)
		}
	}
}

func TestLoadOfNoFile(t *testing.T) {
	_, err := Load(filepath.Join(t.TempDir(), "none.yaml"))
	if err == nil || !strings.Contains(err.Error(), "none.yaml: there is no such file") {
		t.Errorf("Load = %v, want it to name the file", err)
	}
}

func TestSize(t *testing.T) {
	for text, want := range map[string]Size{
		"50GiB": 50 * GiB, "256 MiB": 256 * MiB, "1TB": 1e12, "0B": 0, "7kB": 7000, "8388607TiB": 8388607 * TiB,
	} {
		var s Size
		if err := s.UnmarshalText([]byte(text)); err != nil || s != want {
			t.Errorf("%q = %d, %v, want %d", text, s, err, want)
		}
		var again Size
		if err := again.UnmarshalText([]byte(s.String())); err != nil || again != s {
			t.Errorf("%q shows as %q, which is %d, %v", text, s, again, err)
		}
	}
	for _, text := range []string{"", "50", "GiB", "-1GiB", "1.5GiB", "8388608TiB", "50 gib", "0x10B"} {
		var s Size
		if err := s.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q = %d, want an error", text, s)
		}
	}
}

// Nothing in a file makes the parser panic; what it takes makes sense, and what
// it refuses it explains.
func FuzzParse(f *testing.F) {
	files, err := filepath.Glob("testdata/*.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for _, path := range files {
		b, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := Parse("fuzz.yaml", b)
		var bad *Invalid
		switch {
		case err == nil:
			if err := c.Validate(); err != nil {
				t.Errorf("taken, and yet: %v", err)
			}
		case !errors.As(err, &bad) || len(bad.Faults) == 0 || !reflect.DeepEqual(c, Config{}):
			t.Errorf("%v with %+v, want an Invalid and no configuration", err, c)
		}
	})
}
