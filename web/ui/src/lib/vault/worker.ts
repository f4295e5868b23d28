/**
 * Holds the owner's key while the vault is open, in a worker of its own: the
 * page asks it to open films and never sees the key. When the vault is locked
 * the page ends the worker, and the key with it.
 */
import { Changed, Film, Foreign } from './film';
import { earlier, make, recover, recoverBefore, unwrap, unwrapBy, wrapTo, type Identity, type Made } from './keys';
import type { Earlier } from './paper';
import type { Said } from './passkey';
import { SamePhrase, WrongKey } from './wrongkey';

/** What the page asks. */
export type Ask =
	| { do: 'make'; passphrase: string; before: Kept | null }
	| { do: 'adopt' }
	| { do: 'unlock'; wrapped: string; passphrase: string; recipients: string[] }
	| { do: 'unlock-by'; by: string; wrapped: string; said: Said; recipients: string[] }
	| { do: 'wrap'; nonce: Uint8Array; said: Said; to: 'key' | 'new key' }
	| { do: 'recover'; key: string; recipients: string[]; wrapped: string; earlier: Earlier[] }
	| { do: 'open'; url: string }
	| { do: 'read'; film: number }
	| { do: 'jump'; film: number; byte: number }
	| { do: 'stop'; film: number };

/** What the hub keeps of a vault. */
export interface Kept {
	wrapped: string;
	recipients: string[];
}

/** What it is told: what was asked for, or why not. */
export type Answer = { id: number } & ({ ok: true; value: unknown } | { ok: false; why: Fault; problem?: unknown });

/**
 * Why there is nothing: not the key, the passphrase of before, not sealed to it, changed on its way or on
 * the disk, refused by the hub with a problem, or the hub said nothing.
 */
export type Fault = 'wrong-key' | 'same' | 'foreign' | 'changed' | 'refused' | 'silent';

/** What comes of a make, but the key itself. */
export interface MadePublic {
	recovery: string;
	recipients: string[];
	wrapped: string;
}
/** One read: the next piece, or how the film ended. */
export type Piece = { bytes: Uint8Array<ArrayBuffer> } | { end: 'whole' | 'cut' };

/** The vault's key or the one on paper; null while none but those of before were typed. */
let newest: Identity | null = null;
/** What opens clips: that one, and those of before. */
let identities: Identity[] = [];
/** Whether those of before are all there. */
let whole = true;
/** A key that was made, and counts once the hub seals to it. */
let next: Made | null = null;
const films = new Map<number, { url: string; film: Film }>();
let count = 0;

class Refused extends Error {
	constructor(readonly problem: unknown) {
		super('refused');
	}
}

async function open(url: string): Promise<number> {
	if (!identities.length) throw new WrongKey('the vault is locked');
	const film = await Film.open(await sent(url, 0), identities);
	films.set(++count, { url, film });
	return count;
}

/** A sealed file from one of its bytes on. */
async function sent(url: string, from: number): Promise<ReadableStream<Uint8Array>> {
	const response = await fetch(url, { cache: 'no-store', ...(from && { headers: { Range: `bytes=${from}-` } }) });
	if (!response.ok || !response.body) throw new Refused(await response.json().catch(() => null));
	if (from && response.status !== 206) throw new Changed('a range'); // it would be checked for another place
	return response.body;
}

/** Takes a key that opens the vault, and those that it opens. */
async function unlocked(identity: Identity, wrapped: string): Promise<null> {
	newest = identity;
	identities = [identity];
	whole = true;
	try {
		identities.push(...(await earlier(wrapped, identity)));
	} catch {
		whole = false; // newer clips open all the same
	}
	return null;
}

/** Takes a recovery key; gives the epochs that it opens when it is one of before, which joins those that were typed. */
async function recovered(ask: Ask & { do: 'recover' }): Promise<number[]> {
	const identity = await recover(ask.key, ask.recipients).catch(() => null);
	if (identity) {
		await unlocked(identity, ask.wrapped);
		return [];
	}
	const before = await recoverBefore(ask.key, ask.earlier);
	identities = [...(newest ? [] : identities), before.identity];
	newest = null;
	return before.epochs;
}

/** Makes the key that comes next, if what was opened before stays open with it. */
async function makeNext(passphrase: string, before: Kept | null): Promise<MadePublic> {
	if (before && !newest) throw new WrongKey('the vault is locked');
	if (before && !whole) throw new Changed('the keys of before');
	const same =
		before &&
		(await unwrap(before.wrapped, passphrase, before.recipients).then(
			() => true,
			() => false,
		));
	if (same) throw new SamePhrase();
	next = await make(passphrase, undefined, before ? identities : []);
	const { recovery, recipients, wrapped } = next;
	return { recovery, recipients, wrapped };
}

async function act(ask: Ask): Promise<unknown> {
	switch (ask.do) {
		case 'make':
			return makeNext(ask.passphrase, ask.before);
		case 'adopt':
			if (!next) throw new WrongKey('no key was made');
			await unlocked(next.identity, next.wrapped);
			next = null;
			return null;
		case 'unlock':
			return unlocked(await unwrap(ask.wrapped, ask.passphrase, ask.recipients), ask.wrapped);
		case 'unlock-by':
			return unlocked(await unwrapBy(ask.by, ask.said, ask.recipients), ask.wrapped);
		case 'wrap': {
			const identity = ask.to === 'key' ? newest : next?.identity;
			if (!identity) throw new WrongKey('the vault is locked');
			return wrapTo(identity, ask.nonce, ask.said);
		}
		case 'recover':
			return recovered(ask);
		case 'open':
			return open(ask.url);
		case 'read': {
			const film = films.get(ask.film)?.film;
			const bytes = await film?.read();
			if (bytes) return { bytes };
			return { end: film?.end ?? 'whole' };
		}
		case 'jump': {
			const { url, film } = films.get(ask.film) ?? {};
			if (url && film) await film.jump(ask.byte, await sent(url, film.from(ask.byte)));
			return null;
		}
		case 'stop': {
			await films.get(ask.film)?.film.stop();
			films.delete(ask.film);
			return null;
		}
	}
}

function faultOf(error: unknown): { why: Fault; problem?: unknown } {
	if (error instanceof WrongKey) return { why: 'wrong-key' };
	if (error instanceof SamePhrase) return { why: 'same' };
	if (error instanceof Foreign) return { why: 'foreign' };
	if (error instanceof Changed) return { why: 'changed' };
	if (error instanceof Refused) return { why: 'refused', problem: error.problem };
	return { why: 'silent' };
}

addEventListener('message', (e: MessageEvent<{ id: number; ask: Ask }>) => {
	const { id, ask } = e.data;
	act(ask).then(
		(value) => {
			const bytes = (value as { bytes?: Uint8Array } | null)?.bytes;
			postMessage({ id, ok: true, value } satisfies Answer, { transfer: bytes ? [bytes.buffer] : [] });
		},
		(error: unknown) => postMessage({ id, ok: false, ...faultOf(error) } satisfies Answer),
	);
});
