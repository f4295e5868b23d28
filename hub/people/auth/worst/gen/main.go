// Command gen makes the filter of the worst passwords from a list with one
// password a line.
package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"

	"github.com/FastFilter/xorfilter"

	"gatehouse/hub/people/auth/worst"
)

func main() {
	out := flag.String("o", "worst.bf8", "the filter")
	flag.Parse()
	if flag.NArg() != 1 || flag.Arg(0) == "" { // everything else is generated without it
		fmt.Fprintln(os.Stderr, "gen: the filter of the worst passwords stays as it is: WORST_PASSWORDS names no list (see README.md)")
		return
	}
	if err := run(flag.Arg(0), *out); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

func run(list, out string) error {
	f, err := os.Open(list)
	if err != nil {
		return err
	}
	defer f.Close()
	var keys []uint64
	read := 0
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		read++
		if line := string(bytes.TrimRight(lines.Bytes(), "\r")); worst.Matters(line) {
			keys = append(keys, worst.Key(line))
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("%s: %w", list, err)
	}
	slices.Sort(keys)
	keys = slices.Compact(keys)
	if len(keys) == 0 {
		return errors.New(list + " is empty")
	}
	filter, err := xorfilter.PopulateBinaryFuse8(keys)
	if err != nil {
		return err
	}
	le := binary.LittleEndian
	b := le.AppendUint64(nil, filter.Seed)
	for _, v := range []uint32{
		filter.SegmentLength, filter.SegmentLengthMask, filter.SegmentCount, filter.SegmentCountLength,
		uint32(len(filter.Fingerprints)),
	} {
		b = le.AppendUint32(b, v)
	}
	b = append(b, filter.Fingerprints...)
	fmt.Printf("%d lines, %d keys, %d bytes\n", read, len(keys), len(b))
	return os.WriteFile(out, b, 0o644) //nolint:gosec // goes into the repository
}
