import type { Code } from './api';
import { t } from './i18n';
import { atClock, onDay } from './time';

/** Kinds of code, in the order in which they are offered. */
export const codeKinds = ['user', 'guest', 'installer', 'duress'] as const;
export type CodeKind = (typeof codeKinds)[number];

/** Why a code opens nothing any more; null while it does. */
export function spent(c: Code, now: number): 'disabled' | 'expired' | 'used' | null {
	if (c.disabled) return 'disabled';
	if (c.expires && Date.parse(c.expires) <= now) return 'expired';
	return c.uses_left === 0 ? 'used' : null;
}

/**
 * How far a code reaches, in one line. It is the same for every kind, so that
 * whoever looks over the owner's shoulder cannot tell which one calls for help.
 */
export function codeLine(c: Code, now: number, areas: (id: string) => string): string {
	const over = spent(c, now);
	const limits = [
		over ? t(`codes.${over}`) : '',
		c.expires && !over ? t('codes.until', { time: `${onDay(c.expires)}, ${atClock(c.expires)}` }) : '',
		c.uses_left !== null && !over ? t('codes.uses', { n: c.uses_left }) : '',
		c.schedule,
		c.only === 'arm' || c.only === 'disarm' ? t(`codes.only.${c.only}`) : '',
		...c.areas.map(areas),
	].filter(Boolean);
	return limits.length ? limits.join(' · ') : t('codes.always');
}
