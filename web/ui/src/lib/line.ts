/**
 * A live picture by WebRTC: an offer to the hub, its answer, and then what the camera
 * sends, as soon as it comes. It needs a browser in the house, and takes no other way
 * than straight to the hub.
 */

/** How long the first picture may take, in ms; then it is not this way. */
const FIRST = 3000;
/** How long no picture may come that was coming, in ms. */
const STALLED = 4000;
/** How long the hub may take to hear that it is over, in ms; then the line closes all the same. */
const HEARD = 1000;

interface Told {
	/** The first picture is there. */
	first: () => void;
	/** There is none, or no more of them: another way may do. */
	over: () => void;
}

export class Line {
	/** How long the last pictures waited in this browser, in seconds. */
	behind = 0;
	/** The last picture came, by performance.now(). */
	came = 0;
	/** Whether sound comes with it. */
	sound = false;

	readonly #pc = new RTCPeerConnection();
	readonly #stop = new AbortController();
	#where = '';
	#pictures = 0;
	#waited = 0;
	#timer = 0;

	/** Whether this browser would take pictures of a kind so. */
	static able(words: string): boolean {
		if (typeof RTCPeerConnection !== 'function') return false;
		const kind = /^h[ev][vc]1/.test(words) ? 'video/H265' : 'video/H264';
		return !!RTCRtpReceiver.getCapabilities('video')?.codecs.some((c) => c.mimeType === kind);
	}

	constructor(
		readonly camera: string,
		readonly video: HTMLVideoElement,
		readonly told: Told,
	) {}

	async begin(sound: boolean): Promise<void> {
		this.came = performance.now();
		this.#timer = window.setInterval(() => void this.#look(), 250);
		try {
			await this.#ask(sound);
		} catch {
			this.#over(); // whatever it was: the other way says why
		}
	}
	async #ask(sound: boolean): Promise<void> {
		const pc = this.#pc;
		const stream = new MediaStream();
		pc.ontrack = ({ track, receiver }) => {
			receiver.jitterBufferTarget = 0;
			this.sound ||= track.kind === 'audio';
			stream.addTrack(track);
			this.video.srcObject = stream;
			void this.video.play().catch(() => {}); // muted, it may
		};
		pc.onconnectionstatechange = () => {
			if (pc.connectionState === 'failed' || pc.connectionState === 'closed') this.#over();
		};
		pc.addTransceiver('video', { direction: 'recvonly' });
		if (sound) pc.addTransceiver('audio', { direction: 'recvonly' });
		await pc.setLocalDescription();
		const response = await fetch(`/api/v1/cameras/${encodeURIComponent(this.camera)}/live`, {
			method: 'POST',
			headers: { 'Content-Type': 'application/sdp' },
			body: pc.localDescription?.sdp ?? '',
			signal: this.#stop.signal,
		});
		if (response.status !== 201) throw new Error(String(response.status));
		this.#where = response.headers.get('Location') ?? '';
		const answer = await response.text();
		if (this.#stop.signal.aborted) return this.#leave();
		await pc.setRemoteDescription({ type: 'answer', sdp: answer });
	}
	/** Four times a second: has a picture come? */
	async #look(): Promise<void> {
		const all = await this.#pc.getStats();
		if (this.#stop.signal.aborted) return;
		all.forEach((s: RTCInboundRtpStreamStats) => {
			if (s.type !== 'inbound-rtp' || s.kind !== 'video') return;
			const pictures = (s.framesDecoded ?? 0) - this.#pictures;
			if (!pictures) return;
			if (!this.#pictures) this.told.first();
			this.behind = ((s.totalProcessingDelay ?? 0) - this.#waited) / pictures;
			this.#pictures += pictures;
			this.#waited = s.totalProcessingDelay ?? 0;
			this.came = performance.now();
		});
		if (performance.now() - this.came > (this.#pictures ? STALLED : FIRST)) this.#over();
	}
	#over(): void {
		if (this.#stop.signal.aborted) return;
		this.end();
		this.told.over();
	}
	/** Ends it; the hub writes down when. It hears so first: of a line that closed it knows no more. */
	end(): void {
		if (this.#stop.signal.aborted) return;
		this.#stop.abort();
		clearInterval(this.#timer);
		this.video.srcObject = null;
		void this.#leave().then(() => this.#pc.close());
	}
	async #leave(): Promise<void> {
		const where = this.#where;
		this.#where = '';
		const signal = AbortSignal.timeout(HEARD);
		if (where) await fetch(where, { method: 'DELETE', keepalive: true, signal }).catch(() => {});
	}
}
