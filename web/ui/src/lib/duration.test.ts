import { expect, test } from 'vitest';

import { duration, seconds } from './duration';

test.each([
	['0s', 0],
	['0', 0],
	['30s', 30],
	['4m0s', 240],
	['1h0m0.5s', 3600.5],
	['250ms', 0.25],
	['', NaN],
	['30', NaN],
	['soon', NaN],
	['30s later', NaN],
])('%s', (text, n) => {
	expect(seconds(text)).toBe(n);
});

test('what is written can be read', () => {
	for (const n of [0, 1, 45, 255]) expect(seconds(duration(n))).toBe(n);
});
