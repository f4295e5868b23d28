package auth

import "testing"

// The filter holds what a password can be asked for, and nothing else: here is
// each way in which it is asked.
func TestLeakedPasswords(t *testing.T) {
	for _, c := range []struct {
		password string
		leaked   bool
	}{
		{"1234567890123", true},      // on the list as it is
		{"QwertyUiop123", true},      // in other case
		{"passwordpassword", true},   //
		{"password2024", true},       // with four digits behind
		{"Baseball!!!!", true},       // with four signs
		{"vjhtctdthf99", true},       // from the end of the list
		{"trustno1trustno1x", false}, // a stem that ends with a letter, but is not on the list
		{"password20245", false},     // five behind: zxcvbn's to judge
		{"a quiet lamp by the quay", false},
	} {
		if got := leaked(c.password); got != c.leaked {
			t.Errorf("%q: leaked is %v, want %v", c.password, got, c.leaked)
		}
	}
}
