import { describe, expect, test } from 'vitest';

import { advice, answer, details, gaps, troubles, whatHappened, type Writer } from './answer';
import type { Alarm, AlarmMemory, ArmedMode, Device, Event, Mode, Trouble, Zone } from './api';
import { nothing, step, type House, type Snapshot } from './house';
import { speaker } from './i18n';

const t = speaker('en');
const w: Writer = {
	atClock: (iso) => iso.slice(11, 16),
	span: (ms) => `${Math.round(ms / 1000)} s`,
	listed: (names) => names.join(' and '),
};
const NOW = '2026-05-03T14:00:00.000Z';

const zone = (id: string, name: string, trait: Zone['trait'] = 'contact', more: Partial<Zone> = {}): Zone => ({
	id,
	name,
	device: `zwave-${id}`,
	trait,
	kind: 'perimeter',
	areas: ['house'],
	modes: ['home', 'night', 'away'],
	bypassed: false,
	chime: false,
	cross_zone: '',
	silent: false,
	...more,
});
const zones = [
	zone('front', 'Front door', 'contact', { kind: 'entry' }),
	zone('kitchen', 'Kitchen window'),
	zone('hall', 'Hall', 'motion', { kind: 'interior', modes: ['away'] }),
];
const device = (id: string, more: Partial<Device> = {}): Device => ({
	id: `zwave-${id}`,
	name: `The ${id} sensor`,
	room: '',
	radio: 'zwave',
	address: '',
	maker: '',
	model: '',
	firmware: '',
	security: 's2-authenticated',
	power: 'battery',
	health: 'ok',
	last_seen: NOW,
	traits: {},
	...more,
});
const off: Alarm = {
	seq: 1,
	mode: 'disarmed',
	like: 'disarmed',
	phase: 'disarmed',
	since: '2026-05-03T09:15:00.000Z',
	until: null,
	now: NOW,
	open: [],
	bypassed: [],
	ready: { home: true, night: true, away: true },
	troubles: [],
	alarm: null,
	test: null,
	changed_by: '',
	areas: [],
};
const trouble = (code: string, more: Partial<Trouble> = {}): Trouble => ({
	code,
	device: '',
	text: `Text of ${code}.`,
	severity: 'warning',
	since: NOW,
	mend: `Mend ${code}.`,
	blocks: [],
	...more,
});

const guests: ArmedMode = { id: 'guests', name: 'Guests', like: 'home', silent: false };
const watchedBy = (mode: Mode): Zone[] =>
	zones.filter((z) => z.trait === 'contact').map((z) => ({ ...z, modes: [mode] }));

interface Case {
	alarm?: Partial<Alarm>;
	modes?: ArmedMode[];
	zones?: Zone[];
	devices?: Device[];
	health?: Trouble[];
	events?: Event[];
	/** Seconds of silence since. */
	silent?: number;
}
function house(c: Case): [House, number] {
	const snapshot: Snapshot = {
		alarm: { ...off, ...c.alarm },
		modes: c.modes ?? [],
		zones: c.zones ?? zones,
		devices:
			c.devices ??
			zones.map((z) => {
				const value =
					z.trait === 'motion' ? c.alarm?.open?.includes(z.id) : c.alarm?.open?.includes(z.id) ? 'open' : 'closed';
				return device(z.id, { traits: { [z.trait]: { value: value ?? false, since: NOW } } });
			}),
		health: c.health ?? [],
		events: c.events ?? [],
	};
	const h = step(step(nothing, { kind: 'opened' }, 0), { kind: 'snapshot', snapshot, asked: 0 }, 0);
	return [h, (c.silent ?? 0) * 1000];
}
const arming = {
	mode: 'away',
	like: 'away',
	phase: 'arming',
	since: '2026-05-03T13:59:28.000Z',
	until: '2026-05-03T14:00:28.000Z',
};
const entering = {
	mode: 'away',
	like: 'away',
	phase: 'entry',
	since: '2026-05-03T13:59:44.000Z',
	until: '2026-05-03T14:00:14.000Z',
};
const burgled = {
	mode: 'away',
	like: 'away',
	phase: 'alarm',
	alarm: {
		kind: 'burglary',
		zone: 'kitchen',
		since: NOW,
		verified: false,
		silenced: false,
		reported: true,
		recent_closing: false,
	},
} as const;
const radioDown = trouble('radio-down', { device: 'zwave', severity: 'critical', blocks: ['home', 'night', 'away'] });

test.each<[string, Case, string, string, string]>([
	[
		'quiet',
		{},
		'quiet',
		'All quiet.',
		'The alarm is off. All 2 doors and windows are closed. Every sensor has answered.',
	],
	[
		'quiet, but one sensor is late',
		{ devices: [device('front', { health: 'late' })] },
		'quiet',
		'All quiet.',
		'The alarm is off. All 2 doors and windows are closed.',
	],
	[
		'somebody moves about',
		{ alarm: { open: ['hall'] } },
		'quiet',
		'All quiet.',
		'The alarm is off. All 2 doors and windows are closed. Every sensor has answered.',
	],
	[
		'one is open',
		{ alarm: { open: ['kitchen'] } },
		'open',
		'Kitchen window is open.',
		'The alarm is off. The other door or window is closed.',
	],
	[
		'all are open',
		{ alarm: { open: ['kitchen', 'front'] } },
		'open',
		'Front door and Kitchen window are open.',
		'The alarm is off.',
	],
	[
		'no word yet',
		{ alarm: { open: ['kitchen', 'front'] }, devices: [] },
		'open',
		'No word from Front door and Kitchen window yet.',
		'The alarm is off.',
	],
	[
		'one is open, of one there is no word yet',
		{
			alarm: { open: ['kitchen', 'front'] },
			devices: [device('front', { traits: { contact: { value: 'open', since: NOW } } })],
		},
		'open',
		'Front door is open.',
		'The alarm is off. No word from Kitchen window yet.',
	],
	['nothing to watch', { zones: [] }, 'empty', 'Let’s add your first sensor.', 'A door contact takes about a minute.'],
	[
		'armed, away',
		{ alarm: { mode: 'away', like: 'away', phase: 'armed' } },
		'armed',
		'Armed, away.',
		'2 doors and windows and the rooms inside are watched since 09:15.',
	],
	[
		'armed for the night',
		{ alarm: { mode: 'night', like: 'night', phase: 'armed' } },
		'armed',
		'Armed for the night.',
		'2 doors and windows are watched since 09:15. You can move about freely.',
	],
	[
		'armed with one left out',
		{ alarm: { mode: 'home', like: 'home', phase: 'armed', bypassed: ['kitchen'], open: ['kitchen'] } },
		'armed',
		'Armed at home.',
		'One door or window is watched since 09:15. You can move about freely. Kitchen window is left out.',
	],
	[
		'armed with two left out, each by its name',
		{ alarm: { mode: 'away', like: 'away', phase: 'armed', bypassed: ['kitchen', 'hall'] } },
		'armed',
		'Armed, away.',
		'One door or window is watched since 09:15. Kitchen window and Hall are left out.',
	],
	[
		'armed in a mode of the owner’s own',
		{ alarm: { mode: 'guests', like: 'home', phase: 'armed' }, modes: [guests], zones: watchedBy('guests') },
		'armed',
		'Armed: Guests.',
		'2 doors and windows are watched since 09:15. You can move about freely.',
	],
	[
		'out of sight in a mode of the owner’s own',
		{ alarm: { mode: 'guests', like: 'home', phase: 'armed' }, modes: [guests], silent: 120 },
		'lost',
		'I can’t see your home.',
		'Last word from the hub 120 s ago: armed (Guests). It may have changed since.',
	],
	[
		'a mode that this page knows nothing of is told as what it is like',
		{ alarm: { mode: 'guests', like: 'night', phase: 'armed' }, zones: watchedBy('guests') },
		'armed',
		'Armed for the night.',
		'2 doors and windows are watched since 09:15. You can move about freely.',
	],
	['leaving', { alarm: arming as Partial<Alarm> }, 'exit', '28 seconds to leave.', 'Everything is closed.'],
	[
		'leaving with the door open',
		{ alarm: { ...arming, open: ['front'] } as Partial<Alarm> },
		'exit',
		'28 seconds to leave.',
		'Front door is open.',
	],
	[
		'coming home',
		{ alarm: { ...entering, open: ['front'] } as Partial<Alarm> },
		'entry',
		'Welcome home?',
		'Front door opened. Enter your code.',
	],
	['an alarm', { alarm: burgled }, 'alarm', 'Kitchen window opened.', 'You are away.'],
	[
		'a stick that is gone',
		{ health: [radioDown] },
		'unguarded',
		'3 sensors can’t be heard.',
		'The alarm is off. Mend radio-down.',
	],
	[
		'a stick that is gone while armed',
		{ alarm: { mode: 'away', like: 'away', phase: 'armed' }, health: [radioDown] },
		'unguarded',
		'3 sensors can’t be heard.',
		'Armed, away. Mend radio-down.',
	],
	[
		'a stick that is gone and that no sensor hangs on',
		{ health: [{ ...radioDown, device: 'zigbee', text: 'The Zigbee stick can’t be reached.' }] },
		'unguarded',
		'The Zigbee stick can’t be reached.',
		'The alarm is off. Mend radio-down.',
	],
	[
		'a sensor that is silent',
		{ health: [trouble('device-missing', { device: 'zwave-hall' })] },
		'unguarded',
		'The hall sensor can’t be heard.',
		'The alarm is off. Mend device-missing.',
	],
	[
		'a small battery is no gap',
		{ health: [trouble('battery-low', { device: 'zwave-hall' })] },
		'quiet',
		'All quiet.',
		'The alarm is off. All 2 doors and windows are closed. Every sensor has answered.',
	],
	[
		'silent for a while',
		{ alarm: { mode: 'away', like: 'away', phase: 'armed' }, silent: 9 },
		'armed',
		'Armed, away.',
		'2 doors and windows and the rooms inside are watched since 09:15. Last word 9 s ago.',
	],
	[
		'out of sight',
		{ alarm: { mode: 'away', like: 'away', phase: 'armed' }, silent: 120 },
		'lost',
		'I can’t see your home.',
		'Last word from the hub 120 s ago: armed, away. It may have changed since.',
	],
	[
		'out of sight in an alarm',
		{ alarm: burgled, silent: 20 },
		'alarm',
		'Kitchen window opened.',
		'You are away. Last word 20 s ago.',
	],
])('%s', (_, given, kind, title, evidence) => {
	const got = answer(...house(given), t, w);
	expect({ kind: got.kind, title: got.title, evidence: got.evidence }).toEqual({ kind, title, evidence });
});

describe('the order', () => {
	// Each line adds what outranks the lines before it.
	const ladder: [string, Case][] = [
		['quiet', {}],
		['open', { alarm: { open: ['kitchen'] } }],
		['armed', { alarm: { open: ['kitchen'], mode: 'home', like: 'home', phase: 'armed' } }],
		['exit', { alarm: { open: ['kitchen'], ...arming } as Partial<Alarm> }],
		['unguarded', { alarm: { open: ['kitchen'], ...arming } as Partial<Alarm>, health: [radioDown] }],
		['lost', { alarm: { open: ['kitchen'], ...arming } as Partial<Alarm>, health: [radioDown], silent: 20 }],
		['entry', { alarm: { open: ['kitchen'], ...entering } as Partial<Alarm>, health: [radioDown], silent: 20 }],
		['alarm', { alarm: { open: ['kitchen'], ...burgled }, health: [radioDown], silent: 20 }],
	];
	test.each(ladder)('%s', (kind, given) => expect(answer(...house(given), t, w).kind).toBe(kind));
});

test("what is left of a delay runs on the hub's clock", () => {
	const [h] = house({ alarm: entering as Partial<Alarm> });
	expect([0, 400, 13_100, 20_000].map((now) => answer(h, now, t, w).seconds)).toEqual([14, 14, 1, 0]);
	expect(answer(h, 0, t, w)).toMatchObject({ outline: 'ring', tone: 'trouble', left: 14 / 30 });
});

test('what came in is what opened it, not what stood open before', () => {
	const events: Event[] = [
		{ seq: 9, at: NOW, kind: 'trouble', device: '', zone: 'hall', who: null, text: '' },
		{ seq: 8, at: '2026-05-03T13:59:44.000Z', kind: 'reading', device: '', zone: 'front', who: null, text: '' },
		{ seq: 7, at: '2026-05-03T13:00:00.000Z', kind: 'reading', device: '', zone: 'kitchen', who: null, text: '' },
	];
	const got = answer(...house({ alarm: { ...entering, open: ['kitchen'] } as Partial<Alarm>, events }), t, w);
	expect(got.evidence).toBe('Front door opened. Enter your code.');
});

test.each<[string, Zone['trait'], string, string]>([
	['fire', 'smoke', 'Smoke: Attic.', 'Get everyone out and stay out. Close doors behind you.'],
	['co', 'co', 'Carbon monoxide: Attic.', 'Get everyone out into fresh air. Open windows on the way.'],
	['water', 'water', 'Water: Attic.', 'Shut the main valve. Keep clear of sockets in the wet.'],
	['tamper', 'contact', 'Attic was tampered with.', ''],
	['burglary', 'glass', 'Glass broke: Attic.', ''],
	['burglary', 'motion', 'Movement: Attic.', ''],
	['panic', 'button', 'Attic: help was called for.', ''],
])('%s has its own words', (kind, trait, want, help) => {
	const alarm = { ...burgled, alarm: { ...burgled.alarm, kind, zone: 'attic' } };
	const [h] = house({ alarm, zones: [zone('attic', 'Attic', trait)] });
	if (!h.known) throw new Error('nothing is known');
	expect(whatHappened(h.known, t)).toBe(want);
	expect(advice(kind, t)).toBe(help);
});

test('an alarm without a zone is told by its kind', () => {
	const [h] = house({ alarm: { ...burgled, alarm: { ...burgled.alarm, kind: 'medical', zone: '' } } });
	if (!h.known) throw new Error('nothing is known');
	expect(whatHappened(h.known, t)).toBe('Medical help was called for.');
});

test.each<[string, Partial<AlarmMemory>, string, string]>([
	['one sign', {}, 'One sensor has noticed something so far.', 'No second sign confirmed it.'],
	['two', { verified: true }, 'A second sign confirmed it.', 'A second sign confirmed it.'],
	['fire needs none', { kind: 'fire' }, '', ''],
	[
		'soon after arming, and called off',
		{ kind: 'exit_error', recent_closing: true, reported: false },
		'It began within two minutes of arming. One sensor has noticed something so far. Nothing was sent outside the house yet.',
		'It began within two minutes of arming. No second sign confirmed it. Nothing was sent outside the house.',
	],
])('what more there is to say: %s', (_, more, runs, over) => {
	const memory = { ...burgled.alarm, reported: true, ...more };
	expect(details(memory, true, t).join(' ')).toBe(runs);
	expect(details(memory, false, t).join(' ')).toBe(over);
});

test('troubles are told once, the worst first, and the demo is none', () => {
	const [h] = house({
		alarm: { troubles: [trouble('battery-low', { device: 'a' }), radioDown] },
		health: [
			trouble('battery-low', { device: 'a' }),
			trouble('demo', { severity: 'info' }),
			trouble('name-taken', { severity: 'info' }),
			radioDown,
		],
	});
	if (!h.known) throw new Error('nothing is known');
	expect(troubles(h.known).map((x) => x.code)).toEqual(['radio-down', 'battery-low', 'name-taken']);
	expect(gaps(h.known).map((x) => x.code)).toEqual(['radio-down']);
});
