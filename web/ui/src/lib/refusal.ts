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
