//go:build amd64 || arm64

package tflite

// tileAsm is tileGo; the caller has checked what its pointers reach.
//
//go:noescape
func tileAsm(c *float32, ldc int, arena *float32, rows *int, taps, channels int, b, bias *float32, lo, hi float32)

// depthAsm is depthGo with nine taps and a multiple of depthBlock channels.
//
//go:noescape
func depthAsm(out *float32, channels int, arena *float32, taps *int, w *float32, lo, hi float32)

// widenAsm is widenGo for n numbers, a multiple of eight.
//
//go:noescape
func widenAsm(dst *float32, src *uint16, n int)
