package clip

import (
	"bytes"
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
			l, whole := decodeListed(v)
			if !ok || !whole || len(at) != 24 || s.live[ID(at[8:])] != nil {
				return nil
			}
			s.use.Clips++
			s.use.All += l.bytes
			s.use.Groups[string(group)] += l.bytes
			return nil
		})
	})
	return err
}
