package zwavesim

import (
	"context"

	"gatehouse/bridge"
)

// ListenTCP listens on addr, which is best on 127.0.0.1; port 0 takes any. The Run
// of what it returns answers.
func (s *Stick) ListenTCP(ctx context.Context, addr string) (*bridge.TCP, error) {
	return bridge.Listen(ctx, s, addr)
}
