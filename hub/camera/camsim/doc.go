// Package camsim is a simulated camera: an RTSP server that plays a scene over and
// over, as a camera on the wall would send it. It can ask for a password, speak TLS,
// leave its parameter sets out of the stream, lose packets, set its clock, and be
// switched off and on. It can have a loudspeaker, and keeps what it said. What a
// camera on the wall sends as a sub-stream is another Camera (Options.SubOf): the same at
// that moment, smaller, and nothing while nobody looks.
//
// A Scene is coded pictures. Draw makes one with the package's own small H.264
// encoder, so that a demo has cameras wherever it runs; tests bring scenes that
// ffmpeg made.
package camsim
