import { expect, it } from 'vitest';

import { Edit } from './edit';

const text = (s: string) => new TextEncoder().encode(s);
const u32 = (...list: number[]) => {
	const b = new Uint8Array(4 * list.length);
	list.forEach((n, i) => new DataView(b.buffer).setUint32(4 * i, n));
	return b;
};
const box = (type: string, ...inner: Uint8Array[]): Uint8Array => {
	const size = inner.reduce((n, b) => n + b.length, 8);
	return joined(u32(size), text(type), ...inner);
};
function joined(...list: Uint8Array[]): Uint8Array {
	return Uint8Array.from(list.flatMap((b) => [...b]));
}

/** A track as moov has it, in either version of its head. */
const trak = (id: number, kind: string, version: 0 | 1) =>
	box(
		'trak',
		box('tkhd', u32(version << 24), ...(version ? [u32(0, 0, 0, 0)] : [u32(0, 0)]), u32(id), u32(0)),
		box(
			'mdia',
			box(
				'mdhd',
				u32(version << 24),
				...(version ? [u32(0, 0, 0, 0)] : [u32(0, 0)]),
				u32(kind === 'vide' ? 90_000 : 8_000),
				u32(0),
			),
			box('hdlr', u32(0, 0), text(kind), u32(0, 0, 0)),
		),
	);
const trex = (id: number) => box('trex', u32(0, id, 1, 0, 0, 0));
const traf = (id: number, offset: number) =>
	box('traf', box('tfhd', u32(0x20000, id)), box('tfdt', u32(0, 7)), box('trun', u32(0x201, 1, offset, 99)));
const start = box('ftyp', text('iso5'));
const moov = (...tracks: [Uint8Array, number][]) =>
	box('moov', box('mvhd', u32(0)), ...tracks.map(([t]) => t), box('mvex', ...tracks.map(([, id]) => trex(id))));
const samples = box(
	'mdat',
	Uint8Array.from({ length: 300 }, (_, i) => i & 255),
);
const fragment = (...trafs: Uint8Array[]) => box('moof', box('mfhd', u32(0, 3)), ...trafs);

const size = fragment(traf(1, 0), traf(2, 0)).length;
const film = joined(
	...[start, moov([trak(1, 'vide', 0), 1], [trak(2, 'soun', 1), 2])],
	...[fragment(traf(1, size + 8), traf(2, size + 108)), samples],
	...[box('free', u32(1, 2, 3)), fragment(traf(2, size + 8), traf(1, size + 208)), samples],
);
const alone = fragment(traf(1, 0)).length;
const silent = joined(
	...[start, moov([trak(1, 'vide', 0), 1])],
	...[fragment(traf(1, alone + 8)), samples],
	...[box('free', u32(1, 2, 3)), fragment(traf(1, alone + 208)), samples],
);

it.each([1, 7, 64, 1000, film.length])('takes the sound out of a film in pieces of %i bytes', (n) => {
	const silence = new Edit({ sound: false });
	const out: Uint8Array[] = [];
	for (let at = 0; at < film.length; at += n) out.push(silence.take(film.subarray(at, at + n)));
	expect(joined(...out)).toEqual(silent);
});
it('leaves a film without sound as it is', () => {
	expect(new Edit({ sound: false }).take(silent)).toEqual(silent);
});
it('goes on at another fragment', () => {
	const silence = new Edit({ sound: false });
	silence.take(film.subarray(0, film.length - 500)); // in the midst of a box
	silence.restart();
	const last = fragment(traf(1, size + 8), traf(2, size + 108));
	expect(silence.take(joined(last, samples))).toEqual(joined(fragment(traf(1, alone + 8)), samples));
});
it('ends before a time, and lets what comes first begin at nought', () => {
	const timed = (video: number, sound: number) => {
		const at = (id: number, time: number) =>
			box('traf', box('tfhd', u32(0x20000, id)), box('tfdt', u32(1 << 24, 0, time)), box('trun', u32(0x200, 1, 99)));
		return fragment(at(1, video), at(2, sound));
	};
	const head = joined(start, moov([trak(1, 'vide', 0), 1], [trak(2, 'soun', 1), 2]));
	const edit = new Edit({ sound: true, anew: true, until: 14 });
	const out = [head, timed(900_000, 79_990), samples, timed(1_080_000, 96_004), samples].map((b) => edit.take(b));
	expect(joined(...out)).toEqual(joined(head, timed(0, 0), samples, timed(180_000, 16_004), samples));
	expect(edit.done).toBe(false);
	expect(edit.take(joined(timed(1_260_000, 112_000), samples))).toEqual(new Uint8Array(0));
	expect(edit.done).toBe(true);
});
it('holds nothing for ever of what is no film', () => {
	const silence = new Edit({ sound: false });
	const noise = joined(u32(0xffffffff), text('moov'), new Uint8Array(5000).fill(7));
	expect(silence.take(noise)).toEqual(noise);
	expect(silence.take(samples)).toEqual(samples);
	expect(new Edit({ sound: false }).take(box('moov', u32(3), text('trak')))).toEqual(box('moov', u32(3), text('trak')));
});
