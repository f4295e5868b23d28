// Package crash proves that a hub which dies at any moment comes back as it
// was. It has only tests: they start the real program with a real data folder
// beside a simulated stick, bring the panel into each phase, end the process
// with SIGKILL, start it again, and compare.
//
//	go test ./hub/crash -v -kills 250 -timeout 60m
//
// What must hold: the same mode and phase with the same deadline, an answered
// disarming stays answered, the siren of a running alarm is told again, and no
// event that was shown to anybody is lost or shown under another number. Of what
// a camera had sent at most half a second is missing, and every clip of before is
// what it was.
package crash
