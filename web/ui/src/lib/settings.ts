import type { Settings } from './api';
import { duration, seconds } from './duration';

/** Figures that are spans of time, with the unit in which they are told, in seconds. */
const units = {
	exit_delay: 1,
	entry_delay: 1,
	abort_window: 1,
	cancel_window: 60,
	cross_zone_time: 1,
	verify_time: 60,
	siren_timeout: 60,
} as const;
export type Span = keyof typeof units;
/** Figures that count. */
export type Count = 'swinger' | 'siren_cycles';
export type Figure = Span | Count;
/** What is on or off. */
export type Switch =
	'exit_restart' | 'unvacated_home' | 'arm_on_close' | 'quick_arm' | 'strobe_after' | 'outside_standard';

const isSpan = (f: string): f is Span => f in units;
export const unitOf = (f: Figure): 'unit.minutes' | 'unit.seconds' | 'unit.times' =>
	!isSpan(f) ? 'unit.times' : units[f] === 60 ? 'unit.minutes' : 'unit.seconds';

/** The settings as they stand together, in the order of an alarm: leaving, coming home, what becomes of it. */
export const groups: readonly {
	name: 'leave' | 'enter' | 'back' | 'sure' | 'siren';
	figures: Figure[];
	switches: Switch[];
}[] = [
	{
		name: 'leave',
		figures: ['exit_delay'],
		switches: ['exit_restart', 'arm_on_close', 'unvacated_home', 'quick_arm'],
	},
	{ name: 'enter', figures: ['entry_delay'], switches: [] },
	{ name: 'back', figures: ['abort_window', 'cancel_window'], switches: [] },
	{ name: 'sure', figures: ['cross_zone_time', 'verify_time', 'swinger'], switches: [] },
	{ name: 'siren', figures: ['siren_timeout', 'siren_cycles'], switches: ['strobe_after'] },
];
export const figures: readonly Figure[] = groups.flatMap((g) => g.figures);
export const switches: readonly Switch[] = [...groups.flatMap((g) => g.switches), 'outside_standard'];
/** Narrower ranges that a rule book asks for; '' is none. */
export const presets = ['', 'ul', 'ul2610', 'en'] as const;

/** What a new hub begins with, in the unit of each: DefaultSettings of hub/alarm. */
export const usual: Record<Figure, number> = {
	exit_delay: 60,
	entry_delay: 30,
	abort_window: 30,
	cancel_window: 5,
	cross_zone_time: 60,
	verify_time: 30,
	siren_timeout: 4,
	swinger: 2,
	siren_cycles: 3,
};

/** What stands in the fields: numbers in their unit, null where a field is empty. */
export type Typed = Record<Figure, number | null> & Record<Switch, boolean> & Pick<Settings, 'preset'>;

const figure = (s: Settings, f: Figure): number => (isSpan(f) ? seconds(s[f]) / units[f] : s[f]);

export function typed(s: Settings): Typed {
	return {
		...(Object.fromEntries(figures.map((f) => [f, figure(s, f)])) as Record<Figure, number>),
		...(Object.fromEntries(switches.map((f) => [f, s[f]])) as Record<Switch, boolean>),
		preset: s.preset,
	};
}

/** What was changed, as the hub wants it. An empty field is left as it was. */
export function changes(was: Settings, now: Typed): Partial<Settings> {
	const out: Partial<Settings> = {};
	for (const f of figures) {
		const n = now[f];
		if (typeof n !== 'number' || n === figure(was, f)) continue;
		if (isSpan(f)) out[f] = duration(Math.round(n * units[f]));
		else out[f] = n;
	}
	for (const f of switches) if (now[f] !== was[f]) out[f] = now[f];
	if (now.preset !== was.preset) out.preset = now.preset;
	return out;
}
