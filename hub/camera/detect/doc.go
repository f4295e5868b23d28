// Package detect tells a person from a dog, on the box. It looks at JPEG
// pictures of cameras and says what is on them as home.Sight; it never sees a
// clip, a stream or a key, keeps no picture, and nothing of what it does leaves
// the process.
//
// # From picture to sight
//
// The network is an SSD-MobileNetV2 that knows 24 things (package tflite runs
// it). It sees 300 × 300 points, so a figure at the garden gate is a few points
// high; where something moved since the camera's last picture, that part is
// looked at once more, enlarged. Moved is what a grid of 64 × 36 brightnesses
// says. At most maxCrops parts are looked at beside the whole.
//
// What the network says is boxes with a score. Of boxes of one kind that cover
// each other the best is kept. A box that is cut off by the edge of a part, not
// of the picture, is dropped: half a person is a guess.
//
// # What is believed
//
// A sight is believed when its score is 0.5 on one picture, or 0.4 on two of the
// camera's last three. A zone of the picture has its own labels, scores and
// modes; a thing stands in the zone in which its feet are. Where zones say to
// ignore, nothing is seen and nothing moves. A camera without zones looks for
// people, dogs, cats and cars everywhere, always.
//
// # When there is too much
//
// One worker looks; Look never waits. What waits is bounded, the newest is taken
// first, and when it is full the oldest is dropped: of an intruder the picture of
// now is wanted. What waited too long is dropped too. Both are counted.
//
// # How good it is
//
// Not as good as a person, and less at night: RESULTS.md has what it found and
// missed on the pictures and the street video of the tests. It is
// one more witness for an alarm that a sensor raised, and raises none.
package detect
