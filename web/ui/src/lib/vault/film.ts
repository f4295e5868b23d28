/**
 * Opens an age file (age-encryption.org/v1) as it arrives, a chunk of 64 KiB at
 * a time. age-encryption does the header and with it whether the key fits; the
 * chunks are opened here, because its stream tells a file that was cut short
 * from one that was changed neither in words nor in what it still gives out.
 *
 * Nothing comes out that was not checked: a chunk that was changed, and all
 * behind it, never does.
 */
import { chacha20poly1305 } from '@noble/ciphers/chacha.js';
import { hkdf } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { Decrypter } from 'age-encryption';

import type { Identity } from './keys';

/** What is in a chunk, and a chunk with its tag. */
const PLAIN = 65_536;
const CHUNK = PLAIN + 16;
const NONCE = 16;
/** A header for eight hybrid recipients is 13 kB. */
const HEADER = 64 * 1024;

/** How a file ended: as it was written, or without its end, behind a whole chunk. */
export type End = 'whole' | 'cut';

/** The file, or what was sent for it, is not what was sealed. */
export class Changed extends Error {
	override name = 'Changed';
}
/** It is sealed to somebody else. */
export class Foreign extends Error {
	override name = 'Foreign';
}

/** Reads exactly n bytes, or what there is. */
class Source {
	#reader: ReadableStreamDefaultReader<Uint8Array>;
	#held = new Uint8Array(0);
	constructor(stream: ReadableStream<Uint8Array>) {
		this.#reader = stream.getReader();
	}
	async #more(): Promise<boolean> {
		const { done, value } = await this.#reader.read();
		if (done) return false;
		const joined = new Uint8Array(this.#held.length + value.length);
		joined.set(this.#held);
		joined.set(value, this.#held.length);
		this.#held = joined;
		return true;
	}
	async take(n: number): Promise<Uint8Array> {
		while (this.#held.length < n && (await this.#more()));
		const taken = this.#held.subarray(0, n);
		this.#held = this.#held.slice(taken.length);
		return taken;
	}
	/** The header, up to the line of its MAC. */
	async header(): Promise<Uint8Array> {
		for (let from = 0; from < HEADER;) {
			const end = endOfHeader(this.#held);
			if (end > 0) return this.take(end);
			from = this.#held.length;
			if (!(await this.#more())) break;
		}
		throw new Changed('no age header');
	}
	cancel(): Promise<void> {
		return this.#reader.cancel();
	}
}

/** Where a header ends: behind the line that begins with "---" and holds the MAC. */
function endOfHeader(b: Uint8Array): number {
	for (let i = 0; i + 4 < b.length; i++) {
		if (b[i] !== 10 || b[i + 1] !== 45 || b[i + 2] !== 45 || b[i + 3] !== 45) continue;
		const end = b.indexOf(10, i + 1);
		return end < 0 ? 0 : end + 1;
	}
	return 0;
}

export class Film {
	#source: Source;
	#key: Uint8Array;
	#nonce = new Uint8Array(12);
	/** The chunk that comes next: whether it is the last is known when another follows. */
	#next: Uint8Array;
	/** Where the chunks begin in the file. */
	#head: number;
	/** How much of the next chunk nobody asked for. */
	#skip = 0;
	#end: End | null = null;

	private constructor(source: Source, key: Uint8Array, head: number, first: Uint8Array) {
		this.#source = source;
		this.#key = key;
		this.#head = head;
		this.#next = first;
	}

	/** Begins to open a file with whichever of the keys fits; throws Foreign or Changed when that is no use. */
	static async open(stream: ReadableStream<Uint8Array>, identities: readonly Identity[]): Promise<Film> {
		const source = new Source(stream);
		const header = await source.header();
		const d = new Decrypter();
		for (const identity of identities) d.addIdentity(identity);
		let fileKey: Uint8Array;
		try {
			fileKey = await d.decryptHeader(header);
		} catch (cause) {
			if (cause instanceof Error && cause.message.startsWith('no identity'))
				throw new Foreign(cause.message, { cause });
			throw new Changed('the header', { cause });
		}
		const nonce = await source.take(NONCE);
		if (nonce.length < NONCE) throw new Changed('no nonce');
		const key = hkdf(sha256, fileKey, nonce, new TextEncoder().encode('payload'), 32);
		return new Film(source, key, header.length + NONCE, await source.take(CHUNK));
	}

	/** Where in the file the chunk begins that holds a byte of what is sealed: jump wants it from there. */
	from(byte: number): number {
		return this.#head + Math.floor(byte / PLAIN) * CHUNK;
	}
	/** Goes on with a byte of what is sealed; the file is given from where its chunk begins. */
	async jump(byte: number, stream: ReadableStream<Uint8Array>): Promise<void> {
		await this.#source.cancel();
		this.#source = new Source(stream);
		this.#nonce.fill(0);
		new DataView(this.#nonce.buffer).setUint32(7, Math.floor(byte / PLAIN));
		this.#skip = byte % PLAIN;
		this.#end = null;
		this.#next = await this.#source.take(CHUNK);
	}

	/** How it ended; null while more comes. */
	get end(): End | null {
		return this.#end;
	}

	/** The next piece, null behind the last one. */
	async read(): Promise<Uint8Array | null> {
		const piece = await this.#chunk();
		const from = this.#skip;
		this.#skip = 0;
		return from ? (piece?.slice(from) ?? null) : piece;
	}
	async #chunk(): Promise<Uint8Array | null> {
		if (this.#end) return null;
		const chunk = this.#next;
		this.#next = chunk.length < CHUNK ? new Uint8Array(0) : await this.#source.take(CHUNK);
		if (this.#next.length > 0) {
			const plain = this.#unseal(chunk, false);
			if (!plain) throw new Changed('a chunk');
			this.#step();
			return plain;
		}
		const last = this.#unseal(chunk, true);
		if (last) {
			this.#end = 'whole';
			return last;
		}
		// The last that is there is not the last that there was.
		const middle = chunk.length === CHUNK ? this.#unseal(chunk, false) : null;
		if (!middle && chunk.length > 0) throw new Changed('the last chunk');
		this.#end = 'cut';
		return middle;
	}

	stop(): Promise<void> {
		this.#key.fill(0);
		return this.#source.cancel();
	}

	#unseal(chunk: Uint8Array, last: boolean): Uint8Array | null {
		const nonce = this.#nonce.slice();
		nonce[11] = last ? 1 : 0;
		try {
			return chacha20poly1305(this.#key, nonce).decrypt(chunk);
		} catch {
			return null;
		}
	}
	#step(): void {
		for (let i = 10; i >= 0; i--) {
			this.#nonce[i] = (this.#nonce[i] ?? 0) + 1;
			if (this.#nonce[i] !== 0) return;
		}
	}
}
