import { describe, expect, it } from 'vitest';

import { Decrypter, Encrypter, armor } from 'age-encryption';
import { earlier, make, recover, recoverBefore, unwrap, unwrapBy, wrap, wrapTo } from './keys';
import { strong, suggestion } from './passphrase';
import { WrongKey } from './wrongkey';

const phrase = 'kd7m-9xqp-w3fz-hn2r';
const easy = 4; // so that a test does not take seconds

describe('the vault’s keys', () => {
	it('open with the passphrase, however it was typed, and with no other', async () => {
		const made = await make(phrase, easy);
		expect(await unwrap(made.wrapped, ` ${phrase} `, made.recipients)).toBe(made.identity);
		await expect(unwrap(made.wrapped, 'kd7m-9xqp-w3fz-hn2s', made.recipients)).rejects.toThrow(WrongKey);
		await expect(unwrap(made.wrapped, '', made.recipients)).rejects.toThrow(WrongKey);
	});
	it('are two hybrid ones of 77 characters, whose recipients have 1,959', async () => {
		const made = await make(phrase, easy);
		for (const key of [made.identity, made.recovery]) expect(key).toMatch(/^AGE-SECRET-KEY-PQ-1[0-9A-Z]{58}$/);
		expect(made.recipients).toHaveLength(2);
		for (const r of made.recipients) {
			expect(r.startsWith('age1pq1')).toBe(true);
			expect(r).toHaveLength(1959);
		}
	});
	it('give the hub nothing that opens a clip', async () => {
		const made = await make(phrase, easy);
		const sent = JSON.stringify({ recipients: made.recipients, wrapped: made.wrapped });
		for (const secret of [made.identity, made.recovery, phrase]) {
			expect(sent).not.toContain(secret);
			expect(sent.toLowerCase()).not.toContain(secret.toLowerCase());
		}
	});
	it('open with the recovery key as it is on paper', async () => {
		const made = await make(phrase, easy);
		const typed = made.recovery.toLowerCase().replace(/(.{10})/g, '$1 \n');
		expect(await recover(typed, made.recipients)).toBe(made.recovery);
	});
	it('are not taken for those of another vault', async () => {
		const [mine, other] = await Promise.all([make(phrase, easy), make(phrase, easy)]);
		await expect(unwrap(other.wrapped, phrase, mine.recipients)).rejects.toThrow(WrongKey);
		await expect(recover(other.recovery, mine.recipients)).rejects.toThrow(WrongKey);
		await expect(recover('AGE-SECRET-KEY-PQ-1NONSENSE', mine.recipients)).rejects.toThrow(WrongKey);
	});
	it('are not opened when the hub hands out nonsense or asks for endless work', async () => {
		const made = await make(phrase, easy);
		for (const bad of ['', '{}', 'null', '{"v":1,"passphrase":"-----BEGIN AGE ENCRYPTED FILE-----"}'])
			await expect(unwrap(bad, phrase, made.recipients)).rejects.toThrow(WrongKey);
		const heavy = await wrap(made.identity, phrase, 5);
		const kept = JSON.parse(heavy) as { passphrase: string };
		const body = atob(kept.passphrase.replace(/-----[^-]+-----|\s/g, '')).replace(/(-> scrypt \S+) 5\n/, '$1 30\n');
		const lines = btoa(body).replace(/(.{64})/g, '$1\n');
		const asked = {
			v: 1,
			passphrase: `-----BEGIN AGE ENCRYPTED FILE-----\n${lines}\n-----END AGE ENCRYPTED FILE-----\n`,
		};
		// It is not even begun.
		await expect(unwrap(JSON.stringify(asked), phrase, made.recipients)).rejects.toMatchObject({
			constructor: WrongKey,
			cause: { message: 'the wrapped key asks for too much work' },
		});
	});
});

/** A file sealed to keys, as the hub does. */
async function clipFor(recipients: readonly string[]): Promise<Uint8Array> {
	const e = new Encrypter();
	for (const r of recipients) e.addRecipient(r);
	return e.encrypt('a clip');
}
async function opens(file: Uint8Array, ...keys: string[]): Promise<boolean> {
	const d = new Decrypter();
	for (const key of keys) d.addIdentity(key);
	return d.decrypt(file, 'text').then(
		() => true,
		() => false,
	);
}

describe('a new key from now on', () => {
	const other = 'a2b3-c4d5-e6f7-g8h9';
	it('opens what is sealed to it and what was sealed before, and the old ones nothing new', async () => {
		const first = await make(phrase, easy);
		const second = await make(other, easy, [first.identity]);
		const third = await make(phrase, easy, [second.identity, ...(await earlier(second.wrapped, second.identity))]);
		const all = [first, second, third];
		const clips = await Promise.all(all.map((m) => clipFor(m.recipients)));
		// With whatever opens the newest vault: the passphrase, the paper, a passkey.
		const said = new Uint8Array(64).fill(7);
		const nonce = new Uint8Array(16).fill(3);
		const byPasskey = await unwrapBy(await wrapTo(third.identity, nonce, said), said, third.recipients);
		const byPhrase = await unwrap(third.wrapped, phrase, third.recipients);
		for (const key of [byPhrase, byPasskey, await recover(third.recovery, third.recipients)]) {
			const before = await earlier(third.wrapped, key);
			expect(before).toEqual([second.identity, first.identity]);
			for (const clip of clips) expect(await opens(clip, key, ...before)).toBe(true);
		}
		// What an old passphrase, passkey or paper gives opens its own time and none behind it.
		for (const [was, m] of all.entries())
			for (const key of [m.identity, m.recovery])
				for (const [of, clip] of clips.entries()) expect(await opens(clip, key), `${was} ${of}`).toBe(was === of);
		await expect(unwrap(third.wrapped, other, third.recipients)).rejects.toThrow(WrongKey);
		await expect(unwrap(first.wrapped, phrase, third.recipients)).rejects.toThrow(WrongKey);
		await expect(recover(second.recovery, third.recipients)).rejects.toThrow(WrongKey);
		await expect(earlier(third.wrapped, first.identity)).rejects.toThrow(WrongKey);
	});
	it('leaves a sheet of before what it opens, and it is known which one it is', async () => {
		const [first, second, third] = await Promise.all([make(phrase, easy), make(other, easy), make(phrase, easy)]);
		const [clip, newer] = await Promise.all([clipFor(first.recipients), clipFor(second.recipients)]);
		const ends = (keys: readonly string[]) => keys.map((k) => k.slice(-6)); // as the hub keeps them
		const before = [
			{ epoch: 2, ends: ends(second.recipients) },
			{ epoch: 1, ends: ends(first.recipients) },
		];
		const typed = first.recovery.toLowerCase().replace(/(.{10})/g, '$1 \n');
		const { identity, epochs } = await recoverBefore(typed, before);
		expect(epochs).toEqual([1]);
		expect(await opens(clip, identity)).toBe(true);
		expect(await opens(newer, identity)).toBe(false);
		// A key that stayed when another was changed is of both times.
		const stayed = [{ epoch: 3, ends: ends([...first.recipients, ...second.recipients]) }, ...before];
		expect((await recoverBefore(second.recovery, stayed)).epochs).toEqual([3, 2]);
		for (const wrong of [third.recovery, 'AGE-SECRET-KEY-PQ-1NONSENSE', '', phrase])
			await expect(recoverBefore(wrong, before)).rejects.toThrow(WrongKey);
		await expect(recoverBefore(first.recovery, [])).rejects.toThrow(WrongKey);
	});
	it('takes over what the paper opened, when the passphrase is lost', async () => {
		const first = await make(phrase, easy);
		const second = await make(other, easy, [first.recovery]);
		const clip = await clipFor(first.recipients);
		expect(await opens(clip, ...(await earlier(second.wrapped, second.identity)))).toBe(true);
	});
	it('gives the hub nothing that opens a clip, neither of before nor of now', async () => {
		const first = await make(phrase, easy);
		const second = await make(other, easy, [first.identity]);
		const sent = (second.wrapped + second.recipients.join()).toLowerCase();
		const { earlier: ring } = JSON.parse(second.wrapped) as { earlier: string };
		const spelt = new TextDecoder('latin1').decode(armor.decode(ring)).toLowerCase();
		for (const secret of [first.identity, first.recovery, second.identity, second.recovery, phrase, other])
			for (const s of [sent, spelt]) expect(s).not.toContain(secret.toLowerCase());
	});
	it('does not take keys of before that are none for what was lost', async () => {
		const made = await make(phrase, easy);
		expect(await earlier(made.wrapped, made.identity)).toEqual([]);
		const e = new Encrypter();
		for (const r of made.recipients) e.addRecipient(r);
		const nonsense = armor.encode(await e.encrypt('AGE-SECRET-KEY-PQ-1NONSENSE\n'));
		for (const ring of ['', 'nonsense', nonsense, 7])
			await expect(
				earlier(JSON.stringify({ ...(JSON.parse(made.wrapped) as object), earlier: ring }), made.identity),
			).rejects.toThrow(WrongKey);
	});
});

describe('passphrases', () => {
	it('that are suggested are strong, and each is another one', () => {
		const all = new Set(Array.from({ length: 200 }, suggestion));
		expect(all.size).toBe(200);
		for (const s of all) {
			expect(s).toMatch(/^[a-hjkmnp-z2-9]{4}(-[a-hjkmnp-z2-9]{4}){3}$/);
			expect(strong(s)).toBe(true);
		}
	});
	it.each([
		['', false],
		['seven green', false],
		['aaaaaaaaaaaaaaaaaaaaaaaa', false],
		['               x', false],
		['seven green bottles', true],
	])('%j holds: %s', (s, holds) => expect(strong(s)).toBe(holds));
});
