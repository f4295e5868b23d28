/**
 * The newest keys of the vault that this browser saw. A hub whose data was put back
 * from a copy seals to those of that time, and nothing on it knows of newer ones.
 */
import type { Schemas } from '../api';

const KEY = 'gatehouse.keys';
export interface Seen {
	epoch: number;
	since: string;
}

function seen(store: Pick<Storage, 'getItem'> | undefined): Seen | null {
	try {
		const s = JSON.parse(store?.getItem(KEY) ?? 'null') as Seen | null;
		return s && s.epoch > 0 && Date.parse(s.since) > 0 ? s : null;
	} catch {
		return null;
	}
}

/**
 * The keys that were seen here and are newer than those of the hub; null, and the hub's
 * are remembered: there are none. Keys count as older by number and by date, for a new
 * house begins to count anew.
 */
export function newerThan(
	{ epoch, since }: Pick<Schemas['Vault'], 'epoch' | 'since'>,
	store: Pick<Storage, 'getItem' | 'setItem'> | undefined = globalThis.localStorage,
): Seen | null {
	const known = seen(store);
	if (known && epoch < known.epoch && (!since || Date.parse(since) < Date.parse(known.since))) return known;
	if (!since) return null;
	try {
		store?.setItem(KEY, JSON.stringify({ epoch, since }));
	} catch {
		// A browser that keeps nothing believes the hub.
	}
	return null;
}
