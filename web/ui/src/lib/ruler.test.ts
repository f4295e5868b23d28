import { describe, expect, it } from 'vitest';

import {
	around,
	beside,
	DAY,
	formOf,
	grainOf,
	holding,
	HOUR,
	merged,
	MINUTE,
	moved,
	nearest,
	SECOND,
	spanOf,
	stepOf,
	stepped,
	ticks,
	zoomed,
} from './ruler';

const begin = Date.parse('2026-11-22T00:00:00Z');
const day = { from: begin, to: begin + DAY };
const at = (hour: number, minute = 0, second = 0) => begin + hour * HOUR + minute * MINUTE + second * SECOND;
const mark = (from: number, to: number, clip = `${from}`) => ({
	...{ start: new Date(from).toISOString(), end: new Date(to).toISOString() },
	clip,
});

describe('the form of a mark', () => {
	it.each([
		[['person'], 'doorbell', 'person'],
		[['dog', 'car'], 'motion', 'animal'],
		[['car'], 'continuous', 'car'],
		[[], 'doorbell', 'bell'],
		[[], 'phase:entry', 'alarm'],
		[[], 'continuous', 'always'],
		[[], 'zone:front-door', 'other'],
		[['toaster'], 'person:Anna', 'other'],
	] as const)('of %j, set off by %s, is %s', (labels, reason, form) =>
		expect(formOf({ labels: [...labels], reason })).toBe(form),
	);
});

describe('a view', () => {
	it('shows an instant in its midst, and ends where the day does', () => {
		expect(around(at(12), HOUR, day)).toEqual({ from: at(11, 30), to: at(12, 30) });
		expect(around(at(0, 1), HOUR, day)).toEqual({ from: at(0), to: at(1) });
		expect(around(at(24), HOUR, day)).toEqual({ from: at(23), to: at(24) });
		expect(around(at(3), 2 * DAY, day)).toEqual(day);
	});
	it('comes closer to what stays where it is', () => {
		expect(zoomed(day, 1 / 24, at(6), day)).toEqual({ from: at(5, 45), to: at(6, 45) });
		expect(zoomed(day, 1e-9, at(6), day)).toEqual({ from: at(5, 59, 45), to: at(6, 0, 45) });
		expect(zoomed({ from: at(5), to: at(6) }, 1000, at(6), day)).toEqual(day);
		expect(zoomed({ from: at(23), to: at(24) }, 2, at(23), day)).toEqual({ from: at(22), to: at(24) });
	});
	it('moves, and no farther than the day', () => {
		const hour = { from: at(5), to: at(6) };
		expect(moved(hour, HOUR, day)).toEqual({ from: at(6), to: at(7) });
		expect(moved(hour, -6 * HOUR, day)).toEqual({ from: at(0), to: at(1) });
	});
	it('follows an instant that leaves it', () => {
		const hour = { from: at(5), to: at(6) };
		expect(holding(hour, at(5, 30), day)).toBe(hour);
		expect(holding(hour, at(6, 30), day)).toEqual({ from: at(5, 36), to: at(6, 36) });
		expect(holding(hour, at(4, 30), day)).toEqual({ from: at(4, 24), to: at(5, 24) });
		expect(holding(hour, at(0), day)).toEqual({ from: at(0), to: at(1) });
	});
	it.each([
		[DAY, 1, 6 * HOUR],
		[25 * HOUR, 1, DAY],
		[MINUTE, 1, MINUTE],
		[HOUR, -1, 6 * HOUR],
		[7 * MINUTE, -1, 10 * MINUTE],
		[DAY, -1, DAY],
	] as const)('of %i ms steps %i to %i', (span, way, to) => expect(stepped(span, way)).toBe(to));
	it.each([
		[DAY, MINUTE, 120],
		[6 * HOUR, 10 * SECOND, 30],
		[HOUR, SECOND, 5],
		[10 * MINUTE, SECOND, 0],
	])('of %i ms has steps of %i ms and a grain of %i s', (span, step, grain) => {
		expect(stepOf(span)).toBe(step);
		expect(grainOf(span)).toBe(grain);
	});
	it('has at most seven figures, on even times', () => {
		expect(ticks(day, day).map((x) => (x - begin) / HOUR)).toEqual([0, 4, 8, 12, 16, 20, 24]);
		expect(ticks({ from: at(5, 50), to: at(6, 50) }, day)).toEqual([
			...[at(5, 50), at(6), at(6, 10), at(6, 20), at(6, 30), at(6, 40), at(6, 50)],
		]);
		for (const span of [MINUTE, 10 * MINUTE, HOUR, 5 * HOUR, 6 * HOUR, 13 * HOUR, 25 * HOUR]) {
			const v = { from: at(1, 7, 3), to: at(1, 7, 3) + span };
			const list = ticks(v, { from: begin, to: begin + 30 * HOUR });
			expect(list.length, `${span}`).toBeGreaterThanOrEqual(3);
			expect(list.length, `${span}`).toBeLessThanOrEqual(7);
			expect(list.every((x) => x >= v.from && x <= v.to)).toBe(true);
		}
		expect(spanOf(day)).toBe(DAY);
	});
});

describe('what is near', () => {
	const all = mark(at(0), at(24));
	const one = mark(at(8), at(8, 0, 12));
	const two = mark(at(9), at(9, 1));
	const list = [all, one, two];
	it.each([
		[at(8, 0, 5), 0, one],
		[at(8, 30), 0, all],
		[at(9, 1), 0, two],
	] as const)('at %i is the shortest that is there', (when, reach, m) => expect(nearest(list, when, reach)).toBe(m));
	it('is within reach or not at all', () => {
		expect(nearest([one, two], at(8, 10), 10 * MINUTE)).toBe(one);
		expect(nearest([one, two], at(8, 10), MINUTE)).toBe(null);
		expect(nearest([one, two], at(8, 59), MINUTE)).toBe(two);
	});
	it('comes before and after', () => {
		expect(beside([one, two], at(8), 1)).toBe(two);
		expect(beside([one, two], at(7), 1)).toBe(one);
		expect(beside([one, two], at(9), 1)).toBe(null);
		expect(beside([one, two], at(9), -1)).toBe(one);
		expect(beside([one, two], at(9, 0, 10), -1)).toBe(two);
		expect(beside([one, two], at(8), -1)).toBe(null);
	});
	it('is looked at closely where one is', () => {
		const [close, from] = [mark(at(8), at(8, 0, 4)), mark(at(8, 0, 6), at(8, 0, 12))];
		expect(merged([one, two], [close, from], { from: at(7), to: at(8, 30) })).toEqual([two, close, from]);
		expect(merged([one, two], [close], null)).toEqual([one, two]);
		// What went on meanwhile stands there once.
		const grown = mark(at(9), at(9, 2));
		expect(merged([two], [grown], { from: at(9, 1), to: at(9, 5) })).toEqual([grown]);
	});
});
