// Package quirks is what is known of devices that do not keep to the Zigbee
// Cluster Library: what their own data points, tags and attributes mean, which of
// their bits stand for what, what they want to be asked and told before they
// speak. All of it is data, in quirk files; the package has no device by name.
//
//	own.quirks       ours, by hand: Xiaomi
//	herdsman.quirks  made by gen/derive.mjs of npm zigbee-herdsman-converters,
//	                 under its licence (herdsman.LICENSE): Tuya, IAS zones
//
// An owner may add files of the same form, which go before both.
//
// # Quirk files
//
// A file is lines of words. What follows # is a comment, an empty line is
// nothing, a word in double quotes may hold spaces and what else Go's strings may.
// Numbers are decimal, or hexadecimal behind 0x. A device begins by the line that
// names it, and has all lines until the next:
//
//	device Smoke sensor of the shed
//	match TS0601 _TZE200_aycxwiau _TZE204_aycxwiau
//	point 1 smoke 0=true *=false
//	point 14 low_battery 0=true *=false
//	point 15 battery
//
// Which devices are meant:
//
//	match MODEL [MAKER …]        of that model, by one of these makers; * is any
//	                             model. Several lines: one of them
//	serving CLUSTER …            and it serves all of these clusters
//
// Where a reading comes from:
//
//	point N READING              Tuya's data point
//	tag N READING                Xiaomi's tag
//	attribute CLUSTER ATTR [maker CODE] READING
//	alarm 1|2|any READING        an alarm bit of its IAS zone. With such a line no
//	                             other alarm bit means anything
//
// and what it is, a trait and how its words or its number are made:
//
//	TRAIT [bit N] [/N] [*N] [+N] [-N] [FROM=TO … | curve FROM=TO …] [lasts TIME]
//
//	contact                      a truth by itself: 0 is closed, false, off
//	contact 0=open *=closed      by a table; what it does not have says nothing
//	temperature /10              a number
//	low_battery bit 3            one bit
//	battery curve 2850=0 3000=100   straight from one point to the next
//	motion lasts 60s             it is over after so long: the device never says so
//
// What it is told, by a data point of type bool, number or enum:
//
//	set TRAIT N TYPE FROM=TO …   set siren 13 bool off=0 on=1
//	set volume N TYPE VALUE      told before a siren sounds
//	set duration N TYPE UNIT MAX the same: for how long, in seconds or minutes
//	send                         it wants command 4 for that and not 0
//
// And what it needs:
//
//	without TRAIT …              it has clusters for that and does not do it
//	read CLUSTER ATTR …          asked when it joins; so are
//	bind CLUSTER
//	write CLUSTER ATTR TYPE VALUE [maker CODE]
//	query                        for all data points
//	unasked                      it answers next to nothing: it is not told to
//	                             report, and taken for what this says when it does
//	                             not say what it is
//	enroll asked                 an enrolment that it did not ask for breaks it
//	clock 2000|off               how it is told the time; 1970 otherwise
//	every TIME                   how often it gives a sign of life
package quirks
