package api

import (
	"flag"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite openapi.json")

// The committed document is what the page's types are made from.
func TestOpenAPIDocument(t *testing.T) {
	a := newHouse().api(t)
	if *update {
		if err := os.WriteFile("openapi.json", a.doc, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	committed, err := os.ReadFile("openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(a.doc), string(committed)); d != "" {
		t.Errorf("openapi.json is not what the code says; run go generate ./hub/face/api:\n%s", d)
	}
}
