package tflite

import "golang.org/x/sys/cpu"

// vectors tells whether the processor has what kernel_amd64.s needs.
var vectors = cpu.X86.HasAVX2 && cpu.X86.HasFMA && cpu.X86.HasF16C
