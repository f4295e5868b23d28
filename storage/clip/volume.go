package clip

import (
	"encoding/binary"
	"fmt"
	"path/filepath"
	"strings"

	bolt "go.etcd.io/bbolt"
)

// volume is one file of pieces.
type volume struct {
	class  Class
	number uint32
	path   string
	book   *book  // nil while closed
	write  bool   // book takes writes
	size   int64  // up to which it is filled, of those that are written to
	turn   uint64 // when it was last wanted
}

const volumeSuffix = ".clips"

func volumeName(c Class, number uint32) string {
	return fmt.Sprintf("%s-%08d%s", c, number, volumeSuffix)
}

// parseVolumeName reads volumeName.
func parseVolumeName(name string) (c Class, number uint32, ok bool) {
	name, ok = strings.CutSuffix(filepath.Base(name), volumeSuffix)
	if !ok {
		return "", 0, false
	}
	for _, c := range Classes {
		if n, err := fmt.Sscanf(name, string(c)+"-%08d", &number); err == nil && n == 1 && volumeName(c, number) == name+volumeSuffix {
			return c, number, true
		}
	}
	return "", 0, false
}

// fill makes what is in a volume from the first, and notes how large it may be: another
// start does not know how much room there was.
func (v *volume) fill(tx *bolt.Tx) error {
	if err := tx.Bucket(bucketMeta).Put(keySize, binary.BigEndian.AppendUint64(nil, uint64(v.size))); err != nil {
		return err
	}
	return fillBook(tx, pagesOf(v.size))
}
