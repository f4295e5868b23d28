// Wall hangs up a simulated camera of every kind that a hub is to get along with, on
// loopback, until it is told to stop: what a journey in a browser adds to its hub. What
// they show is made by ffmpeg when it starts. It prints one line of JSON that says
// where each of them is.
package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"math/big"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/bluenviron/gortsplib/v5/pkg/format"

	"gatehouse/hub/camera/camsim"
	"gatehouse/hub/camera/camsim/filmed"
	"gatehouse/hub/camera/onvif/onvifsim"
)

// hung is a camera that hangs, as it is printed.
type hung struct {
	Kind  string `json:"kind"`
	URL   string `json:"url"`
	ONVIF string `json:"onvif,omitempty"`
}

// seconds is how long each scene is before it begins again: long enough that no two
// pictures of a look at it are the same.
const seconds = 4

// x264 is what cameras send: a picture that stands alone each second, nothing shown
// out of its order.
var x264 = strings.Fields("-c:v libx264 -preset ultrafast -g 25 -sc_threshold 0 -b:v 600k")

// kinds of cameras.
var kinds = []struct {
	name  string
	args  []string // for ffmpeg
	g711  bool     // which no transport stream holds
	strip bool     // the parameter sets stand in the description alone
	tls   bool
	onvif bool
}{
	{name: "h264", args: x264},
	{name: "aac", args: with(x264, "-map 1:a -c:a aac")},
	{name: "g711", args: x264, g711: true},
	{name: "opus", args: with(x264, "-map 1:a -c:a libopus")},
	{name: "bframes", args: strings.Fields("-c:v libx264 -preset veryfast -bf 3 -g 25 -b:v 600k -x264-params open-gop=0:scenecut=0:b-adapt=0")},
	{name: "h265", args: strings.Fields("-c:v libx265 -preset ultrafast -x265-params keyint=25:scenecut=0:log-level=error:bframes=3:open-gop=0")},
	{name: "rtsps", args: x264, tls: true},
	{name: "sdp", args: x264, strip: true},
	{name: "onvif", args: x264, onvif: true},
	{name: "https", args: x264, onvif: true, tls: true},
}

func with(args []string, more string) []string {
	return append(slices.Clone(args), strings.Fields(more)...)
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "wall:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	var all sync.WaitGroup
	defer all.Wait()
	defer stop()
	var list []hung
	for _, k := range kinds {
		scene, err := film(ctx, k.args)
		if err != nil {
			return fmt.Errorf("%s: %w", k.name, err)
		}
		if k.strip {
			scene = filmed.Describe(scene)
		}
		if k.g711 {
			if err := hum(ctx, &scene); err != nil {
				return fmt.Errorf("%s: %w", k.name, err)
			}
		}
		o := camsim.Options{Listen: "127.0.0.1:0", Scene: scene}
		if k.tls {
			if o.TLS, err = certificate(); err != nil {
				return err
			}
		}
		c, err := camsim.New(o)
		if err != nil {
			return err
		}
		all.Go(func() { _ = c.Run(ctx) })
		h := hung{Kind: k.name, URL: c.URL()}
		if k.onvif {
			own, err := onvifsim.New(onvifsim.Options{Listen: "127.0.0.1:0", TLS: o.TLS, Name: k.name, Maker: "Gatehouse", Model: "Wall", Main: h.URL, Sub: h.URL})
			if err != nil {
				return err
			}
			all.Go(func() { _ = own.Run(ctx) })
			h.ONVIF = own.Address()
		}
		list = append(list, h)
	}
	if err := json.NewEncoder(os.Stdout).Encode(list); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}

// film has ffmpeg make a scene.
func film(ctx context.Context, args []string) (camsim.Scene, error) {
	b, err := ffmpeg(ctx, append(args, "-map", "0:v", "-pix_fmt", "yuv420p", "-f", "mpegts"))
	if err != nil {
		return camsim.Scene{}, err
	}
	return filmed.Read(b, seconds)
}

// hum gives a scene G.711 A-law, in packets of 20 ms as most cameras send it.
func hum(ctx context.Context, s *camsim.Scene) error {
	const rate, packet = 8000, 160
	b, err := ffmpeg(ctx, strings.Fields("-map 1:a -ar 8000 -ac 1 -f alaw"))
	s.Audio = &format.G711{PayloadTyp: 8, SampleRate: rate, ChannelCount: 1}
	for at := 0; at+packet <= len(b); at += packet {
		s.Sounds = append(s.Sounds, camsim.Sound{PTS: int64(at), Bytes: b[at : at+packet]})
	}
	return err
}

// ffmpeg codes a test picture and a tone.
func ffmpeg(ctx context.Context, args []string) ([]byte, error) {
	all := strings.Fields("-v error -f lavfi -i testsrc2=size=640x360:rate=25 -f lavfi -i sine=frequency=440:sample_rate=48000")
	all = append(all, "-t", fmt.Sprint(seconds))
	all = append(append(all, args...), "-")
	cmd := exec.CommandContext(ctx, "ffmpeg", all...)
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	b, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("ffmpeg (of the Debian package ffmpeg): %w: %s", err, complaints.String())
	}
	return b, nil
}

// certificate is one that a camera made for itself.
func certificate() (*tls.Config, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	made := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, made, made, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, nil
}
