/** The clips of a day, newest first: a page at a time, and as many pages as a filter wants to show something. */
import { untrack } from 'svelte';

import { call } from './api';
import { sortOf, type Clip, type Sort } from './footage';
import { live } from './live.svelte';
import { why } from './refusal';
import { isoOf } from './time';
import type { Timeline } from './timeline.svelte';

const PAGE = 50;
/** How many pages are looked through for a filter before one is asked whether to go on. */
const MOST = 10;

export class DayClips {
	#clips = $state.raw<Clip[]>([]);
	/** Where the next page begins; '' when there is none, null before the first. */
	#next = $state<string | null>(null);
	#sort = $state<Sort | ''>('');
	/** Counts the days that were looked at: what was asked for another is not taken. */
	#turn = 0;
	busy = $state(false);
	wrong = $state('');

	constructor(readonly timeline: Pick<Timeline, 'day' | 'isToday' | 'only'>) {}

	readonly shown = $derived(this.#clips.filter((c) => this.#wanted(c)));
	get more(): boolean {
		return !!this.#next;
	}
	/** Nothing of the kind was recorded, as far as there is anything. */
	get none(): boolean {
		return this.#next === '' && !this.shown.length;
	}
	/** What alone is shown; '' is everything. */
	get sort(): Sort | '' {
		return this.#sort;
	}
	set sort(sort: Sort | '') {
		this.#sort = sort;
		this.#fill();
	}
	#wanted(c: Clip): boolean {
		return !this.#sort || sortOf(c) === this.#sort;
	}

	/** Keeps the list up to date for as long as the component is there that calls it. */
	watch(): void {
		$effect(() => {
			void [this.timeline.day, this.timeline.only()];
			untrack(() => {
				this.#clips = [];
				this.#next = null;
				this.busy = false;
				void this.look();
			});
			return () => this.#turn++;
		});
		// What the hub says of a clip is looked up a little later: it often says more at once.
		$effect(() => {
			if (!live.clipped) return;
			const soon = setTimeout(() => this.timeline.isToday && this.look(), 1_000);
			return () => clearTimeout(soon);
		});
	}

	/** Asks for the newest page; what was loaded behind it stays. */
	async look(): Promise<void> {
		const turn = this.#turn;
		if (!this.timeline.day.from) return;
		try {
			const got = await this.#page('');
			if (turn !== this.#turn) return;
			const [first, last] = [this.#next === null, got.clips.at(-1)];
			const older = got.next && last && !first ? this.#clips.filter((c) => c.start < last.start) : [];
			this.#clips = [...got.clips, ...older];
			if (!older.length) this.#next = got.next;
			this.wrong = '';
			if (first) this.#fill();
		} catch (error) {
			if (turn === this.#turn) this.wrong = why(error);
		}
	}
	/** Goes on until there is something more to show. */
	async goOn(): Promise<void> {
		if (this.busy) return;
		const turn = this.#turn;
		this.busy = true;
		try {
			for (let i = 0; this.#next && i < MOST; i++) {
				const got = await this.#page(this.#next);
				if (turn !== this.#turn) return;
				this.#clips = [...this.#clips, ...got.clips];
				this.#next = got.next;
				if (got.clips.some((c) => this.#wanted(c))) return;
			}
		} catch (error) {
			if (turn === this.#turn) this.wrong = why(error);
		} finally {
			if (turn === this.#turn) this.busy = false;
		}
	}
	/** A filter that nothing on the first page passes looks on by itself. */
	#fill(): void {
		if (this.#sort && !this.shown.length) void this.goOn();
	}
	#page(cursor: string): Promise<{ clips: Clip[]; next: string }> {
		const { from, to } = this.timeline.day;
		const camera = this.timeline.only();
		const query = new URLSearchParams({
			since: isoOf(from),
			until: isoOf(to),
			limit: String(PAGE),
			...(camera && { camera }),
			...(cursor && { cursor }),
		});
		return call<{ clips: Clip[]; next: string }>('GET', `/clips?${query}`);
	}
}
