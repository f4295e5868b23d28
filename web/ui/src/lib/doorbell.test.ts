import { expect, test } from 'vitest';

import type { Device } from './api';
import { looksAt, pressed, TOLD } from './doorbell';

const now = Date.parse('2026-11-26T08:00:00Z');
const button = (id: string, ago: number | null): Device =>
	({
		id,
		name: id,
		traits: { button: { value: ago === null ? null : 'press', since: new Date(now - (ago ?? 0)).toISOString() } },
	}) as unknown as Device;

test.each([
	['nobody ever pressed', [button('a', null)], null],
	['just now', [button('a', 900)], 'a'],
	['the last of two', [button('a', 9000), button('b', 3000), button('c', 5000)], 'b'],
	['too long ago', [button('a', TOLD)], null],
	['no button', [{ id: 'door', name: 'door', traits: {} } as unknown as Device], null],
])('%s', (_, devices, want) => {
	expect(pressed(devices, now)?.device.id ?? null).toBe(want);
});

const camera = (id: string, buttons: string[], zones: string[] = []) => ({ id, buttons, zones });

test.each([
	['no camera has it: it is no doorbell', [camera('porch', []), camera('drive', ['gate'])], null],
	[
		'the one that has nothing else to look at',
		[camera('porch', ['bell'], ['front-door']), camera('door', ['bell'])],
		'door',
	],
	['the doorbell itself', [camera('door', ['bell']), camera('bell', [])], 'bell'],
])('%s', (_, cameras, want) => {
	expect(looksAt(cameras, 'bell')?.id ?? null).toBe(want);
});
