package camera

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"gatehouse/hub/camera/camsim"
)

// record waits until the camera has been up for a moment and takes a clip.
func (s *set) record(t *testing.T) *tape {
	t.Helper()
	s.after(t, 1500*time.Millisecond)
	if err := s.Record("doorbell", time.Second); err != nil {
		t.Fatal(err)
	}
	return s.clip(t)
}

func TestDigest(t *testing.T) {
	t.Parallel()
	asks := func(password string) func(*camsim.Options, *Options) {
		return func(sim *camsim.Options, o *Options) {
			sim.User, sim.Password = "hub", "secret word"
			o.URL, o.Password = "rtsp://hub@/main", password
		}
	}
	judge(t, func() string {
		c := run(t, shoot(t, 4, x264...), asks("secret word")).record(t)
		return c.file(t, len(c.parts))
	}())

	s := run(t, shoot(t, 4, x264...), asks("secret w0rd"))
	st := s.until(t, "refused", func(st State) bool { return st.Condition == Lost })
	if !strings.Contains(st.Why, "refuses the name or the password") || strings.Contains(st.Why, "w0rd") {
		t.Errorf("a wrong password is told as %q", st.Why)
	}
}

// TestRTSPS records over TLS. The camera's own certificate is taken the first time,
// and no other after that.
func TestRTSPS(t *testing.T) {
	t.Parallel()
	sealed := func(known string) func(*camsim.Options, *Options) {
		return func(sim *camsim.Options, o *Options) { sim.TLS, o.Certificate = certificate(t), known }
	}
	s := run(t, shoot(t, 4, x264...), sealed(""))
	clip := s.record(t)
	judge(t, clip.file(t, len(clip.parts)))
	sum := s.State().Certificate
	if len(sum) != 64 {
		t.Errorf("the certificate is remembered as %q", sum)
	}

	s = run(t, shoot(t, 4, x264...), sealed(sum)) // another camera in its place
	st := s.until(t, "refused", func(st State) bool { return st.Condition == Lost })
	if !strings.Contains(st.Why, "another certificate") || len(st.Stranger) != 64 || st.Stranger == sum || st.Certificate != sum || s.sim.Asked() != 0 {
		t.Errorf("another certificate is told as %q, %q instead of %q, and %d times it was asked for pictures", st.Why, st.Stranger, st.Certificate, s.sim.Asked())
	}
}

// TestReboot pulls the camera's plug inside a clip: what there was is a clip that
// says so, and what comes after is another.
func TestReboot(t *testing.T) {
	t.Parallel()
	wired(t, shoot(t, 4, x264...), nil, func(t *testing.T, s *set) {
		s.after(t, 2500*time.Millisecond)
		s.Hold("front-door", "zone:front-door")
		<-s.begun
		wait(t, 1500*time.Millisecond)
		s.sim.Off()
		first := s.clip(t)
		if first.why == nil || first.why.Error() != "it hung up" {
			t.Errorf("a clip whose camera was lost was cut short by %v", first.why)
		}
		if j := judge(t, first.file(t, len(first.parts))); j.frames("video") != first.pictures() || first.length() < 3*time.Second {
			t.Errorf("ffprobe counts %d pictures of %d, %v long", j.frames("video"), first.pictures(), first.length())
		}
		s.until(t, "lost", func(st State) bool { return st.Condition == Lost })
		s.sim.On()
		<-s.begun
		wait(t, time.Second)
		s.Release("front-door")
		second := s.clip(t)
		if second.why != nil || second.Reason != "zone:front-door" {
			t.Errorf("the clip after is %q, ended by %v", second.Reason, second.why)
		}
		judge(t, second.file(t, len(second.parts)))
	})
}

// TestACameraThatComesBackTooLate was to record while it was away: that there is no clip
// of that is told when it is back, until the next.
func TestACameraThatComesBackTooLate(t *testing.T) {
	t.Parallel()
	for name, ask := range map[string]func(*Camera) error{
		"for a time": func(c *Camera) error { return c.Record("doorbell", time.Second) },
		"as long as something lasted": func(c *Camera) error {
			c.Hold("hall", "zone:hall")
			c.Release("hall")
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wired(t, shoot(t, 4, x264...), func(o *Options) { o.Post = 2 * time.Second }, func(t *testing.T, s *set) {
				s.after(t, 2500*time.Millisecond)
				s.sim.Off()
				s.until(t, "lost", func(st State) bool { return st.Condition == Lost })
				if err := ask(s.Camera); err != nil {
					t.Fatal(err)
				}
				wait(t, 3*time.Second)
				s.sim.On()
				s.until(t, "told of what was not recorded", func(st State) bool { return st.NoTape == errNoPictures.Error() })
				if n := s.Figures().Clips; n != 0 {
					t.Errorf("%d clips of what was before it came back", n)
				}
				if err := s.Record("doorbell", time.Second); err != nil {
					t.Fatal(err)
				}
				s.until(t, "well again with the next clip", func(st State) bool { return st.NoTape == "" && st.Recording == "" })
				s.Release("phase") // which nobody held
				wait(t, time.Second)
				if why := s.State().NoTape; why != "" {
					t.Errorf("%q is told though nobody asked for more", why)
				}
			})
		})
	}
}

// TestClockJump sets the camera's clock a day forward and two days back inside a
// clip, which shows no hole.
func TestClockJump(t *testing.T) {
	t.Parallel()
	wired(t, shoot(t, 4, x264...), func(o *Options) { o.Pre = time.Second }, func(t *testing.T, s *set) {
		s.after(t, 1500*time.Millisecond)
		if err := s.Record("motion", 3*time.Second); err != nil {
			t.Fatal(err)
		}
		wait(t, time.Second)
		s.sim.Jump(6 * time.Hour)
		wait(t, time.Second)
		s.sim.Jump(-12 * time.Hour)
		clip := s.clip(t)
		j := judge(t, clip.file(t, len(clip.parts)))
		if clip.why != nil || j.frames("video") != clip.pictures() {
			t.Errorf("ffprobe counts %d pictures of %d; ended by %v", j.frames("video"), clip.pictures(), clip.why)
		}
		// Each jump may cost a picture's time, not more.
		if want := time.Duration(clip.pictures()) * 40 * time.Millisecond; (clip.length() - want).Abs() > 150*time.Millisecond {
			t.Errorf("%d pictures last %v, want about %v", clip.pictures(), clip.length(), want)
		}
	})
}

// TestPacketLoss loses a packet of one picture: that one is missing, the time of the
// others is right, and from the next group on everything is clean.
func TestPacketLoss(t *testing.T) {
	t.Parallel()
	wired(t, shoot(t, 4, x264...), func(o *Options) { o.Pre = time.Second }, func(t *testing.T, s *set) {
		s.after(t, 1500*time.Millisecond)
		if err := s.Record("motion", 2*time.Second); err != nil {
			t.Fatal(err)
		}
		wait(t, 500*time.Millisecond)
		s.sim.Lose(3)
		clip := s.clip(t)
		if s.Figures().PacketsLost != 3 {
			t.Errorf("%d packets are counted as lost, want 3", s.Figures().PacketsLost)
		}
		j := look(t, clip.file(t, len(clip.parts)))
		missing := int(clip.length()/(40*time.Millisecond)) - clip.pictures()
		// A decoder leaves out some of what depends on the picture that is missing.
		if j.Streams[0].Packets != strconv.Itoa(clip.pictures()) || missing < 1 || missing > 3 {
			t.Errorf("ffprobe counts %s pictures of %d, %d are missing", j.Streams[0].Packets, clip.pictures(), missing)
		}
		last := *clip
		for i, p := range clip.parts {
			if p.Key {
				last.parts = clip.parts[i:]
			}
		}
		judge(t, last.file(t, len(last.parts)))
	})
}

// TestElsewhere has a camera answer that its pictures are at another address: the
// password must not follow.
func TestElsewhere(t *testing.T) {
	t.Parallel()
	trap, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer trap.Close()
	sly, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer sly.Close()
	go func() {
		conn, err := sly.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		b := make([]byte, 4096)
		for _, answer := range []string{
			"RTSP/1.0 200 OK\r\nCSeq: 1\r\nPublic: DESCRIBE\r\n\r\n",
			"RTSP/1.0 302 Found\r\nCSeq: 2\r\nLocation: rtsp://" + trap.Addr().String() + "/main\r\n\r\n",
		} {
			if _, err := conn.Read(b); err != nil {
				return
			}
			if _, err := conn.Write([]byte(answer)); err != nil {
				return
			}
		}
		_, _ = conn.Read(b)
	}()
	s := run(t, shoot(t, 4, x264...), func(_ *camsim.Options, o *Options) {
		o.URL, o.Password = "rtsp://hub@"+sly.Addr().String()+"/main", "secret word"
	})
	st := s.until(t, "refused", func(st State) bool { return st.Condition == Lost })
	if !strings.Contains(st.Why, "another address") {
		t.Errorf("a redirect is told as %q", st.Why)
	}
	_ = trap.(*net.TCPListener).SetDeadline(time.Now())
	if _, err := trap.Accept(); err == nil {
		t.Error("the redirect was followed")
	}
}

// TestContinuous records all the time: clip after clip, none longer than the
// longest by more than a group, without a picture missing between two.
func TestContinuous(t *testing.T) {
	t.Parallel()
	wired(t, shoot(t, 4, x264...), func(o *Options) { o.Continuous, o.Longest = true, 1500*time.Millisecond }, func(t *testing.T, s *set) {
		first, second := s.clip(t), s.clip(t)
		for _, c := range []*tape{first, second} {
			if c.Reason != "continuous" || c.why != nil || c.length() != 2*time.Second {
				t.Errorf("clip is %q, %v long, ended by %v; want continuous, 2 s", c.Reason, c.length(), c.why)
			}
			judge(t, c.file(t, len(c.parts)))
		}
		if gap := second.At.Sub(first.At) - first.length(); gap.Abs() > 50*time.Millisecond {
			t.Errorf("%v pass between two clips", gap)
		}
		// Both together are as long as the scene: one that is missing between them, or in
		// both, has another shown twice.
		seen := map[string]bool{}
		for _, c := range []*tape{first, second} {
			for line := range strings.Lines(tool(t, "ffmpeg", "-v", "error", "-i", c.file(t, len(c.parts)), "-map", "0:v", "-f", "framemd5", "-")) {
				if !strings.HasPrefix(line, "#") {
					seen[line[strings.LastIndex(line, ",")+1:]] = true
				}
			}
		}
		if len(seen) != 100 {
			t.Errorf("%d pictures of the scene are in two clips that follow each other, want all 100", len(seen))
		}
	})
}

// TestRest has nobody record: the camera is disconnected, and what it sent before
// is forgotten.
func TestRest(t *testing.T) {
	t.Parallel()
	wired(t, shoot(t, 4, x264...), nil, func(t *testing.T, s *set) {
		s.after(t, 1500*time.Millisecond)
		s.Hold("hall", "zone:hall")
		<-s.begun
		s.Rest(true)
		if c := s.clip(t); c.why != nil {
			t.Errorf("the clip that ran ended by %v", c.why)
		}
		s.until(t, "resting", func(st State) bool { return st.Condition == Resting })
		if err := s.Record("doorbell", time.Second); err == nil {
			t.Error("a camera that rests was told to record, and did not refuse")
		}
		back := time.Now()
		s.Rest(false)
		s.until(t, "up", up)
		if err := s.Record("doorbell", time.Second); err != nil {
			t.Fatal(err)
		}
		if c := s.clip(t); c.At.Before(back) {
			t.Errorf("a clip shows %v of when nobody might record", back.Sub(c.At))
		}
	})
}

// TestARestThatIsOverAtOnce ends before the connection of before has: nothing that this
// still brings counts, its end is no trouble, and the camera comes back by a new one.
func TestARestThatIsOverAtOnce(t *testing.T) {
	c := still(t, Options{Pre: time.Second, RingBytes: 32 << 20, Recorder: newShelf()})
	c.drop = func(error) {} // it takes its time
	c.Rest(true)
	c.Rest(false)
	p := picture{at: time.Now(), key: true, bytes: []byte{1}}
	c.see(p)
	if st := c.State(); st.Condition != Starting || c.ring.open() != nil {
		t.Errorf("a picture of the connection that ends is taken: the camera is %s", st.Condition)
	}
	c.hungUp(nil)
	c.see(p)
	if st := c.State(); st.Condition != Up || c.ring.open() == nil {
		t.Errorf("a picture of the next connection is not taken: the camera is %s", st.Condition)
	}

	scene := shoot(t, 4, x264...)
	synctest.Test(t, func(t *testing.T) {
		wire := &camsim.Wire{}
		sim, err := camsim.New(camsim.Options{Wire: wire, Scene: scene})
		if err != nil {
			t.Fatal(err)
		}
		states := make(chan State, 256)
		c := still(t, Options{
			Pre: time.Second, RingBytes: 32 << 20, Recorder: newShelf(), Dial: wire.Dial, Changed: func(st State) { states <- st },
		})
		ctx, stop := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() { _ = sim.Run(ctx) }) // both end with ctx
		wg.Go(func() { _ = c.Run(ctx) })
		time.Sleep(3 * time.Second)
		if st := c.State(); st.Condition != Up {
			t.Fatalf("the camera is %s", st.Condition)
		}
		for len(states) > 0 {
			<-states
		}
		c.Rest(true)
		c.Rest(false)
		time.Sleep(10 * time.Second)
		if st := c.State(); st.Condition != Up || c.Figures().Connections != 2 {
			t.Errorf("it is %s, by %d connections", st.Condition, c.Figures().Connections)
		}
		for len(states) > 0 {
			if st := <-states; st.Condition == Lost {
				t.Errorf("it is told to be lost: %s", st.Why)
			}
		}
		stop()
		wg.Wait()
	})
}

// soon waits for something to be so.
func soon(t *testing.T, what string, is func() bool) {
	t.Helper()
	limit := time.After(30 * time.Second)
	for !is() {
		select {
		case <-time.After(10 * time.Millisecond):
		case <-limit:
			t.Fatalf("not within 30 s: %s", what)
		}
	}
}

func wait(t *testing.T, d time.Duration) {
	t.Helper()
	select {
	case <-time.After(d):
	case <-t.Context().Done():
	}
}

func certificate(t *testing.T) *tls.Config {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, MinVersion: tls.VersionTLS12}
}
