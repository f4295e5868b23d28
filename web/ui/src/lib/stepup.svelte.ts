/**
 * The step-up: what changes how the home is guarded wants password and second
 * lock again when they were given more than a few minutes ago, so that a
 * snatched phone opens nothing. The hub decides when; whatever it refuses for
 * that reason waits here until the person has answered, and is then done again.
 */
import { call, Refusal, type Asking, type Session } from './api';
import { who } from './who.svelte';

/** The person went away from the question: nothing was changed. */
export class Dropped extends Error {
	override name = 'Dropped';
}

class StepUp {
	#answered = $state.raw<((good: boolean) => void) | null>(null);
	#question: Promise<boolean> | null = null;

	/** Whether password and second lock are asked for. */
	get wanted(): boolean {
		return this.#answered !== null;
	}

	/** Does something, and once more after a step-up when the hub wants one first. */
	async through<T>(work: () => Promise<T>): Promise<T> {
		try {
			return await work();
		} catch (error) {
			if (!(error instanceof Refusal && error.is('step-up-needed'))) throw error;
		}
		if (!(await this.ask())) throw new Dropped();
		return work();
	}

	/** Has the step-up behind it before something is begun that is not to be begun in vain. */
	async first(): Promise<void> {
		await who.look();
		if (!who.session?.fresh && !(await this.ask())) throw new Dropped();
	}

	/** Gives password and second factor; throws what the hub says against them. */
	async give(password: string, code: string): Promise<void> {
		who.take(await call<Session>('POST', '/reauth', { body: { password, code }, patience: 20_000 }));
		this.#answered?.(true);
	}
	drop(): void {
		this.#answered?.(false);
	}

	/** Asks for both; whether they were given. One question, however many wait for its answer. */
	ask(): Promise<boolean> {
		this.#question ??= new Promise<boolean>((done) => {
			this.#answered = (good) => {
				this.#answered = null;
				this.#question = null;
				done(good);
			};
		});
		return this.#question;
	}
}

export const stepUp = new StepUp();

/** Changes something at the hub, with a step-up in between if it wants one. */
export function change<T>(method: 'PUT' | 'POST' | 'DELETE', path: string, asking: Asking = {}): Promise<T> {
	return stepUp.through(() => call<T>(method, path, asking));
}
