// Command bench measures the hub beside its peer and beside the machine's own
// floor, in one run, and prints what it found as Markdown.
//
// The hub is a process of its own, driven over a pty by a simulated stick in
// this one; what is timed is bytes. A figure is a ratio or a share of CPU
// time wherever it can be: milliseconds do not carry over to other machines.
// Runs of the hub and of what it is compared with take turns, so that both
// meet the same noise.
//
//	siren    report in → siren bytes out: idle, with 200 stalled clients, with
//	         a disk that hangs; beside a program that does nothing else (floor)
//	reports  report in → MQTT subscriber, beside npm zwave-js with Debian's
//	         mosquitto on a stick with the same devices
//	zigbee   report in → MQTT subscriber, beside npm Zigbee2MQTT with Debian's
//	         mosquitto; memory, and a stick that goes away
//	process  memory, time to ready, time to stop, size of the binary
//	flat     cost of a report with 10, 100 and 1,000 devices, and with 10³ to
//	         10⁶ events in the journal
//	clips    sealed writing beside raw files; CPU and memory of a camera of 1080p
//	         (Debian's ffmpeg makes what it sees); a page of 100,000 clips
//
// GATEHOUSE_BENCH_PROFILES names a folder for CPU profiles of the hubs.
//
// The slow disk is a FUSE file system that passes everything through and
// holds every fsync while it hangs; it needs /dev/fuse and the right to mount.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"
)

// run is one run of the harness.
type run struct {
	bin   string // the gatehouse binary, "" for none
	peer  string // folder in which zwave-js is installed
	short bool
	out   io.Writer
	say   func(format string, args ...any) // progress
}

func main() {
	if len(os.Args) > 1 {
		timed := map[string]func([]string) error{"home": homeMain, "floor": floorMain}
		if main := timed[os.Args[1]]; main != nil {
			if err := software(); err != nil {
				exit(err)
			}
			exit(main(os.Args[2:]))
		}
	}
	exit(benchMain())
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

func benchMain() error {
	r := &run{out: os.Stdout, say: func(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }}
	flag.StringVar(&r.bin, "bin", "bin/gatehouse", "measure memory, start and stop of this `BINARY`; \"\" for none")
	flag.StringVar(&r.peer, "peer", "zwave/zwavesim/interop", "`DIR` in which npm has installed zwave-js; \"\" to do without")
	flag.BoolVar(&r.short, "short", false, "a few rounds only: the figures are rough")
	only := flag.String("only", "siren,reports,zigbee,process,flat,clips", "which `PARTS` to run")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()

	parts := map[string]func(context.Context, *run) error{
		"siren": sirens, "reports": reports, "zigbee": zigbees, "process": process, "flat": flat, "clips": film,
	}
	began := time.Now()
	fmt.Fprintf(r.out, "%s\n\n", machine())
	var errs []error
	for name := range strings.SplitSeq(*only, ",") {
		part, ok := parts[name]
		if !ok {
			return fmt.Errorf("there is no part %q", name)
		}
		if err := part(ctx, r); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", name, err))
		}
		if ctx.Err() != nil {
			break
		}
	}
	r.say("took %s", time.Since(began).Round(time.Second))
	return errors.Join(errs...)
}

// table prints rows as Markdown.
func (r *run) table(title string, head []string, rows [][]string) {
	fmt.Fprintf(r.out, "**%s**\n\n| %s |\n|%s\n", title, strings.Join(head, " | "), strings.Repeat("---|", len(head)))
	for _, row := range rows {
		fmt.Fprintf(r.out, "| %s |\n", strings.Join(row, " | "))
	}
	fmt.Fprintln(r.out)
}

// quantile is the q-th quantile (nearest rank) of a sample.
func quantile(sample []time.Duration, q float64) time.Duration {
	if len(sample) == 0 {
		return 0
	}
	s := slices.Sorted(slices.Values(sample))
	return s[min(int(q*float64(len(s))), len(s)-1)]
}

// ms writes milliseconds with three figures that count.
func ms(d time.Duration) string {
	v := float64(d) / float64(time.Millisecond)
	switch {
	case v < 10:
		return fmt.Sprintf("%.2f ms", v)
	case v < 100:
		return fmt.Sprintf("%.1f ms", v)
	default:
		return fmt.Sprintf("%.0f ms", v)
	}
}

func ratio(a, b time.Duration) string {
	if b == 0 {
		return "–"
	}
	return fmt.Sprintf("%.2f", float64(a)/float64(b))
}
