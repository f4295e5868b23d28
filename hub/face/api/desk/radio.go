package desk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"time"

	"gatehouse/hub/home"
)

// Radios is what a running hub lets whoever holds the box see of its radios. No
// keys are in it, and nothing that the family calls its devices.
type Radios interface {
	// Dump is a table of the network.
	Dump(radio string) (any, error)
	// Signature is what there is to share of one device.
	Signature(radio, device string) (any, error)
	// Listen hands over what comes in, a line each, until ctx ends. line must not
	// wait for long: what comes meanwhile is counted and left out.
	Listen(ctx context.Context, radio string, line func(string) error) error
}

// Watch is Radios of the hub that runs with its socket at path. It returns ErrNoHub
// when there is none.
func Watch(ctx context.Context, path string) (Watcher, error) {
	r := remote(path)
	c, err := r.connect(ctx)
	if err != nil {
		return Watcher{}, err
	}
	_ = c.Close() // it was there
	return Watcher{r}, nil
}

// Watcher is Radios at the other end of a socket.
type Watcher struct{ r remote }

// Dump is that of Radios, as JSON.
func (w Watcher) Dump(ctx context.Context, radio string) (json.RawMessage, error) {
	out, err := w.r.ask(ctx, asked{Do: doDump, Name: radio})
	return out.Shown, err
}

// Signature is that of Radios, as JSON.
func (w Watcher) Signature(ctx context.Context, radio, device string) (json.RawMessage, error) {
	out, err := w.r.ask(ctx, asked{Do: doSignature, Name: radio, ID: device})
	return out.Shown, err
}

// Listen is that of Radios. It ends with ctx (nil), or when the hub ends.
func (w Watcher) Listen(ctx context.Context, radio string, line func(string) error) error {
	c, err := w.r.connect(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	defer context.AfterFunc(ctx, func() { _ = c.Close() })()
	if err := json.NewEncoder(c).Encode(asked{Do: doListen, Name: radio}); err != nil {
		return fmt.Errorf("desk: ask the hub: %w", err)
	}
	lines := json.NewDecoder(c)
	for {
		var out answered
		if err := lines.Decode(&out); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return fmt.Errorf("desk: the hub says no more: %w", err)
		}
		if err := out.Fault.error(); err != nil {
			return err
		}
		if err := line(out.Line); err != nil {
			return err
		}
	}
}

// show answers what is asked of radios but listening.
func show(r Radios, a asked) answered {
	var v any
	var err error
	switch {
	case r == nil:
		err = errors.New("this hub has no radios to show")
	case a.Do == doDump:
		v, err = r.Dump(a.Name)
	default:
		v, err = r.Signature(a.Name, a.ID)
	}
	if err != nil {
		return answered{Fault: faultOf(err)}
	}
	b, err := json.Marshal(v)
	if err != nil {
		return answered{Fault: faultOf(err)}
	}
	return answered{Shown: b}
}

// listen answers until the other end hangs up or the hub ends.
func listenTo(ctx context.Context, c *net.UnixConn, r Radios, radio string) error {
	if r == nil {
		return json.NewEncoder(c).Encode(answered{Fault: faultOf(&home.NotFound{What: "radio", ID: radio})})
	}
	if err := c.SetReadDeadline(time.Time{}); err != nil {
		return fmt.Errorf("desk: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() { // it says nothing more, and hanging up ends its reading
		_, _ = c.Read(make([]byte, 1))
		cancel()
	}()
	out := json.NewEncoder(c)
	err := r.Listen(ctx, radio, func(line string) error {
		if err := c.SetWriteDeadline(time.Now().Add(patience)); err != nil {
			return err
		}
		return out.Encode(answered{Line: line})
	})
	if err == nil || ctx.Err() != nil {
		return nil
	}
	return out.Encode(answered{Fault: faultOf(err)})
}
