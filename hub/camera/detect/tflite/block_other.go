//go:build !unix

package tflite

func newBlock(bytes int) ([]byte, error) { return make([]byte, bytes), nil }

func freeBlock([]byte) {}
