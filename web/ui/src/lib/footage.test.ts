import { describe, expect, it } from 'vitest';

import more from '../i18n/en.more.json';
import { kept, marks, nearest, opening, reason, sortOf, title, type Clip } from './footage';
import { learn, speaker } from './i18n';

learn(more);
const t = speaker('en');
const zone = (id: string) => (id === 'front-door' ? 'Front door' : id);
const clip = (over: Partial<Clip> = {}) =>
	({
		id: 'c1',
		start: '2026-11-22T14:02:00.000Z',
		end: '2026-11-22T14:02:12.000Z',
		reason: 'motion',
		labels: [],
		...over,
	}) as unknown as Clip;
const seen = (...names: string[]) => names.map((name, i) => ({ name, score: 0.9 - i / 10 }));

describe('a clip', () => {
	it.each([
		[[], 'other'],
		[['Dog'], 'animal'],
		[['car', 'person'], 'person'],
		[['bicycle'], 'car'],
		[['toaster'], 'other'],
	] as const)('of %j is of the sort %s', (names, sort) => expect(sortOf(clip({ labels: seen(...names) }))).toBe(sort));
	it.each([
		['zone:front-door', [], 'Front door'],
		['doorbell', [], 'Somebody rang'],
		['seen:person', [], 'The camera saw somebody'],
		['motion', [], 'Something moved'],
		['phase:entry', [], 'The alarm'],
		['person:Anna', [], 'Started by Anna'],
		['continuous', [], 'Recorded all the time'],
		['of the moon', [], 'Recorded'],
		['zone:front-door', ['person'], 'Somebody'],
		['zone:front-door', ['car', 'dog'], 'A dog'],
		['motion', ['horse'], 'An animal'],
		['motion', ['bus'], 'A vehicle'],
	] as const)('of %s with %j is called %s', (why, names, called) =>
		expect(title(clip({ reason: why, labels: seen(...names) }), zone, t)).toBe(called),
	);
	it('says what set it off beside what was seen', () =>
		expect(reason(clip({ reason: 'zone:front-door', labels: seen('person') }), zone, t)).toBe('Front door'));
	it.each([
		['motion', 4, 4],
		['motion', 12, 0],
		['motion', 60, 0],
		['motion', -1, 0],
		['continuous', 4, 0],
	] as const)('of %s with %i s before opens at %i s', (why, pre, at) =>
		expect(opening(clip({ reason: why }), pre)).toBe(at),
	);
});

describe('the clips of a camera', () => {
	it.each([
		[14, '20GiB', 'Its clips stay 14 days, or until they fill 20GiB; those that you keep stay.'],
		[1, '', 'Its clips stay 1 day; those that you keep stay.'],
		[0, '20GiB', 'Its clips stay until they fill 20GiB, then the oldest go; those that you keep stay.'],
		[0, '', 'Its clips stay until their room is wanted, then the oldest go; those that you keep stay.'],
	] as const)('with %i days and %j stay as long as is said', (days, quota, said) =>
		expect(kept(days, quota, t)).toBe(said),
	);
});

describe('the ruler of a day', () => {
	const begin = Date.parse('2026-11-22T00:00:00Z');
	const end = begin + 24 * 3_600_000;
	const list = marks(
		[
			clip({ id: 'noon', start: '2026-11-22T12:00:00Z', end: '2026-11-22T12:01:12Z' }),
			clip({ id: 'late', start: '2026-11-22T23:59:00Z', end: '2026-11-23T00:01:00Z' }),
			clip({ id: 'yesterday', start: '2026-11-21T23:50:00Z', end: '2026-11-22T00:00:00Z' }),
			clip({ id: 'tomorrow', start: '2026-11-23T00:00:00Z', end: '2026-11-23T00:01:00Z' }),
		],
		begin,
		end,
	);
	it('has the clips of the day, cut at its ends', () => {
		expect(list.map((m) => m.id)).toEqual(['noon', 'late']);
		expect(list[0]).toMatchObject({ from: 0.5, to: 0.5 + 72 / 86_400 });
		expect(list[1]?.to).toBe(1);
	});
	it('finds the clip that a thumb meant', () => {
		expect(nearest(list, 0.5004, 0.02)?.id).toBe('noon');
		expect(nearest(list, 0.51, 0.02)?.id).toBe('noon');
		expect(nearest(list, 0.6, 0.02)).toBeNull();
		expect(nearest(list, 1, 0.02)?.id).toBe('late');
	});
});
