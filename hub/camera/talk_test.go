package camera

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bluenviron/gortsplib/v5/pkg/format"

	"gatehouse/hub/camera/camsim"
	"gatehouse/hub/home"
)

// tone is a note of so many samples at TalkRate.
func tone(hz float64, n int) []int16 {
	list := make([]int16, n)
	for i := range list {
		list[i] = int16(12000 * math.Sin(2*math.Pi*hz*float64(i)/TalkRate))
	}
	return list
}

// loudness is how much of a note there is in samples (Goertzel), 0 to 1 of a note as
// loud as can be.
func loudness(samples []int16, hz float64, rate int) float64 {
	w := 2 * math.Pi * hz / float64(rate)
	var re, im float64
	for i, s := range samples {
		re += float64(s) * math.Cos(w*float64(i))
		im += float64(s) * math.Sin(w*float64(i))
	}
	return 2 * math.Hypot(re, im) / float64(len(samples)) / 32767
}

// decoded has ffmpeg say what a camera heard.
func decoded(t *testing.T, heard []byte, coding string, rate int) []int16 {
	t.Helper()
	in := filepath.Join(t.TempDir(), "heard")
	if err := os.WriteFile(in, heard, 0o600); err != nil {
		t.Fatal(err)
	}
	b := []byte(tool(t, "ffmpeg", "-v", "error", "-f", coding, "-ar", strconv.Itoa(rate), "-i", in, "-f", "s16le", "-"))
	list := make([]int16, len(b)/2)
	if err := binary.Read(bytes.NewReader(b), binary.LittleEndian, list); err != nil {
		t.Fatal(err)
	}
	return list
}

// knowsSpeaker waits until it is known whether the camera takes sound.
func (s *set) knowsSpeaker(t *testing.T) State {
	t.Helper()
	return s.until(t, "asked whether it takes sound", func(st State) bool { return st.Speaker+st.NoSpeaker != "" })
}

// speaking begins a talk and waits for its chirp. ended gives why it was over.
func (s *set) speaking(t *testing.T) (talk *Talk, ended <-chan error) {
	t.Helper()
	talk, err := s.Talk()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(talk.Close)
	listens, over := make(chan struct{}), make(chan error, 1)
	talk.Say(tone(600, 800)) // before the chirp: nobody hears it
	go func() { over <- talk.Run(t.Context(), func() { close(listens) }) }()
	select {
	case <-listens:
	case err := <-over:
		t.Fatalf("the talk ended before it began: %v", err)
	case <-time.After(20 * time.Second):
		t.Fatal("no chirp within 20 s")
	}
	return talk, over
}

// TestTalk speaks through every kind of loudspeaker: the camera hears the two notes of
// the chirp first, then what was said and nothing of before, and the way back is open
// for as long as that takes and no longer. Its pictures go on all the time.
func TestTalk(t *testing.T) {
	for _, tt := range []struct {
		name, words, coding string
		speaker             format.Format
		rate, bytes         int // in a second; of a sample
	}{
		{"µ-law", "G.711 µ-law", "mulaw", camsim.MuLaw(), 8000, 1},
		{"A-law", "G.711 A-law", "alaw", &format.G711{PayloadTyp: 8, SampleRate: 8000, ChannelCount: 1}, 8000, 1},
		{"A-law at 16 kHz", "G.711 A-law", "alaw", &format.G711{PayloadTyp: 96, SampleRate: 16000, ChannelCount: 1}, 16000, 1},
		{"linear", "linear samples", "s16be", &format.LPCM{PayloadTyp: 97, BitDepth: 16, SampleRate: 8000, ChannelCount: 1}, 8000, 2},
		{"linear at 16 kHz", "linear samples", "s16be", &format.LPCM{PayloadTyp: 97, BitDepth: 16, SampleRate: 16000, ChannelCount: 1}, 16000, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := run(t, shoot(t, 4, x264...), func(sim *camsim.Options, o *Options) {
				sim.User, sim.Password, sim.Speaker = "hub", "secret word", tt.speaker
				o.URL, o.Password = "rtsp://hub@/main", "secret word"
			})
			if st := s.knowsSpeaker(t); st.Speaker != tt.words || st.NoSpeaker != "" {
				t.Errorf("it takes sound as %q, %q", st.Speaker, st.NoSpeaker)
			}
			if now, ever := s.sim.Talkers(); now != 0 || ever != 0 {
				t.Errorf("the way back is open %d times and was %d times, before anybody spoke", now, ever)
			}
			talk, ended := s.speaking(t)
			if now, _ := s.sim.Talkers(); now != 1 {
				t.Errorf("the way back is open %d times", now)
			}
			wave := tone(440, 8*160)
			for at := 0; at < len(wave); at += 160 {
				talk.Say(wave[at : at+160])
				wait(t, talkStep)
			}
			// All of it has been heard once what is sent after it is.
			soon(t, "all is said", func() bool {
				talk.mu.Lock()
				defer talk.mu.Unlock()
				return len(talk.queue) == 0
			})
			before := len(s.sim.Heard())
			soon(t, "silence comes after it", func() bool { return len(s.sim.Heard()) >= before+3*160*tt.rate/8000*tt.bytes })
			talk.Close()
			if err := <-ended; !errors.Is(err, ErrGone) {
				t.Errorf("it ended because of %v", err)
			}
			soon(t, "the way back is closed", func() bool { now, _ := s.sim.Talkers(); return now == 0 })
			if _, ever := s.sim.Talkers(); ever != 1 {
				t.Errorf("the way back was open %d times", ever)
			}

			heard := decoded(t, s.sim.Heard(), tt.coding, tt.rate)
			k := tt.rate / 8000
			note, gap := 180*8*k, 60*8*k // of the chirp
			if len(heard) < 2*(note+gap)+len(wave)*k {
				t.Fatalf("it heard %d samples", len(heard))
			}
			for i, hz := range []float64{880, 1320} {
				part := heard[i*(note+gap):][:note]
				if l := loudness(part, hz, tt.rate); l < 0.2 { // half of full, swelling and ebbing: 2/π of that
					t.Errorf("note %d of the chirp is %.3f loud at %v Hz", i, l, hz)
				}
				if l := loudness(part, 440, tt.rate); l > 0.05 {
					t.Errorf("somebody is heard through note %d of the chirp: %.3f", i, l)
				}
			}
			// A step that came late has silence before it: the others follow each other.
			var said []int16
			for step := range slices.Chunk(heard[2*(note+gap):], 160*k) {
				if loudness(step, 440, tt.rate) > 0.1 {
					said = append(said, step...)
				}
			}
			if len(said) != len(wave)*k {
				t.Fatalf("%d samples were said after the chirp, want %d", len(said), len(wave)*k)
			}
			if l := loudness(said, 440, tt.rate); l < 0.3 { // 12000 of 32767 is 0.37
				t.Errorf("what was said is %.3f loud at its note", l)
			}
			if l := loudness(heard, 600, tt.rate); l > 0.02 {
				t.Errorf("what was said before the chirp is heard: %.3f", l)
			}
			if n := s.Figures().Connections; n != 1 || s.sim.Asked() != 1 {
				t.Errorf("the pictures were asked for %d times, %d connections", s.sim.Asked(), n)
			}
		})
	}
}

// TestWhoTakesNoSound: a camera that refuses the question, one that has no loudspeaker
// and one that wants what the hub can't make send their pictures all the same, and it
// is said why nobody speaks through them.
func TestWhoTakesNoSound(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*camsim.Options)
		why    string
	}{
		{"no loudspeaker", func(*camsim.Options) {}, "it takes no sound"},
		{"refuses the question", func(o *camsim.Options) { o.Strict = true }, "it takes no sound"},
		{"two channels", func(o *camsim.Options) {
			o.Speaker = &format.G711{PayloadTyp: 96, SampleRate: 8000, ChannelCount: 2}
		}, "it takes sound as G711 alone: set what it hears to G.711, one channel, at 8 kHz"},
		{"Opus", func(o *camsim.Options) { o.Speaker = &format.Opus{PayloadTyp: 96, ChannelCount: 1} }, "it takes sound as Opus alone: set what it hears to G.711, one channel, at 8 kHz"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := run(t, shoot(t, 4, x264...), func(sim *camsim.Options, _ *Options) { tt.change(sim) })
			if st := s.knowsSpeaker(t); st.NoSpeaker != tt.why || st.Speaker != "" || st.Condition != Up {
				t.Errorf("it is %s, takes sound as %q, %q; want %q", st.Condition, st.Speaker, st.NoSpeaker, tt.why)
			}
			var conflict *home.Conflict
			if _, err := s.Talk(); !errors.As(err, &conflict) || !strings.Contains(conflict.Reason, tt.why) {
				t.Errorf("got %v of who wants to speak", err)
			}
			if err := s.Record("doorbell", time.Second); err != nil {
				t.Fatal(err)
			}
			clip := s.clip(t)
			judge(t, clip.file(t, len(clip.parts)))
			if n := s.Figures().Connections; n != 1 {
				t.Errorf("its pictures took %d connections", n)
			}
		})
	}
}

// TestOneSpeaksAtATime, and whose turn it is loses it when the camera rests, hangs up
// or goes.
func TestOneSpeaksAtATime(t *testing.T) {
	t.Parallel()
	s := run(t, shoot(t, 4, x264...), func(sim *camsim.Options, _ *Options) {
		sim.Speaker = camsim.MuLaw()
	})
	var conflict *home.Conflict
	if _, err := s.Talk(); !errors.As(err, &conflict) || !strings.Contains(conflict.Reason, "not said yet") {
		t.Errorf("got %v before it was asked", err)
	}
	s.knowsSpeaker(t)
	talk, ended := s.speaking(t)
	if err := s.MayTalk(); !errors.As(err, &conflict) || !strings.Contains(conflict.Reason, "already") {
		t.Errorf("got %v while somebody speaks", err)
	}
	s.sim.HangUp()
	if err := <-ended; err == nil || err.Error() != "it hung up" {
		t.Errorf("it hung up, and that is told as %v", err)
	}
	talk.Close()

	talk, ended = s.speaking(t)
	s.Rest(true)
	if err := <-ended; !errors.Is(err, ErrHushed) {
		t.Errorf("it rests, and that is told as %v", err)
	}
	talk.Close()
	if err := s.MayTalk(); !errors.As(err, &conflict) || !strings.Contains(conflict.Reason, "rests") {
		t.Errorf("got %v of a camera that rests", err)
	}
	s.Rest(false)
	s.until(t, "up", up)

	talk, ended = s.speaking(t)
	s.leave()
	if err := <-ended; !errors.Is(err, ErrGone) {
		t.Errorf("it is gone, and that is told as %v", err)
	}
	talk.Close()
	if err := s.MayTalk(); !errors.As(err, &conflict) {
		t.Errorf("got %v of a camera that is gone", err)
	}
}

// bubble has a camera with a loudspeaker where an hour passes in no time.
func bubble(t *testing.T, scene camsim.Scene, do func(*testing.T, *Camera)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		wire := &camsim.Wire{}
		sim, err := camsim.New(camsim.Options{
			Wire: wire, Scene: scene, Speaker: camsim.MuLaw(),
		})
		if err != nil {
			t.Fatal(err)
		}
		c := still(t, Options{Pre: time.Second, RingBytes: 32 << 20, Recorder: newShelf(), Dial: wire.Dial})
		ctx, stop := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() { _ = sim.Run(ctx) }) // both end with ctx
		wg.Go(func() { _ = c.Run(ctx) })
		for c.State().Speaker == "" {
			time.Sleep(time.Second)
		}
		do(t, c)
		stop()
		wg.Wait()
	})
}

// TestATalkIsNotForEver: who says nothing for a minute, or speaks for two, is done.
func TestATalkIsNotForEver(t *testing.T) {
	scene := shoot(t, 4, x264...)
	for _, tt := range []struct {
		name string
		said []int16
		want error
		took time.Duration
	}{
		{"quiet", make([]int16, 160), ErrQuiet, talkQuiet},
		{"long", tone(440, 160), ErrLong, talkLongest},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, scene, func(t *testing.T, c *Camera) {
				talk, err := c.Talk()
				if err != nil {
					t.Fatal(err)
				}
				ctx, cancel := context.WithCancel(t.Context())
				var wg sync.WaitGroup
				wg.Go(func() {
					for tick := time.NewTicker(talkStep); ctx.Err() == nil; <-tick.C {
						talk.Say(tt.said)
					}
				})
				began := time.Now()
				err = talk.Run(ctx, func() {})
				if took := time.Since(began); !errors.Is(err, tt.want) || took < tt.took || took > tt.took+2*time.Second {
					t.Errorf("it ended after %v because of %v, want %v, %v", took, err, tt.took, tt.want)
				}
				cancel()
				wg.Wait()
				talk.Close()
			})
		})
	}
}
