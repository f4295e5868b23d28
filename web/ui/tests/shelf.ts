import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import type { Page, Request } from '@playwright/test';
import { Encrypter } from 'age-encryption';

import type { Schemas } from '../src/lib/api';

const run = promisify(execFile);
type Clip = Schemas['Clip'];
type Vault = Schemas['Vault'];

/**
 * A moving test picture as the hub writes it, twelve seconds unless said: H.264, four seconds a group of
 * pictures, a fragment every 80 ms; with a tone, coded as ffmpeg calls it.
 */
export async function film(seconds = 12, sound = ''): Promise<Uint8Array> {
	const dir = await mkdtemp(join(tmpdir(), 'film-'));
	const out = join(dir, 'film.mp4');
	try {
		const made = 'testsrc=size=640x360:rate=25,noise=alls=12:allf=t';
		const tone = sound && ['-f', 'lavfi', '-i', 'sine=frequency=440:sample_rate=48000', '-c:a', sound];
		await run('ffmpeg', [
			...['-v', 'error', '-f', 'lavfi', '-i', made, ...tone, '-t', `${seconds}`, '-c:v', 'libx264'],
			...[
				'-preset',
				'ultrafast',
				'-g',
				'100',
				'-b:v',
				seconds > 60 ? '250k' : '1M',
				'-pix_fmt',
				'yuv420p',
				'-frag_duration',
				'80000',
			],
			...['-movflags', `empty_moov+default_base_moof${sound === 'ac3' ? '+delay_moov' : ''}`],
			out,
		]);
		return new Uint8Array(await readFile(out));
	} finally {
		await rm(dir, { recursive: true });
	}
}

/** What the hub notes of a film: where each group of pictures is. */
export async function notesOf(film: Uint8Array): Promise<Uint8Array> {
	const view = new DataView(film.buffer, film.byteOffset, film.byteLength);
	const fragments: number[] = [];
	for (let at = 0; at < film.length; at += view.getUint32(at))
		if (String.fromCharCode(...film.subarray(at + 4, at + 8)) === 'moof') fragments.push(at);
	const probe = run('ffprobe', [
		...['-v', 'error', '-select_streams', 'v', '-show_entries', 'packet=pos,flags', '-of', 'json', '-'],
	]);
	probe.child.stdin?.end(film);
	const { packets } = JSON.parse((await probe).stdout) as { packets: { pos: string; flags: string }[] };
	const parts: { ms: number; pictures: number; offset: number }[] = [];
	for (const { pos, flags } of packets) {
		if (flags.startsWith('K'))
			parts.push({ ms: 0, pictures: 0, offset: fragments.findLast((f) => f < Number(pos)) ?? 0 });
		const part = parts.at(-1);
		if (part) Object.assign(part, { ms: part.ms + 40, pictures: part.pictures + 1 });
	}
	return new TextEncoder().encode(JSON.stringify({ parts, sights: [], stills: [], labels: [] }));
}

export async function seal(plain: Uint8Array, recipients: readonly string[]): Promise<Uint8Array> {
	const e = new Encrypter();
	for (const r of recipients) e.addRecipient(r);
	return e.encrypt(plain);
}

/** An hour ago, unless that was yesterday, which the page does not show first. */
export const lately = (): number => Math.max(Date.now() - 3_600_000, new Date().setHours(0, 1, 0, 0));

/**
 * The hub's shelf of sealed clips as a test fills it, for what a real one is
 * seldom in: a clip of which a bit has flipped, one that lost its end. What is
 * sealed is sealed to the keys that the page gave the real one, which has the vault.
 */
export class Shelf {
	clips: Clip[] = [];
	cameras = [{ id: 'camera-porch', name: 'Porch' }];
	media = new Map<string, Uint8Array>();
	/** Everything that the page ever sent. */
	sent: string[] = [];

	constructor(readonly page: Page) {
		page.on('request', (r) =>
			this.sent.push(`${r.method()} ${r.url()} ${JSON.stringify(r.headers())} ${r.postData() ?? ''}`),
		);
		page.on('websocket', (ws) => ws.on('framesent', ({ payload }) => this.sent.push(payload.toString())));
	}
	/** The vault as the hub has it. */
	async vault(): Promise<Vault> {
		return (await (await this.page.request.get(new URL('/api/v1/vault', this.page.url()).href)).json()) as Vault;
	}
	async serve(page: Page): Promise<void> {
		const camera = (known: { id: string; name: string }) => ({
			...known,
			url: 'rtsp://192.168.1.20/1',
			pre: '4s',
			post: '10s',
			snapshot_url: '',
			seeing: { on: false, motion: false, verifies: false, area: '', zones: [], doubts: [] },
			heeds: [],
			looks: [],
			status: { state: 'up', why: '', recording: '', watched: [], masks: [] },
		});
		await page.route('**/api/v1/cameras', (route) => route.fulfill({ json: this.cameras.map(camera) }));
		await page.route('**/api/v1/cameras/camera-*', (route) => {
			const one = this.cameras.find((c) => route.request().url().endsWith(c.id));
			return route.fulfill(one ? { json: camera(one) } : { status: 404, json: { status: 404, code: 'not-found' } });
		});
		await page.route(/\/api\/v1\/clips(\/.*)?(\?.*)?$/, (route) => this.#clip(route.request(), route));
	}
	async #clip(request: Request, route: Parameters<Parameters<Page['route']>[1]>[0]): Promise<void> {
		const [, id, what] = /clips\/([^/?]+)\/?([^?]*)/.exec(request.url()) ?? [];
		if (!id || id === 'marks') {
			const list = this.#between(new URL(request.url()).searchParams);
			return route.fulfill({ json: id ? list.map(markOf).reverse() : pageOf(list, request.url()) });
		}
		const clip = this.clips.find((c) => c.id === id);
		const body = what ? this.media.get(`${id}/${what}`) : undefined;
		if (clip && body) {
			const from = Number(/bytes=(\d+)-/.exec(request.headers()['range'] ?? '')?.[1] ?? 0);
			return route.fulfill({
				...(from && { status: 206, headers: { 'Content-Range': `bytes ${from}-${body.length - 1}/${body.length}` } }),
				contentType: 'application/octet-stream',
				body: Buffer.from(body.subarray(from)),
			});
		}
		if (clip && !what) return route.fulfill({ json: clip });
		await route.fulfill({ status: 404, json: { status: 404, code: 'not-found', detail: 'There is none.' } });
	}
	/** What began between two times, newest first. */
	#between(ask: URLSearchParams): Clip[] {
		const [since, until, camera] = [ask.get('since') ?? '', ask.get('until') ?? '~', ask.get('camera')];
		return this.clips
			.filter((c) => c.start >= since && c.start < until && (!camera || c.camera === camera))
			.sort((a, b) => b.start.localeCompare(a.start));
	}
	/** Puts a clip on the shelf. */
	put(id: string, media: Uint8Array, over: Partial<Clip> = {}): void {
		const start = lately();
		this.clips.push({
			id,
			camera: 'camera-porch',
			start: new Date(start).toISOString(),
			end: new Date(start + 12_000).toISOString(),
			reason: 'motion',
			state: 'whole',
			labels: [{ name: 'person', score: 0.83 }],
			bytes: media.length,
			sealed_to: ['owner', 'recovery'],
			epoch: 1,
			kept: false,
			expires: null,
			sha256: '',
			cut_short: false,
			codecs: 'avc1.42c01e',
			width: 640,
			height: 360,
			stills: 0,
			notes: false,
			...over,
		});
		this.media.set(`${id}/media`, media);
	}
}

/** A page as the hub gives it out; its cursor is a number here. */
function pageOf(list: Clip[], url: string) {
	const ask = new URL(url).searchParams;
	const [from, limit] = [Number(ask.get('cursor') ?? 0), Number(ask.get('limit') ?? 50)];
	return { clips: list.slice(from, from + limit), next: list.length > from + limit ? String(from + limit) : '' };
}

const markOf = (c: Clip): Schemas['ClipMark'] => ({
	...{ camera: c.camera, start: c.start, end: c.end, reason: c.reason, clip: c.id, clips: 1 },
	labels: c.labels.map((l) => l.name).sort(),
	recording: c.state === 'recording',
});
