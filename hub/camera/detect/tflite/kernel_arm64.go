package tflite

// vectors: every arm64 processor that Linux runs on has what kernel_arm64.s needs.
const vectors = true
