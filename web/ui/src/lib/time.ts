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
		hour: new Intl.DateTimeFormat('en', { hour: 'numeric', hourCycle: 'h23', ...zone }),
		date: new Intl.DateTimeFormat('en-CA', { dateStyle: 'short', ...zone }),
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
export const hourOf = (ms: number): number => Number(write.hour.format(new Date(ms)));
/** "2026-11-23", to tell days apart. */
export const dateOf = (at: number | string): string => write.date.format(new Date(at));

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
