// Package tflite runs one kind of TensorFlow Lite model: the convolutional
// network of a MobileNetV2 SSD with float16 weights. It is pure Go; on amd64
// (AVX2, FMA, F16C) and arm64 (NEON) the innermost loops are a few lines of
// assembly, held to the Go that every other processor runs.
//
// A model is a flatbuffer (the schema is tensorflow/lite/schema/schema.fbs).
// Load reads it, checks every shape against every operator and lays the
// activations out in one arena; what it does not know it refuses by name. Six
// operators are known:
//
//	CONV_2D            SAME padding, no dilation, bias, none or ReLU6
//	DEPTHWISE_CONV_2D  the same, one output channel for each input channel
//	ADD                equal shapes, none or ReLU6
//	CONCATENATION      along the first axis that is not 1
//	RESHAPE            the same numbers, so the same place in the arena
//	DEQUANTIZE         of float16 constants: folded at load
//
// Nothing is allocated after Load: Run is a walk over the steps. The weights
// stay float16, which is half the memory; sixteen columns of a convolution at a
// time are made float32 just before they are used. Weights and arena stand
// outside of the heap, so that the garbage collector does not allow the hub as
// much again.
//
// Convolutions multiply without copying the picture into columns first: the
// rows of the left matrix are offsets into the arena, one for each pixel and
// tap, and taps outside the picture point at zeros (XNNPACK calls this indirect
// convolution). The innermost loop makes six pixels of sixteen channels, which
// is what the registers hold.
//
// A Net belongs to one goroutine.
package tflite
