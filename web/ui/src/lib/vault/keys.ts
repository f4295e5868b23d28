/**
 * The owner's keys: made here, wrapped here, opened here. Nothing in this file
 * speaks to the hub, and what it gives out for the hub is the public keys and
 * the wrapped one.
 *
 * Clips are sealed to two keys: the vault's, which a passphrase opens and a passkey
 * may, and the recovery key, which is on paper only. A new pair may take their place
 * from some day on; what opens the clips of before is then wrapped to the new pair, so
 * that whatever opens the vault opens all of it. A lying hub could put other keys there,
 * which would open what it sealed itself, and nothing else.
 */
import { Decrypter, Encrypter, generateHybridIdentity, identityToRecipient, armor } from 'age-encryption';

import { endOf, type Earlier } from './paper';
import type { Said } from './passkey';
import { normal } from './passphrase';
import { ByPasskey, ToPasskey } from './prf';
import { WrongKey } from './wrongkey';

/** scrypt with N = 2^17: about half a second and 128 MiB, which a phone still has. */
const WORK = 17;
/** The most work that is done for a wrapped key: whoever holds the box must not hang the page. */
const MOST_WORK = 20;

/** A secret key, as age writes it. */
export type Identity = string;

export interface Made {
	/** Opens every clip; stays in the worker. */
	identity: Identity;
	/** To be put on paper, and then forgotten. */
	recovery: Identity;
	/** Public: what the hub seals to, the vault's first. */
	recipients: string[];
	/** For the hub to keep: worthless without the passphrase. */
	wrapped: string;
}

interface Wrapped {
	v: 1;
	/** An age file in its armour, for a passphrase, that holds the identity. */
	passphrase: string;
	/** An age file for the key and for the recovery key, that holds the keys of before, a line each. */
	earlier?: string;
}

const prefix = 'AGE-SECRET-KEY-PQ-1';

/** Makes a pair of keys that opens what the keys of before opened too. */
export async function make(passphrase: string, work = WORK, before: readonly Identity[] = []): Promise<Made> {
	const [identity, recovery] = await Promise.all([generateHybridIdentity(), generateHybridIdentity()]);
	const recipients = await Promise.all([identityToRecipient(identity), identityToRecipient(recovery)]);
	const kept = JSON.parse(await wrap(identity, passphrase, work)) as Wrapped;
	if (before.length) {
		const e = new Encrypter();
		for (const r of recipients) e.addRecipient(r);
		kept.earlier = armor.encode(await e.encrypt(before.map((key) => `${key}\n`).join('')));
	}
	return { identity, recovery, recipients, wrapped: JSON.stringify(kept) };
}

/** The keys of before, newest first; throws WrongKey when there are some that this key does not open. */
export async function earlier(wrapped: string, identity: Identity): Promise<Identity[]> {
	try {
		const kept = JSON.parse(wrapped) as Wrapped;
		if (kept.earlier === undefined) return [];
		const d = new Decrypter();
		d.addIdentity(identity);
		const lines = (await d.decrypt(armor.decode(kept.earlier), 'text')).trim().split('\n');
		for (const key of lines) await identityToRecipient(key);
		return lines;
	} catch (cause) {
		throw new WrongKey('the keys of before are not opened by this one', { cause });
	}
}

export async function wrap(identity: Identity, passphrase: string, work = WORK): Promise<string> {
	const e = new Encrypter();
	e.setPassphrase(normal(passphrase));
	e.setScryptWorkFactor(work);
	const kept: Wrapped = { v: 1, passphrase: armor.encode(await e.encrypt(identity)) };
	return JSON.stringify(kept);
}

/** Opens the wrapped key. It has to be the one of the recipients, or somebody put another in its place. */
export async function unwrap(wrapped: string, passphrase: string, recipients: readonly string[]): Promise<Identity> {
	let identity: string;
	try {
		const kept = JSON.parse(wrapped) as Wrapped;
		const file = armor.decode(kept.passphrase);
		if (workOf(file) > MOST_WORK) throw new WrongKey('the wrapped key asks for too much work');
		const d = new Decrypter();
		d.addPassphrase(normal(passphrase));
		identity = await d.decrypt(file, 'text');
	} catch (cause) {
		throw new WrongKey('the passphrase does not open the vault', { cause });
	}
	return belongs(identity, recipients);
}

/** Wraps the key to a passkey that was asked with this nonce. */
export async function wrapTo(identity: Identity, nonce: Uint8Array, said: Said): Promise<string> {
	const e = new Encrypter();
	e.addRecipient(new ToPasskey(nonce, said));
	return armor.encode(await e.encrypt(identity));
}

/** Opens the key that was wrapped to a passkey. It has to be the one of the recipients here too. */
export async function unwrapBy(wrapped: string, said: Said, recipients: readonly string[]): Promise<Identity> {
	let identity: string;
	try {
		const d = new Decrypter();
		d.addIdentity(new ByPasskey(said));
		identity = await d.decrypt(armor.decode(wrapped), 'text');
	} catch (cause) {
		throw new WrongKey('the passkey does not open the vault', { cause });
	}
	return belongs(identity, recipients);
}

/** Takes the recovery key as it was printed, in whatever case and with whatever spaces. */
export function recover(typed: string, recipients: readonly string[]): Promise<Identity> {
	return belongs(asPrinted(typed), recipients);
}

/** Takes one of before, and says of which epochs it is. It opens their clips and is no key of the vault. */
export async function recoverBefore(
	typed: string,
	earlier: readonly Earlier[],
): Promise<{ identity: Identity; epochs: number[] }> {
	const identity = asPrinted(typed);
	const end = endOf(await publicHalf(identity));
	const epochs = earlier.filter((e) => e.ends.includes(end)).map((e) => e.epoch);
	if (!epochs.length) throw new WrongKey('that key is of another vault');
	return { identity, epochs };
}

const asPrinted = (typed: string): string => typed.replace(/\s/g, '').toUpperCase();

async function belongs(identity: string, recipients: readonly string[]): Promise<Identity> {
	if (recipients.includes(await publicHalf(identity))) return identity;
	throw new WrongKey('that key is of another vault');
}

async function publicHalf(identity: string): Promise<string> {
	if (!identity.startsWith(prefix)) throw new WrongKey('that is no key of a vault');
	try {
		return await identityToRecipient(identity);
	} catch (cause) {
		throw new WrongKey('that is no key', { cause });
	}
}

/** The work factor of an age file for a passphrase (age-encryption.org/v1, scrypt). */
function workOf(file: Uint8Array): number {
	const head = new TextDecoder('latin1').decode(file.subarray(0, 200));
	return Number(/\n-> scrypt \S+ (\d{1,2})\n/.exec(head)?.[1] ?? Infinity);
}
