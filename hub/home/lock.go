package home

import (
	"fmt"
	"io"
	"log/slog"
)

// PIN is what a lock knows somebody by. It prints as [redacted] whatever it is
// printed with.
type PIN string

// Format implements fmt.Formatter.
func (PIN) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[redacted]") }

// LogValue implements slog.LogValuer.
func (PIN) LogValue() slog.Value { return slog.StringValue("[redacted]") }

// LockMeans is by what a lock was used.
type LockMeans string

// Means.
const (
	ByPIN    LockMeans = "pin"
	ByTag    LockMeans = "tag"
	ByKey    LockMeans = "key"
	ByHand   LockMeans = "hand"
	ByHub    LockMeans = "hub"
	ByItself LockMeans = "itself"
)

// LockUse is what was done at a lock, beside how its bolt stands since.
type LockUse struct {
	Bolt    Value // where it went; not known when it stayed
	Means   LockMeans
	User    int  // the number under which the lock knows the PIN or tag; -1: nobody in particular
	Refused bool // a wrong PIN, or one whose time it is not
	Many    bool // as many wrong ones as the lock allows
}

// LockCode is a code that a lock itself knows. Its digits are the lock's alone: the
// hub hands them on and keeps none.
type LockCode struct {
	Device DeviceID `json:"device"`
	User   int      `json:"user" doc:"the number under which the lock knows it"`
	Person string   `json:"person"`
}
