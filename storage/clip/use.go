package clip

import (
	"bytes"
	"encoding/binary"
	"maps"

	bolt "go.etcd.io/bbolt"
)

// Use is what the clips take, in bytes.
type Use struct {
	Clips  int
	All    int64
	Groups map[string]int64
}

func (u *Use) add(r Row, sign int64) {
	if u.Groups == nil {
		u.Groups = map[string]int64{}
	}
	u.Clips += int(sign)
	u.All += sign * r.Bytes()
	u.Groups[r.Group] += sign * r.Bytes()
}

// Use is what the clips that have ended take.
func (s *Store) Use() Use {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.use
	u.Groups = maps.Clone(u.Groups)
	return u
}

// measure counts anew.
func (s *Store) measure() error {
	s.use = Use{Groups: map[string]int64{}}
	err := s.viewKeys(func(tx *bolt.Tx) error {
		return tx.Bucket(bucketGroups).ForEach(func(k, v []byte) error {
			group, at, ok := bytes.Cut(k, []byte{0})
			if !ok || len(v) != 9 || len(at) != 24 || s.live[ID(at[8:])] != nil {
				return nil
			}
			n := int64(binary.BigEndian.Uint64(v[1:]))
			s.use.Clips++
			s.use.All += n
			s.use.Groups[string(group)] += n
			return nil
		})
	})
	return err
}
