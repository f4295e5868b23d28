/**
 * The end of the record of views, as this browser last saw it. Whoever rewrites
 * the whole record on the hub cannot rewrite this: the next look tells.
 */
import type { Findings } from './api';

const KEY = 'gatehouse.views';
export type Head = Findings['head'];

export function remembered(store: Pick<Storage, 'getItem'> | undefined = globalThis.localStorage): Head | null {
	try {
		const head = JSON.parse(store?.getItem(KEY) ?? 'null') as Head | null;
		return head && head.n > 0 && /^[0-9a-f]{64}$/.test(head.hash) ? head : null;
	} catch {
		return null;
	}
}

/** Keeps what the hub just showed, but nothing that is less than what was known or that a broken record showed. */
export function remember(
	found: Findings,
	store: Pick<Storage, 'getItem' | 'setItem'> | undefined = globalThis.localStorage,
): void {
	if (!found.whole || found.head.n < (remembered(store)?.n ?? 1)) return;
	try {
		store?.setItem(KEY, JSON.stringify(found.head));
	} catch {
		// A browser that keeps nothing asks the hub alone.
	}
}
