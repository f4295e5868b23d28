// Package quirks is what is known of devices that do not keep to the library.
package quirks
