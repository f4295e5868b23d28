import { expect, test } from 'vitest';

import { modesOf } from './modes';

test('the modes of every house are told in the language of the page, the owner’s own as they are called', () => {
	const modes = [
		{ id: 'home', name: 'Home', like: 'home', silent: false },
		{ id: 'night', name: 'Sleep', like: 'night', silent: false },
		{ id: 'holiday', name: 'Holiday', like: 'away', silent: true },
		{ id: 'odd', name: 'Odd', like: 'something newer', silent: false },
	];
	expect(modesOf({ modes })).toEqual([
		{ id: 'home', name: 'Home', like: 'home' },
		{ id: 'night', name: 'Sleep', like: 'night' },
		{ id: 'holiday', name: 'Holiday', like: 'away' },
		{ id: 'odd', name: 'Odd', like: 'away' },
	]);
	expect(modesOf(null)).toEqual([]);
});
