// Package clip keeps sealed footage: what it is given is ciphertext, and it
// holds no key. It knows bbolt and nothing of the house, of age or of video.
//
// A clip is a few sealed files, told apart by their track: the film, notes on
// it, stills. Each file is a head of some kilobytes and a body in chunks of
// ChunkSize, the last one shorter. Heads and the index lie in keys.db; bodies
// lie in volumes, files of Options.VolumeSize that are filled one after the
// other, one row of them for each Class. Where the disk has no room for four of
// those beside its reserve they are smaller, a quarter of what there is and 16 MiB
// at least: recording goes on where it can, and the oldest still makes room. Whoever has a body without its head
// has noise.
//
// Its promises:
//
//   - What Write has answered is on the disk, and a power cut at any moment
//     leaves every clip whole up to there. A clip that was not ended is found by
//     Unfinished after the next Open.
//   - Every file is born whole: made under another name, synced, renamed, and
//     its folder synced.
//   - A volume that cannot be read is set aside and named by a Fault, and so is keys.db.
//     Neither is ever a reason not to start or not to record, and the clips of other
//     volumes stay.
//   - Delete takes a clip's heads and row away at once. Its body is in its volume
//     until that is rewritten or dropped, its head in keys.db's free pages until
//     that is compacted: Sweep does both, and Owed says what is to be done.
//   - A volume is dropped as a whole, the oldest by number first: a clock that
//     was wrong makes nothing older.
//
// # What is listed
//
// The index lists all clips by time, and those of each group by time. Beside a clip
// that has ended lies what the room above wants of many at once, its brief: so a day
// is told without reading a row of it. A row says all; what is in a brief is in it.
//
// # How pieces lie in a volume
//
// A volume is a bbolt file, and behind its pages, in the same file, are the pieces. A
// piece is some whole chunks that follow each other; the pages say of each, by
// clip(16)‖track(1)‖first chunk(3), where it is. Had bbolt the bytes themselves it would
// make and clear new memory for every commit and copy them there first: as much work as
// sealing them. Pieces are written and read as they are, and not through the memory map.
//
// The order of a commit is bbolt's own. Pieces go where nothing that counts is, then
// bbolt's pages; it syncs the file, both of them, and then writes and syncs the page from
// which all others hang. What a power cut leaves behind of pieces is where nothing points
// to and is written over. A commit begins with a block of its own, so that no disk writes
// again what was promised. For the pages a 64th of the volume is set aside; once they
// have filled it, with pieces of a few KiB, the volume is full.
//
// Up to now each piece lay in a bucket of its own. Such volumes are read, and rewritten
// as the others are.
package clip
