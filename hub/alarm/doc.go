// Package alarm is the panel of the house as a pure value.
package alarm
