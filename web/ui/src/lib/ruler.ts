/** A ruler of time: what is seen of it, what stands on it, and what is near. Pure, for the table in its test. All times are ms. */
import type { ClipMark } from './api';
import { sortOf } from './footage';

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** From when to when one sees. */
export interface View {
	from: number;
	to: number;
}
export const spanOf = (v: View): number => v.to - v.from;

/** How much one sees at a time, from afar to close by: what the buttons step through. */
export const spans = [DAY, 6 * HOUR, HOUR, 10 * MINUTE, MINUTE] as const;
const LEAST = MINUTE;

/** Forms that tell marks apart without colour: what was seen goes before what set it off. */
export type Form = 'person' | 'animal' | 'car' | 'bell' | 'alarm' | 'always' | 'other';
export const forms: readonly Form[] = ['person', 'animal', 'car', 'bell', 'alarm', 'other', 'always'];

export function formOf(mark: Pick<ClipMark, 'labels' | 'reason'>): Form {
	const sort = sortOf({ labels: mark.labels.map((name) => ({ name, score: 1 })) });
	if (sort !== 'other') return sort;
	switch (mark.reason.split(':')[0]) {
		case 'doorbell':
			return 'bell';
		case 'phase':
			return 'alarm';
		case 'continuous':
			return 'always';
		default:
			return 'other';
	}
}

/** A view of this length that shows an instant, as far as the day goes. */
export function around(at: number, span: number, day: View): View {
	const long = Math.min(Math.max(span, LEAST), spanOf(day));
	const from = Math.min(Math.max(at - long / 2, day.from), day.to - long);
	return { from, to: from + long };
}

/** Closer to, or farther from, an instant that stays where it is. */
export function zoomed(v: View, factor: number, at: number, day: View): View {
	const long = Math.min(Math.max(spanOf(v) * factor, LEAST), spanOf(day));
	const from = Math.min(Math.max(at - ((at - v.from) * long) / spanOf(v), day.from), day.to - long);
	return { from, to: from + long };
}

/** Moved along the day. */
export const moved = (v: View, by: number, day: View): View => around((v.from + v.to) / 2 + by, spanOf(v), day);

/** Moved only as far as an instant is well inside. */
export function holding(v: View, at: number, day: View): View {
	const edge = spanOf(v) / 10;
	if (at < v.from + edge) return moved(v, at - edge - v.from, day);
	if (at > v.to - edge) return moved(v, at + edge - v.to, day);
	return v;
}

/** The next of the steps, closer (1) or farther (-1). */
export function stepped(span: number, way: 1 | -1): number {
	const list: readonly number[] = way === 1 ? spans : [...spans].reverse();
	return list.find((s) => (way === 1 ? s < span * 0.99 : s > span * 1.01)) ?? span;
}

/** What an arrow key moves by: what one can just see. */
export const stepOf = (span: number): number => (span > 6 * HOUR ? MINUTE : span > HOUR ? 10 * SECOND : SECOND);

/** Clips with no more than this between them look like one, in whole seconds. */
export const grainOf = (span: number): number => Math.min(3600, Math.floor(span / 720 / SECOND));

const lines = [4 * HOUR, HOUR, 10 * MINUTE, 2 * MINUTE, 30 * SECOND, 10 * SECOND];

/** Where the ruler has figures: at most seven, on even times of the day. */
export function ticks(v: View, day: View): number[] {
	const step = [...lines].reverse().find((s) => spanOf(v) / s <= 6.5) ?? 4 * HOUR;
	const first = day.from + Math.ceil((v.from - day.from) / step) * step;
	const list: number[] = [];
	for (let at = first; at <= v.to; at += step) list.push(at);
	return list;
}

type Placed = Pick<ClipMark, 'start' | 'end'>;
export const startOf = (m: Placed): number => Date.parse(m.start);
export const endOf = (m: Placed): number => Date.parse(m.end);

/** The mark that is nearest to an instant, if any is within reach. Of two that hold it the shorter one is meant. */
export function nearest<M extends Placed>(list: readonly M[], at: number, reach: number): M | null {
	let best: M | null = null;
	let least = reach;
	for (const m of list) {
		const [from, to] = [startOf(m), endOf(m)];
		const away = at < from ? from - at : at > to ? at - to : 0;
		const shorter = best !== null && away === least && to - from < endOf(best) - startOf(best);
		if (away < least || (away === least && best === null) || shorter) {
			best = m;
			least = away;
		}
	}
	return best;
}

/** The first mark that begins after an instant, or the last that began before it. */
export function beside<M extends Placed>(list: readonly M[], at: number, way: 1 | -1): M | null {
	let best: M | null = null;
	for (const m of list) {
		const from = startOf(m);
		// What one stands on is not the clip before: its first second still is one's own.
		const there = way === 1 ? from > at : from < at - SECOND / 2;
		if (there && (best === null || (way === 1 ? from < startOf(best) : from > startOf(best)))) best = m;
	}
	return best;
}

/** Marks of the whole day, with those that were looked at closely where they are. */
export function merged<M extends Placed & Pick<ClipMark, 'clip'>>(
	day: readonly M[],
	close: readonly M[],
	where: View | null,
): M[] {
	if (!where) return [...day];
	const known = new Set(close.map((m) => m.clip));
	return [...day.filter((m) => (endOf(m) <= where.from || startOf(m) >= where.to) && !known.has(m.clip)), ...close];
}
