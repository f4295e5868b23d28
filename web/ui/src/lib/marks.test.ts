import { expect, it } from 'vitest';

import { before, marksOf } from './marks';

const notes = JSON.stringify({
	parts: [
		{ at: '2026-03-01T12:00:00Z', ms: 4000, pictures: 100, offset: 812 },
		{ at: '2026-03-01T12:00:04Z', ms: 3999, pictures: 100, offset: 500_000 },
		{ at: '2026-03-01T12:00:08Z', ms: 80, pictures: 2, offset: 900_000 },
	],
	sights: [],
});

it.each([
	[0, 812],
	[3.9, 812],
	[4, 812], // told in whole milliseconds: the picture may be in the group before
	[4.1, 500_000],
	[8.1, 900_000],
	[100, 900_000],
])('what is shown at %d s is had from byte %i on', (at, byte) => {
	expect(before(marksOf(notes), at).byte).toBe(byte);
});
it('is had from the beginning where nothing is known', () => {
	expect(before([], 12)).toEqual({ at: 0, byte: 0 });
});
