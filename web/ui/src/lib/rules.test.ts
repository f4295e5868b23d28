import { expect, test } from 'vitest';

import type { Device } from './api';
import { awaited, begin, body, conditionOf, fromMinutes, minutes, STARTERS, told } from './rules';

const device = (id: string, ...traits: string[]) =>
	({
		id,
		name: id,
		traits: Object.fromEntries(traits.map((t) => [t, { value: null, since: '' }])),
	}) as unknown as Device;
const house = [
	device('horn', 'siren', 'switch'),
	device('pad', 'keypad', 'battery'),
	device('eye', 'motion', 'battery'),
	device('lamp', 'switch'),
	device('door', 'lock'),
];

test('a siren is never offered to be told anything', () => {
	expect(house.map((d) => told(d))).toEqual([[], [], [], ['switch'], ['lock']]);
	for (const s of STARTERS) for (const a of begin(s, s, house).then) expect(a.device ?? 'lamp').toBe('lamp');
});

test('a starter for a light lights a lamp', () => {
	const first = (...devices: ReturnType<typeof device>[]) => begin('hall', 'Hall', devices).then[0]?.device;
	const [shutter, washer, lamp, dimmer] = [
		device('shutter', 'cover'),
		device('washer', 'switch', 'power'),
		device('lamp', 'switch'),
		device('dimmer', 'switch', 'level'),
	];
	expect(first(shutter, washer, lamp, dimmer)).toBe('dimmer');
	expect(first(shutter, washer, lamp)).toBe('lamp');
	expect(first(shutter, washer)).toBe('washer');
	expect(first(shutter)).toBe('shutter');
});

test('a keypad is waited for by its battery only', () => {
	expect(house.map((d) => awaited(d))).toEqual([['switch'], ['battery'], ['motion', 'battery'], ['switch'], ['lock']]);
});

test('the starters fit the house', () => {
	expect(begin('hall', 'Hall', house)).toEqual({
		name: 'Hall',
		enabled: true,
		when: { event: 'reading', device: 'eye', trait: 'motion', value: true },
		if: 'dark',
		then: [{ do: 'command', device: 'lamp', trait: 'switch', value: 'on', for: '5m' }],
	});
	const porch = { ...device('camera-porch', 'motion'), radio: 'camera' };
	expect(begin('hall', 'Hall', [porch, ...house]).when.device).toBe(begin('hall', 'Hall', house).when.device);
	expect(begin('hall', 'Hall', [porch]).when.device).toBe('camera-porch');
	expect(begin('leaving', 'Leaving', []).then).toEqual([{ do: 'arm', mode: 'away' }]);
	expect(begin('own', 'x', house).name).toBe('');
});

test('what is empty is not sent', () => {
	const draft = { ...begin('evening', ' Evening ', house), if: ' dark ' };
	draft.when = { ...draft.when, days: [], offset: '', mode: '' };
	expect(body(draft)).toMatchObject({ name: 'Evening', if: 'dark', when: { event: 'sunset' } });
	expect(body(draft).when).toEqual({ event: 'sunset' });
	expect(body({ ...draft, when: { event: 'reading', value: false } }).when).toEqual({ event: 'reading', value: false });
});

test.each([
	['', 'always'],
	[' dark', 'dark'],
	['not armed', 'off'],
	['hour > 3', 'own'],
])('the condition %j is %s', (text, name) => {
	expect(conditionOf(text)).toBe(name);
});

test.each([
	['15m', 15],
	['-15m', -15],
	['1h30m0s', 90],
	['-6h0m0s', -360],
	['', null],
	[undefined, null],
] as const)('%j is %j minutes', (text, n) => {
	expect(minutes(text)).toBe(n);
});
test('and back', () => {
	expect([fromMinutes(-15), fromMinutes(90), fromMinutes(0), fromMinutes(null)]).toEqual(['-900s', '5400s', '', '']);
});
