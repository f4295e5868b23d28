import { describe, expect, it } from 'vitest';

import more from '../i18n/en.more.json';
import { addressOf, kept, opening, placeOf, reason, sortOf, title, titleOf, type Clip } from './footage';
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

describe('a place in a clip', () => {
	const c = clip({ id: 'c/1' });
	it.each([
		['2026-11-22T14:02:07.500Z', '/clips/c%2F1#t=7.5'],
		['2026-11-22T14:02:00.000Z', '/clips/c%2F1#t=0.0'],
		['2026-11-22T14:01:59.000Z', '/clips/c%2F1'],
		['2026-11-22T14:02:13.000Z', '/clips/c%2F1'],
	] as const)('at %s has the address %s', (at, address) => expect(addressOf(c, Date.parse(at))).toBe(address));
	it.each([
		['t=7.5', 7.5],
		['t=12', 12],
		['', null],
		['t=', null],
		['t=-1', null],
		['main', null],
	] as const)('is read from %j as %j', (hash, at) => expect(placeOf(hash)).toBe(at));
});

describe('a mark', () => {
	it('is called what its clips are', () => {
		expect(titleOf({ labels: ['car', 'dog'], reason: 'motion' }, zone, t)).toBe('A dog');
		expect(titleOf({ labels: [], reason: 'zone:front-door' }, zone, t)).toBe('Front door');
	});
});
