/**
 * What a camera sees now: by WebRTC, or, where that does not go, over a WebSocket whose
 * pieces are handed to the browser's own player. Nothing is asked for before somebody taps,
 * and what keeps the picture from being live is said: how far it is behind, that
 * nothing comes, or that this browser can't show it at all. What it can't show comes as
 * stills, one a second, if there are such.
 */
import { call, Refusal } from './api';
import { behind, catchUp, codecs, type Playable } from './edge';
import { feed, plays, typeOf } from './feed';
import { Line } from './line';

/** Why there is no picture, or no more of it. */
export type Halt = { why: 'unplayable' } | { why: 'left' } | { why: 'lost' } | { why: 'refused'; text: string };

interface Said {
	kind: 'film' | 'seen' | 'still' | 'missed' | 'end';
	codecs?: string;
	at?: string;
	why?: string;
}

/** How much that was seen is kept, in seconds: nobody goes back in a live picture. */
const KEPT = 10;
/** How long a page that nobody looks at goes on, in ms. */
const UNSEEN = 30_000;

export class Looking {
	/** It was asked for, and goes on. */
	on = $state(false);
	/** Whether the first picture is there. */
	ready = $state(false);
	/** How old the picture is, in seconds; the hub's clock says. */
	behind = $state(0);
	/** For how long nothing has come, in seconds. */
	still = $state(0);
	halt = $state.raw<Halt | null>(null);
	/** The way that it comes. */
	way = $state<'webrtc' | 'websocket' | 'stills'>('webrtc');
	/** Where the picture is, while it comes as stills. */
	picture = $state('');
	/** What this browser makes of the camera's sound. */
	sound = $state<Playable['sound']>('none');

	#video: HTMLVideoElement | null = null;
	#words = '';
	#line: Line | null = null;
	#socket: WebSocket | null = null;
	#source: MediaSource | null = null;
	#buffer: SourceBuffer | null = null;
	#waits: ArrayBuffer[] = [];
	#url = '';
	#timer = 0;
	#late = 0;
	#came = 0;
	#unseen = 0;

	constructor(
		readonly camera: string,
		readonly hubNow: () => number,
	) {}

	/** Begins; what the camera sends was known before. */
	start(video: HTMLVideoElement, words: string): void {
		this.stop();
		this.sound = codecs(words, plays).sound;
		this.#words = words;
		this.#video = video;
		if (Line.able(words)) this.#call(video);
		else this.#open();
	}
	/** By WebRTC; the other way once that does not go, or goes no longer. */
	#call(video: HTMLVideoElement): void {
		this.on = true;
		this.way = 'webrtc';
		const line = new Line(this.camera, video, {
			first: () => {
				this.ready = true;
				if (line.sound) this.sound = 'plays';
			},
			over: () => {
				if (line === this.#line) this.#open();
			},
		});
		this.#line = line;
		this.#timer = window.setInterval(() => this.#beat(), 250);
		void line.begin(this.#words.includes(','));
	}
	/** Sound is wanted: AAC is not in WebRTC, and comes the other way. */
	listen(): void {
		if (this.#line && !this.#line.sound && this.sound === 'plays') this.#open();
	}
	/** Over the WebSocket. What is shown stays until something comes. */
	#open(): void {
		clearInterval(this.#timer);
		this.#line?.end();
		this.#line = null;
		const can = codecs(this.#words, plays);
		this.sound = can.sound;
		this.on = true;
		this.way = can.picture ? 'websocket' : 'stills';
		this.ready = false;
		this.#came = performance.now();
		const url = new URL(`/api/v1/cameras/${encodeURIComponent(this.camera)}/live`, location.href);
		url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
		if (can.sound === 'plays') url.searchParams.set('sound', 'true');
		if (this.way === 'stills') url.searchParams.set('stills', 'true');
		const socket = new WebSocket(url);
		socket.binaryType = 'arraybuffer';
		let open = false;
		socket.onopen = () => (open = true);
		socket.onmessage = (e: MessageEvent<string | ArrayBuffer>) => {
			if (socket !== this.#socket) return;
			if (typeof e.data === 'string') this.#hear(JSON.parse(e.data) as Said);
			else this.#take(e.data);
		};
		socket.onclose = () => {
			if (socket !== this.#socket) return;
			if (open) this.#end({ why: 'lost' });
			else void this.#refused();
		};
		this.#socket = socket;
		this.#timer = window.setInterval(() => this.#beat(), 250);
	}
	/** Ends it; the hub writes down when. */
	stop(): void {
		this.#end(null);
		this.halt = null;
	}
	#end(halt: Halt | null): void {
		clearInterval(this.#timer);
		this.#line?.end();
		this.#line = null;
		const socket = this.#socket;
		this.#socket = null;
		socket?.close();
		this.#drop();
		this.on = this.ready = false;
		this.behind = this.still = this.#late = this.#unseen = 0;
		this.halt = halt;
	}
	/** Lets go of the picture. */
	#drop(): void {
		this.#source = this.#buffer = null;
		this.#waits = [];
		if (this.picture) URL.revokeObjectURL(this.picture);
		this.picture = '';
		if (!this.#url) return;
		this.#video?.removeAttribute('src');
		this.#video?.load();
		URL.revokeObjectURL(this.#url);
		this.#url = '';
	}

	#hear(said: Said): void {
		switch (said.kind) {
			case 'film':
				this.#begin(said.codecs ?? '');
				break;
			case 'seen':
				this.#late = said.at ? Math.max(0, (this.hubNow() - Date.parse(said.at)) / 1000) : 0;
				break;
			case 'still':
			case 'missed': // the jump is made where the pictures are missing
				break;
			case 'end':
				if (this.way === 'stills' && !this.ready) return this.#end({ why: 'unplayable' });
				this.#end(said.why ? { why: 'refused', text: said.why } : { why: 'lost' });
		}
	}
	/** A beginning: of the view, or of what the camera sends after it was away. */
	#begin(words: string): void {
		this.#drop();
		const fed = this.#video && feed(this.#video, words);
		if (!fed) return this.#end({ why: 'unplayable' });
		const { source } = fed;
		this.#source = source;
		this.#url = fed.url;
		source.addEventListener(
			'sourceopen',
			() => {
				if (source !== this.#source) return;
				const buffer = source.addSourceBuffer(typeOf(words));
				buffer.addEventListener('updateend', () => this.#next());
				this.#buffer = buffer;
				this.#next();
			},
			{ once: true },
		);
	}
	#take(bytes: ArrayBuffer): void {
		this.#came = performance.now();
		if (this.way === 'stills') {
			const before = this.picture;
			this.picture = URL.createObjectURL(new Blob([bytes], { type: 'image/jpeg' }));
			if (before) URL.revokeObjectURL(before);
			this.ready = true;
			return;
		}
		this.#waits.push(bytes);
		this.#next();
	}
	#next(): void {
		const buffer = this.#buffer;
		const video = this.#video;
		if (!buffer || !video || buffer.updating || this.#source?.readyState !== 'open') return;
		const first = buffer.buffered.length ? buffer.buffered.start(0) : 0;
		if (video.currentTime - first > 2 * KEPT) {
			buffer.remove(0, video.currentTime - KEPT);
			return;
		}
		const bytes = this.#waits.shift();
		try {
			if (bytes) buffer.appendBuffer(bytes);
		} catch {
			this.#end({ why: 'unplayable' });
		}
	}
	/** Four times a second: stays at the newest picture. */
	#beat(): void {
		this.still = Math.floor((performance.now() - (this.#line?.came ?? this.#came)) / 1000);
		this.#unseen = document.visibilityState === 'visible' ? 0 : this.#unseen || performance.now();
		if (this.#unseen && performance.now() - this.#unseen > UNSEEN) return this.#end({ why: 'left' });
		const video = this.#video;
		if (this.#line) {
			this.behind = this.#line.behind;
			return;
		}
		if (!video?.buffered.length) return;
		const b = video.buffered;
		const ranges = Array.from({ length: b.length }, (_, i) => [b.start(i), b.end(i)] as const);
		const to = catchUp(video.currentTime, ranges);
		if (to.jump !== null) video.currentTime = to.jump;
		if (video.playbackRate !== to.rate) video.playbackRate = to.rate;
		if (video.paused) void video.play().catch(() => {}); // muted, it may
		this.ready ||= video.readyState >= video.HAVE_CURRENT_DATA;
		this.behind = this.#late + behind(video.currentTime, ranges);
	}
	/** A browser does not tell why a WebSocket was not opened: the same address does. */
	async #refused(): Promise<void> {
		try {
			await call('GET', `/cameras/${encodeURIComponent(this.camera)}/live`);
			this.#end({ why: 'lost' });
		} catch (error) {
			const known = error instanceof Refusal && !error.is('method-not-allowed');
			this.#end(known ? { why: 'refused', text: error.problem.detail } : { why: 'lost' });
		}
	}
}
