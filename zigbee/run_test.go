package zigbee_test

import (
	"context"
	"errors"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"gatehouse/zigbee"
)

// hung is an adapter whose stick stops answering while it is asked who it is:
// whoever asks hears that it is down before Serve says why.
type hung struct {
	zigbee.Adapter
	why error
}

func (h hung) Serve(context.Context, zigbee.Handler) error {
	time.Sleep(time.Millisecond)
	return h.why
}

func (h hung) Hello(context.Context) (zigbee.Info, error) { return zigbee.Info{}, zigbee.ErrDown }

// The owner is told why there is no stick, not that there is none.
func TestRunSaysWhyTheStickEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		why := errors.New("the stick does not answer")
		c := zigbee.New(zigbee.Options{
			Open:  func(io.ReadWriter) zigbee.Adapter { return hung{why: why} },
			Store: newMemory(),
		})
		port, _ := net.Pipe()
		if err := c.Run(t.Context(), port); !errors.Is(err, why) {
			t.Errorf("Run = %v, want %v", err, why)
		}
	})
}
