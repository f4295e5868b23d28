/** How a live picture stays at the newest: pure, for the tables in its test. */

/** What a browser makes of a camera's stream. */
export interface Playable {
	picture: boolean;
	/** silent: the camera hears, and this browser can't play how. */
	sound: 'none' | 'plays' | 'silent';
}

/** What can be played of "avc1.42c01e,mp4a.40.2". Before the first picture nothing is known, and it may be tried. */
export function codecs(words: string, plays: (words: string) => boolean): Playable {
	const [picture = '', sound = ''] = words.split(',');
	if (!picture) return { picture: true, sound: 'none' };
	if (!plays(picture)) return { picture: false, sound: 'none' };
	return { picture: true, sound: !sound ? 'none' : plays(words) ? 'plays' : 'silent' };
}

type Range = readonly [from: number, to: number];

/** How far from the newest picture is played, in seconds, so that the next is there in time. */
export const CUSHION = 0.4;
/** Further behind than this it hurries, and further than that it jumps; in seconds. */
const HURRY = 1;
const JUMP = 3;

/** What brings the picture to the newest: a jump, or a faster pace. */
export function catchUp(now: number, buffered: readonly Range[]): { jump: number | null; rate: number } {
	const last = buffered.at(-1);
	if (!last) return { jump: null, rate: 1 };
	const [from, to] = last;
	const edge = Math.max(from, to - CUSHION);
	// Where pictures are missing it would wait for ever.
	if (now < from - 0.1 || now > to + 1 || to - now > JUMP) return { jump: edge, rate: 1 };
	return { jump: null, rate: to - now > HURRY ? 1.1 : 1 };
}

/** How far what is shown is behind what is there, in seconds. */
export function behind(now: number, buffered: readonly Range[]): number {
	const last = buffered.at(-1);
	return last ? Math.max(0, last[1] - now) : 0;
}
