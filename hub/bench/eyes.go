package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"gatehouse/hub/camera/camsim"
	"gatehouse/hub/home"
	"gatehouse/hub/people/auth"
	"gatehouse/storage"
)

// eyes measures what a camera of 1080p costs the hub: CPU time and memory of the
// program, with all of them recording all the time and with none, beside the same hub
// before it had any. The cameras are in this process and are not counted.
func eyes(ctx context.Context, r *run) error {
	if r.bin == "" {
		return nil
	}
	const cameras = 4
	settle, measure := 15*time.Second, 60*time.Second
	if r.short {
		settle, measure = 8*time.Second, 10*time.Second
	}
	dir, clean, err := scratch("eyes")
	if err != nil {
		return err
	}
	defer clean()
	scene, rate, err := shoot(ctx, dir)
	if err != nil {
		return err
	}
	if err := os.Mkdir(filepath.Join(dir, "data"), 0o700); err != nil {
		return err
	}
	h, err := openHub(ctx, r, dir)
	if err != nil {
		return err
	}
	defer h.close()
	ctx, stop := context.WithCancel(ctx)
	defer stop()

	type state struct {
		share    float64
		pss, rss int64
	}
	look := func(what string) state {
		r.say("clips: %s", what)
		sleep(ctx, settle)
		before, began := cpu(h.Process.Pid), time.Now()
		sleep(ctx, measure)
		s := state{share: (cpu(h.Process.Pid) - before).Seconds() / time.Since(began).Seconds()}
		s.pss, s.rss = memory(h.Process.Pid)
		return s
	}
	none := look("no camera")
	for i := range cameras {
		sim, err := camsim.New(camsim.Options{Listen: "127.0.0.1:0", Scene: scene})
		if err != nil {
			return err
		}
		go func() { _ = sim.Run(ctx) }()
		settings := map[string]any{"url": sim.URL(), "pre": "4s", "phases": []string{}}
		if err := h.ask(http.MethodPut, fmt.Sprintf("/cameras/camera-%d", i), settings, nil); err != nil {
			return err
		}
	}
	watching := look(fmt.Sprintf("%d cameras, none records", cameras))
	for i := range cameras {
		if err := h.ask(http.MethodPut, fmt.Sprintf("/cameras/camera-%d", i), map[string]any{"continuous": true}, nil); err != nil {
			return err
		}
	}
	recording := look(fmt.Sprintf("%d cameras record", cameras))
	var page struct {
		Clips []home.Clip `json:"clips"`
	}
	if err := h.get("/clips", &page); err != nil || len(page.Clips) != cameras {
		return fmt.Errorf("%d clips are being recorded, want %d (%w)", len(page.Clips), cameras, err)
	}
	each := func(s state) (string, string) {
		return fmt.Sprintf("%.2f %%", 100*(s.share-none.share)/cameras), fmt.Sprintf("%s (%s)", mib((s.pss-none.pss)/cameras), mib((s.rss-none.rss)/cameras))
	}
	cpuWatching, memWatching := each(watching)
	cpuRecording, memRecording := each(recording)
	r.table(fmt.Sprintf("Each of %d cameras of 1920×1080, 25 pictures a second, %.1f Mbit/s, beyond the hub without (%.2f %%, %s)", cameras, rate/1e6, 100*none.share, mib(none.pss)),
		[]string{"", "CPU, of one core", "memory, PSS (RSS)", "goal"}, [][]string{
			{"the last 4 s are kept", cpuWatching, memWatching, ""},
			{"and all is recorded, sealed", cpuRecording, memRecording, "≤ 1.5 %, ≤ 10 MB"},
		})
	return nil
}

// shoot has ffmpeg code ten seconds of a busy picture at 4 Mbit/s.
func shoot(ctx context.Context, dir string) (s camsim.Scene, rate float64, err error) {
	const seconds, pictures = 10, 25
	file := filepath.Join(dir, "scene.h264")
	cmd := exec.CommandContext(ctx, "ffmpeg", "-v", "error", "-f", "lavfi", "-i", fmt.Sprintf("testsrc2=size=1920x1080:rate=%d,noise=alls=20:allf=t", pictures), "-t", fmt.Sprint(seconds),
		"-pix_fmt", "yuv420p", "-c:v", "libx264", "-preset", "ultrafast", "-bf", "0", "-b:v", "4M", "-minrate", "4M", "-maxrate", "4M", "-bufsize", "4M",
		"-x264-params", "aud=1:keyint=50:scenecut=0:nal-hrd=cbr", "-f", "h264", file)
	if out, err := cmd.CombinedOutput(); err != nil {
		return s, 0, fmt.Errorf("ffmpeg: %w: %s", err, out)
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return s, 0, err
	}
	s, err = camsim.Coded(b, pictures)
	return s, float64(len(b)) * 8 / seconds, err
}

// program is the hub as it is installed, with a token to its API.
type program struct {
	*served
	base, token string
	client      *http.Client
}

// openHub starts the program on the folder data of dir, with a vault.
func openHub(ctx context.Context, r *run, dir string) (*program, error) {
	bin, err := filepath.Abs(r.bin)
	if err != nil {
		return nil, err
	}
	page, err := freePort()
	if err != nil {
		return nil, err
	}
	data := filepath.Join(dir, "data")
	config := filepath.Join(dir, "gatehouse.yaml")
	text := fmt.Sprintf("data: %q\nlisten: {https: %q, http: \"\"}\ninterfaces: [lo]\nmqtt: {listen: \"\", loopback: \"\"}\nhomekit: {enabled: false}\nclips: {volume: 64MiB, quota: 2GiB}\nlog: {level: warn}\n", data, page)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		return nil, err
	}
	h := &program{base: "https://" + page + "/api/v1", client: &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, // it is at the other end of a port of this machine
	}}}
	if h.token, err = newToken(ctx, data); err != nil {
		return nil, err
	}
	if h.served, err = serve(ctx, bin, config, dir); err != nil {
		return nil, err
	}
	if err := h.ask(http.MethodPut, "/vault", map[string]any{"recipients": []string{strings.TrimSpace(recipient)}}, nil); err != nil {
		h.close()
		return nil, err
	}
	return h, nil
}

func (h *program) close() { _, _ = h.end() }

// newToken makes a program's token in a folder that no hub has open.
func newToken(ctx context.Context, data string) (string, error) {
	db, err := storage.Open(filepath.Join(data, "home.db"), storage.Options{})
	if err != nil {
		return "", err
	}
	defer db.Close()
	people, err := auth.Open(auth.Options{DB: db, Dir: data, Journal: unwritten{}, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return "", err
	}
	_, secret, err := people.CreateToken(ctx, "", "bench", auth.Owner, time.Time{})
	return string(secret), err
}

func (h *program) get(path string, into any) error { return h.ask(http.MethodGet, path, nil, into) }

func (h *program) ask(method, path string, body, into any) error {
	var r io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return err
		}
		r = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(context.Background(), method, h.base+path, r)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+h.token)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := h.client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	switch {
	case err != nil:
		return err
	case resp.StatusCode >= 300:
		return fmt.Errorf("%s %s: %s: %s", method, path, resp.Status, b)
	case into == nil:
		return nil
	}
	if err := json.Unmarshal(b, into); err != nil {
		return errors.Join(fmt.Errorf("%s %s", method, path), err)
	}
	return nil
}
