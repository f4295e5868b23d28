/**
 * The line to the hub: fetches the whole state, follows the stream, and holds
 * the only copy of what is known. Components read `house` and `now`; they keep
 * nothing themselves. The rules about what may be shown are in house.ts.
 */
import { answer, type Answer } from './answer';
import {
	call,
	Refusal,
	whenSignedOut,
	type Alarm,
	type ArmedMode,
	type Clip,
	type Device,
	type Event,
	type Right,
	type Trouble,
	type Zone,
} from './api';
import { Clock } from './clock';
import {
	hubNow,
	link,
	LOST,
	nothing,
	step,
	type House,
	type Input,
	type Link,
	type Snapshot,
	type Word,
} from './house';
import { t } from './i18n';
import { EventReader, type Message } from './sse';
import { atClock, listed, span } from './time';

const RETRY = [250, 500, 1000, 2000, 4000];

export class Live {
	#house = $state.raw<House>(nothing);
	/** Our clock, in ms, moved on four times a second. */
	#now = $state(0);
	#clock = new Clock();
	#stop: AbortController | null = null;
	/** Clips that are being recorded. */
	#recording = $state.raw<readonly Pick<Clip, 'id' | 'camera'>[]>([]);
	/** How often the hub has said something of a clip. */
	#clipped = $state(0);
	#lastId = '';
	#began = 0;
	#may: (right: Right) => boolean = () => false;

	get house(): House {
		return this.#house;
	}
	get known(): Snapshot | null {
		return this.#house.known;
	}
	get now(): number {
		return this.#now;
	}
	get hubNow(): number {
		return hubNow(this.#house, this.#now);
	}
	get link(): Link {
		return link(this.#house, this.#now);
	}
	readonly answer: Answer = $derived(answer(this.#house, this.#now, t, { atClock, listed, span }));

	/** Changes with each word of a clip, for whoever shows a list of them. */
	get clipped(): number {
		return this.#clipped;
	}
	/** The cameras that are recording now, for all who live here; for who sees clips until those are whole. */
	get recording(): string[] {
		const said = this.known?.devices.filter((d) => d.records).map((d) => d.id) ?? [];
		return [...said, ...this.#recording.map((c) => c.camera)].filter((c, i, all) => all.indexOf(c) === i);
	}

	/** How long there has been no first word, in ms. */
	get waited(): number {
		return this.#now - this.#began;
	}

	/**
	 * Starts to follow the house, until the stop that it returns is called. What
	 * a person may not see is not asked for.
	 */
	start(may: (right: Right) => boolean): () => void {
		const stop = new AbortController();
		this.#stop?.abort();
		this.#stop = stop;
		this.#may = may;
		this.#began = this.#clock.now();
		const ticking = setInterval(() => this.#tick(), 250);
		const wake = () => document.visibilityState === 'visible' && this.#tick();
		document.addEventListener('visibilitychange', wake, { signal: stop.signal });
		void this.#keep(stop.signal);
		return () => {
			stop.abort();
			clearInterval(ticking);
			this.#house = nothing;
			this.#recording = [];
			this.#lastId = '';
		};
	}

	/** Takes what the panel itself answered to a request. */
	heard(alarm: Alarm): void {
		this.#take({ kind: 'word', word: { kind: 'alarm', alarm } });
	}

	/** Fetches the whole state again, after something was changed from here. */
	async again(): Promise<void> {
		await this.#fetch().catch(() => this.#line?.abort());
	}

	#take(input: Input): void {
		this.#now = this.#clock.now();
		this.#house = step(this.#house, input, this.#now);
	}

	#tick(): void {
		const before = this.#now;
		this.#now = this.#clock.now();
		// We slept: whatever the line says now may be from before.
		if (this.#now - before > LOST) {
			this.#take({ kind: 'broken' });
			this.#line?.abort();
		}
		// A line that says nothing is no line.
		const deaf = this.link === 'lost' || this.link === 'loading';
		if (deaf && this.#now - this.#opened > LOST) this.#line?.abort();
		if ((this.#house.behind || this.#house.missed) && !this.#fetching)
			void this.#fetch().catch(() => this.#line?.abort());
	}

	#line: AbortController | null = null;
	#opened = 0;
	#fetching = false;
	/** Counts the questions for the whole state. */
	#asking = 0;

	async #keep(signal: AbortSignal): Promise<void> {
		for (let tries = 0; !signal.aborted; tries++) {
			const line = new AbortController();
			const hang = () => line.abort();
			signal.addEventListener('abort', hang);
			this.#line = line;
			this.#opened = this.#clock.now();
			try {
				await this.#follow(line.signal, () => (tries = 0));
			} catch (error) {
				if (error instanceof Refusal && error.is('unauthenticated')) return;
			} finally {
				signal.removeEventListener('abort', hang);
				line.abort();
			}
			if (signal.aborted) return;
			this.#take({ kind: 'broken' });
			const wait = RETRY[Math.min(tries, RETRY.length - 1)] ?? 4000;
			await new Promise((done) => setTimeout(done, wait * (0.75 + Math.random() / 2)));
		}
	}

	/** One line from its opening to its end. The stream is opened before the state is fetched, so nothing falls between. */
	async #follow(signal: AbortSignal, good: () => void): Promise<void> {
		const headers: Record<string, string> = { Accept: 'text/event-stream' };
		if (this.#lastId) headers['Last-Event-ID'] = this.#lastId;
		const response = await fetch('/api/v1/stream', { headers, cache: 'no-store', signal });
		if (response.status === 401) {
			signedOut();
			throw new Refusal({ status: 401, code: 'unauthenticated', detail: '' });
		}
		if (!response.ok || !response.body) throw new Error(`stream: ${response.status}`);
		this.#take({ kind: 'opened' });
		const fetched = this.#fetch().then(good);
		const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
		const events = new EventReader();
		const read = async () => {
			for (;;) {
				const { done, value } = await reader.read();
				if (done) throw new Error('stream: ended');
				for (const message of events.push(value)) await this.#message(message);
			}
		};
		await Promise.all([fetched, read()]);
	}

	async #fetch(): Promise<void> {
		const mine = ++this.#asking;
		this.#fetching = true;
		try {
			const asked = this.#clock.now();
			this.#take({ kind: 'asked' });
			const none = { clips: [] as Clip[] };
			const get = async <T>(right: Right, path: string, nothing: T) =>
				this.#may(right) ? call<T>('GET', path) : nothing;
			const [zones, devices, health, page, clips, modes, alarm] = await Promise.all([
				get<Zone[]>('zones.read', '/zones', []),
				get<Device[]>('devices.read', '/devices', []),
				get<Trouble[]>('health.read', '/health', []),
				get<{ events: Event[] }>('events.read', '/events?limit=40', { events: [] }),
				// A house that can't keep clips is shown all the same.
				get<{ clips: Clip[] }>('clips.read', '/clips?limit=20', none).catch(() => none),
				call<ArmedMode[]>('GET', '/alarm/modes'),
				call<Alarm>('GET', '/alarm'),
			]);
			// Another question went out since: its answer is the one that fits what was heard.
			if (mine !== this.#asking) return;
			this.#recording = clips.clips.filter((c) => c.state === 'recording');
			this.#take({ kind: 'snapshot', asked, snapshot: { alarm, modes, zones, devices, health, events: page.events } });
			if (!this.#house.whole) throw new Error('the state was too long on its way');
		} finally {
			if (mine === this.#asking) this.#fetching = false;
		}
	}

	async #message(m: Message): Promise<void> {
		if (m.id) this.#lastId = m.id;
		if (m.type === 'reset') {
			this.#take({ kind: 'opened' });
			await this.#fetch();
			return;
		}
		if (m.type === 'session') {
			if ((JSON.parse(m.data) as { stage: string }).stage === 'ended') signedOut();
			return;
		}
		if (m.type === 'clip') {
			const c = JSON.parse(m.data) as Clip;
			this.#clipped++;
			const others = this.#recording.filter((r) => r.id !== c.id);
			this.#recording = c.state === 'recording' ? [...others, c] : others;
			return;
		}
		const word = parse(m);
		if (word) this.#take({ kind: 'word', word });
	}
}

let signedOut: () => void = () => {};
/** Says what to do when the session has ended, wherever that shows first. */
export function onSignedOut(f: () => void): void {
	signedOut = f;
	whenSignedOut(f);
}

function parse(m: Message): Word | null {
	const data: unknown = JSON.parse(m.data);
	switch (m.type) {
		case 'alarm':
			return { kind: 'alarm', alarm: data as Alarm };
		case 'device': {
			const device = data as Device & { left?: boolean };
			return device.left ? { kind: 'left', id: device.id } : { kind: 'device', device };
		}
		case 'health':
			return { kind: 'health', health: data as Trouble[] };
		case 'event':
			return { kind: 'event', event: data as Event };
		case 'beat': {
			const beat = data as { now: string; alarm: number };
			return { kind: 'beat', now: Date.parse(beat.now), seq: beat.alarm };
		}
		default:
			return null;
	}
}

export const live = new Live();
