/**
 * A voice as the hub takes it: 8000 samples a second of 16 bits, whatever the
 * microphone gives. Each is the mean of what it stands for; what is above their
 * reach is kept out by a filter before this.
 */
export const RATE = 8000;
/** How many samples go out at once: 40 ms. */
export const PIECE = 320;

export class Narrow {
	#sum = 0;
	#weight = 0;
	#piece = new Int16Array(PIECE);
	#n = 0;
	/** How many samples of the microphone one of ours stands for. */
	readonly #of: number;

	/** `rate` is the microphone's, RATE or more; `out` gets each piece, which is its own. */
	constructor(
		rate: number,
		readonly out: (piece: Int16Array<ArrayBuffer>) => void,
	) {
		this.#of = rate / RATE;
	}

	take(heard: Float32Array): void {
		for (const s of heard) {
			const lacks = this.#of - this.#weight;
			if (lacks > 1) {
				this.#sum += s;
				this.#weight += 1;
				continue;
			}
			this.#put((this.#sum + s * lacks) / this.#of);
			this.#sum = s * (1 - lacks);
			this.#weight = 1 - lacks;
		}
	}
	#put(s: number): void {
		this.#piece[this.#n++] = Math.round(Math.max(-1, Math.min(1, s)) * 32767);
		if (this.#n < PIECE) return;
		this.out(this.#piece);
		this.#piece = new Int16Array(PIECE);
		this.#n = 0;
	}
}

/** How loud a piece is, 0 to 1, as an ear has it: a whisper shows, and a shout does not run over. */
export function loudness(piece: Int16Array): number {
	const mean = piece.reduce((sum, s) => sum + s * s, 0) / piece.length;
	const decibels = 10 * Math.log10(mean / 32767 ** 2 + 1e-12);
	return Math.max(0, Math.min(1, 1 + decibels / 50));
}
