/**
 * Age files for a passkey: the stanza age-encryption.org/fido2prf, as typage
 * makes it (C2SP has no page for it yet). What a passkey says to two inputs that
 * hang on the stanza's nonce makes the key that wraps the file's.
 *
 * age-encryption asks the passkey itself, which only a page can do. Here it was
 * asked by the page, and the worker that holds the owner's key gets the answer.
 */
import { chacha20poly1305 } from '@noble/ciphers/chacha.js';
import { extract } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { Stanza, type Identity, type Recipient } from 'age-encryption';

import { LABEL, type Said } from './passkey';

/** Wraps a file's key to a passkey, asked with this nonce. */
export class ToPasskey implements Recipient {
	constructor(
		readonly nonce: Uint8Array,
		readonly said: Said,
	) {}
	wrapFileKey(fileKey: Uint8Array): Stanza[] {
		const nonce = btoa(String.fromCharCode(...this.nonce)).replace(/=+$/, '');
		return [new Stanza([LABEL, nonce], cipher(this.said).encrypt(fileKey))];
	}
}

/** Opens what was wrapped so. */
export class ByPasskey implements Identity {
	constructor(readonly said: Said) {}
	unwrapFileKey(stanzas: Stanza[]): Uint8Array | null {
		const stanza = stanzas.find((s) => s.args[0] === LABEL);
		if (!stanza || stanza.body.length !== 32) return null;
		try {
			return cipher(this.said).decrypt(stanza.body);
		} catch {
			return null; // said by another passkey, or to another nonce
		}
	}
}

/** A key is used once, so that the nonce of the cipher may be nothing. */
const cipher = (said: Said) =>
	chacha20poly1305(extract(sha256, said, new TextEncoder().encode(LABEL)), new Uint8Array(12));
