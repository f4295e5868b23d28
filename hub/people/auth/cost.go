package auth

// Cost is how hard a password is to try. The zero Cost is calibrated on the
// device to a quarter to half a second; no configuration can choose another.
type Cost struct {
	cheap bool
}

// TB is the part of testing.TB that CheapCost asks for, so that nothing but a
// test can call it.
type TB interface {
	Helper()
	TempDir() string
	Setenv(key, value string)
}

// CheapCost makes passwords cheap for the tests of this and other rooms.
func CheapCost(tb TB) Cost {
	tb.Helper()
	return Cost{cheap: true}
}
