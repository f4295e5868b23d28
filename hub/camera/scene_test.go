package camera

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/bluenviron/gortsplib/v5/pkg/format"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h264"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h265"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/mpeg4audio"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/mpegts"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/mpegts/codecs"

	"gatehouse/hub/camera/camsim"
)

// The pictures of every scene: 25 in a second.
const tick = 90000 / 25

// shoot has ffmpeg make a scene of a test picture: seconds long, with its own
// arguments for what codes it. Each scene is made once.
func shoot(t *testing.T, seconds int, args ...string) camsim.Scene {
	t.Helper()
	return shootFrom(t, []string{"-f", "lavfi", "-i", "testsrc2=size=640x360:rate=25"}, seconds, args...)
}

// shootFrom has ffmpeg make a scene of what its first input shows.
func shootFrom(t *testing.T, input []string, seconds int, args ...string) camsim.Scene {
	t.Helper()
	key := fmt.Sprint(input, seconds, args)
	scenes.Lock()
	defer scenes.Unlock()
	if s, ok := scenes.made[key]; ok {
		return s
	}
	ts := filepath.Join(t.TempDir(), "scene.ts")
	all := append([]string{"-v", "error"}, input...)
	all = append(all, "-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000", "-t", fmt.Sprint(seconds), "-pix_fmt", "yuv420p", "-map", "0:v")
	all = append(all, args...)
	all = append(all, "-f", "mpegts", ts)
	tool(t, "ffmpeg", all...)
	b, err := os.ReadFile(ts)
	if err != nil {
		t.Fatal(err)
	}
	s := readTS(t, b)
	s.Length = int64(seconds) * 90000
	scenes.made[key] = s
	return s
}

var scenes = struct {
	sync.Mutex
	made map[string]camsim.Scene
}{made: map[string]camsim.Scene{}}

// tool runs one of ffmpeg's programs.
func tool(t *testing.T, name string, args ...string) string {
	t.Helper()
	var out, complaints bytes.Buffer
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Stdout, cmd.Stderr = &out, &complaints
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s (of the Debian package ffmpeg): %v\n%s", name, err, complaints.String())
	}
	if s := complaints.String(); s != "" {
		t.Errorf("%s %s complains:\n%s", name, strings.Join(args, " "), s)
	}
	return out.String()
}

// readTS takes a scene out of an MPEG transport stream.
func readTS(t *testing.T, b []byte) (s camsim.Scene) {
	t.Helper()
	r := &mpegts.Reader{R: bytes.NewReader(b)}
	if err := r.Initialize(); err != nil {
		t.Fatal(err)
	}
	first := int64(-1)
	add := func(pts, dts int64, units [][]byte) {
		if first < 0 {
			first = dts
		}
		s.Pictures = append(s.Pictures, camsim.Picture{DTS: dts - first, PTS: pts - first, Units: units})
	}
	for _, track := range r.Tracks() {
		switch c := track.Codec.(type) {
		case *codecs.H264:
			f := &format.H264{PayloadTyp: 96, PacketizationMode: 1}
			s.Video = f
			r.OnDataH264(track, func(pts, dts int64, au [][]byte) error {
				var units [][]byte
				for _, u := range au {
					switch h264.NALUType(u[0] & 0x1f) {
					case h264.NALUTypeSPS:
						f.SPS = u
					case h264.NALUTypePPS:
						f.PPS = u
					case h264.NALUTypeAccessUnitDelimiter:
						continue
					}
					units = append(units, u)
				}
				add(pts, dts, units)
				return nil
			})
		case *codecs.H265:
			f := &format.H265{PayloadTyp: 96}
			s.Video = f
			r.OnDataH265(track, func(pts, dts int64, au [][]byte) error {
				for _, u := range au {
					switch h265.NALUType(u[0] >> 1 & 0x3f) {
					case h265.NALUType_VPS_NUT:
						f.VPS = u
					case h265.NALUType_SPS_NUT:
						f.SPS = u
					case h265.NALUType_PPS_NUT:
						f.PPS = u
					}
				}
				add(pts, dts, au)
				return nil
			})
		case *codecs.MPEG4Audio:
			config := c.Config
			s.Audio = &format.MPEG4Audio{PayloadTyp: 97, Config: &config, SizeLength: 13, IndexLength: 3, IndexDeltaLength: 3}
			r.OnDataMPEG4Audio(track, func(_ int64, units [][]byte) error {
				for _, u := range units {
					s.Sounds = append(s.Sounds, camsim.Sound{PTS: int64(len(s.Sounds)) * mpeg4audio.SamplesPerAccessUnit, Bytes: u})
				}
				return nil
			})
		case *codecs.Opus:
			s.Audio = &format.Opus{PayloadTyp: 97, ChannelCount: c.ChannelCount}
			r.OnDataOpus(track, func(_ int64, packets [][]byte) error {
				for _, p := range packets {
					s.Sounds = append(s.Sounds, camsim.Sound{PTS: int64(len(s.Sounds)) * 960, Bytes: p}) // 20 ms
				}
				return nil
			})
		}
	}
	for r.Read() == nil {
	}
	return s
}

// withoutSets leaves the parameter sets to the description.
func withoutSets(s camsim.Scene) camsim.Scene {
	var list []camsim.Picture
	for _, p := range s.Pictures {
		var units [][]byte
		for _, u := range p.Units {
			if t := h264.NALUType(u[0] & 0x1f); t != h264.NALUTypeSPS && t != h264.NALUTypePPS {
				units = append(units, u)
			}
		}
		p.Units = units
		list = append(list, p)
	}
	s.Pictures = list
	return s
}

var x264 = []string{"-c:v", "libx264", "-preset", "ultrafast", "-g", "25", "-sc_threshold", "0", "-b:v", "600k"}
