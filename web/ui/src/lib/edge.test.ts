import { expect, test } from 'vitest';

import { behind, catchUp, codecs, CUSHION } from './edge';

test('says what of a stream a browser plays', () => {
	const debian = (w: string) => w.split(',').every((x) => /^(avc1|mp4a|opus)/.test(x));
	expect(codecs('avc1.42c01e', debian)).toEqual({ picture: true, sound: 'none' });
	expect(codecs('avc1.42c01e,mp4a.40.2', debian)).toEqual({ picture: true, sound: 'plays' });
	expect(codecs('avc1.42c01e,ipcm', debian)).toEqual({ picture: true, sound: 'silent' });
	expect(codecs('hev1.1.6.L63.90', debian)).toEqual({ picture: false, sound: 'none' });
	expect(codecs('', debian)).toEqual({ picture: true, sound: 'none' });
});

test.each([
	['nothing is there', 0, [], null, 1],
	['a group that was there at once', 0, [[0, 4]], 4 - CUSHION, 1],
	['up to date', 3.7, [[0, 4]], null, 1],
	['a little behind', 2.5, [[0, 4]], null, 1.1],
	[
		'pictures are missing',
		4,
		[
			[0, 4],
			[9, 9.2],
		],
		9,
		1,
	],
	[
		'amid the last',
		9.1,
		[
			[0, 4],
			[9, 9.2],
		],
		null,
		1,
	],
] as const)('%s', (_, now, buffered, jump, rate) => {
	expect(catchUp(now, buffered)).toEqual({ jump, rate });
});

test('tells how far behind it is', () => {
	expect(behind(2, [])).toBe(0);
	expect(behind(2, [[0, 4]])).toBe(2);
	expect(behind(5, [[0, 4]])).toBe(0);
});
