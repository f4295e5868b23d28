// Package disksim is a simulated disk on which the power goes. It is a file system
// (FUSE) in memory that writes down everything that is asked of it; from that it makes
// what a disk may hold after a power cut at any moment: all that was synced, and of the
// rest any part, torn at 512 bytes. What nobody synced may be there, or half of it, or
// none.
//
// Cut is the test: a child process lives on the disk and says after each step that it
// promises it, then the disk is unmounted, and other children open its images and look
// for what was promised. (A process that maps files which it serves itself hangs sooner
// or later: that is why the work is done by a child, and judged afterwards.)
package disksim
