/** Who sits before this screen, as far as the hub knows. */
import { call, Silence, type Right, type Session } from './api';
import { onSignedOut } from './live.svelte';
import { setZone } from './time';

// Whether this address is a demo is remembered, so that the page says so even
// before the hub has said anything.
const DEMO = 'gatehouse.demo';
function kept(): string | null {
	try {
		return localStorage.getItem(DEMO);
	} catch {
		return null;
	}
}
function keep(demo: string): void {
	try {
		localStorage.setItem(DEMO, demo);
	} catch {
		// A browser that keeps nothing says it once the hub has.
	}
}

class Who {
	#session = $state.raw<Session | null>(null);
	/** The hub could not be asked at all. */
	unreachable = $state(false);
	/** The session ended while it was used. */
	ended = $state(false);

	constructor() {
		onSignedOut(() => {
			if (this.#session?.stage === 'full') this.ended = true;
			void this.look();
		});
	}

	get session(): Session | null {
		return this.#session;
	}
	/** A simulated home, as far as it is known or was the last time. */
	get demo(): boolean {
		return this.#session?.demo ?? kept() === 'yes';
	}
	may(right: Right): boolean {
		return this.#session?.rights.includes(right) ?? false;
	}
	take(session: Session): void {
		this.#session = session;
		this.unreachable = false;
		if (session.stage === 'full') this.ended = false;
		setZone(session.zone);
		keep(session.demo ? 'yes' : 'no');
	}
	async look(): Promise<void> {
		try {
			this.take(await call<Session>('GET', '/session'));
		} catch (error) {
			if (error instanceof Silence) this.unreachable = true;
		}
	}
	async signOut(): Promise<void> {
		try {
			await call('DELETE', '/session');
		} finally {
			await this.look();
		}
	}
}

export const who = new Who();
