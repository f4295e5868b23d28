import { expect, test } from 'vitest';

import { days, joined, spanOf, type Day } from './timetable';

test.each<[Day[], string, string, string]>([
	[['Mon', 'Tue', 'Wed', 'Thu', 'Fri'], '08:00', '17:00', 'Mon-Fri 08:00-17:00'],
	[['Sat'], '10:00', '12:00', 'Sat 10:00-12:00'],
	[['Sun', 'Sat'], '10:00', '12:00', 'Sat,Sun 10:00-12:00'],
	[['Mon', 'Tue', 'Wed', 'Fri', 'Sun'], '22:00', '06:00', 'Mon-Wed,Fri,Sun 22:00-06:00'],
	[[...days], '08:00', '20:00', '08:00-20:00'],
	[[], '08:00', '20:00', '08:00-20:00'],
	[['Mon'], '', '17:00', ''],
	[['Mon'], '08:00', '08:00', ''],
])('%j from %s to %s', (on, from, to, span) => {
	expect(spanOf(on, from, to)).toBe(span);
});

test.each([
	['', 'Sat 10:00-12:00', 'Sat 10:00-12:00'],
	['Mon-Fri 08:00-17:00', 'Sat 10:00-12:00', 'Mon-Fri 08:00-17:00; Sat 10:00-12:00'],
	['Mon 08:00-17:00; ', 'Sat 10:00-12:00', 'Mon 08:00-17:00; Sat 10:00-12:00'],
	['Mon 08:00-17:00', '', 'Mon 08:00-17:00'],
])('%j and %j', (timetable, span, whole) => {
	expect(joined(timetable, span)).toBe(whole);
});
