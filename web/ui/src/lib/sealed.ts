/** The sealed files of a clip, opened here. */
import type { Clip } from './footage';
import { marksOf, type Mark } from './marks';
import { NoFilm, vault } from './vault/vault.svelte';

/** Where the hub has one of them. */
export const fileOf = (clip: Pick<Clip, 'id'>, name: string): string =>
	`/api/v1/clips/${encodeURIComponent(clip.id)}/${name}`;

/** How all of one is had: what it is, what becomes of each piece, and whether it may lack its end. */
interface How {
	type?: string;
	each?: (piece: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>;
	cut?: boolean;
}

/** All of one, once all of it was checked; throws NoFilm. */
export async function whole(url: string, { type = '', each = (b) => b, cut = false }: How = {}): Promise<Blob> {
	const film = await vault.film(url);
	try {
		const parts: Uint8Array<ArrayBuffer>[] = [];
		for (;;) {
			const piece = await film.read();
			if ('bytes' in piece) parts.push(each(piece.bytes));
			else if (piece.end === 'cut' && !cut) throw new NoFilm('changed', null);
			else return new Blob(parts, { type });
		}
	} finally {
		film.stop();
	}
}

/** Where one can begin to look; none where nothing is noted, or not to be had. */
export async function marksIn(clip: Clip): Promise<Mark[]> {
	try {
		return clip.notes ? marksOf(await (await whole(fileOf(clip, 'notes'))).text()) : [];
	} catch {
		return [];
	}
}

/** A sealed still as an address for a picture; null when there is none to be had. Its view is on record too. */
export async function still(clip: Pick<Clip, 'id' | 'stills' | 'epoch'>): Promise<string | null> {
	if (!clip.stills || !vault.opens(clip.epoch)) return null;
	try {
		return URL.createObjectURL(await whole(fileOf(clip, `stills/${clip.stills - 1}`), { type: 'image/jpeg' }));
	} catch {
		return null;
	}
}
