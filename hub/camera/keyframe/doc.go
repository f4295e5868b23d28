// Package keyframe decodes the pictures of an H.264 stream that stand alone, so
// that the detector can look at a camera that gives no JPEG.
//
// It is written from Rec. ITU-T H.264 (08/2021); the paragraphs and tables named
// in it are that document's. What comes out is what the standard says, byte for
// byte: the tests hold it against ffmpeg.
//
// # What it takes
//
// Pictures of I slices, IDR or not, of the profiles Baseline, Main and High: 8 bits,
// 4:2:0, frames; CAVLC or CABAC, both transforms, scaling matrices, several slices,
// deblocking, cropping. A decoder holds what it learnt of a stream's parameter sets,
// and nothing of a picture.
//
// # What it refuses
//
// Pictures that need others (ErrNeedsOthers), and what no camera of a house sends:
// fields and MBAFF frames, more than 8 bits, other than 4:2:0, samples coded without
// a transform, data partitions, slice groups, SI slices. The error says which.
//
// A garbled picture is an error, never half a picture: nothing is guessed for what
// is missing. Every macroblock is decoded once at most, so that no bytes keep a
// decoder busy for longer than a picture of that size takes. A picture is at most
// 4096 × 4096; beyond the size of level 4 (1920 × 1080 and a little) it is also at
// most what the stream's own level says. Cameras that call a picture of that size by
// a level too low do exist, and are believed.
package keyframe
