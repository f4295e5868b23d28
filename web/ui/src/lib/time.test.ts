import { expect, test } from 'vitest';

import { bytes, dateOf, fromField, hourOf, listed, setZone, span, toField } from './time';

test.each([
	[0, '0 byte'],
	[999, '999 byte'],
	[1000, '1 kB'],
	[6200, '6.2 kB'],
	[6_812_345, '6.8 MB'],
	[48_000_000_000, '48 GB'],
	[4e15, '4,000 TB'],
])('%d bytes', (n, text) => {
	expect(bytes(n)).toBe(text);
});

test('a number and its unit stay on one line', () => {
	expect([27_000, 120_000, 3 * 3_600_000].map(span)).toEqual(['27\u00a0s', '2\u00a0min', '3\u00a0h']);
});

test('a list reads as a sentence', () => {
	expect(listed(['Home'])).toBe('Home');
	expect(listed(['Home', 'Night', 'Away'])).toBe('Home, Night, and Away');
});

// Berlin: summer time ends on 25 October 2026 and begins on 28 March 2027, each at 01:00 UTC.
test.each([
	['2026-11-23T16:40', '2026-11-23T15:40:00.000Z'],
	['2026-07-01T00:00', '2026-06-30T22:00:00.000Z'],
	['2026-10-25T01:30', '2026-10-24T23:30:00.000Z'],
	['2026-10-25T03:30', '2026-10-25T02:30:00.000Z'],
	['2027-03-28T03:30', '2027-03-28T01:30:00.000Z'],
])('%s at home', (field, iso) => {
	setZone('Europe/Berlin');
	expect(fromField(field)).toBe(iso);
	expect(toField(iso)).toBe(field);
});

test('an hour that the clock shows twice or never is an hour all the same', () => {
	setZone('Europe/Berlin');
	expect(['2026-10-25T00:30:00.000Z', '2026-10-25T01:30:00.000Z']).toContain(fromField('2026-10-25T02:30'));
	expect(Date.parse(fromField('2027-03-28T02:30'))).not.toBeNaN();
});

// By parts: ICU 72, whose tables WebKit on Debian 12 has, writes Canada's short date as 11/23/26.
test('a day and its hours are told apart by the home, from its first minute', () => {
	setZone('Europe/Berlin');
	expect(dateOf('2026-11-22T22:59:59Z')).toBe('2026-11-22');
	expect(dateOf('2026-11-22T23:00:00Z')).toBe('2026-11-23');
	expect(hourOf(Date.parse('2026-11-22T22:59:59Z'))).toBe(23);
	expect(hourOf(Date.parse('2026-11-22T23:00:00Z'))).toBe(0);
});
