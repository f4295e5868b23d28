import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import type { Page } from '@playwright/test';

import type { Camera, Clip } from '../src/lib/api';
import { Demo, expect, freePort, makeVault, Program, test } from './hub';

const run = promisify(execFile);

/** A camera that tests/build.ts's wall hangs up, and what a player and a browser are to make of it. */
interface Kind {
	kind: string;
	/** As ffprobe calls what comes out of the hub. */
	codecs: string[];
	/** Pictures that are shown out of the order in which they come. */
	reordered?: number;
	words: RegExp;
}
const kinds: Kind[] = [
	{ kind: 'h264', codecs: ['h264'], words: /^avc1\.\w{6}$/ },
	{ kind: 'aac', codecs: ['h264', 'aac'], words: /^avc1\.\w{6},mp4a\.40\.2$/ },
	{ kind: 'g711', codecs: ['h264', 'pcm_s16be'], words: /^avc1\.\w{6},flac$/ }, // samples for a player; a file has them as FLAC
	{ kind: 'opus', codecs: ['h264', 'opus'], words: /^avc1\.\w{6},opus$/ },
	{ kind: 'bframes', codecs: ['h264'], reordered: 2, words: /^avc1\.64\w{4}$/ },
	{ kind: 'h265', codecs: ['hevc'], reordered: 2, words: /^hev1\./ },
	{ kind: 'rtsps', codecs: ['h264'], words: /^avc1\.\w{6}$/ },
	{ kind: 'sdp', codecs: ['h264'], words: /^avc1\.\w{6}$/ },
	{ kind: 'onvif', codecs: ['h264'], words: /^avc1\.\w{6}$/ },
	{ kind: 'https', codecs: ['h264'], words: /^avc1\.\w{6}$/ }, // ONVIF and RTSP in TLS alone
	{ kind: 'doorbell', codecs: ['h264'], words: /^avc1\.\w{6}$/ }, // the demo's own
];

/** What ffmpeg makes of each of a stream's next pictures, as a checksum, and what it complains of. */
async function sums(address: string, pictures: number): Promise<{ list: string[]; complaints: string }> {
	const { stdout, stderr } = await run('ffmpeg', [
		...['-v', 'error', '-rtsp_transport', 'tcp', '-i', address, '-map', '0:v', '-fps_mode', 'passthrough'],
		...['-frames:v', `${pictures}`, '-f', 'framemd5', '-'],
	]);
	const lines = stdout.split('\n').filter((l) => l.startsWith('0,'));
	return { list: lines.map((l) => l.split(',').at(-1)?.trim() ?? ''), complaints: stderr };
}

async function probe(address: string): Promise<{ codec_name: string; has_b_frames?: number }[]> {
	const { stdout } = await run('ffprobe', [
		...['-v', 'error', '-rtsp_transport', 'tcp', '-show_entries', 'stream=codec_name,has_b_frames', '-of', 'json'],
		address,
	]);
	return (JSON.parse(stdout) as { streams: { codec_name: string; has_b_frames?: number }[] }).streams;
}

/** What the page makes of a camera: it plays, or it says in words that it can't. */
async function watched(page: Page, kind: Kind): Promise<'plays' | 'says'> {
	const words = page.locator('[data-halt]');
	await page.getByRole('button', { name: 'Watch live' }).click();
	const film = page.locator('[data-live="on"]');
	await expect(film.or(words).first(), kind.kind).toBeVisible();
	if (await words.isVisible()) {
		await expect(words).toHaveAttribute('data-halt', 'unplayable');
		return 'says';
	}
	const video = page.locator('video');
	const at = () => video.evaluate((v: HTMLVideoElement) => v.currentTime);
	const before = await at();
	await expect.poll(at, { message: `${kind.kind}: the picture moves` }).toBeGreaterThan(before + 0.5);
	const [wide, faulty] = await video.evaluate((v: HTMLVideoElement) => [v.videoWidth, v.error?.message ?? '']);
	expect([wide, faulty]).toEqual([kind.kind === 'doorbell' ? 768 : 640, '']);
	await page.getByRole('button', { name: 'Stop' }).click();
	return 'plays';
}

/** What the browser has decoded of the sound, in bytes. */
const decoded = (page: Page) =>
	page
		.locator('video')
		.evaluate((v: HTMLVideoElement & { webkitAudioDecodedByteCount?: number }) => v.webkitAudioDecodedByteCount);

/** Has all of them record, and gives their clips by camera, once each is whole. */
async function recorded(page: Page, url: string, cameras: string[]): Promise<Record<string, Clip>> {
	for (const id of cameras) {
		const record = await page.request.post(`${url}/api/v1/cameras/${id}/record`, { data: { for: '3s' } });
		expect(record.ok(), await record.text()).toBe(true);
	}
	let whole: Record<string, Clip> = {};
	await expect
		.poll(
			async () => {
				const { clips } = (await (await page.request.get(`${url}/api/v1/clips`)).json()) as { clips: Clip[] };
				whole = Object.fromEntries(clips.filter((c) => c.state === 'whole').map((c) => [c.camera, c]));
				return cameras.filter((id) => !whole[id]);
			},
			{ message: 'each clip has ended', timeout: 60_000 },
		)
		.toEqual([]);
	return whole;
}

// One player and one browser open every kind of camera that a house can have. The
// player shows the very pictures that the camera sends.
test('every kind of camera is opened by a player and by a browser', async ({ page }) => {
	test.setTimeout(420_000);
	const wall = Program.wall();
	const port = await freePort();
	const program = Program.start('demo', '--listen', '127.0.0.1:0', '--mqtt', '', '--rtsp', `127.0.0.1:${port}`);
	try {
		const [, url = ''] = await program.says(/(http:\/\/127\.0\.0\.1:\d+)\//);
		const [, password = ''] = await program.says(/password\s+(.+)/);
		await new Demo(url, password, '').signIn(page);
		const [line] = await wall.says(/^\[.*\]$/m, 90_000);
		const hung = JSON.parse(line) as { kind: string; url: string; onvif?: string }[];
		expect([...hung.map((h) => h.kind), 'doorbell']).toEqual(kinds.map((k) => k.kind));
		for (const { kind, url: pictures, onvif } of hung) {
			// Where the pictures are, one that speaks ONVIF says itself.
			const data = { name: kind, audio: true, ...(onvif ? { onvif } : { url: pictures }) };
			const put = await page.request.put(`${url}/api/v1/cameras/camera-${kind}`, { data });
			expect(put.ok(), `${kind}: ${await put.text()}`).toBe(true);
		}
		const made = await page.request.post(`${url}/api/v1/tokens`, { data: { name: 'Television', role: 'onlooker' } });
		expect(made.ok(), await made.text()).toBe(true);
		const { token } = (await made.json()) as { token: string };
		const cameras = async () => (await (await page.request.get(`${url}/api/v1/cameras`)).json()) as Camera[];
		const up = async () => (await cameras()).filter((c) => c.status.state !== 'up').map((c) => c.id);
		await expect.poll(up, { message: 'all cameras are up', timeout: 30_000 }).toEqual([]);

		const player = async (k: Kind) => {
			const { status, certificate, https_certificate } = (await cameras()).find(
				(c) => c.id === `camera-${k.kind}`,
			) as Camera;
			expect(status.codecs, k.kind).toMatch(k.words);
			expect(certificate.length, `${k.kind}: its certificate is pinned`).toBe(
				['rtsps', 'https'].includes(k.kind) ? 64 : 0,
			);
			expect(https_certificate.length, `${k.kind}: that of its services is pinned`).toBe(k.kind === 'https' ? 64 : 0);
			const through = `rtsp://tv:${token}@127.0.0.1:${port}/camera-${k.kind}`;
			const streams = await probe(through);
			expect(
				streams.map((s) => s.codec_name),
				k.kind,
			).toEqual(k.codecs);
			expect(streams[0]?.has_b_frames, k.kind).toBe(k.reordered ?? 0);
			const own = hung.find((h) => h.kind === k.kind)?.url;
			// A scene has a hundred pictures before it begins again. A camera begins anywhere, the hub
			// with one that stands alone.
			const [sent, shown] = await Promise.all([own ? sums(own, 125) : null, sums(through, 50)]);
			expect(shown.complaints, k.kind).toBe('');
			expect(shown.list.length, k.kind).toBe(50);
			if (sent)
				expect(shown.list.filter((s) => !sent.list.includes(s)).length, `${k.kind}: pictures that are others`).toBe(0);
		};
		for (let i = 0; i < kinds.length; i += 3) await Promise.all(kinds.slice(i, i + 3).map(player));
		const browser: Record<string, string> = {};
		for (const k of kinds) {
			await page.goto(`${url}/cameras/camera-${k.kind}`);
			browser[k.kind] = await watched(page, k);
		}
		// Debian's Chromium decodes no H.265.
		const says = { h265: 'says' };
		expect(browser).toEqual({ ...Object.fromEntries(kinds.map((k) => [k.kind, 'plays'])), ...says });

		// Each kind of sound is heard, over the WebSocket and in a clip.
		const heard = kinds.filter((k) => k.codecs.length > 1);
		await page.goto(`${url}/cameras`);
		const secret = await makeVault(page);
		const clips = await recorded(
			page,
			url,
			heard.map((k) => `camera-${k.kind}`),
		);
		await page.route('**/live', (r) => (r.request().method() === 'POST' ? r.fulfill({ status: 409 }) : r.continue()));
		for (const k of heard) {
			await page.goto(`${url}/cameras/camera-${k.kind}`);
			await page.getByRole('button', { name: 'Watch live' }).click();
			await expect(page.locator('[data-live="on"]'), k.kind).toHaveAttribute('data-way', 'websocket');
			const sound = page.getByRole('button', { name: 'Sound' });
			await expect(sound, `${k.kind}: it can be heard`).toBeVisible();
			await sound.click();
			await expect.poll(() => decoded(page), `${k.kind}: sound comes`).toBeGreaterThan(0);
			const before = (await decoded(page)) ?? 0;
			await expect.poll(() => decoded(page), `${k.kind}: sound goes on`).toBeGreaterThan(before);
			expect(await page.locator('video').evaluate((v: HTMLVideoElement) => [v.muted, v.error])).toEqual([false, null]);
			await expect(page.locator('[data-halt]')).toHaveCount(0);

			const clip = clips[`camera-${k.kind}`];
			expect(clip?.codecs, k.kind).toMatch(k.words);
			await page.goto(`${url}/clips/${clip?.id}`);
			await page.getByLabel('Passphrase for this vault').fill(secret);
			await page.getByRole('button', { name: 'Unlock' }).click();
			await expect(page.locator('video'), k.kind).toHaveAttribute('data-ready', 'true', { timeout: 30_000 });
			await expect.poll(() => decoded(page), `${k.kind}: a clip has sound`).toBeGreaterThan(0);
			await expect(page.locator('[data-stop]'), k.kind).toHaveCount(0);
		}
	} finally {
		await Promise.all([program.stop(), wall.stop()]);
	}
});
