/**
 * A clock for ages. It never stands still and never goes back: each step is the
 * larger of what the wall clock and the monotonic clock say, because either of
 * them alone may stop while a phone sleeps, and the wall clock may be set.
 * An age measured by it is therefore never too small.
 */
export class Clock {
	#now = 0;
	#wall: number;
	#mono: number;

	constructor(
		private readonly wall: () => number = () => Date.now(),
		private readonly mono: () => number = () => performance.now(),
	) {
		this.#wall = wall();
		this.#mono = mono();
	}

	/** Milliseconds since the clock was made. */
	now(): number {
		const wall = this.wall();
		const mono = this.mono();
		this.#now += Math.max(0, wall - this.#wall, mono - this.#mono);
		this.#wall = wall;
		this.#mono = mono;
		return this.#now;
	}
}
