import { describe, expect, it } from 'vitest';

import { make, recover, unwrap, wrap } from './keys';
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
		const began = performance.now();
		await expect(unwrap(JSON.stringify(asked), phrase, made.recipients)).rejects.toThrow(WrongKey);
		expect(performance.now() - began).toBeLessThan(1000);
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
