import { expect, test } from 'vitest';

import type { SightZone } from './api';
import { freeName, LEAST, points, rectOf, shapeOf, spanned, sure, surer, withEdge } from './sight';

test('a finger draws a part of the picture, whichever way it goes', () => {
	const want = { left: 0.2, top: 0.1, right: 0.6, base: 0.9 };
	expect(spanned({ x: 0.2, y: 0.1 }, { x: 0.6, y: 0.9 })).toEqual(want);
	expect(spanned({ x: 0.6, y: 0.9 }, { x: 0.2, y: 0.1 })).toEqual(want);
	expect(rectOf(shapeOf(want))).toEqual(want);
});

test('what is drawn stays in the picture and can be seen', () => {
	expect(spanned({ x: -3, y: 0.5 }, { x: 2, y: 0.5 })).toEqual({ left: 0, top: 0.5, right: 1, base: 0.5 + LEAST });
	expect(spanned({ x: 1, y: 1 }, { x: 1, y: 1 })).toEqual({ left: 0.95, top: 0.95, right: 1, base: 1 });
});

test('an edge stops before the other', () => {
	const r = { left: 0.2, top: 0.2, right: 0.5, base: 0.5 };
	expect(withEdge(r, 'left', 0.9).left).toBe(0.45);
	expect(withEdge(r, 'right', 0).right).toBe(0.25);
	expect(withEdge(r, 'top', -1).top).toBe(0);
	expect(withEdge(r, 'base', 0.8).base).toBe(0.8);
});

test('without a shape it is the whole picture', () => {
	expect(rectOf(undefined)).toEqual({ left: 0, top: 0, right: 1, base: 1 });
	expect(points([])).toBe('0,0 100,0 100,100 0,100');
	expect(points([{ x: 0.5, y: 0.125 }])).toBe('50,12.5');
});

test('surer and back leaves the rest', () => {
	const z: SightZone = { name: 'Drive', labels: ['dog'] };
	expect(surer(z, true)).toEqual({ ...z, once: 0.7, twice: 0.6 });
	expect(surer(surer(z, true), false)).toEqual(z);
	expect([sure(z), sure(surer(z, true)), sure({ once: 0.45 })]).toEqual([false, true, false]);
});

test('a name that is free', () => {
	const word = (n: number) => `Part ${n}`;
	expect(freeName([], word)).toBe('Part 1');
	expect(freeName([{ name: 'Part 2' }], word)).toBe('Part 3');
});
