import { lang, t } from './i18n';

// Times are the home's: a phone on holiday shows when it was at home.
function writers(timeZone?: string) {
	const zone = timeZone ? { timeZone } : {};
	return {
		clock: new Intl.DateTimeFormat(lang, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23', ...zone }),
		exact: new Intl.DateTimeFormat(lang, {
			hour: '2-digit',
			minute: '2-digit',
			second: '2-digit',
			hourCycle: 'h23',
			...zone,
		}),
		day: new Intl.DateTimeFormat(lang, { weekday: 'long', day: 'numeric', month: 'long', ...zone }),
		// Taken apart by name: how a place writes a date changes with the tables of the browser.
		parts: new Intl.DateTimeFormat('en', {
			...{ year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit' },
			hourCycle: 'h23',
			...zone,
		}),
	};
}
let write = writers();

/** Sets the home's time zone (IANA); one that this browser does not know changes nothing. */
export function setZone(zone: string): void {
	try {
		write = writers(zone || undefined);
	} catch {
		write = writers();
	}
}

/** "16:40" */
export const atClock = (iso: string): string => write.clock.format(new Date(iso));
/** "02:14:07" */
export const atSecond = (iso: string): string => write.exact.format(new Date(iso));
/** "Monday, 23 November" */
export const onDay = (iso: string): string => write.day.format(new Date(iso));
/** 0–23 */
export const hourOf = (ms: number): number => Number(toField(ms).slice(11, 13));
/** "2026-11-23", to tell days apart. */
export const dateOf = (at: number | string): string => toField(at).slice(0, 10);

/** "9 s", "2 min", "3 h", "4 days" */
export function span(ms: number): string {
	const s = Math.round(ms / 1000);
	if (s < 60) return t('time.seconds', { n: s });
	const m = Math.round(s / 60);
	if (m < 60) return t('time.minutes', { n: m });
	const h = Math.round(m / 60);
	if (h < 48) return t('time.hours', { n: h });
	return t('time.days', { n: Math.round(h / 24) });
}

/** "0:38", "12:05" since something began. */
export function stopwatch(ms: number): string {
	const s = Math.max(0, Math.floor(ms / 1000));
	return `${Math.floor(s / 60)}:${String(s % 60).padStart(2, '0')}`;
}

/** "6.8 MB"; a kB is 1000 bytes. */
export function bytes(n: number): string {
	const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const;
	const i = n < 1000 ? 0 : Math.min(Math.floor(Math.log10(n) / 3), units.length - 1);
	return new Intl.NumberFormat(lang, {
		style: 'unit',
		unit: units[i],
		maximumFractionDigits: i > 0 && n / 1000 ** i < 10 ? 1 : 0,
	}).format(n / 1000 ** i);
}

/** "Home, Night and Away" */
export const listed = (names: readonly string[]): string => new Intl.ListFormat(lang).format(names);

/** An instant as a field for date and time wants it, at home: "2026-11-23T16:40". */
export function toField(at: number | string): string {
	const part = Object.fromEntries(write.parts.formatToParts(new Date(at)).map((p) => [p.type, p.value]));
	return `${part.year}-${part.month}-${part.day}T${part.hour}:${part.minute}`;
}

/** The instant that such a field means at home; the first of two where the clock is put back. */
export function fromField(field: string): string {
	const asIf = Date.parse(`${field}Z`);
	// The zone's offset at the instant itself: looked up twice, since the first look is off by the offset.
	let at = asIf;
	for (let i = 0; i < 2; i++) at = asIf - (Date.parse(`${toField(at)}Z`) - at);
	return new Date(at).toISOString();
}

/** An instant as the hub writes it. */
export const isoOf = (ms: number): string => new Date(ms).toISOString();

/** When a day begins at home, in ms: "2026-11-22". */
export const midnight = (day: string): number => Date.parse(fromField(`${day}T00:00`));
