import { expect, test } from 'vitest';

import { Clock } from './clock';

test.each([
	['both run', 100, 100, 100],
	['the monotonic clock slept', 60_000, 0, 60_000],
	['the wall clock was set back', -3_600_000, 250, 250],
	['the wall clock was set forward', 3_600_000, 250, 3_600_000],
	['nothing moved', 0, 0, 0],
])('%s: an age is never too small', (_, wallStep, monoStep, want) => {
	let wall = 1_700_000_000_000;
	let mono = 5;
	const clock = new Clock(
		() => wall,
		() => mono,
	);
	const before = clock.now();
	wall += wallStep;
	mono += monoStep;
	expect(clock.now() - before).toBe(want);
});
