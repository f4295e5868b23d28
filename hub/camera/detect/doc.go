// Package detect tells a person from a dog, on the box. It looks at pictures of
// cameras and says what is on them as home.Sight, and whether anything moved; it
// never sees a clip, a stream or a key, keeps no picture, and nothing of what it does
// leaves the process.
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
// people, dogs, cats and cars everywhere, always. Each time that somebody says of a
// sight that it was none, the zone wants a score higher by 0.05 of such things, up to
// 0.2: less sure, never blind.
//
// A picture moved when it differs from the one before it, and that one from its own:
// a lamp that is switched is one change and no movement. What most of the picture did is
// the light's doing and is taken off; so is what a cell and those two away from it did
// alike in proportion, since the shadow of a cloud has no edge. What changes four fifths
// of the picture is a light too, five times in 64 comparisons: a camera that turns to
// infrared looks for its exposure meanwhile, and who waves a torch is seen.
//
// # What never rests
//
// A clock that is written into the picture, a flag, a tree in the wind: a cell in which,
// or beside which, something stirred in 48 of the last 64 comparisons is restless. It
// and the cells that touch it count no more as movement until something has stirred in
// fewer than 8 of 64 for 120 comparisons. To stir is half of what it takes to move. Of
// one picture a second, that is after three quarters of a minute, and for three minutes
// after the last of it.
//
// Who wants to teach a camera to look away has to stand in its picture for that time, and
// sets it off meanwhile: a cell begins to learn with movement that counts. What they
// gain is that place, for three minutes, and not the way there. Not more than a fifth
// of the picture ever counts no more; somebody who is seen there has it count at once;
// while an alarm or an entry delay runs everything counts and nothing is learnt
// (Watch.Alert); and after two minutes without a comparison all of it is forgotten.
//
// It is of movement alone: the network is asked about what never rests too, and what
// it sees counts everywhere but where the owner said to ignore.
//
// # When there is too much
//
// One worker looks; Look never waits. What waits is bounded, the newest is taken
// first, and when it is full the oldest is dropped: of an intruder the picture of
// now is wanted. What waited too long is dropped too. Both are counted.
//
// The network, some 20 MB, is opened when a picture wants it and closed a minute
// after the last that did. Movement needs none.
//
// # How good it is
//
// Not as good as a person, and less at night: RESULTS.md has what it found and
// missed on the pictures and the street video of the tests. It is
// one more witness for an alarm that a sensor raised, and raises none.
package detect
