// Package storage keeps what a hub must not forget: typed tables and single
// values in one file (DB), and an append-only journal in another (Journal).
// Both are bbolt files of JSON rows. The package knows nothing of the house.
//
// Its promises:
//
//   - What was answered is on the disk: Put, Save, Update and Delete return
//     after fdatasync, and a power cut at any instant leaves either the old or
//     the new contents, never a mixture.
//   - A file is born whole: made under another name, written, synced, renamed,
//     and its folder synced. bbolt can be left unopenable by a power cut during
//     its first initialisation, so that moment never happens to the real name.
//   - One process at a time: a second one is refused with [ErrInUse].
//   - After an unclean stop the file is checked before it is opened, in a child
//     process when [Options.Check] is [InChild]: reading a damaged memory map
//     can end a process with SIGSEGV. A damaged file is set aside and the last
//     good snapshot takes its place, which stays visible as a [Fault] until
//     somebody acknowledges it.
//   - [Journal.Append] numbers an entry at once and never waits for the disk;
//     the entry is announced once it is durable. Numbers are never given to
//     other announced content, not even after a power cut.
//   - A full, read-only or hung disk is named as such ([ErrFull], [ErrReadOnly],
//     [Fault]) and nothing that was answered is lost by it.
//
// Constructors start no goroutine; DB.Run and Journal.Run own them.
package storage
