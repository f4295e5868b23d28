/**
 * Speaking through a camera. The hub is asked first whether it lets this person,
 * which may want a step-up; then the browser for the microphone; then a WebSocket
 * carries what it hears, and the hub says when the camera has chirped and listens.
 * The microphone is on for that long and no longer.
 */
import { call, Refusal } from './api';
import address from './microphone?worker&url';
import { Dropped, stepUp } from './stepup.svelte';
import { loudness } from './voice';

/** Why nobody speaks, or no longer. */
export type Hush = { why: 'insecure' | 'denied' | 'deaf' | 'lost' | 'left' } | { why: 'refused'; text: string };

interface Said {
	kind: 'listens' | 'end';
	why?: string;
}

/** What goes on after the last word, in ms: it is on its way to the camera. */
const TAIL = 250;

export class Talking {
	/** asked: of the hub, the browser, the camera. on: the camera listens. */
	state = $state<'off' | 'asked' | 'on'>('off');
	/** How loud the microphone hears, 0 to 1. */
	level = $state(0);
	hush = $state.raw<Hush | null>(null);

	#turn = 0;
	#socket: WebSocket | null = null;
	#stream: MediaStream | null = null;
	#audio: AudioContext | null = null;

	constructor(readonly camera: string) {}

	async start(): Promise<void> {
		this.stop();
		if (!window.isSecureContext || !navigator.mediaDevices) {
			this.hush = { why: 'insecure' };
			return;
		}
		const turn = this.#turn;
		this.state = 'asked';
		const audio = new AudioContext(); // while the tap counts
		this.#audio = audio;
		try {
			await this.#allowed();
			if (turn !== this.#turn) return;
			const stream = await navigator.mediaDevices.getUserMedia({
				audio: { channelCount: 1, echoCancellation: true, noiseSuppression: true, autoGainControl: true },
			});
			if (turn !== this.#turn) return off(stream);
			this.#stream = stream;
			await this.#listen(audio, stream);
			if (turn === this.#turn) this.#open();
		} catch (error) {
			if (turn === this.#turn) this.#end(error instanceof Dropped ? null : reason(error));
		}
	}
	/** Ends it; what was said last is still heard. */
	stop(): void {
		this.#end(null);
	}
	/** Nobody looks at the page: nobody may be heard through it. */
	left(): void {
		if (this.state !== 'off') this.#end({ why: 'left' });
	}

	/** Asks the hub whether it would let this person speak now, with a step-up in between if it wants one. */
	async #allowed(): Promise<void> {
		await stepUp.through(async () => {
			try {
				await call('GET', `/cameras/${encodeURIComponent(this.camera)}/talk`);
			} catch (error) {
				// It would, over a WebSocket, which this is not.
				if (!(error instanceof Refusal && error.is('method-not-allowed'))) throw error;
			}
		});
	}
	async #listen(audio: AudioContext, stream: MediaStream): Promise<void> {
		await audio.audioWorklet.addModule(address);
		await audio.resume();
		const reach = new BiquadFilterNode(audio, { type: 'lowpass', frequency: 3400 });
		const microphone = new AudioWorkletNode(audio, 'microphone');
		microphone.port.onmessage = (e: MessageEvent<Int16Array<ArrayBuffer>>) => {
			this.level = loudness(e.data);
			if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(e.data);
		};
		new MediaStreamAudioSourceNode(audio, { mediaStream: stream })
			.connect(reach)
			.connect(microphone)
			.connect(audio.destination); // it says nothing, and would not be asked to hear otherwise
	}
	#open(): void {
		const url = new URL(`/api/v1/cameras/${encodeURIComponent(this.camera)}/talk`, location.href);
		url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
		const socket = new WebSocket(url);
		socket.onmessage = (e: MessageEvent<string>) => {
			if (socket !== this.#socket) return;
			const said = JSON.parse(e.data) as Said;
			if (said.kind === 'listens') this.state = 'on';
			else this.#end(said.why ? { why: 'refused', text: said.why } : { why: 'lost' });
		};
		socket.onclose = () => {
			if (socket === this.#socket) this.#end({ why: 'lost' });
		};
		this.#socket = socket;
	}
	#end(hush: Hush | null): void {
		this.#turn++;
		const socket = this.#socket;
		this.#socket = null;
		if (socket) setTimeout(() => socket.close(), TAIL);
		if (this.#stream) off(this.#stream);
		void this.#audio?.close();
		this.#stream = this.#audio = null;
		this.state = 'off';
		this.level = 0;
		this.hush = hush;
	}
}

function off(stream: MediaStream): void {
	for (const track of stream.getTracks()) track.stop();
}

function reason(error: unknown): Hush {
	if (error instanceof Refusal) return { why: 'refused', text: error.problem.detail };
	const name = error instanceof DOMException ? error.name : '';
	if (name === 'NotAllowedError') return { why: 'denied' };
	if (name === 'NotFoundError' || name === 'NotReadableError') return { why: 'deaf' };
	return { why: 'lost' };
}
