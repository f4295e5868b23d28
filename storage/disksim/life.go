package disksim

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
)

// life is all that was asked of a disk, in order.
type life []op

// early is how many operations there are before the first promise.
func (ops life) early() int {
	return max(0, slices.IndexFunc(ops, func(o op) bool { return o.kind == opAck }))
}

// forgotten is the life of a disk that forgets what it was told to sync.
func (ops life) forgotten() life {
	return slices.DeleteFunc(slices.Clone(ops), func(o op) bool { return o.kind == opSync || o.kind == opSyncFolder })
}

// image writes into dir what the disk may hold when the power goes right after
// ops, and returns what had been promised by then.
func (ops life) image(dir string, dice *rand.Rand) (promised string, err error) {
	contents := map[uint64][]byte{} // what is surely there
	loose := map[uint64][]op{}      // not synced
	names := map[string]uint64{}
	var looseNames []op
	for _, o := range ops {
		switch o.kind {
		case opAck:
			promised = string(o.data)
		case opWrite, opTruncate:
			loose[o.file] = append(loose[o.file], o)
		case opSync:
			for _, w := range loose[o.file] {
				contents[o.file] = w.apply(contents[o.file])
			}
			delete(loose, o.file)
		case opLink, opUnlink:
			looseNames = append(looseNames, o)
		case opSyncFolder:
			for _, n := range looseNames {
				n.rename(names)
			}
			looseNames = nil
		}
	}
	// A folder changes in order, up to any point.
	for _, n := range looseNames[:dice.IntN(len(looseNames)+1)] {
		n.rename(names)
	}
	for file, writes := range loose {
		chance := dice.IntN(5) // none, some or all of it, by the file
		for _, w := range writes {
			if w.kind == opTruncate {
				if dice.IntN(4) < chance {
					contents[file] = w.apply(contents[file])
				}
				continue
			}
			for from := 0; from < len(w.data); from += 512 {
				if dice.IntN(4) < chance {
					part := op{kind: opWrite, off: w.off + int64(from), data: w.data[from:min(from+512, len(w.data))]}
					contents[file] = part.apply(contents[file])
				}
			}
		}
	}
	for name, file := range names {
		if name == ackName || name == illsName {
			continue
		}
		if err := os.WriteFile(filepath.Join(dir, name), contents[file], 0o600); err != nil {
			return "", err
		}
	}
	return promised, nil
}

func (o op) apply(b []byte) []byte {
	if o.kind == opTruncate {
		if n := int(o.off); n <= len(b) {
			return b[:n:n]
		}
		return append(b, make([]byte, int(o.off)-len(b))...)
	}
	if end := int(o.off) + len(o.data); end > len(b) {
		b = append(b, make([]byte, end-len(b))...)
	}
	copy(b[o.off:], o.data)
	return b
}

func (o op) rename(names map[string]uint64) {
	if o.kind == opUnlink {
		delete(names, o.name)
		return
	}
	if o.data != nil {
		delete(names, string(o.data))
	}
	names[o.name] = o.file
}
