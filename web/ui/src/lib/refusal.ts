import { Refusal } from './api';
import { t } from './i18n';
import { Dropped } from './stepup.svelte';

/** What a person reads when something was refused. */
export function why(error: unknown): string {
	if (error instanceof Dropped) return t('stepup.dropped');
	if (!(error instanceof Refusal)) return t('login.silent');
	const { problem } = error;
	if (error.is('wrong-sign-in'))
		return [t('login.wrong'), tries(problem.tries_left), wait(problem.retry_after)].filter(Boolean).join(' ');
	if (error.is('throttled', 'locked') && problem.retry_after) return t('login.wait', { n: problem.retry_after });
	return problem.detail;
}

const tries = (n?: number) => (n ? t('login.tries', { n }) : '');
const wait = (n?: number) => (n ? t('login.wait', { n }) : '');

/**
 * A refusal, sorted to where a form shows it: the reason of each field of the
 * form, and in `rest` what belongs to none of them.
 */
export interface Faults {
	fields: Record<string, string>;
	rest: string;
}
export const noFaults: Faults = { fields: {}, rest: '' };

export function faults(error: unknown, fields: readonly string[]): Faults {
	if (!(error instanceof Refusal)) return { fields: {}, rest: why(error) };
	const found: Record<string, string> = {};
	for (const { field, reason } of error.problem.errors ?? []) {
		const name = field.split(/[.[]/, 1)[0] ?? field;
		if (fields.includes(name)) found[name] ??= sentence(reason);
	}
	return { fields: found, rest: Object.keys(found).length ? '' : why(error) };
}

const sentence = (s: string) => `${s.charAt(0).toUpperCase()}${s.slice(1).replace(/\.$/, '')}.`;
