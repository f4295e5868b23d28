/** A rule as one sentence: "15 minutes before sunset, if the alarm is off: Lamp on for 4 hours." */
import type { Device } from './api';
import { seconds } from './duration';
import { lang, t } from './i18n';
import type { Choice } from './modes';
import { conditionOf, type Act, type Rule, type When } from './rules';
import { traitLine } from './traits';

/** What a sentence has to know of the house: what its devices and modes are called. */
export interface Names {
	devices: readonly Pick<Device, 'id' | 'name'>[];
	modes: readonly Pick<Choice, 'id' | 'name'>[];
}

const list = new Intl.ListFormat(lang, { type: 'conjunction' });

/** What is said of a rule, be it read or still written. */
type Told = { when: When | Rule['when']; if: string; then: readonly (Act | Rule['then'][number])[] };

export function saying(rule: Told, names: Names): string {
	const when = whenSays(rule.when as When, names);
	const then = list.format(rule.then.map((a) => actSays(a as Act, names)));
	const name = conditionOf(rule.if);
	if (name === 'always') return t('says.rule', { when, then });
	const condition = name === 'own' ? rule.if.trim() : t(`rule.if.${name}`);
	return t('says.rule.if', { when, condition, then });
}

function whenSays(w: When, names: Names): string {
	switch (w.event) {
		case 'time':
			return onDays(w, t('says.time', { time: w.at ?? '' }));
		case 'sunset':
		case 'sunrise':
			return onDays(w, sunSays(w.event, w.offset));
		case 'mode':
			return w.mode ? t('says.mode', { mode: modeName(w.mode, names) }) : t('says.mode.any');
		case 'phase':
			return t('says.phase', { phase: t(`rule.phase.${w.phase ?? 'alarm'}`) });
		case 'alarm':
			return w.kind ? t('says.alarm', { kind: w.kind }) : t('says.alarm.any');
		case 'trouble':
			return w.code ? t('says.trouble', { code: w.code }) : t('says.trouble.any');
		case 'reading':
			return readingSays(w, names);
		case 'button':
			return t('says.button', {
				device: deviceName(w.device, names),
				press: t(`rule.press.${w.value === 'double' || w.value === 'hold' ? w.value : 'press'}`),
			});
		case 'person':
			if (w.move === 'last-leaves' || w.move === 'first-arrives') return t(`says.${w.move}`);
			if (!w.person) return t(w.move === 'leaves' ? 'says.leaves.any' : 'says.arrives.any');
			return t(w.move === 'leaves' ? 'says.leaves' : 'says.arrives', { person: w.person });
	}
}

function onDays(w: When, when: string): string {
	if (!w.days?.length) return when;
	return t('says.days', { when, days: list.format(w.days.map((d) => t(`rule.day.${d as 'mon'}`))) });
}

function sunSays(event: 'sunset' | 'sunrise', offset = ''): string {
	const before = offset.startsWith('-');
	const length = span(before ? offset.slice(1) : offset);
	if (!length) return t(`says.${event}`);
	return t(`says.${event}.${before ? 'before' : 'after'}`, { span: length });
}

/** The traits whose values say by themselves what they are about: "Open", "Movement". */
const telling = ['contact', 'motion', 'water', 'lock', 'switch', 'siren'];

function readingSays(w: When, names: Names): string {
	const trait = w.trait ?? 'contact';
	const limit = w.above ?? w.below;
	const what = limit ?? w.value ?? null;
	const line = traitLine(trait, what);
	const value = telling.includes(trait) ? line : t('says.value', { trait: t(`trait.${trait}`), value: line });
	const side = limit === undefined ? 'reading' : w.above === undefined ? 'below' : 'above';
	const said = { device: deviceName(w.device, names), value };
	const length = span(w.for);
	return length ? t(`says.${side}.for`, { ...said, span: length }) : t(`says.${side}`, said);
}

function actSays(a: Act, names: Names): string {
	if (a.do === 'arm') return t('says.arm', { mode: modeName(a.mode ?? '', names) });
	if (a.do === 'tell') return t('says.tell', { text: a.text ?? '' });
	const line = traitLine(a.trait ?? '', a.value ?? null);
	const said = {
		device: deviceName(a.device, names),
		value: typeof a.value === 'number' ? line : line.toLocaleLowerCase(lang),
	};
	const length = span(a.for);
	return length ? t('says.command.for', { ...said, span: length }) : t('says.command', said);
}

const deviceName = (id: string | undefined, names: Names) => names.devices.find((d) => d.id === id)?.name ?? id ?? '';
const modeName = (id: string, names: Names) => names.modes.find((m) => m.id === id)?.name ?? id;

/** A duration as people say it: "4 hours", "1 hour 30 minutes"; "" is none. */
function span(text: string | undefined): string {
	const total = Math.round(seconds(text ?? '') || 0);
	const parts: [Intl.NumberFormatOptions['unit'], number][] = [
		['hour', Math.floor(total / 3600)],
		['minute', Math.floor((total % 3600) / 60)],
		['second', total % 60],
	];
	return parts
		.filter(([, n]) => n)
		.map(([unit, n]) =>
			new Intl.NumberFormat(lang, { style: 'unit', unit: unit ?? 'minute', unitDisplay: 'long' }).format(n),
		)
		.join(' ');
}
