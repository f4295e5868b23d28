// Package interop holds clips to programs that are not ours: an exported clip is
// opened by the stock age tool, built at the version that the hub is built with,
// and ffprobe counts its pictures.
//
// The test is behind the build tag interop.
package interop
