package worst

import (
	"encoding/binary"
	"fmt"
	"testing"
)

func TestContains(t *testing.T) {
	// From all parts of the list; the last two are at its end.
	for _, p := range []string{
		"password", "PassWord", "baseball", "1234567890123", "passwordpassword", "qwertyuiop123",
		"vjhtctdthf", "vjht123jltccf",
	} {
		if !Contains(p) {
			t.Errorf("%q is not found", p)
		}
	}
}

func TestTakenForOneOnceIn256(t *testing.T) {
	const n = 100_000
	found := 0
	for i := range n {
		if Contains(fmt.Sprintf("no list has this one: %d", i)) {
			found++
		}
	}
	if found < n/512 || found > n/128 {
		t.Errorf("%d of %d unlisted passwords found, want about %d", found, n, n/256)
	}
}

func TestFilterIsWhole(t *testing.T) {
	if got, want := len(filter)-header, int(binary.LittleEndian.Uint32(filter[24:])); got != want {
		t.Errorf("%d fingerprints, want %d", got, want)
	}
}
