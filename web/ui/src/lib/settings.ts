import type { Settings } from './api';
import { duration, seconds } from './duration';

/** Figures that are spans of time, in the order in which one leaves and comes home. */
export const spans = ['exit_delay', 'entry_delay', 'abort_window', 'siren_timeout'] as const;
/** What is on or off. */
export const switches = ['exit_restart', 'unvacated_home', 'arm_on_close', 'quick_arm', 'outside_standard'] as const;
/** Narrower ranges that a rule book asks for; '' is none. */
export const presets = ['', 'ul', 'en'] as const;
/** Those that are told in minutes. */
const inMinutes: readonly (typeof spans)[number][] = ['siren_timeout'];
export const unitOf = (f: (typeof spans)[number]): 60 | 1 => (inMinutes.includes(f) ? 60 : 1);

/** What stands in the fields: numbers in their unit, null where a field is empty. */
export type Typed = Record<(typeof spans)[number] | 'swinger', number | null> &
	Record<(typeof switches)[number], boolean> &
	Pick<Settings, 'preset'>;

export function typed(s: Settings): Typed {
	const of = (f: (typeof spans)[number]) => seconds(s[f]) / unitOf(f);
	return {
		exit_delay: of('exit_delay'),
		entry_delay: of('entry_delay'),
		abort_window: of('abort_window'),
		siren_timeout: of('siren_timeout'),
		swinger: s.swinger,
		preset: s.preset,
		exit_restart: s.exit_restart,
		unvacated_home: s.unvacated_home,
		arm_on_close: s.arm_on_close,
		quick_arm: s.quick_arm,
		outside_standard: s.outside_standard,
	};
}

/** What was changed, as the hub wants it. An empty field is left as it was. */
export function changes(was: Settings, now: Typed): Partial<Settings> {
	const before = typed(was);
	const out: Partial<Settings> = {};
	for (const f of spans) {
		const n = now[f];
		if (typeof n === 'number' && n !== before[f]) out[f] = duration(Math.round(n * unitOf(f)));
	}
	if (typeof now.swinger === 'number' && now.swinger !== was.swinger) out.swinger = now.swinger;
	for (const f of switches) if (now[f] !== was[f]) out[f] = now[f];
	if (now.preset !== was.preset) out.preset = now.preset;
	return out;
}
