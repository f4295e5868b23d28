package flac

// bitWriter appends bits, the first of them highest.
type bitWriter struct {
	b     []byte
	waits uint64
	n     int // bits that wait for a byte to be whole
}

// put appends the lowest n bits of v, which has no others, of 32 at most.
func (w *bitWriter) put(v uint64, n int) {
	w.waits = w.waits<<n | v
	for w.n += n; w.n >= 8; w.n -= 8 {
		w.b = append(w.b, byte(w.waits>>(w.n-8)))
	}
}

// signed appends a number of n bits.
func (w *bitWriter) signed(v int32, n int) { w.put(uint64(uint32(v))&(1<<n-1), n) }

// close fills the last byte.
func (w *bitWriter) close() {
	if w.n > 0 {
		w.put(0, 8-w.n)
	}
}

// crc8 guards a header (§9.1.8): x⁸+x²+x+1.
func crc8(b []byte) (sum byte) {
	for _, v := range b {
		sum ^= v
		for range 8 {
			sum = sum<<1 ^ sum>>7*0x07
		}
	}
	return sum
}

// crc16 guards a frame (§9.3): x¹⁶+x¹⁵+x²+1.
func crc16(b []byte) (sum uint16) {
	for _, v := range b {
		sum = sum<<8 ^ crcs[byte(sum>>8)^v]
	}
	return sum
}

// crcs are the sums of each byte by itself.
var crcs = func() (table [256]uint16) {
	for i := range table {
		sum := uint16(i) << 8
		for range 8 {
			sum = sum<<1 ^ sum>>15*0x8005
		}
		table[i] = sum
	}
	return table
}()
