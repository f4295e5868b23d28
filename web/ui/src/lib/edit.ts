/**
 * Takes out of a film that comes in pieces what is not wanted of it: its sound, for a
 * browser that would refuse the pictures with it or for who gives it away; and what is
 * behind a time. A fragmented MP4 names its tracks in moov, and what each has in a fragment,
 * and when, in that fragment's moof (ISO/IEC 14496-12 §8.3, §8.8); the bytes of a sound that
 * goes stay where they are, named by nobody.
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

/** Whether a trak is of sound, and its ticks in a second. */
function kindOf(b: Uint8Array, trak: Box): { sound: boolean; rate: number } {
	const mdia = within(b, trak, 'mdia');
	const [hdlr, mdhd] = mdia ? [within(b, mdia, 'hdlr'), within(b, mdia, 'mdhd')] : [];
	const rate = mdhd ? view(b).getUint32(mdhd.body + (b[mdhd.body] === 1 ? 20 : 12)) : 0;
	return { sound: !!hdlr && String.fromCharCode(...b.subarray(hdlr.body + 8, hdlr.body + 12)) === 'soun', rate };
}

/** When a traf begins, in ticks. */
function timeOf(b: Uint8Array, tfdt: Box): number {
	return b[tfdt.body] === 1 ? Number(view(b).getBigUint64(tfdt.body + 4)) : view(b).getUint32(tfdt.body + 4);
}

/** What is wanted of a film. */
export interface Wanted {
	sound: boolean;
	/** The first fragment that comes begins at 0, whenever it did. */
	anew?: boolean;
	/** Nothing of later, in seconds of the film. */
	until?: number;
}

export class Edit {
	/** What was wanted has come. */
	done = false;
	#held = new Uint8Array(0);
	/** How much comes of a box that goes through as it is. */
	#through = 0;
	#tracks = new Map<number, { sound: boolean; rate: number }>();
	/** What is the beginning now, in seconds of the film. */
	#zero: number | null = null;

	constructor(readonly wanted: Wanted) {}

	/** What is wanted of what has come. */
	take(piece: Uint8Array): Uint8Array<ArrayBuffer> {
		const all = joined([this.#held, piece]);
		const out: Uint8Array[] = [];
		let at = 0;
		while (at < all.length && !this.done) {
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
		for (const x of boxes(b, moov.body, moov.to)) if (x.type === 'trak') this.#tracks.set(trackOf(b, x), kindOf(b, x));
		return remade(b, moov, (x) => {
			if (x.type === 'mvex') return remade(b, x, (y) => (y.type === 'trex' && !this.#wants(b, y) ? null : asIs(b, y)));
			return x.type === 'trak' && !this.#wants(b, x) ? null : asIs(b, x);
		});
	}
	#moof(b: Uint8Array, moof: Box): Uint8Array {
		const out = remade(b, moof, (x) => (x.type === 'traf' && !this.#wants(b, x) ? null : asIs(b, x)));
		const gone = moof.to - moof.from - out.length;
		const whole = boxAt(out, 0);
		for (const traf of whole ? boxes(out, whole.body, whole.to) : []) {
			if (traf.type !== 'traf') continue;
			this.#time(out, traf);
			if (this.done) return new Uint8Array(0);
			// The samples begin so much earlier, counted from the moof.
			for (const trun of boxes(out, traf.body, traf.to))
				if (trun.type === 'trun' && view(out).getUint32(trun.body) & 1)
					view(out).setInt32(trun.body + 8, view(out).getInt32(trun.body + 8) - gone);
		}
		return out;
	}
	/** Ends with a fragment that is too late, and moves one whose film begins anew. */
	#time(b: Uint8Array, traf: Box): void {
		const [tfdt, track] = [within(b, traf, 'tfdt'), this.#tracks.get(trackOf(b, traf))];
		if (!tfdt || !track?.rate) return;
		const ticks = timeOf(b, tfdt);
		if (!track.sound) {
			this.#zero ??= ticks / track.rate;
			this.done = ticks / track.rate >= (this.wanted.until ?? Infinity);
		}
		if (!this.wanted.anew) return;
		const moved = Math.max(0, Math.round(ticks - (this.#zero ?? 0) * track.rate));
		if (b[tfdt.body] === 1) view(b).setBigUint64(tfdt.body + 4, BigInt(moved));
		else view(b).setUint32(tfdt.body + 4, moved);
	}
	#wants(b: Uint8Array, box: Box): boolean {
		return this.wanted.sound || !this.#tracks.get(trackOf(b, box))?.sound;
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
