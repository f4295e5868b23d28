package auth

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/crypto/argon2"

	"gatehouse/storage"
)

// Cost is how hard a password is to try. The zero Cost is calibrated on the
// device to a quarter to half a second; no configuration can choose another.
type Cost struct {
	cheap bool
}

// TB is the part of testing.TB that CheapCost asks for, so that nothing but a
// test can call it.
type TB interface {
	Helper()
	TempDir() string
	Setenv(key, value string)
}

// CheapCost makes passwords cheap for the tests of this and other rooms.
func CheapCost(tb TB) Cost {
	tb.Helper()
	return Cost{cheap: true}
}

// argon is what argon2id is run with (RFC 9106 §3.1): passes and KiB, on one
// lane, for the alarm needs the other cores.
type argon struct {
	Time   uint32 `json:"t"`
	Memory uint32 `json:"m"`
}

const (
	hashBytes = 32
	saltBytes = 16

	least = 250 * time.Millisecond // a try takes at least this long
	aim   = 350 * time.Millisecond
	most  = 500 * time.Millisecond

	kdfQueue = 16 // who wait to have a password tried; the next is sent away
)

var (
	argonFloor = argon{Time: 2, Memory: 19 << 10} // OWASP's minimum
	argonCheap = argon{Time: 1, Memory: 64}
)

// kdf tries passwords, one at a time: each try takes up to 64 MiB, and a crowd
// of them must not take the house's memory.
type kdf struct {
	turn  chan struct{}
	queue chan struct{}

	mu   sync.Mutex
	cost argon
	keep *storage.Cell[argon]
}

func newKDF(db *storage.DB, c Cost) (*kdf, error) {
	k := &kdf{turn: make(chan struct{}, 1), queue: make(chan struct{}, kdfQueue)}
	if c.cheap {
		k.cost = argonCheap
		return k, nil
	}
	k.keep = storage.NewCell[argon](db, "password-cost")
	saved, ok, err := k.keep.Load()
	if err != nil {
		return nil, fmt.Errorf("auth: read the password cost: %w", err)
	}
	if ok && saved.Time >= 1 && saved.Memory >= argonFloor.Memory && saved.Memory <= 64<<10 {
		k.cost = saved
	}
	return k, nil
}

// enter waits for a turn and returns the way out.
func (k *kdf) enter(ctx context.Context) (leave func(), err error) {
	select {
	case k.queue <- struct{}{}:
	default:
		return nil, &TooMany{After: 5 * time.Second}
	}
	select {
	case k.turn <- struct{}{}:
		return func() { <-k.turn; <-k.queue }, nil
	case <-ctx.Done():
		<-k.queue
		return nil, ctx.Err()
	}
}

// present is the cost of new hashes, calibrated once in the life of a device.
// The caller has the turn.
func (k *kdf) present() (argon, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.cost == (argon{}) {
		c := calibrate(func(a argon) time.Duration {
			began, before := time.Now(), cpuTime()
			argon2.IDKey([]byte("calibrate"), make([]byte, saltBytes), a.Time, a.Memory, 1, hashBytes)
			took := time.Since(began)
			// Of wall and processor time the shorter: neither another program
			// nor another part of the hub shall make passwords cheap for ever.
			if worked := cpuTime() - before; worked > 0 {
				took = min(took, worked)
			}
			return took
		})
		if err := k.keep.Save(c); err != nil {
			return argon{}, fmt.Errorf("auth: keep the password cost: %w", err)
		}
		k.cost = c
	}
	return k.cost, nil
}

// cpuTime is the processor time that this process has used, 0 when the system
// does not tell.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// calibrate finds the cost that takes between least and most, with as much
// memory as fits; never less than the floor, however slow the device.
func calibrate(measure func(argon) time.Duration) argon {
	for _, memory := range []uint32{64 << 10, 32 << 10, argonFloor.Memory} {
		pass := measure(argon{Time: 1, Memory: memory})
		if pass < time.Millisecond {
			break // nothing does 19 MiB that fast: the clock is broken
		}
		if pass > most && memory > argonFloor.Memory {
			continue
		}
		passes := uint32(min(64, aim/pass)) // rounded down
		if passes < 64 && time.Duration(passes)*pass < least {
			passes++
		}
		if memory == argonFloor.Memory {
			passes = max(passes, argonFloor.Time)
		}
		return argon{Time: passes, Memory: memory}
	}
	return argonFloor
}

// hash makes the PHC string of a password.
func (k *kdf) hash(ctx context.Context, password Secret) (string, error) {
	leave, err := k.enter(ctx)
	if err != nil {
		return "", err
	}
	defer leave()
	c, err := k.present()
	if err != nil {
		return "", err
	}
	salt := random(saltBytes)
	h := k.run(c, salt, password)
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=1$%s$%s",
		argon2.Version, c.Memory, c.Time, b64.EncodeToString(salt), b64.EncodeToString(h)), nil
}

// check tries a password against a PHC string. For "" it takes the same time
// and says no. stale tells that the string was made at another cost.
func (k *kdf) check(ctx context.Context, phc string, password Secret) (right, stale bool, err error) {
	leave, err := k.enter(ctx)
	if err != nil {
		return false, false, err
	}
	defer leave()
	now, err := k.present()
	if err != nil {
		return false, false, err
	}
	c, salt, want, err := parsePHC(phc)
	if err != nil {
		// No account, or one without a password.
		k.run(now, make([]byte, saltBytes), password)
		return false, false, nil
	}
	got := k.run(c, salt, password)
	return subtle.ConstantTimeCompare(got, want) == 1, c != now, nil
}

func (k *kdf) run(c argon, salt []byte, password Secret) []byte {
	h := argon2.IDKey([]byte(password), salt, c.Time, c.Memory, 1, hashBytes)
	if c.Memory >= argonFloor.Memory {
		debug.FreeOSMemory() // tens of MiB that an idle hub must not sit on
	}
	return h
}

func parsePHC(s string) (c argon, salt, hash []byte, err error) {
	parts := strings.Split(s, "$")
	if len(parts) != 6 || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return c, nil, nil, errors.New("auth: not a password hash")
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=1", &c.Memory, &c.Time); err != nil {
		return c, nil, nil, fmt.Errorf("auth: not a password hash: %w", err)
	}
	b64 := base64.RawStdEncoding.Strict()
	if salt, err = b64.DecodeString(parts[4]); err == nil {
		hash, err = b64.DecodeString(parts[5])
	}
	if err != nil || len(hash) != hashBytes || c.Time == 0 || c.Time > 64 || c.Memory == 0 || c.Memory > 1<<20 {
		return argon{}, nil, nil, errors.New("auth: not a password hash")
	}
	return c, salt, hash, nil
}
