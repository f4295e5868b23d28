import { expect, test } from 'vitest';

import { loudness, Narrow, PIECE, RATE } from './voice';

/** A second of what comes out of a note that lasts a little longer, in the turns of 128 samples that a browser gives. */
function narrowed(rate: number, hz: number, loud: number): number[] {
	const out: number[] = [];
	const narrow = new Narrow(rate, (piece) => out.push(...piece));
	for (let at = 0; at < 1.1 * rate; at += 128) {
		narrow.take(Float32Array.from({ length: 128 }, (_, i) => loud * Math.sin((2 * Math.PI * hz * (at + i)) / rate)));
	}
	return out.slice(0, RATE);
}
/** How much of a note there is (Goertzel), 1 for one as loud as can be. */
function note(samples: number[], hz: number): number {
	let [re, im] = [0, 0];
	for (const [i, s] of samples.entries()) {
		re += s * Math.cos((2 * Math.PI * hz * i) / RATE);
		im += s * Math.sin((2 * Math.PI * hz * i) / RATE);
	}
	return (2 * Math.hypot(re, im)) / samples.length / 32767;
}

test.each([8000, 16000, 44100, 48000, 96000])('a second at %i Hz is a second, at its pitch', (rate) => {
	const out = narrowed(rate, 500, 0.5);
	expect(note(out, 500)).toBeGreaterThan(0.49);
	expect(note(out, 500)).toBeLessThan(0.505);
	expect(note(out, 700)).toBeLessThan(0.005);
});

test('a minute at 44100 Hz is a minute', () => {
	let pieces = 0;
	const narrow = new Narrow(44100, () => pieces++);
	const turn = new Float32Array(441);
	for (let n = 0; n < 60 * 100; n++) narrow.take(turn);
	expect(Math.abs(pieces * PIECE - 60 * RATE)).toBeLessThanOrEqual(PIECE);
});

test('what is too loud is cut, and not turned over', () => {
	const out = narrowed(48000, 500, 4);
	expect(Math.max(...out)).toBe(32767);
	expect(Math.min(...out)).toBe(-32767);
});

test('shows how loud it is', () => {
	const piece = (loud: number) => Int16Array.from({ length: PIECE }, (_, i) => (i % 2 ? loud : -loud));
	expect(loudness(piece(0))).toBe(0);
	expect(loudness(piece(32767))).toBe(1);
	expect(loudness(piece(1036))).toBeCloseTo(0.4, 2); // 30 dB below
});
