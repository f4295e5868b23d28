package alarm

// zoneSet is a set of zones by their place in the configuration. It is never
// written in place: with makes a copy, of 1/8 byte a zone, so that older panels
// keep their own.
type zoneSet []uint64

func (b zoneSet) has(i int) bool {
	w := i >> 6
	return w < len(b) && b[w]&(1<<(i&63)) != 0
}

func (b zoneSet) word(w int) uint64 {
	if w < len(b) {
		return b[w]
	}
	return 0
}

func (b zoneSet) with(i int, on bool) zoneSet {
	if b.has(i) == on {
		return b
	}
	c := make(zoneSet, max(len(b), i>>6+1))
	copy(c, b)
	c[i>>6] ^= 1 << (i & 63)
	return c
}
