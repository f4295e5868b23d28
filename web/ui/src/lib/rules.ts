/** Rules as the page writes them: the hub judges them, and says them in words. */
import type { Device, Schemas } from './api';
import { duration, seconds } from './duration';

export type Rule = Schemas['Rule'];
export type Run = Schemas['RuleRun'];
export type Word = Schemas['RuleWord'];
export type Place = Schemas['RuleSettings'];
export type Person = Schemas['Presence'];
export type When = Schemas['WhenRequest'];
export type Act = Schemas['ActRequest'];
type Trait = NonNullable<When['trait']>;

/** A rule that is being written. */
export interface Draft {
	name: string;
	enabled: boolean;
	when: When;
	if: string;
	then: Act[];
}

export const EVENTS = [
	'time',
	'sunset',
	'sunrise',
	'mode',
	'person',
	'reading',
	'button',
	'phase',
	'alarm',
	'trouble',
] as const satisfies readonly When['event'][];
export const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
export const MOVES = ['last-leaves', 'first-arrives', 'leaves', 'arrives'] as const;
export const PHASES = ['arming', 'armed', 'entry', 'alarm', 'disarmed'] as const;
export const PRESSES = ['press', 'double', 'hold'] as const;

/** The conditions that have a sentence of their own; every other is an expression. */
export const CONDITIONS = {
	always: '',
	dark: 'dark',
	light: 'not dark',
	nobody: 'nobody_home',
	somebody: 'anybody_home',
	off: 'not armed',
	on: 'armed',
} as const;
export type Condition = keyof typeof CONDITIONS | 'own';

export function conditionOf(expression: string): Condition {
	for (const [name, text] of Object.entries(CONDITIONS))
		if (text === expression.trim()) return name as keyof typeof CONDITIONS;
	return 'own';
}

/** What a trait can become, for choosing from; numbers are compared instead. */
export function valuesOf(trait: string): (string | boolean)[] {
	switch (trait) {
		case 'contact':
			return ['open', 'closed'];
		case 'switch':
			return ['on', 'off'];
		case 'lock':
			return ['locked', 'unlocked', 'jammed'];
		case 'motion':
		case 'occupancy':
		case 'smoke':
		case 'co':
		case 'gas':
		case 'water':
		case 'vibration':
		case 'glass':
		case 'tamper':
		case 'trouble':
		case 'low_battery':
			return [true, false];
		default:
			return [];
	}
}
const events = ['button', 'keypad', 'link', 'siren'];

/** The traits of a device that a rule can wait for. */
export const awaited = (d: Device): Trait[] => Object.keys(d.traits).filter((t) => !events.includes(t)) as Trait[];

/** What a rule may tell a device; a siren is the alarm's alone. */
export function told(d: Device): Trait[] {
	if ('siren' in d.traits) return [];
	return (['switch', 'level', 'cover', 'lock'] as const).filter((t) => t in d.traits);
}

/** An event as it begins, with what it cannot be without. */
export function freshWhen(event: When['event'], devices: readonly Device[]): When {
	const sensor = devices.find((d) => awaited(d).length);
	switch (event) {
		case 'time':
			return { event, at: '22:30' };
		case 'phase':
			return { event, phase: 'entry' };
		case 'person':
			return { event, move: 'last-leaves' };
		case 'button':
			return { event, device: devices.find((d) => 'button' in d.traits)?.id ?? '', value: 'press' };
		case 'reading':
			return sensor ? readingOf(sensor) : { event };
		default:
			return { event };
	}
}

/** A reading event of a device, of the trait that it is there for. */
export function readingOf(d: Device, trait: Trait | undefined = awaited(d)[0]): When {
	const [first] = valuesOf(trait ?? '');
	const base: When = { event: 'reading', device: d.id };
	if (trait) base.trait = trait;
	return first === undefined ? { ...base, above: 20 } : { ...base, value: first };
}

/** What is most likely a lamp: it dims, or it is switched and counts no watts; never a shutter or a lock before those. */
function likelyLamp(devices: readonly Device[]): Device | undefined {
	const switched = devices.filter((d) => told(d).includes('switch'));
	return (
		switched.find((d) => 'level' in d.traits) ??
		switched.find((d) => !('power' in d.traits)) ??
		switched[0] ??
		devices.find((d) => told(d).length)
	);
}

/** An act as it begins. */
export function freshAct(kind: Act['do'], devices: readonly Device[]): Act {
	const lamp = likelyLamp(devices);
	if (kind === 'arm') return { do: 'arm', mode: 'night' };
	if (kind === 'tell') return { do: 'tell', text: '' };
	return lamp ? commandOf(lamp) : { do: 'command' };
}

export function commandOf(d: Device, trait: Trait | undefined = told(d)[0]): Act {
	const act: Act = { do: 'command', device: d.id };
	if (trait) act.trait = trait;
	return { ...act, value: trait === 'lock' ? 'locked' : trait === 'level' || trait === 'cover' ? 50 : 'on' };
}

export const STARTERS = ['evening', 'leaving', 'hall'] as const;
export type Starter = (typeof STARTERS)[number];

/** A rule to begin with, fitted to the devices of this house. */
export function begin(starter: string, name: string, devices: readonly Device[]): Draft {
	const draft: Draft = {
		name,
		enabled: true,
		when: freshWhen('time', devices),
		if: '',
		then: [freshAct('command', devices)],
	};
	switch (starter) {
		case 'evening':
			return {
				...draft,
				when: { event: 'sunset', offset: '-15m' },
				then: [{ ...freshAct('command', devices), for: '4h' }],
			};
		case 'leaving':
			return { ...draft, when: freshWhen('person', devices), if: 'not armed', then: [{ do: 'arm', mode: 'away' }] };
		case 'hall': {
			const eyes = devices.filter((d) => 'motion' in d.traits);
			const eye = eyes.find((d) => d.radio !== 'camera') ?? eyes[0]; // most cameras look at what is outside
			return {
				...draft,
				when: eye ? readingOf(eye, 'motion') : freshWhen('reading', devices),
				if: 'dark',
				then: [{ ...freshAct('command', devices), for: '5m' }],
			};
		}
		default:
			return { ...draft, name: '' };
	}
}

/** What the hub is sent: what is empty is left out. */
export function body(draft: Draft): Draft {
	const full = (o: object) =>
		Object.fromEntries(
			Object.entries(o).filter(
				([, v]) => v !== '' && v !== null && v !== undefined && !(Array.isArray(v) && !v.length),
			),
		);
	return {
		...draft,
		name: draft.name.trim(),
		if: draft.if.trim(),
		when: full(draft.when) as When,
		then: draft.then.map((a) => full(a) as Act),
	};
}

/** Whole minutes of a duration, and back; "" is none. An offset may be before: negative. */
export function minutes(text: string | undefined): number | null {
	if (!text) return null;
	const before = text.startsWith('-');
	const n = seconds(before ? text.slice(1) : text) / 60;
	return before ? -n : n;
}
export function fromMinutes(n: number | null | undefined): string {
	if (typeof n !== 'number' || !n) return '';
	return n < 0 ? `-${duration(-n * 60)}` : duration(n * 60);
}
