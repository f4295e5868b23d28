import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import type { Page } from '@playwright/test';

import { accessible, expect, fits, makeVault, test, type Demo } from './hub';
import { film, lately, notesOf, seal, Shelf } from './shelf';

/** Of more than three minutes, made once for each sound. */
const films = new Map<string, Promise<Uint8Array>>();
function long(sound: string): Promise<Uint8Array> {
	const made = films.get(sound) ?? film(200, sound);
	films.set(sound, made);
	return made;
}

/** A shelf whose vault is open in the page. */
async function opened(page: Page, demo: Demo): Promise<Shelf> {
	const shelf = new Shelf(page);
	await shelf.serve(page);
	await demo.signIn(page);
	await page.goto(`${demo.url}/privacy/vault`);
	await makeVault(page);
	return shelf;
}
/** Puts a film on the shelf, and opens it without leaving the page: the vault stays open. */
async function show(page: Page, shelf: Shelf, id: string, plain: Uint8Array, codecs: string, seconds = 12) {
	const { recipients } = await shelf.vault();
	const start = lately() + shelf.clips.length * 600_000;
	shelf.put(id, await seal(plain, recipients), {
		...{
			start: new Date(start).toISOString(),
			end: new Date(start + seconds * 1000).toISOString(),
			codecs,
			notes: true,
		},
	});
	shelf.media.set(`${id}/notes`, await seal(await notesOf(plain), recipients));
	await page.getByRole('link', { name: 'Cameras' }).first().click();
	await page.locator(`[data-clip=${id}]`).click();
	const video = page.locator('video');
	await expect(video).toHaveAttribute('data-ready', 'true', { timeout: 30_000 });
	return video;
}
const place = (video: ReturnType<Page['locator']>) => video.evaluate((v: HTMLVideoElement) => v.currentTime);
const decoded = (video: ReturnType<Page['locator']>) =>
	video.evaluate((v) => (v as HTMLVideoElement & { webkitAudioDecodedByteCount: number }).webkitAudioDecodedByteCount);

for (const [width, height] of [
	[390, 844],
	[1280, 800],
] as const)
	test(`a clip at ${width} is heard when one wants to, and shown where its sound is not known`, async ({
		page,
		demo,
		watch,
	}) => {
		await page.setViewportSize({ width, height });
		const shelf = await opened(page, demo);
		const sound = page.getByRole('button', { name: 'Sound' });

		const loud = await show(page, shelf, 'loud', await film(12, 'aac'), 'avc1.42c01e,mp4a.40.2');
		await expect(sound).toHaveAttribute('aria-pressed', 'false');
		expect(await loud.evaluate((v: HTMLVideoElement) => v.muted)).toBe(true);
		await sound.click();
		await expect(sound).toHaveAttribute('aria-pressed', 'true');
		expect(await loud.evaluate((v: HTMLVideoElement) => v.muted)).toBe(false);
		await expect.poll(() => decoded(loud)).toBeGreaterThan(0);
		await accessible(page, 'with sound');
		await fits(page, 'with sound');

		// Chromium has no decoder for that.
		const unheard = await show(page, shelf, 'ac3', await film(12, 'ac3'), 'avc1.42c01e,ac-3');
		await expect(page.getByText('Without sound: this browser')).toBeVisible();
		await expect(sound).toHaveCount(0);
		await expect.poll(() => place(unheard)).toBeGreaterThan(5);
		expect(await unheard.evaluate((v: HTMLVideoElement) => [v.error, v.videoWidth])).toEqual([null, 640]);
		await expect.poll(() => unheard.evaluate((v: HTMLVideoElement) => Math.round(v.duration))).toBe(12);
		await fits(page, 'without sound');

		const mute = await show(page, shelf, 'mute', await film(), 'avc1.42c01e');
		await expect.poll(() => place(mute)).toBeGreaterThan(5);
		await expect(sound).toHaveCount(0);
		await expect(page.getByText('Without sound')).toHaveCount(0);
		await expect(page.locator('[data-stop]')).toHaveCount(0);
		watch.check();
	});

// A clip of five minutes is not fetched whole for who wants its end; and back again.
for (const sound of ['mp4a.40.2', 'ac-3'])
	test(`a long clip with ${sound} is opened anywhere`, async ({ page, demo, watch }) => {
		const shelf = await opened(page, demo);
		const plain = await long(sound === 'ac-3' ? 'ac3' : 'aac');
		const ranges: string[] = [];
		page.on('request', (r) => r.url().endsWith('/media') && ranges.push(r.headers()['range'] ?? ''));
		const video = await show(page, shelf, 'long', plain, `avc1.42c01e,${sound}`, 200);
		const fetched = () =>
			video.evaluate(({ buffered: b }: HTMLVideoElement) => ({
				pieces: b.length,
				from: b.start(0),
				to: b.end(b.length - 1),
			}));
		expect(ranges).toEqual(['']);
		for (const [to, asked, first = 0] of [
			[170.5, 2],
			[198, 2, 199], // is there by now
			[41, 3],
			[3, 4],
			[120, 5],
		] as const) {
			if (first) await expect.poll(async () => (await fetched()).to).toBeGreaterThan(first);
			await page.getByLabel('Place in the clip').fill(String(to));
			await expect.poll(() => video.evaluate((v: HTMLVideoElement) => !v.seeking && v.readyState > 2)).toBe(true);
			const [at, there] = [await place(video), await fetched()];
			expect(at, 'it plays on from there').toBeGreaterThanOrEqual(to - 0.05);
			expect(at).toBeLessThan(to + 5);
			expect(there.pieces).toBe(1);
			if (!first) expect(there.from, 'no more than two groups of pictures before').toBeGreaterThan(to - 8);
			expect(there.from).toBeLessThanOrEqual(to);
			expect(ranges.length, ranges.join(' ')).toBe(asked);
		}
		// To its end, and from there.
		await page.getByLabel('Place in the clip').fill('199');
		await expect.poll(() => video.evaluate((v: HTMLVideoElement) => v.ended)).toBe(true);
		await page.getByLabel('Place in the clip').fill('10');
		await expect.poll(() => video.evaluate((v: HTMLVideoElement) => !v.seeking && v.currentTime)).toBeLessThan(15);
		await expect(page.locator('[data-stop]')).toHaveCount(0);
		watch.check();
	});

test('a long clip opens in its midst, as the ruler has it', async ({ page, demo, watch }) => {
	const shelf = await opened(page, demo);
	const video = await show(page, shelf, 'long', await long('aac'), 'avc1.42c01e,mp4a.40.2', 200);
	await page.goBack();
	const ranges: string[] = [];
	page.on('request', (r) => r.url().endsWith('/media') && ranges.push(r.headers()['range'] ?? ''));
	await page.locator('[data-clip=long]').waitFor();
	await page.evaluate(() => {
		const a = document.querySelector<HTMLAnchorElement>('[data-clip=long]');
		if (a) a.href += '#t=150';
		a?.click();
	});
	await expect(video).toHaveAttribute('data-ready', 'true', { timeout: 30_000 });
	expect(await place(video)).toBeGreaterThanOrEqual(150);
	expect(ranges).toHaveLength(2);
	watch.check();
});

test('a clip plays in a browser that wants all of it first, as an iPhone of some years ago', async ({
	page,
	demo,
	watch,
}) => {
	await page.addInitScript(() => {
		for (const kind of ['MediaSource', 'ManagedMediaSource']) Reflect.deleteProperty(globalThis, kind);
	});
	const shelf = await opened(page, demo);
	const video = await show(page, shelf, 'clip', await film(12, 'aac'), 'avc1.42c01e,mp4a.40.2');
	expect(await place(video)).toBeGreaterThanOrEqual(4);
	await page.getByRole('button', { name: 'Sound' }).click();
	await expect.poll(() => decoded(video)).toBeGreaterThan(0);
	for (const to of [9.4, 1.5]) {
		await page.getByLabel('Place in the clip').fill(String(to));
		await expect.poll(() => video.evaluate((v: HTMLVideoElement) => v.seeking)).toBe(false);
		expect(Math.abs((await place(video)) - to)).toBeLessThan(2);
	}
	await expect(page.locator('[data-stop]')).toHaveCount(0);
	watch.check();
});

/** What ffprobe makes of a file. */
async function probed(path: string) {
	const { stdout } = await promisify(execFile)('ffprobe', [
		...[
			'-v',
			'error',
			'-count_packets',
			'-show_entries',
			'stream=codec_name,start_time,duration,nb_read_packets',
			'-of',
		],
		...['json', path],
	]);
	return (JSON.parse(stdout) as { streams: Record<string, string>[] }).streams;
}

for (const [width, height] of [
	[390, 844],
	[1280, 800],
] as const)
	test(`a part of a clip at ${width} is taken away as a video`, async ({ page, demo, watch }) => {
		await page.setViewportSize({ width, height });
		const shelf = await opened(page, demo);
		const video = await show(page, shelf, 'long', await long('aac'), 'avc1.42c01e,mp4a.40.2', 200);
		const asked: string[] = [];
		page.on('request', (r) => r.url().includes('/media') && asked.push(r.url().replace(/.*\/media/, '')));
		const stop = async (at: string) => {
			await page.getByLabel('Place in the clip').fill(at);
			await expect.poll(() => video.evaluate((v: HTMLVideoElement) => v.seeking || v.readyState < 3)).toBe(false);
		};
		await page.getByRole('button', { name: 'Pause' }).click();
		await page.getByRole('button', { name: 'Save as a video' }).click();
		await stop('50');
		await page.getByRole('button', { name: 'Begin at this picture' }).click();
		await stop('61');
		await page.getByRole('button', { name: 'End at this picture' }).click();
		await expect(page.locator('[data-part]')).toHaveText(/^From 0:50 to 1:01, some \d/);
		await accessible(page, 'saving');
		await fits(page, 'saving');
		const save = async () => {
			const [download] = await Promise.all([
				page.waitForEvent('download'),
				page.getByRole('button', { name: 'Save the video' }).click(),
			]);
			expect(download.suggestedFilename()).toMatch(/^camera-porch \d{4}-\d\d-\d\d \d\d\.\d\d\.\d\d\.mp4$/);
			return probed(await download.path());
		};
		// From the group of pictures before, 48 s, and whole fragments.
		const loud = await save();
		expect(loud.map((s) => s['codec_name'])).toEqual(['h264', 'aac']);
		expect(Number(loud[0]?.['start_time'])).toBe(0);
		expect(Number(loud[0]?.['nb_read_packets'])).toBeGreaterThanOrEqual(13 * 25);
		expect(Number(loud[0]?.['nb_read_packets'])).toBeLessThanOrEqual(13 * 25 + 4);
		expect(Number(loud[1]?.['duration'])).toBeGreaterThan(12.8);
		expect(asked).toContain('?export=true');
		await expect(page.getByText('was put together here')).toBeVisible();
		await page.getByRole('button', { name: 'Save as a video' }).click();
		await page.getByRole('switch', { name: 'With its sound' }).click();
		expect((await save()).map((s) => s['codec_name'])).toEqual(['h264']);

		// Nothing is saved of a clip that was changed.
		const sealed = shelf.media.get('long/media');
		if (sealed) sealed[sealed.length >> 2] = (sealed[sealed.length >> 2] ?? 0) ^ 1;
		await page.getByRole('button', { name: 'Save as a video' }).click();
		await page.getByRole('button', { name: 'Save the video' }).click();
		await expect(page.getByText('nothing was saved')).toBeVisible();
		watch.check();
	});
