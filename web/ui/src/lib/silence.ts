/**
 * Takes the sound out of a film that comes in pieces: a browser that does not know how
 * a camera's sound is coded would refuse its pictures with it. A fragmented MP4 names
 * its tracks in moov, and what each has in a fragment in that fragment's moof (ISO/IEC
 * 14496-12 §8.3, §8.8); the bytes of the sound stay where they are, named by nobody.
 */

/** What a box may be before it is taken for garbage, and handed on as it is. */
const MOST = 1 << 20;

interface Box {
	type: string;
	/** Where it begins, where its content does, and where it ends. */
	from: number;
	body: number;
	to: number;
}

const view = (b: Uint8Array) => new DataView(b.buffer, b.byteOffset, b.byteLength);

/** The box that begins there; null while its head is not whole. A size of 0 is a box without end. */
function boxAt(b: Uint8Array, from: number): Box | null {
	if (b.length < from + 8) return null;
	const v = view(b);
	const type = String.fromCharCode(...b.subarray(from + 4, from + 8));
	const size = v.getUint32(from);
	if (size !== 1) return { type, from, body: from + 8, to: size ? from + Math.max(8, size) : Infinity };
	if (b.length < from + 16) return null;
	return { type, from, body: from + 16, to: from + Math.max(16, Number(v.getBigUint64(from + 8))) };
}

function* boxes(b: Uint8Array, from: number, to: number): Generator<Box> {
	for (let at = from; ;) {
		const box = boxAt(b, at);
		if (!box || box.to > to) return;
		yield box;
		at = box.to;
	}
}

const within = (b: Uint8Array, box: Box, type: string): Box | undefined =>
	[...boxes(b, box.body, box.to)].find((x) => x.type === type);

/** The box as others in it become what they are made; null: they go. */
function remade(b: Uint8Array, box: Box, make: (inner: Box) => Uint8Array | null): Uint8Array<ArrayBuffer> {
	const kept = [...boxes(b, box.body, box.to)].map(make).filter((x) => x !== null);
	const out = joined([b.subarray(box.from, box.body), ...kept]);
	view(out).setUint32(0, out.length);
	return out;
}
const asIs = (b: Uint8Array, box: Box) => b.subarray(box.from, box.to);

/** The track that a trak, trex or traf is of; 0 where it does not say. */
function trackOf(b: Uint8Array, box: Box): number {
	const names = { trak: 'tkhd', traf: 'tfhd' }[box.type];
	const named = names ? within(b, box, names) : box;
	if (!named) return 0;
	// Behind version and flags, and in a tkhd behind two times too, which are longer in version 1.
	const skip = named.type !== 'tkhd' ? 4 : b[named.body] === 1 ? 20 : 12;
	return named.body + skip + 4 <= named.to ? view(b).getUint32(named.body + skip) : 0;
}

/** Whether a trak is of sound. */
function hears(b: Uint8Array, trak: Box): boolean {
	const mdia = within(b, trak, 'mdia');
	const hdlr = mdia && within(b, mdia, 'hdlr');
	return !!hdlr && String.fromCharCode(...b.subarray(hdlr.body + 8, hdlr.body + 12)) === 'soun';
}

export class Silence {
	#held = new Uint8Array(0);
	/** How much comes of a box that goes through as it is. */
	#through = 0;
	/** The tracks of sound. */
	#sounds = new Set<number>();

	/** What there is to show of what has come. */
	take(piece: Uint8Array): Uint8Array<ArrayBuffer> {
		const all = new Uint8Array(this.#held.length + piece.length);
		all.set(this.#held);
		all.set(piece, this.#held.length);
		const out: Uint8Array[] = [];
		let at = 0;
		while (at < all.length) {
			if (!this.#through) {
				const box = boxAt(all, at);
				const ours = box && (box.type === 'moov' || box.type === 'moof') && box.to - box.from <= MOST;
				if (!box || (ours && box.to > all.length)) break;
				if (ours) {
					out.push(box.type === 'moov' ? this.#moov(all, box) : this.#moof(all, box));
					at = box.to;
					continue;
				}
				this.#through = box.to - at;
			}
			const n = Math.min(this.#through, all.length - at);
			out.push(all.subarray(at, at + n));
			this.#through -= n;
			at += n;
		}
		this.#held = all.slice(at);
		return joined(out);
	}
	/** What comes next is a box, wherever the film was before. */
	restart(): void {
		this.#held = new Uint8Array(0);
		this.#through = 0;
	}

	#moov(b: Uint8Array, moov: Box): Uint8Array {
		for (const x of boxes(b, moov.body, moov.to)) if (x.type === 'trak' && hears(b, x)) this.#sounds.add(trackOf(b, x));
		const loud = (x: Box) => this.#sounds.has(trackOf(b, x));
		return remade(b, moov, (x) => {
			if (x.type === 'mvex') return remade(b, x, (y) => (y.type === 'trex' && loud(y) ? null : asIs(b, y)));
			return x.type === 'trak' && loud(x) ? null : asIs(b, x);
		});
	}
	#moof(b: Uint8Array, moof: Box): Uint8Array {
		const loud = (x: Box) => x.type === 'traf' && this.#sounds.has(trackOf(b, x));
		const out = remade(b, moof, (x) => (loud(x) ? null : asIs(b, x)));
		const gone = moof.to - moof.from - out.length;
		const [v, whole] = [view(out), boxAt(out, 0)];
		// The pictures begin so much earlier, counted from the moof.
		for (const traf of whole ? boxes(out, whole.body, whole.to) : [])
			for (const trun of traf.type === 'traf' ? boxes(out, traf.body, traf.to) : [])
				if (trun.type === 'trun' && v.getUint32(trun.body) & 1)
					v.setInt32(trun.body + 8, v.getInt32(trun.body + 8) - gone);
		return out;
	}
}

function joined(list: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
	const out = new Uint8Array(list.reduce((n, b) => n + b.length, 0));
	let at = 0;
	for (const b of list) {
		out.set(b, at);
		at += b.length;
	}
	return out;
}
