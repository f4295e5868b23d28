//go:build !amd64 && !arm64

package tflite

// vectors: no assembly for this processor.
const vectors = false

func tileAsm(*float32, int, *float32, *int, int, int, *float32, *float32, float32, float32) {}
func depthAsm(*float32, int, *float32, *int, *float32, float32, float32)                    {}
func widenAsm(*float32, *uint16, int)                                                       {}
