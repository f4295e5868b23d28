/**
 * What a page can ask of a passkey: to be made, and to say its secret to an input
 * (WebAuthn Level 3, extension prf). Nobody signs in by it: the challenge is
 * thrown away, and what is said goes to the worker that holds the owner's key.
 *
 * A passkey belongs to the name at which it was made, the rp id. That is the one
 * in the address bar and never a part of it, so that no neighbour under the same
 * domain can ask for it; at another name of the hub it does not exist.
 */
import type { Schemas } from '../api';

export type Passkey = Schemas['VaultPasskey'];
/** What a passkey said to one nonce: 64 bytes that open what was wrapped with it. */
export type Said = Uint8Array<ArrayBuffer>;

/** Of the stanza; the inputs begin with it too, so that nothing else is asked by accident. */
export const LABEL = 'age-encryption.org/fido2prf';
const NONCE = 16;
/** How long a person may take, in ms. */
const PATIENCE = 120_000;

/** Why a browser cannot have passkeys of this page at all. */
export type Hindrance = 'address' | 'insecure' | 'none' | 'noprf';
/** Why nothing came of it: given up or forbidden, there already, not at this name, or it keeps no secrets. */
export type Fault = 'dropped' | 'there' | 'name' | 'noprf';

/** Nothing came of asking for a passkey. */
export class NoPasskey extends Error {
	override name = 'NoPasskey';
	constructor(
		readonly why: Fault,
		options?: ErrorOptions,
	) {
		super(why, options);
	}
}

/** What of a page decides whether it can have passkeys. */
export interface Place {
	host: string;
	secure: boolean;
	/** The browser's, if it has any. */
	passkeys: { getClientCapabilities?: () => Promise<Record<string, boolean>> } | undefined;
}
export const here = (): Place => ({
	host: location.hostname,
	secure: isSecureContext,
	passkeys: (globalThis as { PublicKeyCredential?: Place['passkeys'] }).PublicKeyCredential,
});

/** What stands in the way, as far as it can be told before anybody is asked. */
export async function hindrance(at: Place = here()): Promise<Hindrance | null> {
	// Where the page is trusted a browser shows what it has: one without has none under another name either.
	if (at.secure && !at.passkeys) return 'none';
	if (/^(\d+\.){3}\d+$|:/.test(at.host)) return 'address';
	if (!at.secure || !at.passkeys) return 'insecure';
	const can = await at.passkeys.getClientCapabilities?.();
	return can?.['extension:prf'] === false ? 'noprf' : null;
}

/** What a credential is asked by. */
export type Credential = Pick<Passkey, 'credential' | 'transports'>;

/** Makes one on a device that has none of these yet; throws NoPasskey. */
export async function create(home: string, name: string, but: readonly Credential[]): Promise<Credential> {
	const made = await asked(() =>
		navigator.credentials.create({
			publicKey: {
				rp: { id: location.hostname, name: 'Gatehouse' },
				// Another user each time: or a device would put it in the place of the one before.
				user: { id: random(NONCE), name: `${home} · ${name}`, displayName: name },
				pubKeyCredParams: [-8, -7, -257].map((alg) => ({ type: 'public-key', alg })),
				authenticatorSelection: { residentKey: 'preferred', userVerification: 'required' },
				excludeCredentials: but.map(described),
				extensions: { prf: {} },
				challenge: random(32),
				timeout: PATIENCE,
			},
		}),
	);
	const { getTransports } = made.response as AuthenticatorAttestationResponse;
	const credential = { credential: toBase64url(made.rawId), transports: getTransports?.call(made.response) ?? [] };
	if (!made.getClientExtensionResults().prf?.enabled) {
		forget(credential.credential);
		throw new NoPasskey('noprf');
	}
	return credential;
}

/** Has one of them say its secret, each to its own nonce; throws NoPasskey. */
export async function ask<C extends Credential>(
	of: readonly { passkey: C; nonce: Uint8Array }[],
): Promise<{ passkey: C; said: Said }> {
	const got = await asked(() =>
		navigator.credentials.get({
			publicKey: {
				rpId: location.hostname,
				allowCredentials: of.map(({ passkey }) => described(passkey)),
				userVerification: 'required',
				extensions: {
					prf: { evalByCredential: Object.fromEntries(of.map((o) => [o.passkey.credential, inputs(o.nonce)])) },
				},
				challenge: random(32),
				timeout: PATIENCE,
			},
		}),
	);
	const id = toBase64url(got.rawId);
	const passkey = of.find((o) => o.passkey.credential === id)?.passkey;
	const said = got.getClientExtensionResults().prf?.results;
	if (!passkey || !said?.second) throw new NoPasskey('noprf');
	return { passkey, said: joined(said.first, said.second) };
}

/** Tells the device that a passkey opens nothing any more, where the browser can. */
export function forget(credential: string): void {
	const { signalUnknownCredential } = (here().passkeys ?? {}) as {
		signalUnknownCredential?: (of: { rpId: string; credentialId: string }) => Promise<void>;
	};
	// It is a courtesy: a passkey that stays in a list of the device's opens nothing.
	void signalUnknownCredential
		?.call(here().passkeys, { rpId: location.hostname, credentialId: credential })
		.catch(() => {});
}

export const newNonce = (): Uint8Array<ArrayBuffer> => random(NONCE);

/** The nonce with which a wrapped key was made; null when it was made for no passkey. */
export function nonceOf(wrapped: string): Uint8Array<ArrayBuffer> | null {
	try {
		const head = atob(wrapped.replace(/-----[^-]+-----|\s/g, ''));
		const [, nonce] = /\n-> age-encryption\.org\/fido2prf ([A-Za-z0-9+/]{22})\n/.exec(head) ?? [];
		return nonce ? Uint8Array.from(atob(nonce), (c) => c.charCodeAt(0)) : null;
	} catch {
		return null;
	}
}

/** As typage asks: two inputs, so that no touch opens two files. */
function inputs(nonce: Uint8Array): { first: ArrayBuffer; second: ArrayBuffer } {
	const label = new TextEncoder().encode(LABEL);
	const nth = (n: number) => Uint8Array.of(...label, n, ...nonce).buffer;
	return { first: nth(1), second: nth(2) };
}

async function asked(work: () => Promise<globalThis.Credential | null>): Promise<PublicKeyCredential> {
	let got: globalThis.Credential | null;
	try {
		got = await work();
	} catch (cause) {
		const name = cause instanceof Error ? cause.name : '';
		const why = name === 'InvalidStateError' ? 'there' : name === 'SecurityError' ? 'name' : 'dropped';
		throw new NoPasskey(why, { cause });
	}
	if (!got) throw new NoPasskey('dropped');
	return got as PublicKeyCredential;
}

function described(c: Credential): PublicKeyCredentialDescriptor {
	return { type: 'public-key', id: fromBase64url(c.credential), transports: c.transports as AuthenticatorTransport[] };
}

function joined(first: BufferSource, second: BufferSource): Said {
	const parts = [first, second].map((b) =>
		b instanceof ArrayBuffer ? new Uint8Array(b) : new Uint8Array(b.buffer, b.byteOffset, b.byteLength),
	);
	if (parts.some((p) => p.length !== 32)) throw new NoPasskey('noprf');
	return Uint8Array.of(...(parts[0] ?? []), ...(parts[1] ?? []));
}

const random = (n: number) => crypto.getRandomValues(new Uint8Array(n));
const toBase64url = (b: ArrayBuffer) =>
	btoa(String.fromCharCode(...new Uint8Array(b)))
		.replaceAll('+', '-')
		.replaceAll('/', '_')
		.replace(/=+$/, '');
const fromBase64url = (s: string) =>
	Uint8Array.from(atob(s.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0));
