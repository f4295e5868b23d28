/**
 * What this page knows about the house, and how old that knowledge is.
 *
 * A pure core: `step` takes what was heard and when, and gives the next state;
 * it never looks at a clock and never asks anybody. The rules it keeps:
 *
 * - Only words of the hub change the picture, and never an older word after a
 *   newer one.
 * - Every word carries the hub's own time. The age of what is shown is counted
 *   from when the hub said it, not from when it arrived, so a slow line makes
 *   the picture old, not wrong.
 * - After the line broke nothing counts as present until the whole state was
 *   fetched again.
 */
import type { Alarm, ArmedMode, Device, Event, Trouble, Zone } from './api';

/** Silence of the hub, in milliseconds, after which its last word is shown as its last word. */
export const STALE = 7_000;
/** Silence after which the house counts as out of sight. */
export const LOST = 15_000;
/** A beat is due each 3 s. */
export const BEAT = 3_000;
/** How many journal lines the page keeps. */
export const KEPT = 60;

export type Link = 'loading' | 'live' | 'stale' | 'lost';

export interface Snapshot {
	alarm: Alarm;
	/** The armed modes that there are. */
	modes: ArmedMode[];
	zones: Zone[];
	devices: Device[];
	health: Trouble[];
	events: Event[];
}

/** One message of the stream. `seq` of a beat is the panel's, so that a lost message shows. */
export type Word =
	| { kind: 'alarm'; alarm: Alarm }
	| { kind: 'device'; device: Device }
	| { kind: 'left'; id: string }
	| { kind: 'health'; health: Trouble[] }
	| { kind: 'event'; event: Event }
	| { kind: 'beat'; now: number; seq: number };

export type Input =
	/** The stream is open (again); its words are kept, but not shown before the whole state is there. */
	| { kind: 'opened' }
	/** The whole state was asked for. */
	| { kind: 'asked' }
	/** The whole state; `asked` is when it was asked for. */
	| { kind: 'snapshot'; snapshot: Snapshot; asked: number }
	| { kind: 'word'; word: Word }
	/** The line broke, or the phone slept. */
	| { kind: 'broken' };

export interface House {
	/** The last known state; null before the first. */
	readonly known: Snapshot | null;
	/** Whether `known` and the words since form one unbroken whole. */
	readonly whole: boolean;
	/** The panel's number is ahead of what is shown: a word was missed and the state must be fetched. */
	readonly behind: boolean;
	/**
	 * A line of the journal was missed, or the panel told of something that may have
	 * been its zones or settings; nothing that matters now, but it should be fetched.
	 */
	readonly missed: boolean;
	/** The hub's clock, in ms, when it last said anything. */
	readonly word: number;
	/**
	 * The hub's clock minus ours, in ms: not less than `skew`, since no message
	 * arrives before it is sent, and not more than `most`, since no answer is
	 * made before it is asked for.
	 */
	readonly skew: number;
	readonly most: number;
	/** Words since the state was asked for; they count again on top of it. null when it wasn't. */
	readonly waiting: readonly Word[] | null;
}

export const nothing: House = {
	known: null,
	whole: false,
	behind: false,
	missed: false,
	word: 0,
	skew: -Infinity,
	most: Infinity,
	waiting: null,
};

/** The hub's clock as far as we can tell, in ms since 1970. */
export function hubNow(h: House, now: number): number {
	return h.skew + now;
}

/** Age of the last word, in ms; rather too large than too small. */
export function age(h: House, now: number): number {
	return h.known ? Math.max(0, now + h.most - h.word) : Infinity;
}

/** How the line is: what may be shown as the present. */
export function link(h: House, now: number): Link {
	if (!h.known) return 'loading';
	const old = age(h, now);
	if (old > LOST || !h.whole) return 'lost';
	return old > STALE || h.behind ? 'stale' : 'live';
}

/** The next state. `now` is our clock when the input came in. */
export function step(h: House, input: Input, now: number): House {
	switch (input.kind) {
		case 'opened':
			return { ...h, whole: false, behind: false, waiting: [] };
		case 'asked':
			return { ...h, waiting: [] };
		case 'broken':
			return { ...h, whole: false, waiting: null };
		case 'snapshot':
			return take(h, input.snapshot, input.asked, now);
		case 'word': {
			const timed = clocked(h, saidAt(input.word), now);
			const waiting = timed.waiting && [...timed.waiting.slice(-500), input.word];
			return h.whole ? hear({ ...timed, waiting }, input.word) : { ...timed, waiting };
		}
	}
}

function take(h: House, snapshot: Snapshot, asked: number, now: number): House {
	// An answer that was long on its way says little about now.
	if (now - asked > STALE) return h;
	const at = Date.parse(snapshot.alarm.now);
	const least = at - now;
	const most = at - asked;
	// Bounds that exclude each other mean that a clock was set.
	const agrees = least <= h.most && most >= h.skew;
	const clock = agrees
		? { skew: Math.max(h.skew, least), most: Math.min(h.most, most), word: Math.max(h.word, at) }
		: { skew: least, most, word: at };
	// Within one line the panel's numbers only grow.
	const newer = h.whole && h.known && h.known.alarm.seq > snapshot.alarm.seq;
	const known = newer ? { ...snapshot, alarm: h.known.alarm } : snapshot;
	const whole: House = { known: sorted(known), whole: true, behind: false, missed: false, ...clock, waiting: null };
	return (h.waiting ?? []).reduce(hear, whole);
}

function clocked(h: House, said: number | null, now: number): House {
	if (said === null) return h;
	const skew = Math.max(h.skew, said - now);
	return { ...h, skew, most: Math.max(h.most, skew), word: Math.max(h.word, said) };
}

function saidAt(w: Word): number | null {
	if (w.kind === 'beat') return w.now;
	if (w.kind === 'alarm') return Date.parse(w.alarm.now);
	return null;
}

function hear(h: House, w: Word): House {
	const known = h.known;
	if (!known) return h;
	switch (w.kind) {
		case 'alarm':
			if (w.alarm.seq < known.alarm.seq) return h;
			return { ...h, known: { ...known, alarm: w.alarm } };
		case 'beat':
			return w.seq > known.alarm.seq ? { ...h, behind: true } : h;
		case 'health':
			return { ...h, known: { ...known, health: w.health } };
		case 'device': {
			const rest = known.devices.filter((d) => d.id !== w.device.id);
			return { ...h, known: sorted({ ...known, devices: [...rest, w.device] }) };
		}
		case 'left':
			return { ...h, known: { ...known, devices: known.devices.filter((d) => d.id !== w.id) } };
		case 'event': {
			if (known.events.some((e) => e.seq === w.event.seq)) return h;
			const events = [w.event, ...known.events].sort((a, b) => b.seq - a.seq).slice(0, KEPT);
			const newest = known.events[0]?.seq ?? w.event.seq;
			const hole = w.event.seq > newest + 1;
			return { ...h, known: { ...known, events }, missed: h.missed || hole || ofItself(w.event, known.alarm) };
		}
	}
}

/** The panel has no word for "a zone was added": its line in the journal says it. None is while it has better to do. */
function ofItself(e: Event, alarm: Alarm): boolean {
	return e.kind === 'alarm' && alarm.phase !== 'entry' && alarm.phase !== 'alarm';
}

function sorted(s: Snapshot): Snapshot {
	return { ...s, devices: [...s.devices].sort((a, b) => a.name.localeCompare(b.name)) };
}
