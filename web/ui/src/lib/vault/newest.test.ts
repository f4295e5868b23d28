import { expect, it } from 'vitest';

import { newerThan } from './newest';

function store(text?: string) {
	const kept = new Map<string, string>();
	if (text !== undefined) kept.set('gatehouse.keys', text);
	return { getItem: (k: string) => kept.get(k) ?? null, setItem: (k: string, v: string) => void kept.set(k, v) };
}
const keys = (epoch: number, day: number) => ({ epoch, since: `2026-03-0${day}T07:00:00.000Z` });
const none = { epoch: 0, since: null };

it('keys that are older than what was seen are told from keys that are newer', () => {
	const s = store();
	for (const fine of [none, keys(1, 1), keys(1, 1), keys(3, 3)]) expect(newerThan(fine, s)).toBeNull();
	expect(newerThan(keys(2, 2), s)).toEqual(keys(3, 3));
	expect(newerThan(none, s)).toEqual(keys(3, 3));
	// The owner replaces them again: they have the number of what was lost.
	expect(newerThan(keys(3, 4), s)).toBeNull();
	expect(newerThan(keys(2, 2), s)).toEqual(keys(3, 4));
	// A clock that was wrong makes no newer key older, and a new house begins anew.
	expect(newerThan(keys(4, 1), s)).toBeNull();
	expect(newerThan(keys(1, 9), s)).toBeNull();
	expect(newerThan(none, s)).toEqual(keys(1, 9));
});

it('what cannot be read was not seen', () => {
	for (const bad of ['', '{}', 'null', '{"epoch":3,"since":"soon"}', 'nonsense'])
		expect(newerThan(keys(1, 1), store(bad))).toBeNull();
	const refusing = {
		getItem: () => {
			throw new Error('a browser that keeps nothing');
		},
		setItem: () => {
			throw new Error('a browser that keeps nothing');
		},
	};
	expect(newerThan(keys(1, 1), refusing)).toBeNull();
});
