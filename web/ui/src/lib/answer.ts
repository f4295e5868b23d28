/**
 * The one sentence that answers "is my home safe right now?", and the line of
 * evidence under it. A pure function of what is known and how old it is.
 *
 * The order is fixed: alarm, entry delay, not reachable, not fully guarded,
 * exit delay, armed, something open, quiet. The word "safe" is never said, the
 * evidence is. What is known only from the past is told in the past tense.
 */
import { known, type Alarm, type AlarmMemory, type Mode, type Trouble, type Zone } from './api';
import { age, hubNow, link, type House, type Link, type Snapshot } from './house';
import type { Say } from './i18n';
import { zoneState } from './zones';

export type Kind = 'loading' | 'alarm' | 'entry' | 'lost' | 'unguarded' | 'exit' | 'armed' | 'open' | 'quiet' | 'empty';

export interface Answer {
	kind: Kind;
	link: Link;
	title: string;
	/** Sentences of evidence, without what the title said. */
	evidence: string;
	/** How the arch is drawn round. */
	outline: 'none' | 'ring' | 'dash';
	tone: 'armed' | 'trouble';
	/** Part of the delay that is left, 0–1. */
	left: number;
	/** Whole seconds that are left, null when no delay runs. */
	seconds: number | null;
}

/** How instants, spans and lists are written; the page's are in time.ts. */
export interface Writer {
	atClock(iso: string): string;
	span(ms: number): string;
	listed(names: readonly string[]): string;
}

export function answer(h: House, now: number, t: Say, w: Writer): Answer {
	const state = link(h, now);
	const base = { link: state, outline: 'none', tone: 'armed', left: 0, seconds: null } as const;
	if (!h.known) return { ...base, kind: 'loading', title: '', evidence: '' };
	const s = h.known;
	const { alarm } = s;
	const old = { span: w.span(age(h, now)) };
	const past = state === 'stale' || state === 'lost';
	// Whatever is shown below while the line is silent says how old it is.
	const dated = (text: string) => (past ? `${text} ${t('link.lastword', old)}` : text);

	if (alarm.phase === 'alarm') {
		return {
			...base,
			kind: 'alarm',
			title: whatHappened(s, t),
			evidence: dated(modeWord(s, 'youare', t)),
		};
	}
	const running = delay(alarm, hubNow(h, now));
	if (alarm.phase === 'entry') {
		const zone = entered(s);
		const opened = zone ? `${happened(zone, t)} ` : '';
		return {
			...base,
			...running,
			kind: 'entry',
			outline: 'ring',
			tone: 'trouble',
			title: t('answer.entry.title'),
			evidence: dated(opened + t('answer.entry.evidence')),
		};
	}
	if (state === 'lost') {
		return {
			...base,
			kind: 'lost',
			title: t('answer.lost.title'),
			evidence: t('answer.lost.evidence', { ...old, state: modeWord(s, `was.${alarm.phase}`, t) }),
		};
	}
	const gap = gaps(s)[0];
	if (gap) {
		return {
			...base,
			kind: 'unguarded',
			outline: 'dash',
			tone: 'trouble',
			title: gapTitle(gap, s, t),
			evidence: dated(`${modeWord(s, `is.${alarm.phase}`, t)} ${gap.mend}`.trim()),
		};
	}
	if (alarm.phase === 'arming') {
		const open = openings(s, alarm.mode);
		return {
			...base,
			...running,
			kind: 'exit',
			outline: 'ring',
			title: t('answer.exit.title', { n: running.seconds }),
			evidence: dated(open.length ? openLine(s, open, t) : t('answer.exit.evidence')),
		};
	}
	if (alarm.mode !== 'disarmed') {
		return { ...base, kind: 'armed', title: modeWord(s, 'armed', t), evidence: dated(watched(s, t, w)) };
	}
	if (s.zones.length === 0) {
		return { ...base, kind: 'empty', title: t('answer.empty.title'), evidence: dated(t('answer.empty.evidence')) };
	}
	const open = openings(s);
	const doors = s.zones.filter((z) => z.trait === 'contact');
	if (open.length) {
		const rest = doors.length - open.length;
		const unheard = open.filter((z) => !surely(s, z));
		const parts = [
			rest > 0 ? t('answer.open.evidence', { n: rest }) : t('answer.open.all'),
			unheard.length < open.length && unheard.length ? openLine(s, unheard, t) : '',
		];
		return { ...base, kind: 'open', title: openLine(s, open, t), evidence: dated(parts.filter(Boolean).join(' ')) };
	}
	const closed = doors.length ? t('answer.quiet.closed', { n: doors.length }) : '';
	const heard = s.devices.every((d) => d.health === 'ok') ? t('answer.quiet.heard') : '';
	return {
		...base,
		kind: 'quiet',
		title: t('answer.quiet.title'),
		evidence: dated([t('answer.quiet.off'), closed, heard].filter(Boolean).join(' ')),
	};
}

type Told = 'armed' | 'youare' | `${'is' | 'was'}.${'disarmed' | 'arming' | 'armed'}`;

/** What is said of the mode: in words for each of those that every house has, by its name for one of the owner's own. */
function modeWord(s: Snapshot, told: Told, t: Say): string {
	const { mode, like } = s.alarm;
	const own = known(mode) === mode ? undefined : s.modes.find((m) => m.id === mode);
	if (!own) return t(`mode.${known(like)}.${told}`);
	const { name } = own;
	switch (told) {
		case 'was.armed':
			return t('mode.own.was.armed', { name });
		case 'was.arming':
			return t('mode.own.was.arming', { name });
		case 'is.arming':
			return t('mode.own.is.arming', { name });
		default:
			return t('mode.own.armed', { name });
	}
}

/** What runs of the delay, on the hub's clock. */
export function delay(alarm: Alarm, hub: number): { left: number; seconds: number } {
	if (!alarm.until) return { left: 0, seconds: 0 };
	const until = Date.parse(alarm.until);
	const left = Math.max(0, until - hub);
	const total = Math.max(1, until - Date.parse(alarm.since));
	return { left: Math.min(1, left / total), seconds: Math.ceil(left / 1000) };
}

/** Doors and windows that are open, or not known to be closed; all of them, or those that a mode watches. */
export function openings(s: Snapshot, mode?: Mode): Zone[] {
	return s.zones.filter(
		(z) =>
			z.trait === 'contact' &&
			s.alarm.open.includes(z.id) &&
			!s.alarm.bypassed.includes(z.id) &&
			(!mode || z.modes.includes(mode)),
	);
}

/** Whether a zone is known to be open, and not only not known to be closed. */
export function surely(s: Snapshot, z: Zone): boolean {
	return zoneState(s, z).tone !== 'unknown';
}

/**
 * "Kitchen window is open.", "Kitchen window and Back door are open.", "3 doors
 * and windows are open."; of those that nothing was heard of only if there are
 * no others: "No word from Kitchen window yet."
 */
export function openLine(s: Snapshot, zones: Zone[], t: Say): string {
	const sure = zones.filter((z) => surely(s, z));
	const [a, b] = sure.length ? sure : zones;
	const n = sure.length || zones.length;
	const key = sure.length ? 'open' : 'unheard';
	if (n === 1 && a) return t(`${key}.one`, { name: a.name });
	if (n === 2 && a && b) return t(`${key}.two`, { a: a.name, b: b.name });
	return t(`${key}.many`, { n });
}

const alwaysGaps = new Set(['radio-down', 'device-missing', 'device-tampered', 'siren-silent', 'storage-fault']);
const rank: Record<Trouble['severity'], number> = { critical: 0, warning: 1, info: 2 };

/** Troubles by which the house is not fully guarded, the worst first. */
export function gaps(s: Snapshot): Trouble[] {
	return troubles(s).filter((x) => x.severity === 'critical' || (x.blocks?.length ?? 0) > 0 || alwaysGaps.has(x.code));
}

/** Everything that is wrong, from the panel and the hub, each once, the worst first. */
export function troubles(s: Snapshot): Trouble[] {
	const seen = new Map<string, Trouble>();
	for (const x of [...s.health, ...s.alarm.troubles]) {
		const key = `${x.code} ${x.device}`;
		if (!seen.has(key) && x.code !== 'demo') seen.set(key, x);
	}
	return [...seen.values()].sort((a, b) => rank[a.severity] - rank[b.severity] || a.since.localeCompare(b.since));
}

function gapTitle(x: Trouble, s: Snapshot, t: Say): string {
	if (x.code === 'radio-down') {
		const deaf = new Set(s.zones.map((z) => z.device));
		const n = s.devices.filter((d) => d.radio === x.device && deaf.has(d.id)).length;
		if (n > 0) return t('gap.radio', { n });
	}
	const device = s.devices.find((d) => d.id === x.device);
	if (x.code === 'device-missing' && device) return t('gap.missing', { name: device.name });
	if (x.code === 'device-tampered' && device) return t('gap.tampered', { name: device.name });
	return x.text;
}

function watched(s: Snapshot, t: Say, w: Writer): string {
	const { alarm } = s;
	const on = s.zones.filter((z) => z.modes.includes(alarm.mode) && !alarm.bypassed.includes(z.id));
	const doors = on.filter((z) => z.trait === 'contact').length;
	const moving = on.filter((z) => z.trait === 'motion' || z.trait === 'occupancy').length;
	const since = w.atClock(alarm.since);
	const parts = [];
	if (doors && moving) parts.push(t('watched.both', { n: doors, since }));
	else if (doors) parts.push(t('watched.doors', { n: doors, since }));
	else parts.push(t('watched.other', { n: on.length, since }));
	if (!moving && alarm.like !== 'away') parts.push(t('watched.free'));
	parts.push(leftOut(s, t, w));
	return parts.filter(Boolean).join(' ');
}

/** Which zones this arming leaves out, each by its name; '' when it leaves out none. */
export function leftOut(s: Snapshot, t: Say, w: Pick<Writer, 'listed'>): string {
	const out = s.zones.filter((z) => s.alarm.bypassed.includes(z.id)).map((z) => z.name);
	return out.length ? t('watched.out', { n: out.length, names: w.listed(out) }) : '';
}

function entered(s: Snapshot): Zone | undefined {
	const since = Date.parse(s.alarm.since) - 1000;
	const event = s.events.find((e) => e.zone && e.kind !== 'trouble' && Date.parse(e.at) >= since);
	return (
		s.zones.find((z) => z.id === event?.zone) ??
		s.zones.find((z) => z.kind === 'entry' && s.alarm.open.includes(z.id)) ??
		s.zones.find((z) => s.alarm.open.includes(z.id))
	);
}

/** What raised the alarm that runs, or that is remembered. */
export function whatHappened(s: Snapshot, t: Say): string {
	const memory = s.alarm.alarm;
	const zone = s.zones.find((z) => z.id === memory?.zone);
	if (zone) return happened(zone, t, memory?.kind);
	return t(kindKey(memory?.kind));
}

/** What more there is to say of an alarm that runs, or that is over; a sentence each. */
export function details(memory: AlarmMemory, runs: boolean, t: Say): string[] {
	const when = runs ? 'now' : 'over';
	// A second sign is looked for where a sensor may have erred, and not where somebody called for help.
	const burglary = memory.kind === 'burglary' || memory.kind === 'exit_error';
	return [
		memory.recent_closing ? t('alarm.recent') : '',
		memory.verified ? t('alarm.verified') : burglary ? t(`alarm.unverified.${when}`) : '',
		memory.reported ? '' : t(`alarm.unreported.${when}`),
	].filter(Boolean);
}

const lifeKinds = new Set(['fire', 'co', 'gas', 'water']);

function happened(zone: Zone, t: Say, kind = ''): string {
	const { name } = zone;
	if (kind === 'tamper') return t('happened.tamper', { name });
	if (kind === 'panic' || kind === 'medical') return t(`happened.${kind}`, { name });
	if (lifeKinds.has(kind)) return t(`happened.${kind as 'fire' | 'co' | 'gas' | 'water'}`, { name });
	switch (zone.trait) {
		case 'contact':
			return t('happened.contact', { name });
		case 'motion':
		case 'occupancy':
			return t('happened.motion', { name });
		case 'glass':
			return t('happened.glass', { name });
		case 'tamper':
			return t('happened.tamper', { name });
		default:
			return t('happened.other', { name });
	}
}

function kindKey(kind = '') {
	switch (kind) {
		case 'fire':
		case 'co':
		case 'gas':
		case 'water':
		case 'tamper':
		case 'panic':
		case 'medical':
			return `kind.${kind}` as const;
		default:
			return 'kind.burglary' as const;
	}
}

/** First advice for the kinds that have some. */
export function advice(kind: string, t: Say): string {
	switch (kind) {
		case 'fire':
		case 'co':
		case 'gas':
		case 'water':
		case 'medical':
			return t(`advice.${kind}`);
		default:
			return '';
	}
}
