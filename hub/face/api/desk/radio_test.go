package desk

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"gatehouse/hub/home"
)

// air is a radio that says three things and then waits.
type air struct{}

func (air) Dump(radio string) (any, error) {
	if radio != "zigbee" {
		return nil, &home.NotFound{What: "radio", ID: radio}
	}
	return map[string]string{"key": "[redacted]"}, nil
}

func (air) Signature(_, device string) (any, error) { return map[string]string{"model": device}, nil }

func (air) Listen(ctx context.Context, radio string, line func(string) error) error {
	if radio != "zigbee" {
		return &home.NotFound{What: "radio", ID: radio}
	}
	for i := range 3 {
		if err := line(fmt.Sprint("line ", i)); err != nil {
			return err
		}
	}
	<-ctx.Done()
	return nil
}

func TestRadiosThroughTheSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "gatehouse.sock")
	if _, err := Watch(t.Context(), path); !errors.Is(err, ErrNoHub) {
		t.Errorf("got %v, want ErrNoHub", err)
	}
	serving(t, path, &porter{})
	w, err := Watch(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if b, err := w.Dump(t.Context(), "zigbee"); err != nil || string(b) != `{"key":"[redacted]"}` {
		t.Errorf("dump: %s %v", b, err)
	}
	if b, err := w.Signature(t.Context(), "zigbee", "SimContact"); err != nil || string(b) != `{"model":"SimContact"}` {
		t.Errorf("signature: %s %v", b, err)
	}
	for what, err := range map[string]error{
		"dump":   func() error { _, err := w.Dump(t.Context(), "zwave"); return err }(),
		"listen": w.Listen(t.Context(), "zwave", func(string) error { return nil }),
	} {
		if missing := (*home.NotFound)(nil); !errors.As(err, &missing) || missing.ID != "zwave" {
			t.Errorf("%s: got %v, want NotFound", what, err)
		}
	}
	ctx, enough := context.WithCancel(t.Context())
	var lines []string
	err = w.Listen(ctx, "zigbee", func(l string) error {
		if lines = append(lines, l); len(lines) == 3 {
			enough()
		}
		return nil
	})
	if got := strings.Join(lines, ", "); err != nil || got != "line 0, line 1, line 2" {
		t.Errorf("heard %q, %v", got, err)
	}
}
