package zwavesim_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"gatehouse/zwave"
	"gatehouse/zwave/cc"
	"gatehouse/zwave/zwavesim"
)

// A house on a bad day: doors open and close, sirens are switched, and one
// mishap after the other strikes, each kind many times over, the stick pulled
// among them. Whatever happened, the stick has nothing to blame, every command
// has come to an end, and once the mishaps are over each door is heard and each
// siren sounds at once.
func TestRandomPlay(t *testing.T) {
	kinds := []zwavesim.Kind{
		zwavesim.LoseFrame, zwavesim.LoseACK, zwavesim.SendNAK, zwavesim.SendCAN, zwavesim.LoseHostACK,
		zwavesim.BadChecksum, zwavesim.HalfFrame, zwavesim.Garbage, zwavesim.Noise, zwavesim.Duplicate,
		zwavesim.LoseResponse, zwavesim.LateResponse, zwavesim.LoseCallback, zwavesim.LateCallback,
		zwavesim.ReportBeforeCallback, zwavesim.Refuse, zwavesim.Jam, zwavesim.NoRoute, zwavesim.Split,
	}
	for seed := range uint64(40) {
		t.Run(fmt.Sprint("seed=", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := rand.New(rand.NewPCG(seed, 7))
				s := zwavesim.New(zwavesim.Options{Radio: zwavesim.Real(), Bridge: seed%2 == 0})
				var doors []*zwavesim.Contact
				var sirens []*zwavesim.Siren
				for i := range 5 {
					doors = append(doors, s.NewContact(zwavesim.Make{Supervised: i%2 == 0}))
					sirens = append(sirens, s.NewSiren(zwavesim.Make{Slow: i%2 == 0, Plain: i%3 == 0}))
					s.Place(doors[i], sirens[i])
				}
				p := &play{heard: map[zwave.NodeID]bool{}}
				p.Controller = zwave.New(zwave.Options{OnEvent: p.take})
				p.keep(t, s)
				time.Sleep(time.Minute)

				for range 300 {
					switch n := r.IntN(5); r.IntN(8) {
					case 0, 1:
						doors[n].Open()
					case 2:
						doors[n].Close()
					case 3:
						p.switched(sirens[n], r.IntN(2) == 0)
					case 4, 5:
						f := zwavesim.Fault{
							Kind: kinds[r.IntN(len(kinds))], Times: 1 + r.IntN(2),
							For: time.Duration(r.IntN(3000)) * time.Millisecond,
						}
						if f.Kind == zwavesim.Duplicate { // of what nodes say
							f.Function = map[bool]byte{true: 0xa8, false: 0x04}[seed%2 == 0]
						}
						s.Inject(f)
					case 6:
						s.Heal()
					case 7:
						if r.IntN(10) == 0 {
							s.Unplug()
							time.Sleep(time.Duration(r.IntN(8000)) * time.Millisecond)
							s.Plug()
						} else {
							doors[n].WakeUp()
						}
					}
					time.Sleep(time.Duration(r.IntN(4000)) * time.Millisecond)
				}
				s.Heal()
				time.Sleep(5 * time.Minute)
				clean(t, s)
				p.mu.Lock()
				if p.open != 0 {
					t.Errorf("%d of %d commands never ended", p.open, p.sent)
				}
				p.mu.Unlock()
				for _, d := range doors {
					d.Open()
					d.Close()
				}
				for _, n := range sirens {
					p.switched(n, false)
				}
				time.Sleep(10 * time.Second)
				for _, d := range doors {
					d.Open()
				}
				for _, n := range sirens {
					p.switched(n, true)
				}
				time.Sleep(10 * time.Second)
				p.mu.Lock()
				defer p.mu.Unlock()
				for _, d := range doors {
					if !p.heard[zwave.NodeID(d.ID())] {
						t.Errorf("door %d was not heard to open", d.ID())
					}
				}
				for _, n := range sirens {
					if !n.Sounding() {
						t.Errorf("siren %d is silent", n.ID())
					}
				}
				clean(t, s)
				if seed == 0 {
					t.Logf("%d commands; %+v", p.sent, p.Counters())
				}
			})
		})
	}
}

// play is our driver and what it heard.
type play struct {
	*zwave.Controller
	mu    sync.Mutex
	heard map[zwave.NodeID]bool // door → open
	sent  int
	open  int // commands that have not ended
}

func (p *play) take(e zwave.Event) {
	r, ok := e.(zwave.Report)
	if !ok {
		return
	}
	if n, ok := r.Command.(cc.NotificationReport); ok && n.Type == 6 {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.heard[r.Node] = n.Event == 0x16
	}
}

func (p *play) switched(n *zwavesim.Siren, on bool) {
	v := cc.Level(0)
	if on {
		v = 0xff
	}
	p.mu.Lock()
	p.sent++
	p.open++
	p.mu.Unlock()
	p.Send(zwave.NodeID(n.ID()), cc.Bytes(cc.BinarySwitchSet{Value: v}), zwave.LaneSiren, func(error) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.open--
	})
}

func (p *play) keep(t *testing.T, s *zwavesim.Stick) {
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			here, there := net.Pipe()
			var wg sync.WaitGroup
			wg.Go(func() { _ = s.Serve(ctx, there) })
			_ = p.Run(ctx, here)
			wg.Wait()
			select {
			case <-ctx.Done():
			case <-time.After(250 * time.Millisecond):
			}
		}
	}()
	t.Cleanup(func() { cancel(); <-done })
}
