// Package guard keeps a panel alive: it owns the mutex, the timer and the
// saving around the pure value in hub/alarm.
package guard
