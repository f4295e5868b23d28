/**
 * Holds the owner's key while the vault is open, in a worker of its own: the
 * page asks it to open films and never sees the key. When the vault is locked
 * the page ends the worker, and the key with it.
 */
import { Changed, Film, Foreign } from './film';
import { make, recover, unwrap, unwrapBy, wrapTo, type Identity } from './keys';
import type { Said } from './passkey';
import { WrongKey } from './wrongkey';

/** What the page asks. */
export type Ask =
	| { do: 'make'; passphrase: string }
	| { do: 'unlock'; wrapped: string; passphrase: string; recipients: string[] }
	| { do: 'unlock-by'; wrapped: string; said: Said; recipients: string[] }
	| { do: 'wrap'; nonce: Uint8Array; said: Said }
	| { do: 'recover'; key: string; recipients: string[] }
	| { do: 'open'; url: string }
	| { do: 'read'; film: number }
	| { do: 'stop'; film: number };

/** What it is told: what was asked for, or why not. */
export type Answer = { id: number } & ({ ok: true; value: unknown } | { ok: false; why: Fault; problem?: unknown });

/**
 * Why there is nothing: not the key, not sealed to it, changed on its way or on
 * the disk, refused by the hub with a problem, or the hub said nothing.
 */
export type Fault = 'wrong-key' | 'foreign' | 'changed' | 'refused' | 'silent';

/** What comes of a make, but the key itself. */
export interface MadePublic {
	recovery: string;
	recipients: string[];
	wrapped: string;
}
/** One read: the next piece, or how the film ended. */
export type Piece = { bytes: Uint8Array<ArrayBuffer> } | { end: 'whole' | 'cut' };

let identity: Identity | null = null;
const films = new Map<number, Film>();
let count = 0;

class Refused extends Error {
	constructor(readonly problem: unknown) {
		super('refused');
	}
}

async function open(url: string): Promise<number> {
	if (!identity) throw new WrongKey('the vault is locked');
	const response = await fetch(url, { cache: 'no-store' });
	if (!response.ok || !response.body) throw new Refused(await response.json().catch(() => null));
	const film = await Film.open(response.body, identity);
	films.set(++count, film);
	return count;
}

async function act(ask: Ask): Promise<unknown> {
	switch (ask.do) {
		case 'make': {
			const made = await make(ask.passphrase);
			identity = made.identity;
			const { recovery, recipients, wrapped } = made;
			return { recovery, recipients, wrapped } satisfies MadePublic;
		}
		case 'unlock':
			identity = await unwrap(ask.wrapped, ask.passphrase, ask.recipients);
			return null;
		case 'unlock-by':
			identity = await unwrapBy(ask.wrapped, ask.said, ask.recipients);
			return null;
		case 'wrap':
			if (!identity) throw new WrongKey('the vault is locked');
			return wrapTo(identity, ask.nonce, ask.said);
		case 'recover':
			identity = await recover(ask.key, ask.recipients);
			return null;
		case 'open':
			return open(ask.url);
		case 'read': {
			const film = films.get(ask.film);
			const bytes = await film?.read();
			if (bytes) return { bytes };
			films.delete(ask.film);
			return { end: film?.end ?? 'whole' };
		}
		case 'stop': {
			await films.get(ask.film)?.stop();
			films.delete(ask.film);
			return null;
		}
	}
}

function faultOf(error: unknown): { why: Fault; problem?: unknown } {
	if (error instanceof WrongKey) return { why: 'wrong-key' };
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
