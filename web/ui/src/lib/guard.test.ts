import { expect, test } from 'vitest';

import type { Device, Zone } from './api';
import { byRoom, fitted, groupOf, idFor, kindsFor, linkWord, onWalk, suggested, takenBack, unwatched } from './guard';

const AT = '2026-05-03T14:00:00.000Z';

function device(id: string, name: string, traits: Record<string, string | boolean | number | null>, room = ''): Device {
	return {
		id,
		name,
		room,
		radio: 'zwave',
		address: '',
		maker: '',
		model: '',
		firmware: '',
		security: 'none',
		power: '',
		health: 'ok',
		last_seen: null,
		traits: Object.fromEntries(Object.entries(traits).map(([k, value]) => [k, { value, since: AT }])),
	};
}
const door = device('zwave-2', 'Front door', { contact: 'closed', battery: 90, tamper: false });
const hall = device('zwave-3', 'Hall', { motion: false, temperature: 20 });
const lamp = device('zwave-4', 'Lamp', { switch: 'on' });

const all: Zone['modes'] = ['home', 'night', 'away'];
const watched = (d: Device, trait: Zone['trait']) => suggested({ device: d, trait }, [], all);

test('what is not watched yet', () => {
	expect(unwatched([door, hall, lamp], [watched(door, 'contact')]).map((f) => `${f.device.id} ${f.trait}`)).toEqual([
		'zwave-2 tamper',
		'zwave-3 motion',
	]);
	expect(unwatched([lamp], [])).toEqual([]);
	const porch: Device = { ...device('camera-porch', 'Porch', { motion: false, occupancy: true }), radio: 'camera' };
	expect(unwatched([porch], [])).toEqual([]);
});

test.each([
	[door, 'contact', { kind: 'entry', modes: all, chime: true, id: 'front-door' }],
	[device('a', 'Kitchen window', {}), 'contact', { kind: 'perimeter', modes: all, chime: false }],
	[hall, 'motion', { kind: 'interior', modes: ['away'] }],
	[hall, 'smoke', { kind: 'fire' }],
	[hall, 'button', { kind: 'panic' }],
] as const)('%o %s is suggested', (d, trait, zone) => {
	const made = suggested({ device: d, trait }, [], all);
	expect(made).toMatchObject(zone);
	expect(kindsFor(trait)).toContain(made.kind);
});

test('a second sensor of a device, and its lid, have a name and an id of their own', () => {
	const lid = watched(door, 'tamper');
	expect(lid).toMatchObject({ id: 'front-door-tamper', name: 'Front door tamper' });
	expect(suggested({ device: door, trait: 'contact' }, [lid], all).id).toBe('front-door');
	expect(suggested({ device: door, trait: 'vibration' }, [watched(door, 'contact'), lid], all)).toMatchObject({
		id: 'front-door-vibration',
		name: 'Front door vibration',
	});
});

test.each([
	['Front door', [], 'front-door'],
	['Front door', ['front-door', 'front-door-2'], 'front-door-3'],
	['Küche: Fenster', [], 'kuche-fenster'],
	['Add', [], 'add-2'],
	['窓', [], 'zone'],
	['--', ['zone'], 'zone-2'],
])('the id of %s', (name, taken, id) => {
	expect(
		idFor(
			name,
			taken.map((id) => ({ id })),
		),
	).toBe(id);
});

test('an id is one that the hub takes', () => {
	expect(idFor('x'.repeat(200), [])).toMatch(/^[a-z0-9][a-z0-9-]{0,63}$/);
});

test.each([
	['entry', 'shell'],
	['interior', 'inside'],
	['day', 'shell'],
	['water', 'always'],
	['24h', 'always'],
	['tamper', 'tamper'],
] as const)('%s stands with %s', (kind, group) => {
	expect(groupOf({ ...watched(door, 'contact'), kind })).toBe(group);
});

test('a walk tries what gives no alarm meanwhile, and a lid once it was opened', () => {
	const kinds = ['entry', 'interior', '24h', 'fire', 'water', 'panic', 'tamper'] as const;
	const zones = kinds.map((kind) => ({ ...watched(door, 'contact'), id: kind, kind }));
	expect(onWalk(zones, []).map((z) => z.id)).toEqual(['entry', 'interior', '24h']);
	expect(onWalk(zones, ['tamper', 'fire']).map((z) => z.id)).toEqual(['entry', 'interior', '24h', 'tamper']);
});

test.each([
	['perimeter', true],
	['24h', true],
	['tamper', true],
	['water', true],
	['fire', false],
	['panic', false],
] as const)('an alarm of %s can be taken back: %s', (kind, can) => {
	expect(takenBack(kind)).toBe(can);
});

const garage: Zone = {
	...watched(door, 'contact'),
	modes: ['night', 'away'],
	entry_delay: '60s',
	entry_delays: { night: '0s', home: '30s' },
	exit_delay: '120s',
	abort_window: false,
};
test.each<[string, Partial<Zone>, string[]]>([
	['a way in', {}, ['abort_window', 'entry_delay', 'entry_delays', 'exit_delay']],
	['a window', { kind: 'perimeter' }, ['abort_window']],
	['a smoke alarm', { kind: 'fire' }, []],
	['a way in that may be taken back', { abort_window: true }, ['entry_delay', 'entry_delays', 'exit_delay']],
	[
		'one that counts in no mode with a delay of its own',
		{ modes: ['away'] },
		['abort_window', 'entry_delay', 'exit_delay'],
	],
])('%s keeps what its kind has', (_, more, kept) => {
	const own = ['abort_window', 'entry_delay', 'entry_delays', 'exit_delay'];
	expect(
		Object.keys(fitted({ ...garage, ...more }))
			.filter((k) => own.includes(k))
			.sort(),
	).toEqual(kept);
});

test('a delay of a mode goes with the mode; silence and partners with their kinds', () => {
	expect(fitted(garage).entry_delays).toEqual({ night: '0s' });
	const odd = { ...garage, silent: true, cross_zone: 'hall' };
	expect(fitted(odd)).toMatchObject({ silent: false, cross_zone: '' });
	expect(fitted({ ...odd, kind: 'panic' })).toMatchObject({ silent: true, cross_zone: '' });
	expect(fitted({ ...odd, kind: 'interior' })).toMatchObject({ silent: false, cross_zone: 'hall' });
});

test('rooms by name, no room last', () => {
	const devices = [
		device('a', 'A', {}),
		device('b', 'B', {}, 'Kitchen'),
		device('c', 'C', {}, 'Hall'),
		device('d', 'D', {}, 'Kitchen'),
	];
	expect(byRoom(devices).map(({ room, devices }) => [room, devices.map((d) => d.id)])).toEqual([
		['Hall', ['c']],
		['Kitchen', ['b', 'd']],
		['', ['a']],
	]);
});

test.each([
	[null, null],
	[100, 'good'],
	[60, 'good'],
	[59, 'fair'],
	[30, 'fair'],
	[29, 'weak'],
	[0, 'weak'],
])('a link of %s', (link, word) => {
	expect(linkWord(device('a', 'A', link === null ? {} : { link }))).toBe(word);
});
