/**
 * Plays a sealed clip: takes pieces that the vault has opened and hands them to
 * the browser's own player as they come. What is shown was checked before; where
 * the check fails the picture ends, and `stop` says why and where.
 */
import { call, Refusal, type Problem } from './api';
import { codecs, type Playable } from './edge';
import { Edit } from './edit';
import { feed, plays, typeOf, wantsWhole } from './feed';
import { length, type Clip } from './footage';
import { before } from './marks';
import { fileOf, marksIn, whole } from './sealed';
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
/** What is so much ahead of what was fetched comes soon by itself, in seconds. */
const SOON = 10;

export class Player {
	/** Whether the first picture is there. */
	ready = $state(false);
	playing = $state(false);
	/** Where it is and how long it is, in seconds. */
	time = $state(0);
	whole = $state(0);
	stop = $state.raw<Stop | null>(null);
	/** What this browser makes of the clip's sound. */
	sound = $state<Playable['sound']>('none');

	#video: HTMLVideoElement | null = null;
	#film: Opened | null = null;
	#url = '';
	#begun = false;
	/** Where it is to begin, in seconds. */
	#start = 0;
	/** What was sent for is not there, nor soon: where the film is to go on. */
	#leap: number | null = null;
	#leaping = false;
	#fed = false;
	#wake = () => {};
	#gone = new AbortController();

	/** Begins to play at a place, in seconds; a player plays one clip in its life, which is over when it is closed. */
	async play(video: HTMLVideoElement, clip: Clip, from: number): Promise<void> {
		this.#video = video;
		this.#start = from;
		this.whole = length(clip) / 1000;
		const can = codecs(clip.codecs, plays);
		const [picture = ''] = clip.codecs.split(',');
		const words = can.sound === 'silent' ? picture : clip.codecs;
		const fed = can.picture ? feed(video, words) : null;
		if (!fed && !(can.picture && wantsWhole())) {
			this.stop = { why: 'unplayable', at: 0 };
			return;
		}
		this.sound = can.sound;
		const signal = this.#gone.signal;
		const on = (name: keyof HTMLMediaElementEventMap, f: () => void) => video.addEventListener(name, f, { signal });
		on('timeupdate', () => (this.time = video.currentTime));
		on('play', () => (this.playing = true));
		on('pause', () => (this.playing = false));
		on('error', () => (this.stop ??= { why: 'unplayable', at: this.#end() }));
		if (!fed) return this.#playWhole(video, clip, new Edit({ sound: can.sound !== 'silent' }));
		const { source } = fed;
		this.#url = fed.url;
		await heard(source, 'sourceopen');
		if (signal.aborted) return;
		const buffer = source.addSourceBuffer(typeOf(words));
		if (this.whole) source.duration = this.whole; // one can be sent beyond what was fetched
		try {
			await this.#feed(clip, source, buffer, can.sound === 'silent' ? new Edit({ sound: false }) : null);
		} catch (error) {
			if (signal.aborted) return;
			this.stop = this.#why(error);
			await this.#over(source, buffer);
			void this.#begin();
		}
		this.#fed = true;
	}

	/** Plays or rests. */
	toggle(): void {
		if (!this.#video) return;
		if (this.#video.paused) void this.#video.play().catch(() => (this.playing = false));
		else this.#video.pause();
	}
	seek(to: number): void {
		const video = this.#video;
		if (!video) return;
		if (!this.#begun) {
			this.#start = to;
			return;
		}
		const place = Math.min(Math.max(0, to), this.#fed ? this.#end() : this.whole);
		if (this.#leaping || !this.#near(place)) {
			this.#leap = place;
			this.#wake();
		}
		video.currentTime = this.time = place;
	}
	/** Goes to and fro from where it is, in seconds. */
	step(by: number): void {
		if (this.#video) this.seek(this.#video.currentTime + by);
	}
	/** Lets go of everything. */
	close(): void {
		this.#gone.abort();
		this.#wake();
		this.#film?.stop();
		this.#video?.removeAttribute('src');
		this.#video?.load();
		if (this.#url) URL.revokeObjectURL(this.#url);
	}

	/** Plays a clip once all of it is there. */
	async #playWhole(video: HTMLVideoElement, clip: Clip, edit: Edit): Promise<void> {
		const cut = clip.state !== 'whole';
		try {
			const each = (b: Uint8Array) => edit.take(b);
			const film = await whole(fileOf(clip, 'media'), { type: 'video/mp4', each, cut });
			if (this.#gone.signal.aborted) return;
			this.#url = video.src = URL.createObjectURL(film);
			await this.#begin(this.#start < this.whole);
			if (cut) this.stop = { why: 'cut', at: video.duration };
		} catch (error) {
			if (!this.#gone.signal.aborted) this.stop = this.#why(error);
		}
	}
	/** Feeds what comes, from wherever it is wanted, until it is closed. */
	async #feed(clip: Clip, source: MediaSource, buffer: SourceBuffer, silence: Edit | null): Promise<void> {
		const film = await vault.film(fileOf(clip, 'media'));
		this.#film = film;
		const marks = once(() => marksIn(clip));
		for (;;) {
			while (this.#leap !== null) {
				this.#leaping = true;
				const mark = before(await marks(), this.#leap);
				this.#leap = null;
				await film.jump(mark.byte);
				silence?.restart();
				await this.#empty(buffer);
				this.#leaping = false;
			}
			const piece = await film.read();
			if (this.#gone.signal.aborted) return;
			if ('bytes' in piece) await this.#append(buffer, silence?.take(piece.bytes) ?? piece.bytes);
			else {
				if (piece.end === 'cut') this.stop = this.#short(clip);
				await this.#over(source, buffer);
				void this.#begin();
				await this.#asked();
			}
			if (this.#end() > this.#start || this.#far(this.#start)) void this.#begin();
			await this.#ahead();
			if (this.#gone.signal.aborted) return;
		}
	}
	/** Shows the first picture; that of the beginning where it does not go as far as is wanted. */
	async #begin(there = this.#start < this.#end() || this.#far(this.#start)): Promise<void> {
		const video = this.#video;
		if (!video || this.#begun) return;
		this.#begun = true;
		// WebKit's player breaks when it is sent elsewhere before its first picture is there.
		if (video.readyState < video.HAVE_CURRENT_DATA) await heard(video, 'loadeddata');
		if (this.#start > 0 && there) {
			this.seek(this.#start);
			await heard(video, 'seeked');
		}
		if (this.#gone.signal.aborted) return;
		this.ready = true;
		// Without sound it may begin by itself; where it may not, there is the button.
		void video.play().catch(() => {});
	}
	/** Nothing comes behind what is there. */
	async #over(source: MediaSource, buffer: SourceBuffer): Promise<void> {
		if (buffer.updating) await heard(buffer, 'updateend');
		if (source.readyState === 'open') source.endOfStream();
		this.whole = this.#end() || this.whole;
	}
	/** Makes room for what comes from elsewhere. */
	async #empty(buffer: SourceBuffer): Promise<void> {
		if (buffer.updating) await heard(buffer, 'updateend');
		buffer.remove(0, Infinity); // which opens a source that had ended
		await heard(buffer, 'updateend');
		buffer.abort(); // a box that had come in part, too
	}
	async #append(buffer: SourceBuffer, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
		for (let tries = 0; ; tries++) {
			try {
				buffer.appendBuffer(bytes);
				break;
			} catch (error) {
				// Full: what was seen long ago makes room, or the picture has to go on first.
				if (!(error instanceof DOMException && error.name === 'QuotaExceededError') || tries > 100) throw error;
				const [now, b] = [this.#video?.currentTime ?? 0, buffer.buffered];
				const old = Math.min(now, this.#end()) - BEHIND;
				if (b.length && old > b.start(0)) {
					buffer.remove(0, old);
					await heard(buffer, 'updateend');
				} else await this.#tick();
			}
		}
		await heard(buffer, 'updateend');
	}
	/** Waits while enough is there. */
	async #ahead(): Promise<void> {
		const enough = () => this.#end() - (this.#video?.currentTime ?? 0) > AHEAD;
		while (!this.#gone.signal.aborted && this.#leap === null && enough()) await this.#tick();
	}
	/** Waits until it is sent elsewhere, or closed. */
	async #asked(): Promise<void> {
		while (!this.#gone.signal.aborted && this.#leap === null) await new Promise<void>((wake) => (this.#wake = wake));
	}
	#tick(): Promise<void> {
		return new Promise((done) => {
			this.#wake = done;
			setTimeout(done, 250);
		});
	}
	/** How far there is something to see, in seconds. */
	#end(): number {
		const b = this.#video?.buffered;
		return b?.length ? b.end(b.length - 1) : 0;
	}
	/** Whether a place is there, or soon. */
	#near(to: number): boolean {
		const b = this.#video?.buffered;
		return !!b?.length && to >= b.start(0) - 0.1 && to <= this.#end() + SOON;
	}
	/** Whether a place is so far behind what has come that one would wait for it. */
	#far(to: number): boolean {
		return this.#end() > 0 && to > this.#end() + SOON && to < this.whole;
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

/** What is made when it is first wanted, and then kept. */
function once<T>(make: () => Promise<T>): () => Promise<T> {
	let made: Promise<T> | undefined;
	return () => (made ??= make());
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
