/** Parts of a camera's picture, as they are drawn. All places are parts of its width and height. */
import type { SightZone } from './api';

export interface Place {
	x: number;
	y: number;
}
export interface Rect {
	left: number;
	top: number;
	right: number;
	base: number;
}
export const edges = ['left', 'right', 'top', 'base'] as const;
export type Edge = (typeof edges)[number];

/** What can be looked for by name here; a program may name more. */
export const labels = ['person', 'dog', 'cat', 'car'] as const;

/** The least side of a part: what is smaller nobody meant to draw. */
export const LEAST = 0.05;

const within = (n: number) => Math.min(1, Math.max(0, n));
const round = (n: number) => Math.round(n * 1000) / 1000;

/** The rectangle around a shape; the whole picture without one. */
export function rectOf(shape: readonly Place[] | undefined): Rect {
	if (!shape?.length) return { left: 0, top: 0, right: 1, base: 1 };
	const xs = shape.map((p) => p.x);
	const ys = shape.map((p) => p.y);
	return { left: Math.min(...xs), top: Math.min(...ys), right: Math.max(...xs), base: Math.max(...ys) };
}

export function shapeOf(r: Rect): Place[] {
	return [
		{ x: r.left, y: r.top },
		{ x: r.right, y: r.top },
		{ x: r.right, y: r.base },
		{ x: r.left, y: r.base },
	];
}

/** What a finger draws from one corner to the other. */
export function spanned(a: Place, b: Place): Rect {
	const [left, right] = side(a.x, b.x);
	const [top, base] = side(a.y, b.y);
	return { left, top, right, base };
}

function side(a: number, b: number): [number, number] {
	const from = within(Math.min(a, b));
	const to = within(Math.max(a, b));
	const begin = Math.min(from, 1 - LEAST);
	return [round(begin), round(Math.max(to, begin + LEAST))];
}

/** A rectangle with one edge elsewhere; the opposite one stays where it is. */
export function withEdge(r: Rect, edge: Edge, to: number): Rect {
	const n = round(within(to));
	switch (edge) {
		case 'left':
			return { ...r, left: Math.min(n, round(r.right - LEAST)) };
		case 'right':
			return { ...r, right: Math.max(n, round(r.left + LEAST)) };
		case 'top':
			return { ...r, top: Math.min(n, round(r.base - LEAST)) };
		case 'base':
			return { ...r, base: Math.max(n, round(r.top + LEAST)) };
	}
}

/** The corners as an SVG of 100 by 100 wants them. */
export function points(shape: readonly Place[] | undefined): string {
	const all = shape?.length ? shape : shapeOf(rectOf(undefined));
	return all.map((p) => `${round(p.x * 100)},${round(p.y * 100)}`).join(' ');
}

/** Whether a part wants to be surer than others do. */
export const sure = (z: Pick<SightZone, 'once'>): boolean => (z.once ?? 0) > 0.5;

/** A part that wants to be surer, or no longer. */
export function surer(z: SightZone, on: boolean): SightZone {
	const next: SightZone = { ...z, once: 0.7, twice: 0.6 };
	if (!on) {
		delete next.once;
		delete next.twice;
	}
	return next;
}

/** A name that no other part has. */
export function freeName(zones: readonly Pick<SightZone, 'name'>[], word: (n: number) => string): string {
	for (let n = zones.length + 1; ; n++) if (!zones.some((z) => z.name === word(n))) return word(n);
}
