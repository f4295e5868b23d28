// Package keypads decides what each keypad of the house shows, and when it
// goes dark again. How a radio says it to a device is the radio's own table.
//
// A keypad hangs where a stranger may read it, so an idle one tells nothing
// (modelled on EN 50131-1, which lets set and part-set be shown for 180 s and
// unset for 30 s):
//
//	                            shown                                 for
//	exit delay, entry delay     seconds left, tone                    as long as it runs
//	alarm                       its kind                              as long as it runs
//	armed                       the mode, and whether anything is     180 s from arming, and
//	                            left out                              30 s from each touch
//	disarmed                    that it is                            30 s from disarming, and
//	                                                                  30 s from each touch
//	ready to arm, or not        while disarmed                        30 s from each touch
//	alarm memory, trouble,      on the keypad where a right code      30 s from the code
//	single zones                was entered
//	refused                     on the keypad that asked              5 s
//	something is open           on the keypad that asked              30 s: as long as the same
//	                                                                  can be asked with it left out
//
// A keypad that joins, or can be reached again, is given the present value as if
// it had just been reached for: it is told once, the countdown with the seconds
// that are left. During a delay each second is shown once.
//
// What a keypad shows depends on the panel and on whether a code was right, never
// on whose code it was: a code given under duress shows as any other.
package keypads
