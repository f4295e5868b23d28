// Package rules does what the family wants the house to do by itself: a light
// at sunset, arming when the last person leaves, a word when the back door is
// left open. It is fed beside the alarm, never on its way: no rule can delay a
// siren.
//
// # A rule
//
// When something happens, and if a condition holds, then something is done:
//
//	{"id":"evening","name":"Evening light","enabled":true,
//	 "when":{"event":"sunset","offset":"-15m","days":["fri","sat"]},
//	 "if":"nobody_home",
//	 "then":[{"do":"command","device":"zwave-7","trait":"switch","value":"on","for":"4h"}]}
//
// The events, with their fields:
//
//	time      at "22:30", days                     the home's clock; days: mon … sun, none is every day
//	sunrise   offset "-15m" to ±6h, days           needs the place of the house
//	sunset    offset, days
//	mode      mode                                 the house is set to it; none: to another
//	phase     phase                                disarmed arming armed entry alarm
//	alarm     kind                                 one begins; none: of any kind
//	trouble   code, device                         a condition comes; none: any
//	reading   device, trait, value | above | below, for
//	                                               it comes to say so, or has said so for a while
//	button    device, value                        press double hold
//	person    move, person                         leaves arrives last-leaves first-arrives
//
// What a rule can do is the whole list; there is nothing that disarms,
// silences, unlocks, leaves a zone out or changes a setting:
//
//	command   device, trait, value, for            switch on | off, level 0–100, lock locked; never a siren.
//	                                               for: taken back after that time, if the rule made it so
//	arm       mode                                 only a disarmed house that is ready, as somebody
//	                                               without a code could; a refusal is a condition
//	tell      text                                 a line in the journal, and a
//	                                               notice for people elsewhere
//
// # Conditions
//
// A condition is one expression that is true or false. Words are compared with
// == != < > and in ["a", "b"], and contain, startsWith or endsWith; numbers
// too, with + - * /; what holds is joined with and, or, not, and ( ? : ). There
// are no loops, no variables and no patterns, so a condition ends: it has at
// most 500 bytes and 100 nodes, and is checked, with its types, when the rule
// is saved. Devices are named in quotes, by id. What is amiss is told with its line
// and column, in English and as a code for faces with languages of their own.
//
// What is not known is neither true nor false: a rule whose condition asks for
// it does not fire, and the journal says what was not known (once, until it is
// known again). known(…) asks first.
//
//	mode                           word    what the house is set to: "disarmed", "home", "night", "away" or a mode of the owner's
//	phase                          word    where the panel stands: "disarmed", "arming", "armed", "entry" or "alarm"
//	armed                          bool    the house is set to any mode but disarmed
//	alarm                          word    kind of the alarm that runs ("burglary", "fire", …), "" when none does
//	by                             word    who caused the event, "" when nobody did
//	anybody_home                   bool    at least one person is at home
//	nobody_home                    bool    everybody who was ever said to be at home has left
//	people_home                    number  how many people are at home
//	dark                           bool    the sun is below the horizon
//	sun_height                     number  degrees of the sun above the horizon, negative below
//	time                           word    the home's clock: "07:05"; earlier is smaller
//	hour                           number  0 to 23
//	minute                         number  0 to 59
//	weekday                        word    "mon" "tue" "wed" "thu" "fri" "sat" "sun"
//	date                           word    "2026-12-24"
//	month                          number  1 to 12
//	day                            number  1 to 31
//	between("22:00", "06:00")      bool    the home's clock is at or past the first and before the second, over midnight too
//	at_home("Ada")                 bool    that person is at home
//	known("zwave-5", "contact")    bool    the device has said something about the trait since the hub first met it
//	minutes("zwave-5", "contact")  number  how long the trait has been saying what it says
//
// and each trait of a device, such as contact("zwave-5") == "open". Words:
// contact switch siren lock. True or false: motion smoke co gas water vibration
// glass tamper occupancy trouble low_battery. Numbers: battery level
// cover temperature humidity illuminance power energy voltage current link restless.
//
// # Time
//
// Local times come once a day: where summer time skips one, at the moment of
// the skip; where winter time repeats one, the first time. The sun's times are
// computed from the place that the owner gave; nothing asks the network. In a
// polar day or night there is no sunset, and so no firing.
//
// What came due while the hub was off, or while its clock was wrong, fires at
// most once and only within Late; later it is missed and the journal says so. A
// command that was to be taken back is taken back, however late.
//
// # Why
//
// Each firing leaves a line that says why: "Rule Evening light fired because
// the sun set at 16:12 and nobody was home: Lamp on for 4 hours." What came of
// it follows as the device's or the panel's own line, or as a refusal. A rule
// that would fire more than MostPerMinute times within a minute is stopped,
// which is a condition on every face until somebody saves it again.
//
// A dry run plays the last week again from the journal, through the same core:
// the stories in testdata are each played both ways and must agree. It knows
// nothing of hours in which the hub was off.
//
// # Who is at home
//
// Someone has to say so: a phone's automation by the API or by MQTT. It is
// written in the journal, and by itself changes nothing: no presence disarms.
package rules
