import { Encrypter, generateHybridIdentity, identityToRecipient } from 'age-encryption';
import { beforeAll, describe, expect, it } from 'vitest';

import { Changed, Film, Foreign } from './film';

const chunk = 65_536;
let identity = '';
let recipient = '';
beforeAll(async () => {
	identity = await generateHybridIdentity();
	recipient = await identityToRecipient(identity);
});

const picture = (n: number) => Uint8Array.from({ length: n }, (_, i) => (i * 31 + (i >> 8)) & 255);
async function seal(plain: Uint8Array): Promise<Uint8Array> {
	const e = new Encrypter();
	e.addRecipient(recipient);
	e.addRecipient(await identityToRecipient(await generateHybridIdentity()));
	return e.encrypt(plain);
}
/** A network that gives out pieces of any size. */
function sent(file: Uint8Array, piece = 10_000): ReadableStream<Uint8Array> {
	let at = 0;
	return new ReadableStream({
		pull(c) {
			if (at >= file.length) return c.close();
			c.enqueue(file.slice(at, at + piece));
			at += piece;
		},
	});
}
/** What comes out, and how it ended. */
async function watch(file: Uint8Array, piece?: number) {
	const out: number[] = [];
	try {
		const film = await Film.open(sent(file, piece), [identity]);
		for (let b = await film.read(); b; b = await film.read()) out.push(...b);
		return { seen: Uint8Array.from(out), end: film.end as string };
	} catch (error) {
		return { seen: Uint8Array.from(out), end: (error as Error).name };
	}
}
const headOf = (file: Uint8Array, plain: number) => file.length - plain - 16 * Math.max(1, Math.ceil(plain / chunk));

describe('a sealed film', () => {
	it.each([0, 1, chunk - 1, chunk, chunk + 1, 2 * chunk, 3 * chunk + 17])('of %i bytes opens', async (n) => {
		const plain = picture(n);
		const { seen, end } = await watch(await seal(plain));
		expect(end).toBe('whole');
		expect(seen).toEqual(plain);
	});
	it('opens however the network cuts it', async () => {
		const plain = picture(2 * chunk + 5);
		const file = await seal(plain);
		for (const piece of [977, chunk, chunk + 16, 1 << 20]) {
			const { seen, end } = await watch(file, piece);
			expect([end, seen.length, piece]).toEqual(['whole', plain.length, piece]);
		}
	});
	it('goes on from any of its bytes', async () => {
		const plain = picture(3 * chunk + 17);
		const file = await seal(plain);
		const film = await Film.open(sent(file), [identity]);
		await film.read();
		for (const byte of [2 * chunk + 9, 2 * chunk, 1, 0, 3 * chunk + 16, chunk - 1]) {
			await film.jump(byte, sent(file.slice(film.from(byte))));
			let at = byte;
			for (let b = await film.read(); b; at += b.length, b = await film.read())
				expect(b.every((x, i) => x === plain[at + i])).toBe(true);
			expect([byte, at, film.end]).toEqual([byte, plain.length, 'whole']);
		}
	});
	it('shows nothing of another place than it asked for', async () => {
		const file = await seal(picture(5 * chunk));
		const film = await Film.open(sent(file), [identity]);
		await film.jump(3 * chunk, sent(file.slice(film.from(2 * chunk))));
		await expect(film.read()).rejects.toThrow(Changed);
	});
	it('has a header of 3,184 bytes for two recipients', async () => {
		const file = await seal(picture(10));
		expect(headOf(file, 10) - 16).toBe(3184);
	});
	it('that was cut behind a whole chunk plays up to the cut, and is known to be cut', async () => {
		const plain = picture(3 * chunk + 17);
		const file = await seal(plain);
		const head = headOf(file, plain.length);
		for (const chunks of [0, 1, 2, 3]) {
			const { seen, end } = await watch(file.slice(0, head + chunks * (chunk + 16)));
			expect([end, seen.length]).toEqual(['cut', chunks * chunk]);
		}
	});
	it('that was cut within a chunk plays up to that chunk, and counts as damaged', async () => {
		const plain = picture(3 * chunk + 17);
		const file = await seal(plain);
		const head = headOf(file, plain.length);
		for (const more of [1, 16, 40_000, chunk + 15]) {
			const { seen, end } = await watch(file.slice(0, head + chunk + 16 + more));
			expect([end, seen.length]).toEqual(['Changed', chunk]);
		}
	});
	it('of which one bit was flipped gives out what stands before it and nothing behind', async () => {
		const plain = picture(3 * chunk + 17);
		const file = await seal(plain);
		const head = headOf(file, plain.length);
		for (const [at, before] of [
			[head, 0],
			[head + chunk + 16 + 5, 1],
			[head + 2 * (chunk + 16) + chunk + 3, 2],
			[file.length - 1, 3],
		] as const) {
			const bad = file.slice();
			bad[at] = (bad[at] ?? 0) ^ 1;
			const { seen, end } = await watch(bad);
			expect([end, seen.length]).toEqual(['Changed', before * chunk]);
			expect(seen).toEqual(plain.slice(0, before * chunk));
		}
	});
	it('of which chunks changed places, or that grew, is damaged', async () => {
		const plain = picture(3 * chunk);
		const file = await seal(plain);
		const head = headOf(file, plain.length);
		const c = (i: number) => file.slice(head + i * (chunk + 16), head + (i + 1) * (chunk + 16));
		const joined = (...parts: Uint8Array[]) => Uint8Array.from(parts.flatMap((p) => [...p]));
		const start = file.slice(0, head);
		expect(await watch(joined(start, c(1), c(0), c(2)))).toMatchObject({ end: 'Changed' });
		expect(await watch(joined(start, c(0), c(0), c(1), c(2)))).toMatchObject({ end: 'Changed' });
		expect(await watch(joined(file, c(0)))).toMatchObject({ end: 'Changed' });
		expect(await watch(joined(file, Uint8Array.of(0)))).toMatchObject({ end: 'Changed' });
	});
	it('with a changed header does not open', async () => {
		const file = await seal(picture(100));
		for (const at of [10, 200, 3100]) {
			const bad = file.slice();
			bad[at] = (bad[at] ?? 0) ^ 1;
			const { end, seen } = await watch(bad);
			expect(['Changed', 'Foreign']).toContain(end);
			expect(seen).toHaveLength(0);
		}
	});
	it('of another vault is said to be another’s', async () => {
		const file = await seal(picture(100));
		await expect(Film.open(sent(file), [await generateHybridIdentity()])).rejects.toThrow(Foreign);
	});
	it('that is none is damaged, and not read for ever', async () => {
		for (const bad of ['', 'age-encryption.org/v1\n', '{"status":503}', 'x'.repeat(200_000)])
			expect(await watch(new TextEncoder().encode(bad))).toMatchObject({ end: 'Changed' });
	});
});
