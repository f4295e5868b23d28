/**
 * Plays a sealed clip: takes pieces that the vault has opened and hands them to
 * the browser's own player as they come. What is shown was checked before; where
 * the check fails the picture ends, and `stop` says why and where.
 */
import { call, Refusal, type Problem } from './api';
import { feed, typeOf } from './feed';
import { length, type Clip } from './footage';
import { NoFilm, vault, type Opened } from './vault/vault.svelte';
import { WrongKey } from './vault/wrongkey';

/** Why a clip plays no further; `at` is how far it goes, in seconds. */
export type Stop =
	| { why: 'changed' | 'cut' | 'foreign' | 'silent' | 'unplayable' | 'locked'; at: number }
	| { why: 'refused'; at: number; problem: Problem | null };

/** How far ahead of the picture is fetched, in seconds. */
const AHEAD = 60;
/** How much that was seen is kept for who goes back, in seconds. */
const BEHIND = 60;

export class Player {
	/** Whether the first picture is there. */
	ready = $state(false);
	playing = $state(false);
	/** Where it is and how long it is, in seconds. */
	time = $state(0);
	whole = $state(0);
	stop = $state.raw<Stop | null>(null);

	#video: HTMLVideoElement | null = null;
	#film: Opened | null = null;
	#url = '';
	#begun = false;
	#gone = new AbortController();

	/** Begins to play at a place, in seconds; a player plays one clip in its life. */
	async play(video: HTMLVideoElement, clip: Clip, from: number): Promise<void> {
		this.#video = video;
		this.whole = length(clip) / 1000;
		const fed = feed(video, clip.codecs);
		if (!fed) {
			this.stop = { why: 'unplayable', at: 0 };
			return;
		}
		const signal = this.#gone.signal;
		const on = (name: keyof HTMLMediaElementEventMap, f: () => void) => video.addEventListener(name, f, { signal });
		on('timeupdate', () => (this.time = video.currentTime));
		on('play', () => (this.playing = true));
		on('pause', () => (this.playing = false));
		on('error', () => (this.stop ??= { why: 'unplayable', at: this.#end() }));
		const { source } = fed;
		this.#url = fed.url;
		await heard(source, 'sourceopen');
		if (signal.aborted) return;
		const buffer = source.addSourceBuffer(typeOf(clip.codecs));
		try {
			const end = await this.#feed(clip, buffer, from);
			if (end === 'cut') this.stop = this.#short(clip);
		} catch (error) {
			if (signal.aborted) return;
			this.stop = this.#why(error);
		}
		void this.#begin(from);
		if (source.readyState === 'open') {
			if (buffer.updating) await heard(buffer, 'updateend');
			source.endOfStream();
		}
		this.whole = this.#end() || this.whole;
	}

	/** Plays or rests. */
	toggle(): void {
		if (!this.#video) return;
		if (this.#video.paused) void this.#video.play().catch(() => (this.playing = false));
		else this.#video.pause();
	}
	seek(to: number): void {
		if (this.#video) this.#video.currentTime = Math.min(Math.max(0, to), this.#end());
	}
	/** Goes to and fro from where it is, in seconds. */
	step(by: number): void {
		if (this.#video) this.seek(this.#video.currentTime + by);
	}
	/** Lets go of everything. */
	close(): void {
		this.#gone.abort();
		this.#film?.stop();
		this.#video?.removeAttribute('src');
		this.#video?.load();
		if (this.#url) URL.revokeObjectURL(this.#url);
	}

	async #feed(clip: Clip, buffer: SourceBuffer, start: number): Promise<'whole' | 'cut'> {
		const film = await vault.film(`/api/v1/clips/${encodeURIComponent(clip.id)}/media`);
		this.#film = film;
		for (;;) {
			const piece = await film.read();
			if (this.#gone.signal.aborted) return 'whole';
			if ('bytes' in piece) await this.#append(buffer, piece.bytes);
			if ('end' in piece) return piece.end;
			if (this.#end() > start) void this.#begin(start);
			await this.#ahead();
		}
	}
	/** Shows the first picture; that of the beginning where it does not go as far as is wanted. */
	async #begin(start: number): Promise<void> {
		const video = this.#video;
		if (!video || this.#begun) return;
		this.#begun = true;
		// WebKit's player breaks when it is sent elsewhere before its first picture is there.
		if (video.readyState < video.HAVE_CURRENT_DATA) await heard(video, 'loadeddata');
		if (start > 0 && start < this.#end()) {
			this.seek(start);
			await heard(video, 'seeked');
		}
		if (this.#gone.signal.aborted) return;
		this.ready = true;
		// Without sound it may begin by itself; where it may not, there is the button.
		void video.play().catch(() => {});
	}
	async #append(buffer: SourceBuffer, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
		for (let tries = 0; ; tries++) {
			try {
				buffer.appendBuffer(bytes);
				break;
			} catch (error) {
				// Full: what was seen long ago makes room, or the picture has to go on first.
				if (!(error instanceof DOMException && error.name === 'QuotaExceededError') || tries > 100) throw error;
				const old = (this.#video?.currentTime ?? 0) - BEHIND;
				if (old > 0) {
					buffer.remove(0, old);
					await heard(buffer, 'updateend');
				} else await this.#tick();
			}
		}
		await heard(buffer, 'updateend');
	}
	/** Waits while enough is there. */
	async #ahead(): Promise<void> {
		while (!this.#gone.signal.aborted && this.#end() - (this.#video?.currentTime ?? 0) > AHEAD) await this.#tick();
	}
	#tick(): Promise<void> {
		return new Promise((done) => setTimeout(done, 250));
	}
	/** How far there is something to see, in seconds. */
	#end(): number {
		const b = this.#video?.buffered;
		return b?.length ? b.end(b.length - 1) : 0;
	}
	/** A clip that the hub says is whole, and that has lost its end, was changed. */
	#short(clip: Clip): Stop {
		return { why: clip.state === 'whole' ? 'changed' : 'cut', at: this.#end() };
	}
	#why(error: unknown): Stop {
		const at = this.#end();
		if (error instanceof WrongKey) return { why: 'locked', at };
		if (!(error instanceof NoFilm)) return { why: 'unplayable', at };
		if (error.why === 'wrong-key') return { why: 'locked', at };
		if (error.why === 'refused') return { why: 'refused', at, problem: error.problem };
		return { why: error.why, at };
	}
}

function heard(what: EventTarget, name: string): Promise<void> {
	return new Promise((done) => what.addEventListener(name, () => done(), { once: true }));
}

/** A sealed still, opened here, as an address for a picture; null when there is none to be had. Its view is on record too. */
export async function still(clip: Pick<Clip, 'id' | 'stills' | 'epoch'>): Promise<string | null> {
	if (!clip.stills || !vault.opens(clip.epoch)) return null;
	try {
		const film = await vault.film(`/api/v1/clips/${encodeURIComponent(clip.id)}/stills/${clip.stills - 1}`);
		const parts: Uint8Array<ArrayBuffer>[] = [];
		for (;;) {
			const piece = await film.read();
			if ('bytes' in piece) parts.push(piece.bytes);
			else if (piece.end === 'cut') return null;
			else return URL.createObjectURL(new Blob(parts, { type: 'image/jpeg' }));
		}
	} catch {
		return null;
	}
}

/** Whether the hub has forgotten it, or never knew it. */
export async function known(id: string): Promise<Clip | null> {
	try {
		return await call<Clip>('GET', `/clips/${encodeURIComponent(id)}`);
	} catch (error) {
		if (error instanceof Refusal && error.is('not-found')) return null;
		throw error;
	}
}
