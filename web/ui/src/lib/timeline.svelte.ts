/**
 * A day that is looked at: what stands on its ruler, where one is on it, and how
 * closely one looks. However many clips there are, the hub is asked for the marks
 * of one day as they can be told apart from afar, and for those of what is seen
 * closely when one comes closer.
 */
import { untrack } from 'svelte';

import { call, type Clip, type ClipMark } from './api';
import { addressOf } from './footage';
import { live } from './live.svelte';
import { why } from './refusal';
import {
	around,
	beside,
	DAY,
	endOf,
	grainOf,
	holding,
	merged,
	nearest,
	spanOf,
	startOf,
	stepped,
	type View,
} from './ruler';
import { dateOf, isoOf, midnight } from './time';

/** How closely one looked last: who goes from clip to clip need not come closer each time. */
let remembered = DAY;

export class Timeline {
	/** The day that was chosen, "2026-11-22"; '' goes on with today. */
	#chosen = $state('');
	/** Where one is; null is now, and goes on with it. */
	#at = $state<number | null>(null);
	#view = $state.raw<View | null>(null);
	#day = $state.raw<ClipMark[]>([]);
	#close = $state.raw<ClipMark[]>([]);
	/** What #close is of. */
	#where = $state.raw<(View & { grain: number }) | null>(null);
	/** Counts the questions for the marks of the day, and for those close by: only the answer to the last counts. */
	#asked = 0;
	#askedClosely = 0;
	wrong = $state('');

	/** `only` names the one camera that is asked for; '' is the house. */
	constructor(readonly only: () => string) {}

	readonly today = $derived(live.known ? dateOf(live.hubNow) : '');
	readonly date = $derived(this.#chosen || this.today);
	readonly isToday = $derived(this.date === this.today);
	readonly day = $derived.by((): View => {
		const from = this.date ? midnight(this.date) : 0;
		// Summer time makes days of 23 and 25 hours.
		return { from, to: this.date ? midnight(dateOf(from + 1.5 * DAY)) : DAY };
	});
	/** Up to where there can be anything. */
	readonly edge = $derived(Math.min(this.day.to, Math.max(this.day.from, live.hubNow)));
	readonly isNow = $derived(this.isToday && this.#at === null);
	readonly at = $derived(this.#at ?? this.edge);
	readonly #seen = $derived.by((): View => {
		const [view, day] = [this.#view, this.day];
		const of = view && view.from >= day.from && view.to <= day.to ? view : around(this.at, remembered, day);
		return this.isNow ? holding(of, this.edge, day) : of;
	});
	readonly marks = $derived(merged(this.#day, this.#close, this.#where));

	get view(): View {
		return this.#seen;
	}
	set view(v: View) {
		this.#view = v;
		remembered = spanOf(v);
		// Who looks away from now does not go on with it.
		if (this.isNow && this.edge > v.to) this.#at = this.edge;
	}
	/** Keeps what is known up to date for as long as the component is there that calls it. */
	watch(): void {
		$effect(() => {
			void [this.day, this.only()];
			void untrack(() => this.look());
		});
		$effect(() => () => this.#drop());
		// What the hub says of a clip is looked up a little later: it often says more at once.
		$effect(() => {
			if (!live.clipped) return;
			const soon = setTimeout(() => this.isToday && this.look(), 1_000);
			return () => clearTimeout(soon);
		});
		$effect(() => {
			void [this.view.from, this.view.to];
			const soon = setTimeout(() => this.date && this.lookClosely(), 150);
			return () => clearTimeout(soon);
		});
	}
	/** Goes to a day; "now" is lost with it, unless that is today. */
	turn(days: number): void {
		this.#show(dateOf(this.day.from + (days + 0.5) * DAY));
		this.#at = this.isToday ? null : this.day.from + DAY / 2;
	}
	/** Nobody waits for what was asked: the day is another one, or the component is gone and what is derived here with it. */
	#drop(): void {
		this.#asked++;
		this.#askedClosely++;
	}
	#show(date: string): void {
		if (date === this.date) return;
		this.#drop();
		this.#chosen = date === this.today ? '' : date;
		this.#day = [];
		this.#close = [];
		this.#where = null;
		this.#view = null;
	}
	/** Goes to an instant, on whatever day it is. What lies ahead is now. */
	go(at: number): void {
		this.#show(dateOf(at));
		this.move(at);
		const { view, day } = this;
		const there = this.at >= view.from && this.at <= view.to;
		this.view = there ? holding(view, this.at, day) : around(this.at, spanOf(view), day);
	}
	/** Moves on the day that one looks at, and leaves the view where it is. */
	move(at: number): void {
		this.#view = this.view;
		this.#at = this.isToday && at >= this.edge ? null : Math.min(Math.max(at, this.day.from), this.edge);
	}
	/** Goes on with a film; who has looked away from it meanwhile is left alone. */
	follow(at: number): void {
		const there = this.at >= this.view.from && this.at <= this.view.to;
		this.move(at);
		if (there) this.view = holding(this.view, this.at, this.day);
	}
	now(): void {
		this.#show(this.today);
		this.#at = null;
	}
	closer(way: 1 | -1): void {
		this.view = around(this.at, stepped(spanOf(this.view), way), this.day);
	}
	/** Goes to the next clip of a list, or to the one before; false when there is none. */
	leap(list: readonly ClipMark[], way: 1 | -1): boolean {
		const m = beside(list, this.at, way);
		if (m) this.go(startOf(m));
		return !!m;
	}

	/** Asks for the marks of the day, and for those close by if one looks closely. */
	async look(): Promise<void> {
		this.#drop();
		const mine = this.#asked;
		if (!this.date) return;
		try {
			const got = await this.#ask(this.day, grainOf(DAY), this.only());
			if (mine !== this.#asked) return;
			this.#day = got;
			this.#where = null; // it was of before
			this.wrong = '';
			await this.lookClosely();
		} catch (error) {
			if (mine === this.#asked) this.wrong = why(error);
		}
	}
	/** Asks for what is seen now and on both sides of it, unless it is known as closely. */
	async lookClosely(): Promise<void> {
		const { view, day } = this;
		const [span, grain] = [spanOf(view), grainOf(spanOf(view))];
		const known = this.#where ?? { ...day, grain: grainOf(DAY) };
		if (known.from <= Math.max(view.from, day.from) && known.to >= Math.min(view.to, day.to) && known.grain <= grain)
			return;
		const wide = { from: Math.max(view.from - span, day.from), to: Math.min(view.to + span, day.to) };
		const mine = ++this.#askedClosely;
		try {
			const got = await this.#ask(wide, grain, this.only());
			if (mine !== this.#askedClosely) return;
			this.#close = got;
			this.#where = { ...wide, grain };
		} catch (error) {
			if (mine === this.#askedClosely) this.wrong = why(error);
		}
	}
	#ask({ from, to }: View, grain: number, camera: string): Promise<ClipMark[]> {
		const query = new URLSearchParams({
			since: isoOf(from),
			until: isoOf(to),
			grain: String(grain),
			...(camera && { camera }),
		});
		return call<ClipMark[]>('GET', `/clips/marks?${query}`);
	}

	/** The address of what was recorded at an instant, or near it; '' for nothing. */
	async found(list: readonly ClipMark[], at: number, reach: number): Promise<string> {
		const m = nearest(list, at, reach);
		if (!m) return '';
		if (m.clips === 1) return addressOf({ ...m, id: m.clip }, at);
		// A mark of many: the last that began by then.
		const by = Math.min(Math.max(at, startOf(m)), endOf(m));
		const query = new URLSearchParams({ camera: m.camera, until: isoOf(by + 1), limit: '1' });
		const { clips } = await call<{ clips: Clip[] }>('GET', `/clips?${query}`);
		return clips[0] ? addressOf(clips[0], at) : addressOf({ ...m, id: m.clip }, -1);
	}
}
