import { armor, Decrypter, Encrypter, webauthn } from 'age-encryption';
import { afterEach, describe, expect, it, vi } from 'vitest';

import { make, unwrapBy, wrapTo } from './keys';
import { ask, create, hindrance, newNonce, nonceOf, NoPasskey, type Credential, type Place } from './passkey';
import { WrongKey } from './wrongkey';

const hex = (b: Uint8Array) => Array.from(b, (x) => x.toString(16).padStart(2, '0')).join('');
const base64 = (b: Uint8Array) => btoa(String.fromCharCode(...b)).replace(/=+$/, '');
const base64url = (b: Uint8Array) => base64(b).replaceAll('+', '-').replaceAll('/', '_');

/** A device with passkeys: each says to an input what only it can (CTAP 2.2, hmac-secret). */
class Device {
	made: { id: Uint8Array<ArrayBuffer>; secret: Uint8Array<ArrayBuffer> }[] = [];
	asks = 0;
	constructor(readonly prf = true) {}

	async create({ publicKey: o }: CredentialCreationOptions) {
		const held = (o?.excludeCredentials ?? []).some((x) => this.#find(x.id));
		if (held) throw new DOMException('there', 'InvalidStateError');
		const [id, secret] = [newNonce(), newNonce()];
		this.made.push({ id, secret });
		return {
			rawId: id.buffer,
			response: { getTransports: () => ['internal'] },
			getClientExtensionResults: () => ({ prf: { enabled: this.prf } }),
		};
	}
	async get({ publicKey: o }: CredentialRequestOptions) {
		this.asks++;
		const key = (o?.allowCredentials ?? []).map((x) => this.#find(x.id)).find(Boolean);
		if (!key) throw new DOMException('nobody answered', 'NotAllowedError');
		const prf = o?.extensions?.prf;
		const id = base64url(key.id);
		const inputs = prf?.evalByCredential?.[id] ?? prf?.eval;
		const results = inputs && {
			first: await this.#says(key.secret, inputs.first),
			second: inputs.second && (await this.#says(key.secret, inputs.second)),
		};
		return { rawId: key.id.buffer, getClientExtensionResults: () => ({ prf: this.prf ? { results } : {} }) };
	}
	#find(id: BufferSource) {
		return this.made.find((k) => base64url(k.id) === base64url(id as Uint8Array));
	}
	async #says(secret: BufferSource, input: BufferSource) {
		const key = await crypto.subtle.importKey('raw', secret, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
		return crypto.subtle.sign('HMAC', key, input);
	}
}

function at(device: Device): Device {
	vi.stubGlobal('location', { hostname: 'gatehouse.local', origin: 'https://gatehouse.local' });
	vi.stubGlobal('navigator', { credentials: device });
	vi.stubGlobal('isSecureContext', true);
	return device;
}
afterEach(() => vi.unstubAllGlobals());

const vaultOf = (n: number) => make(`${n} kd7m-9xqp-w3fz-hn2r`, 4);
/** Wraps a key to a passkey as the page and its worker do. */
async function wrapped(identity: string, passkey: Credential): Promise<string> {
	const nonce = newNonce();
	return wrapTo(identity, nonce, (await ask([{ passkey, nonce }])).said);
}
/** Asks for one of them and opens with what it said. */
async function open(of: { passkey: Credential; wrapped: string }[], recipients: string[]): Promise<string> {
	const said = await ask(
		of.map((o) => ({ passkey: { ...o.passkey, wrapped: o.wrapped }, nonce: nonceOf(o.wrapped) ?? newNonce() })),
	);
	return unwrapBy(said.passkey.wrapped, said.said, recipients);
}

describe('a passkey', () => {
	it('opens what was wrapped to it, whichever of several it is', async () => {
		const made = await vaultOf(1);
		at(new Device());
		const old = await create('Maple House', 'Old phone', []);
		const oldWrapped = await wrapped(made.identity, old);
		const device = at(new Device());
		const passkey = await create('Maple House', 'Phone', [old]);
		const mine = await wrapped(made.identity, passkey);
		const asks = device.asks;
		expect(
			await open(
				[
					{ passkey: old, wrapped: oldWrapped },
					{ passkey, wrapped: mine },
				],
				made.recipients,
			),
		).toBe(made.identity);
		expect(device.asks).toBe(asks + 1);
	});
	it('is wrapped to as typage wraps, and typage opens it', async () => {
		const made = await vaultOf(1);
		at(new Device());
		vi.stubGlobal('window', { origin: 'https://gatehouse.local' });
		// typage makes one, and names it in its own words.
		const named = await webauthn.createCredential({ keyName: 'Phone', rpId: 'gatehouse.local' });
		const device = navigator.credentials as unknown as Device;
		const passkey = {
			credential: base64url(device.made[0]?.id ?? new Uint8Array()),
			transports: ['internal'],
		};
		const ours = await wrapped(made.identity, passkey);
		const d = new Decrypter();
		d.addIdentity(new webauthn.WebAuthnIdentity({ identity: named }));
		expect(await d.decrypt(armor.decode(ours), 'text')).toBe(made.identity);
		const e = new Encrypter();
		e.addRecipient(new webauthn.WebAuthnRecipient({ identity: named }));
		const theirs = armor.encode(await e.encrypt(made.identity));
		expect(await open([{ passkey, wrapped: theirs }], made.recipients)).toBe(made.identity);
	});
	it('opens nothing that a lying hub puts in the place of the key', async () => {
		const [mine, other] = await Promise.all([vaultOf(1), vaultOf(2)]);
		at(new Device());
		const strange = await wrapped(mine.identity, await create('Maple House', 'Old phone', []));
		const device = at(new Device());
		const passkey = await create('Maple House', 'Phone', []);
		const good = await wrapped(mine.identity, passkey);
		expect(await open([{ passkey, wrapped: good }], mine.recipients)).toBe(mine.identity);
		const lies = {
			'the key of another vault': await wrapped(other.identity, passkey),
			'what another passkey opens': strange,
			'what a passphrase opens': (JSON.parse(mine.wrapped) as { passphrase: string }).passphrase,
			'one letter changed': good.replace(/.(?=.{40}\n-----END)/, (c) => (c === 'A' ? 'B' : 'A')),
			'what was cut': `${good.slice(0, -60)}\n-----END AGE ENCRYPTED FILE-----\n`,
			nonsense: 'nonsense',
			nothing: '',
		};
		const asks = device.asks;
		for (const [what, lie] of Object.entries(lies)) {
			expect(lie, what).not.toBe(good);
			await expect(open([{ passkey, wrapped: lie }], mine.recipients), what).rejects.toThrow(WrongKey);
		}
		expect(device.asks).toBe(asks + Object.keys(lies).length);
	});
	it('gives the hub nothing that opens a clip', async () => {
		const made = await vaultOf(1);
		const device = at(new Device());
		const passkey = await create('Maple House', 'Phone', []);
		const nonce = newNonce();
		const { said } = await ask([{ passkey, nonce }]);
		const sent = JSON.stringify({ ...passkey, wrapped: await wrapTo(made.identity, nonce, said) }).toLowerCase();
		const secret = device.made[0]?.secret ?? new Uint8Array();
		for (const bytes of [said, said.slice(0, 32), said.slice(32), secret])
			for (const spelt of [hex(bytes), base64(bytes), base64url(bytes)])
				expect(sent).not.toContain(spelt.toLowerCase());
		expect(sent).not.toContain(made.identity.toLowerCase());
	});
	it('is not kept when it says no secret, and not made twice on a device', async () => {
		at(new Device(false));
		await expect(create('Maple House', 'Phone', [])).rejects.toMatchObject({ why: 'noprf' });
		at(new Device());
		const passkey = await create('Maple House', 'Phone', []);
		await expect(create('Maple House', 'Phone', [passkey])).rejects.toMatchObject({ why: 'there' });
		at(new Device());
		await expect(ask([{ passkey, nonce: newNonce() }])).rejects.toThrow(NoPasskey);
	});
});

const can = (prf: boolean): Place['passkeys'] => ({
	getClientCapabilities: () => Promise.resolve({ 'extension:prf': prf }),
});
it.each<[string, boolean, Place['passkeys'], string | null]>([
	['gatehouse.local', true, can(true), null],
	['gatehouse.local', true, {}, null],
	['localhost', true, can(true), null],
	['gatehouse.local', true, can(false), 'noprf'],
	['gatehouse.local', true, undefined, 'none'],
	['gatehouse.local', false, undefined, 'insecure'],
	['192.168.1.20', true, can(true), 'address'],
	['[fd00::1]', true, can(true), 'address'],
	['127.0.0.1', true, undefined, 'none'],
	['192.168.1.9', false, undefined, 'address'],
])('at %s, secure %s: %o stands with %s', async (host, secure, passkeys, stands) =>
	expect(await hindrance({ host, secure, passkeys })).toBe(stands),
);
