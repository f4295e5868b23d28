import { expect, it } from 'vitest';

import type { Findings } from './api';
import { remember, remembered } from './remembered';

function store() {
	const kept = new Map<string, string>();
	return { getItem: (k: string) => kept.get(k) ?? null, setItem: (k: string, v: string) => void kept.set(k, v) };
}
const found = (n: number, whole = true): Findings => ({
	entries: n,
	since: null,
	head: { n, hash: String(n % 10).repeat(64) },
	whole,
	breaks: [],
});

it('the newest whole end is remembered, and a shorter or broken one never takes its place', () => {
	const s = store();
	expect(remembered(s)).toBeNull();
	remember(found(0), s);
	expect(remembered(s)).toBeNull();
	remember(found(5), s);
	expect(remembered(s)?.n).toBe(5);
	remember(found(7, false), s);
	remember(found(3), s);
	expect(remembered(s)).toEqual({ n: 5, hash: '5'.repeat(64) });
	remember(found(8), s);
	expect(remembered(s)?.n).toBe(8);
});
it('what is no end is none', () => {
	for (const bad of ['', 'null', '{}', '{"n":5}', '{"n":5,"hash":"x"}', 'nonsense'])
		expect(remembered({ getItem: () => bad })).toBeNull();
	expect(
		remembered({
			getItem: () => {
				throw new Error('a browser that keeps nothing');
			},
		}),
	).toBeNull();
});
