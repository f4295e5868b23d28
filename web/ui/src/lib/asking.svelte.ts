/**
 * What was asked of the panel and not yet answered. A tap sets this and never
 * the picture: the picture is the panel's.
 */
import { call, newKey, Refusal, type Alarm, type Mode, type Trouble } from './api';
import { t } from './i18n';
import { live } from './live.svelte';
import { stepUp } from './stepup.svelte';

interface Request {
	mode: Mode;
	code?: string;
	bypass?: string[];
	force?: boolean;
}

export type Asked =
	| { kind: 'none' }
	/** On its way since `at`, on our clock. */
	| { kind: 'asking'; mode: Mode; at: number }
	/** No answer came; the same request may be sent again. */
	| { kind: 'silent'; mode: Mode; again: () => void }
	/** The panel wants a code for this; it stays so while one is on its way, until it was the right one. */
	| { kind: 'code'; request: Request }
	/** The panel won't arm: these are in the way. */
	| { kind: 'refused'; mode: Mode; open: string[]; troubles: Trouble[] }
	/** To be asked again as soon as everything is closed. */
	| { kind: 'waiting'; mode: Mode }
	| { kind: 'failed'; text: string };

/** What is asked for one part of the house; '' is the house itself. */
export class Asking {
	#now = $state.raw<Asked>({ kind: 'none' });
	/** When codes are taken again, on our clock. */
	#lockedUntil = $state(0);

	constructor(readonly area = '') {}

	get asked(): Asked {
		return this.#now;
	}
	/** Seconds for which the panel takes no code. */
	get wait(): number {
		return Math.max(0, Math.ceil((this.#lockedUntil - live.now) / 1000));
	}
	forget(): void {
		this.#now = { kind: 'none' };
	}
	waitUntilClosed(mode: Mode): void {
		this.#now = { kind: 'waiting', mode };
	}
	askCode(mode: Mode): void {
		this.#now = { kind: 'code', request: { mode } };
	}

	/** Sends a request. What it gives is why a code was not taken, '' otherwise. */
	async ask(request: Request, key = newKey()): Promise<string> {
		const before = this.#now;
		const { mode } = request;
		const body = this.area ? { ...request, area: this.area } : request;
		if (before.kind !== 'code') this.#now = { kind: 'asking', mode, at: live.now };
		try {
			live.heard(await call<Alarm>('PUT', '/alarm/mode', { body, key }));
			this.forget();
			return '';
		} catch (error) {
			if (!(error instanceof Refusal)) {
				this.#now = { kind: 'silent', mode, again: () => void this.ask(request, key) };
				return t('asking.silent');
			}
			const { problem } = error;
			if (error.is('code-needed')) {
				this.#now = { kind: 'code', request };
			} else if (error.is('wrong-code', 'locked')) {
				this.#now = before;
				if (problem.retry_after) this.#lockedUntil = live.now + problem.retry_after * 1000;
				if (error.is('locked')) return t('pad.wrong');
				return problem.tries_left === undefined ? t('pad.wrong') : t('pad.wrong.left', { n: problem.tries_left });
			} else if (error.is('not-ready')) {
				this.#now = { kind: 'refused', mode, open: problem.open ?? [], troubles: problem.troubles ?? [] };
			} else {
				this.#now = { kind: 'failed', text: problem.detail };
				return problem.detail;
			}
			return '';
		}
	}

	/** While no code is taken, an owner has one way left: password and second lock stand in for it. */
	async prove(mode: Mode): Promise<void> {
		if (await stepUp.ask()) await this.ask({ mode });
	}

	/** Silences the sirens; the alarm stays. */
	async silence(): Promise<void> {
		try {
			live.heard(await call<Alarm>('POST', '/alarm/silence'));
		} catch (error) {
			this.#now = { kind: 'failed', text: error instanceof Refusal ? error.problem.detail : t('asking.silent') };
		}
	}

	/** Says that the alarm which is over was seen. What it gives is why that was not taken, '' otherwise. */
	async acknowledge(): Promise<string> {
		try {
			live.heard(await call<Alarm>('POST', '/alarm/acknowledge'));
			return '';
		} catch (error) {
			return error instanceof Refusal ? error.problem.detail : t('asking.silent');
		}
	}
}

export const asking = new Asking();
