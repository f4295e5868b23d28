package auth

import "testing"

// BenchmarkCaller is what every request pays to be known.
func BenchmarkCaller(b *testing.B) {
	r := open(b)
	code, _, _ := r.ClaimCode()
	q := r.enrol(code, "Anna").request()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := r.Caller(q); err != nil {
			b.Fatal(err)
		}
	}
}
