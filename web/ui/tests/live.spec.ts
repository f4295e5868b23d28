import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import type { Locator, Page, Route } from '@playwright/test';

import { accessible, Demo, expect, fits, freePort, Program, test } from './hub';

const run = promisify(execFile);

// What a camera sees now, in a real browser: on a tap and not before, on record
// before the first byte, and said everywhere as long as it lasts.
test('a camera is watched live', async ({ page, demo, watch }) => {
	const asked = requests(page);
	await demo.signIn(page);
	await page.setViewportSize({ width: 390, height: 844 });
	await page.goto(`${demo.url}/cameras/camera-porch`);
	const film = page.locator('[data-live]');
	const start = page.getByRole('button', { name: 'Watch live' });
	await expect(start).toBeEnabled();
	expect(asked, 'nobody has asked for it').toEqual([]);
	await accessible(page, 'a camera before it is watched');
	await fits(page, 'a camera before it is watched');

	await start.press('Enter');
	await expect(film).toHaveAttribute('data-live', 'on');
	await expect(film).toHaveAttribute('data-way', 'webrtc');
	await expect(film.getByRole('status')).toHaveText('Live');
	const video = page.locator('video');
	const seen = () => video.evaluate((v: HTMLVideoElement) => v.currentTime);
	expect(await video.evaluate((v: HTMLVideoElement) => [v.videoWidth, v.videoHeight, v.muted])).toEqual([
		768,
		432,
		true,
	]);
	const before = await seen();
	const decoded = () => video.evaluate((v: HTMLVideoElement) => v.getVideoPlaybackQuality().totalVideoFrames);
	const pictures = await decoded();
	const look = await drawn(video);
	await expect.poll(seen, { message: 'the picture moves' }).toBeGreaterThan(before + 1);
	expect(await decoded()).toBeGreaterThan(pictures + 5);
	await expect.poll(() => drawn(video), { message: 'and is another' }).not.toBe(look);
	expect(asked).toEqual(['POST /api/v1/cameras/camera-porch/live']);
	await expect(page.locator('[data-watched="camera-porch"]')).toHaveText(/owner looks through/i);
	const page1 = async () =>
		(await (await page.request.get(`${demo.url}/api/v1/views?kind=live&camera=camera-porch`)).json()) as {
			views: { n: number; ends?: number; who: string }[];
		};
	expect((await page1()).views.map((v) => v.ends)).toEqual([undefined]);
	await accessible(page, 'a camera that is watched');
	await fits(page, 'a camera that is watched');
	await page.setViewportSize({ width: 1280, height: 800 });
	await accessible(page, 'a camera that is watched, on a large screen');
	await fits(page, 'a camera that is watched, on a large screen');

	const told = page.waitForResponse((r) => r.request().method() === 'DELETE');
	await page.getByRole('button', { name: 'Stop' }).click();
	await expect(film).toHaveAttribute('data-live', 'off');
	expect((await told).status(), 'the hub hears of the end before the line closes').toBe(200);
	await expect(page.locator('[data-watched="camera-porch"]')).toHaveCount(0);
	await expect.poll(async () => (await page1()).views.length, { message: 'its end is on record' }).toBe(2);
	const [end, begin] = (await page1()).views;
	expect(end?.ends).toBe(begin?.n);
	expect(asked.length, asked.join()).toBe(2);
	expect(asked[1]).toContain('DELETE /api/v1/cameras/camera-porch/live/');
	watch.check();
});

// Where WebRTC does not go, the picture comes over the WebSocket, and nobody is told.
for (const { name, answer } of [
	{ name: 'the hub has none', answer: async (r: Route) => r.fulfill({ status: 409, body: '{}' }) },
	{
		name: 'its packets do not arrive',
		answer: async (r: Route) => {
			const response = await r.fetch();
			const body = (await response.text()).replace(/(candidate:.* )\d+( typ host)/g, '$19$2');
			await r.fulfill({ response, body });
		},
	},
])
	test(`a camera is watched live although ${name}`, async ({ page, demo, watch }) => {
		const asked = requests(page);
		await demo.signIn(page);
		await page.route('**/api/v1/cameras/camera-porch/live', (r) =>
			r.request().method() === 'POST' ? answer(r) : r.continue(),
		);
		await page.goto(`${demo.url}/cameras/camera-porch`);
		const start = page.getByRole('button', { name: 'Watch live' });
		await expect(start).toBeEnabled();
		await start.click();
		const film = page.locator('[data-live]');
		await expect(film).toHaveAttribute('data-way', 'websocket', { timeout: 4_000 });
		await expect(film).toHaveAttribute('data-live', 'on', { timeout: 2_000 });
		await expect(film.getByRole('status')).toHaveText('Live');
		await expect(page.locator('[data-halt]')).toHaveCount(0);
		const seen = () => page.locator('video').evaluate((v: HTMLVideoElement) => v.currentTime);
		const before = await seen();
		await expect.poll(seen, { message: 'the picture moves' }).toBeGreaterThan(before + 1);
		expect(asked.filter((a) => a.startsWith('WS'))).toEqual(['WS /api/v1/cameras/camera-porch/live']);
		await expect(page.locator('[data-watched="camera-porch"]')).toHaveText(/owner looks through/i);
		watch.check();
	});

/** What is asked for to see a camera live. */
function requests(page: Page): string[] {
	const asked: string[] = [];
	page.on('websocket', (s) => asked.push(`WS ${new URL(s.url()).pathname}`));
	page.on('request', (r) => {
		if (r.url().includes('/live')) asked.push(`${r.method()} ${new URL(r.url()).pathname}`);
	});
	return asked;
}

/** The picture that a video shows, as a text that differs when it does. */
function drawn(video: Locator): Promise<string> {
	return video.evaluate((v: HTMLVideoElement) => {
		const canvas = document.createElement('canvas');
		[canvas.width, canvas.height] = [v.videoWidth, v.videoHeight];
		canvas.getContext('2d')?.drawImage(v, 0, 0);
		return canvas.toDataURL();
	});
}

// A kind of picture that this browser can't play is said before anything is asked
// for: no view that nobody sees is on record.
test('what a browser cannot play is watched as stills', async ({ page, demo, watch }) => {
	await page.addInitScript(() => {
		MediaSource.isTypeSupported = () => false;
		Reflect.deleteProperty(globalThis, 'RTCPeerConnection');
	});
	await demo.signIn(page);
	await page.setViewportSize({ width: 390, height: 844 });
	await page.goto(`${demo.url}/cameras/camera-porch`);
	await page.getByRole('button', { name: 'Watch live' }).click();
	const film = page.locator('[data-live]');
	await expect(film).toHaveAttribute('data-live', 'on');
	await expect(film.getByRole('status')).toHaveText('Stills only');
	await expect(page.getByText('One picture a second')).toBeVisible();
	const still = film.getByRole('img', { name: 'What Porch sees now' });
	expect(await still.evaluate((i: HTMLImageElement) => [i.naturalWidth, i.naturalHeight])).toEqual([768, 432]);
	const before = await still.getAttribute('src');
	await expect(still).not.toHaveAttribute('src', before ?? '');
	await expect(page.locator('[data-watched="camera-porch"]')).toHaveText(/owner looks through/i);
	await accessible(page, 'stills');
	await fits(page, 'stills');
	await page.getByRole('button', { name: 'Stop' }).click();
	await expect(still).toHaveCount(0);
	await expect(page.locator('[data-watched="camera-porch"]')).toHaveCount(0);
	watch.check();
});

test('a camera that sends H.265 is said to', async ({ page, demo }) => {
	const asked = requests(page);
	await demo.signIn(page);
	await page.route('**/api/v1/cameras', async (route) => {
		const answer = await route.fetch();
		const list = (await answer.json()) as { status: { codecs: string } }[];
		for (const c of list) c.status.codecs = 'hev1.1.6.L93.90';
		await route.fulfill({ response: answer, json: list });
	});
	await page.goto(`${demo.url}/cameras/camera-porch`);
	await page.getByRole('button', { name: 'Watch live' }).click();
	const halt = page.locator('[data-halt="unplayable"]');
	await expect(halt).toContainText('(hev1.1.6.L93.90). Set the camera to H.264');
	expect(asked).toEqual([]);

	// A browser that has no decoder for H.264 is not told to have the camera send it.
	await page.unrouteAll();
	await page.goto(`${demo.url}/cameras/camera-porch`);
	await page.evaluate(() => {
		MediaSource.isTypeSupported = () => false;
		RTCRtpReceiver.getCapabilities = () => null;
	});
	await page.getByRole('button', { name: 'Watch live' }).click();
	await expect(halt).toContainText('This browser plays no H.264 (avc1.42c01f)');
});

// Any player opens any camera of the house the same way, with a token that is good
// for nothing else, until it is withdrawn.
test('a player opens every camera', async ({ page }) => {
	const port = await freePort();
	const program = Program.start('demo', '--listen', '127.0.0.1:0', '--mqtt', '', '--rtsp', `127.0.0.1:${port}`);
	try {
		const [, url = ''] = await program.says(/(http:\/\/127\.0\.0\.1:\d+)\//);
		const [, password = ''] = await program.says(/password\s+(.+)/);
		await new Demo(url, password, '').signIn(page);
		const made = await page.request.post(`${url}/api/v1/tokens`, { data: { name: 'Television', role: 'onlooker' } });
		expect(made.ok(), await made.text()).toBe(true);
		const { id: television, token } = (await made.json()) as { id: string; token: string };
		const cameras = async () =>
			(await (await page.request.get(`${url}/api/v1/cameras`)).json()) as { id: string; status: { state: string } }[];
		await expect.poll(async () => (await cameras()).every((c) => c.status.state === 'up')).toBe(true);
		const all = await cameras();
		expect(all.length).toBeGreaterThan(0);
		const play = (id: string) =>
			run('ffmpeg', [
				...['-v', 'error', '-rtsp_transport', 'tcp', '-i', `rtsp://tv:${token}@127.0.0.1:${port}/${id}`],
				...['-frames:v', '10', '-f', 'framemd5', '-'],
			]);
		for (const { id } of all) {
			const { stdout } = await play(id);
			expect(stdout.split('\n').filter((l) => l.startsWith('0,')).length, id).toBe(10);
		}
		expect((await page.request.delete(`${url}/api/v1/tokens/${television}`)).ok()).toBe(true);
		await expect(play('camera-porch')).rejects.toThrow('401');
	} finally {
		await program.stop();
	}
});
