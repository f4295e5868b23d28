import { expect, test } from 'vitest';

import { screenOf, within } from './screens';

const names = ['/', '/devices', '/devices/add', '/devices/:id', '/settings/alarm'];

test.each([
	['/', { name: '/', id: '' }],
	['/devices', { name: '/devices', id: '' }],
	['/devices/add', { name: '/devices/add', id: '' }],
	['/devices/zwave-5', { name: '/devices/:id', id: 'zwave-5' }],
	['/devices/a%2Fb', { name: '/devices/:id', id: 'a/b' }],
	['/devices/%E0', null],
	['/devices/', null],
	['/devices/zwave-5/more', null],
	['/settings/alarm', { name: '/settings/alarm', id: '' }],
	['/settings', null],
	['/nowhere', null],
])('%s', (path, screen) => {
	expect(screenOf(path, names)).toEqual(screen);
});

test.each([
	['/devices', '/devices', true],
	['/devices/add', '/devices', true],
	['/devicesque', '/devices', false],
	['/devices', '/', false],
	['/', '/', true],
])('%s within %s', (path, place, is) => {
	expect(within(path, place)).toBe(is);
});
