package main

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	_ "image/jpeg"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"gatehouse/hub/camera/detect"
	"gatehouse/hub/camera/detect/tflite"
	"gatehouse/hub/home"
)

// took is what a program says of its runs: milliseconds of CPU, and the most
// memory that it held, in KiB.
type took struct {
	Load float64   `json:"load"`
	Took []float64 `json:"took"`
	Peak int       `json:"peak"`
}

const (
	side   = 300
	inputs = side * side * 3
	boxes  = 1917 * 4
	odds   = 1917 * 24
)

// tolerance is how far the network's numbers may be from LiteRT's: boxes are in
// tenths of an anchor's side, odds are logarithms. Both programs add up the same
// float32 products in another order.
const tolerance = 1e-3

// took measures the network beside LiteRT, and the whole way from a JPEG picture.
func (r *run) took(ctx context.Context, w io.Writer) error {
	work, err := os.MkdirTemp("", "detect")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	in := filepath.Join(work, "in")
	n, err := r.writeInputs(in)
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	model := filepath.Join(r.folder, "model.tflite")
	type program struct {
		name    string
		command []string
		env     string
		out     string
		all     []took
	}
	programs := []*program{
		{name: "this interpreter", command: []string{self, "net", model, detect.ModelSum, in}},
		{name: "the same without assembly", command: []string{self, "net", model, detect.ModelSum, in}, env: "GODEBUG=cpu.avx2=off"},
		{name: "npm @litertjs/core 2.5.3 (XNNPACK, WebAssembly), one thread", command: []string{"node", filepath.Join(r.peer, "litert.mjs"), model, in}},
	}
	for round := range 3 { // in turns, so that all meet the same noise
		for i, p := range programs {
			p.out = filepath.Join(work, strconv.Itoa(i))
			t, err := measure(ctx, p.env, append(slices.Clone(p.command), p.out, strconv.Itoa(r.rounds))...)
			if err != nil {
				return fmt.Errorf("%s: %w", p.name, err)
			}
			p.all = append(p.all, t)
			r.say("round %d: %s: %.1f ms", round+1, p.name, median(t.Took))
		}
	}
	fmt.Fprintf(w, "| one run of the network, 0.67 G multiplications; 3 × %d runs | CPU, median | load, CPU | most memory |\n|---|---|---|---|\n", r.rounds)
	for _, p := range programs {
		t := merge(p.all)
		fmt.Fprintf(w, "| %s | %.0f ms | %.0f ms | %.0f MB |\n", p.name, median(t.Took), t.Load, float64(t.Peak)*1024/1e6)
	}
	fmt.Fprintln(w, "\n| a picture, from JPEG to sights | CPU, median | most memory |\n|---|---|---|")
	for _, name := range []string{"street/35", "1080p"} {
		for _, parts := range []string{"still", "moving"} {
			t, err := measure(ctx, "", self, "-detector", r.folder, "-pictures", r.pictures, "look", name, parts, strconv.Itoa(r.rounds))
			if err != nil {
				return err
			}
			what := map[string]string{
				"street/35 still": "768 × 576, the whole", "street/35 moving": "768 × 576, two parts enlarged",
				"1080p still": "1920 × 1080, the whole", "1080p moving": "1920 × 1080, two parts enlarged",
			}[name+" "+parts]
			fmt.Fprintf(w, "| %s | %.0f ms | %.0f MB |\n", what, median(t.Took), float64(t.Peak)*1024/1e6)
		}
	}
	fmt.Fprintln(w)
	yardstick, err := readFloats(programs[2].out)
	if err != nil {
		return err
	}
	for _, p := range programs[:2] {
		got, err := readFloats(p.out)
		if err != nil {
			return err
		}
		if len(got) != len(yardstick) || len(got) != n*(boxes+odds) {
			return fmt.Errorf("%s: %d numbers beside %d", p.name, len(got), len(yardstick))
		}
		var box, odd float64
		for i, v := range got {
			d := math.Abs(float64(v - yardstick[i]))
			if i%(boxes+odds) < boxes {
				box = max(box, d)
			} else {
				odd = max(odd, d)
			}
		}
		fmt.Fprintf(w, "Against LiteRT on %d pictures, %s: boxes differ by at most %.1e of anchors' tenths, odds by %.1e (tolerance %.0e).\n", n, p.name, box, odd, tolerance)
		if !(box <= tolerance && odd <= tolerance) {
			return fmt.Errorf("%s differs from LiteRT by more than %v", p.name, tolerance)
		}
	}
	return nil
}

// writeInputs makes inputs of the photographs, by nothing that the detector has.
func (r *run) writeInputs(name string) (n int, err error) {
	var out []byte
	for _, p := range photographs {
		f, err := os.Open(filepath.Join(r.pictures, p.name+".jpg"))
		if err != nil {
			return 0, err
		}
		img, _, err := image.Decode(f)
		f.Close()
		if err != nil {
			return 0, err
		}
		b := img.Bounds()
		for i := range side * side {
			red, green, blue, _ := img.At(b.Min.X+i%side*b.Dx()/side, b.Min.Y+i/side*b.Dy()/side).RGBA()
			for _, c := range []uint32{red, green, blue} {
				out = binary.NativeEndian.AppendUint32(out, math.Float32bits(float32(c)/32767.5-1))
			}
		}
		n++
	}
	return n, os.WriteFile(name, out, 0o600)
}

func readFloats(name string) ([]float32, error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	out := make([]float32, len(b)/4)
	for i := range out {
		out[i] = math.Float32frombits(binary.NativeEndian.Uint32(b[4*i:]))
	}
	return out, nil
}

func measure(ctx context.Context, env string, command ...string) (took, error) {
	c := exec.CommandContext(ctx, command[0], command[1:]...)
	c.Env = append(os.Environ(), env)
	out, err := c.Output()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		return took{}, fmt.Errorf("%w: %s", err, exit.Stderr)
	}
	if err != nil {
		return took{}, err
	}
	var t took
	return t, json.Unmarshal(out, &t)
}

func merge(all []took) took {
	var t took
	var loads []float64
	for _, a := range all {
		t.Took = append(t.Took, a.Took...)
		loads = append(loads, a.Load)
		t.Peak = max(t.Peak, a.Peak)
	}
	t.Load = median(loads)
	return t
}

func median(all []float64) float64 {
	s := slices.Sorted(slices.Values(all))
	return s[len(s)/2]
}

// netMain is the program that is measured beside litert.mjs: it does the same
// in the same order.
func netMain(args []string) error {
	if len(args) != 5 {
		return errors.New("net: model, its SHA-256, inputs, outputs and rounds are wanted")
	}
	rounds, err := strconv.Atoi(args[4])
	if err != nil {
		return err
	}
	began := cpu()
	net, err := tflite.LoadFile(args[0], args[1])
	if err != nil {
		return err
	}
	t := took{Load: ms(cpu() - began)}
	f, err := os.Open(args[2])
	if err != nil {
		return err
	}
	defer f.Close()
	out, err := os.Create(args[3])
	if err != nil {
		return err
	}
	var first []byte
	picture := make([]byte, 4*inputs)
	feed := func(b []byte) {
		in := net.Input(0)
		for i := range in {
			in[i] = math.Float32frombits(binary.NativeEndian.Uint32(b[4*i:]))
		}
		net.Run()
	}
	for {
		if _, err := io.ReadFull(f, picture); err == io.EOF {
			break
		} else if err != nil {
			return err
		}
		if first == nil {
			first = slices.Clone(picture)
		}
		feed(picture)
		for i := range 2 {
			if err := binary.Write(out, binary.NativeEndian, net.Output(i)); err != nil {
				return err
			}
		}
	}
	if err := out.Close(); err != nil {
		return err
	}
	for range rounds {
		began = cpu()
		feed(first)
		t.Took = append(t.Took, ms(cpu()-began))
	}
	return t.print()
}

// lookMain measures a detector on one picture after the other.
func (r *run) lookMain(name string, moving bool, rounds int) error {
	began := cpu()
	d, err := r.detector()
	if err != nil {
		return err
	}
	t := took{Load: ms(cpu() - began)}
	jpeg, err := r.picture(name)
	if err != nil {
		return err
	}
	other := jpeg
	if moving {
		if other, err = r.picture("street/36"); err != nil {
			return err
		}
	}
	at := time.Now()
	camera := home.DeviceID("street")
	for i := range rounds + 3 {
		at = at.Add(time.Second)
		b := jpeg
		if i%2 == 1 {
			b = other
		}
		began = cpu()
		if _, err := d.Judge(camera, at, detect.JPEG(b)); err != nil {
			return err
		}
		if used := ms(cpu() - began); i >= 3 && i%2 == 0 {
			t.Took = append(t.Took, used)
		}
	}
	return t.print()
}

var peakLine = regexp.MustCompile(`VmHWM:\s+(\d+)`)

func (t took) print() error {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return err
	}
	m := peakLine.FindSubmatch(status)
	if m == nil {
		return errors.New("no VmHWM in /proc/self/status")
	}
	if t.Peak, err = strconv.Atoi(string(m[1])); err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(t)
}

// cpu is what the process has used of the processor.
func cpu() time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func ms(d time.Duration) float64 { return d.Seconds() * 1000 }
