package reach

import (
	"errors"
	"strconv"
	"testing"
)

// A camera that names other ports for ever is known at so many, and at the rest by its
// first certificate alone.
func TestMostPorts(t *testing.T) {
	p := NewPin("first", func() {})
	for port := range 3 * mostPorts {
		b := p.Beside(strconv.Itoa(port))
		if again := p.Beside(strconv.Itoa(port)); again != b {
			t.Errorf("port %d has two", port)
		}
		want := error(nil)
		if port >= mostPorts {
			want = ErrStranger
		}
		if err := b.see("another"); !errors.Is(err, want) {
			t.Errorf("port %d: %v, want %v", port, err, want)
		}
	}
	if known, _ := p.Ports(); len(known) != mostPorts {
		t.Errorf("it is known at %d ports", len(known))
	}
}
