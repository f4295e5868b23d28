package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
)

func printVersion(_ context.Context, k *call) error {
	if err := k.parse(0, 0); err != nil {
		return err
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		info = &debug.BuildInfo{}
	}
	fmt.Fprintf(k.stdout, "gatehouse %s\ncommit %s\n%s %s/%s\nsbom sha256:%x\n",
		version, commit(), runtime.Version(), runtime.GOOS, runtime.GOARCH, bill(info))
	return nil
}

// revision is set by the build; a build inside a checkout may know it itself.
var revision = ""

func commit() string {
	if revision != "" {
		return revision
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				return s.Value
			}
		}
	}
	return "unknown"
}

// bill is the digest of the bill of materials: one line "path version sum" for
// each module that is linked in, sorted.
func bill(info *debug.BuildInfo) [sha256.Size]byte {
	var lines []string
	for _, m := range info.Deps {
		if m.Replace != nil {
			m = m.Replace
		}
		lines = append(lines, m.Path+" "+m.Version+" "+m.Sum+"\n")
	}
	slices.Sort(lines)
	return sha256.Sum256([]byte(strings.Join(lines, "")))
}
