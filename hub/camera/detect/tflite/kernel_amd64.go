package tflite

import "golang.org/x/sys/cpu"

// vectors tells whether the processor has what kernel_amd64.s needs.
var vectors = cpu.X86.HasAVX2 && cpu.X86.HasFMA && cpu.X86.HasF16C

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
