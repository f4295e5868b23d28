/**
 * A clip, or a part of it, as a video that any player opens: it is opened and cut here, and
 * the hub writes down that it was taken away before it gives anything out.
 */
import { Edit } from './edit';
import type { Clip } from './footage';
import { before, type Mark } from './marks';
import { fileOf, marksIn } from './sealed';
import { NoFilm, vault, type Opened } from './vault/vault.svelte';

/** What is wanted of a clip: its seconds, and whether its sound. */
export interface Part {
	from: number;
	to: number;
	sound: boolean;
}

/**
 * The video; told hears how much of it is there, 0 to 1. It begins with the picture that stands alone at
 * or before the first that is wanted. Throws NoFilm, and gives out nothing of a clip that was changed.
 */
export async function copyOf(clip: Clip, part: Part, told: (share: number) => void): Promise<Blob> {
	const marks = await marksIn(clip);
	const film = await vault.film(`${fileOf(clip, 'media')}?export=true`);
	const edit = new Edit({ sound: part.sound, anew: true, until: part.to });
	const made: Uint8Array<ArrayBuffer>[] = [];
	const [first, last] = [before(marks, part.from), marks.find((m) => m.at >= part.to)];
	const size = (last?.byte ?? clip.bytes) - first.byte;
	try {
		if (first.byte > (marks[0]?.byte ?? 0)) {
			made.push(edit.take(await headOf(film, marks[0])));
			edit.restart();
			await film.jump(first.byte);
		}
		for (let come = 0; !edit.done;) {
			const piece = await film.read();
			if ('end' in piece) {
				if (piece.end === 'cut' && clip.state === 'whole') throw new NoFilm('changed', null);
				break;
			}
			made.push(edit.take(piece.bytes));
			come += piece.bytes.length;
			told(Math.min(1, come / size));
		}
	} finally {
		film.stop();
	}
	return new Blob(made, { type: 'video/mp4' });
}

/** What stands before the first picture. */
async function headOf(film: Opened, first: Mark | undefined): Promise<Uint8Array> {
	let head = new Uint8Array(0);
	while (first && head.length < first.byte) {
		const piece = await film.read();
		if ('end' in piece) throw new NoFilm('changed', null);
		const joined = new Uint8Array(head.length + piece.bytes.length);
		joined.set(head);
		joined.set(piece.bytes, head.length);
		head = joined;
	}
	return head.subarray(0, first?.byte ?? 0);
}

/** What the file is called: "camera-porch 2026-03-01 14.02.07.mp4", by the clock of the browser. */
export function nameOf(clip: Pick<Clip, 'camera' | 'start'>, part: Pick<Part, 'from'>): string {
	const at = new Date(Date.parse(clip.start) + part.from * 1000);
	const two = (n: number) => String(n).padStart(2, '0');
	const day = [at.getFullYear(), two(at.getMonth() + 1), two(at.getDate())].join('-');
	return `${clip.camera} ${day} ${[at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join('.')}.mp4`;
}
