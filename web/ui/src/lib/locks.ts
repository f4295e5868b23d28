import type { Event } from './api';

/** What a lock is told. */
export type Bolt = 'locked' | 'unlocked';

/** A command that a lock was told, and the newest line of the journal before it. */
export interface Told {
	id: string;
	bolt: Bolt;
	after: number;
}

/**
 * What came of it, by the journal: `way`, nothing yet; `heard`, the lock has it
 * and turns; `refused`, it has it and does not, as one does that wants a code;
 * `failed`, it never had it.
 */
export type Outcome = 'way' | 'heard' | 'refused' | 'failed';

export function outcome(events: readonly Event[], device: string, told: Told): { outcome: Outcome; text: string } {
	const since = events.filter((e) => e.device === device && e.seq > told.after);
	const refused = since.find((e) => e.kind === 'access' && by(e) === 'hub' && bolt(e) === null);
	if (refused) return { outcome: 'refused', text: refused.text };
	const ended = since.find((e) => e.kind === 'command' && part(e, 'id') === told.id);
	if (!ended) return { outcome: 'way', text: '' };
	return part(ended, 'result') === 'failed' ? { outcome: 'failed', text: ended.text } : { outcome: 'heard', text: '' };
}

const part = (e: Event, name: string): unknown => (e.data as Record<string, unknown> | undefined)?.[name];
const by = (e: Event) => part(e, 'means');
const bolt = (e: Event) => part(e, 'bolt');

/** The first number under which the lock is not known to keep a code. Number 0 is the lock's own in some. */
export function freeNumber(taken: readonly number[]): number {
	let n = 1;
	while (taken.includes(n)) n++;
	return n;
}
