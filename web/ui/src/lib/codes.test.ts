import { expect, test } from 'vitest';

import more from '../i18n/en.more.json';
import type { Code } from './api';
import { codeKinds, codeLine, spent } from './codes';
import { learn } from './i18n';
import { setZone } from './time';

learn(more);
const NOW = Date.parse('2026-05-03T14:00:00Z');
const anna: Code = {
	id: 'a',
	person: 'Anna',
	kind: 'user',
	areas: [],
	schedule: '',
	expires: null,
	uses_left: null,
	only: '',
	disabled: false,
};
const line = (more: Partial<Code>) => codeLine({ ...anna, ...more }, NOW, (id) => id.toUpperCase());

test.each<[Partial<Code>, string]>([
	[{}, 'Works at any time'],
	[{ expires: '2026-05-04T10:00:00Z' }, 'Until Monday 4 May, 12:00'],
	[{ expires: '2026-05-03T14:00:00Z' }, 'Expired'],
	[{ uses_left: 1 }, 'One use left'],
	[{ uses_left: 3 }, '3 uses left'],
	[{ uses_left: 0 }, 'Used up'],
	[{ areas: ['flat'], uses_left: 2 }, '2 uses left · FLAT'],
	[{ schedule: 'Mon-Fri 08:00-17:00', only: 'disarm' }, 'Mon-Fri 08:00-17:00 · Only turns off'],
	[{ disabled: true, expires: '2026-05-04T10:00:00Z' }, 'Switched off'],
])('%o', (more, text) => {
	setZone('Europe/Berlin');
	expect(line(more).replace('Monday, ', 'Monday ').replace('May 4', '4 May')).toBe(text);
});

test('no line gives away which code calls for help', () => {
	const lines = new Set(codeKinds.map((kind) => line({ kind })));
	expect(lines.size).toBe(1);
});

test.each<[Partial<Code>, string | null]>([
	[{}, null],
	[{ expires: '2026-05-03T14:00:01Z' }, null],
	[{ expires: '2026-05-03T13:59:59Z', uses_left: 0 }, 'expired'],
	[{ uses_left: 0 }, 'used'],
	[{ disabled: true, uses_left: 0 }, 'disabled'],
])('spent: %o', (more, why) => {
	expect(spent({ ...anna, ...more }, NOW)).toBe(why);
});
