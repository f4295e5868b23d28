import type { Locator, Page } from '@playwright/test';
import { generateHybridIdentity, identityToRecipient } from 'age-encryption';

import type { Camera, Clip } from '../src/lib/api';
import { accessible, expect, fits, makeVault, test } from './hub';

/** What is on a video's screen, as so many grey samples. */
const WIDE = 96;
const HIGH = 54;
const seen = (video: Locator) =>
	video.evaluate(
		(v: HTMLVideoElement, [w, h]) => {
			const canvas = new OffscreenCanvas(w, h);
			const pen = canvas.getContext('2d');
			if (!pen) throw new Error('no canvas');
			pen.drawImage(v, 0, 0, w, h);
			const { data } = pen.getImageData(0, 0, w, h);
			return Array.from({ length: w * h }, (_, i) => data[i * 4 + 1] ?? 0);
		},
		[WIDE, HIGH] as const,
	);
/** How many samples differ for an eye. */
const differ = (a: number[], b: number[]) => a.filter((x, i) => Math.abs(x - (b[i] ?? 0)) > 24).length;

const at = (video: Locator) => video.evaluate((v: HTMLVideoElement) => v.currentTime);
/** Goes to a second of a clip and waits for the picture. */
const seek = (video: Locator, to: number) =>
	video.evaluate(
		(v: HTMLVideoElement, s) =>
			new Promise<void>((done) => {
				v.pause();
				v.addEventListener('seeked', () => requestAnimationFrame(() => done()), { once: true });
				v.currentTime = s;
			}),
		to,
	);

async function clips(page: Page, url: string): Promise<Clip[]> {
	return ((await (await page.request.get(`${url}/api/v1/clips`)).json()) as { clips: Clip[] }).clips;
}

// The whole way of a clip on real data: a door opens while the house is armed, its
// camera records, and only whoever has the vault's key sees who came.
test('a clip: the vault is made, a door opens while armed, what came is seen, recorded who saw it, and deleted', async ({
	page,
	demo,
	watch,
}) => {
	await demo.signIn(page);
	await demo.wake(page);
	await page.getByRole('link', { name: 'Cameras' }).first().click();
	await expect(page.locator('[data-camera]')).toHaveCount(3);
	const secret = await makeVault(page);
	// All cameras are up for as long as a clip begins before what sets it off.
	await expect
		.poll(async () => {
			const all = (await (await page.request.get(`${demo.url}/api/v1/cameras`)).json()) as Camera[];
			return all.every((c) => c.status.state === 'up' && Date.now() - Date.parse(c.status.since) > 4_500);
		})
		.toBe(true);
	await page.goto(`${demo.url}/`);
	const put = await page.request.put(`${demo.url}/api/v1/alarm/mode`, { data: { mode: 'away', exit_delay: '0s' } });
	expect(put.ok(), await put.text()).toBe(true);
	await expect(page.getByRole('heading', { level: 1 })).toHaveText('Armed, away.');

	const opened = Date.now();
	await demo.does('front-door', 'open');
	await expect(page.getByText('Front door opened. Enter your code.')).toBeVisible();
	await expect(page.locator('[data-recording]')).toBeVisible();
	await demo.does('front-door', 'close');
	const off = await page.request.put(`${demo.url}/api/v1/alarm/mode`, { data: { mode: 'disarmed', code: demo.code } });
	expect(off.ok(), await off.text()).toBe(true);

	// It is listed with its length, once it has ended.
	await page.goto(`${demo.url}/cameras/camera-porch`);
	const row = page.locator('[data-clip]');
	await expect(row).toHaveCount(1);
	await expect(row).toContainText('Front door');
	await expect(row).toContainText(/ · 1\d\ss\b/, { timeout: 40_000 });
	await expect(page.locator('[data-recording]')).toHaveCount(0);
	const clip = (await clips(page, demo.url)).find((c) => c.camera === 'camera-porch');
	expect(clip).toMatchObject({
		reason: 'zone:front-door',
		state: 'whole',
		codecs: 'avc1.42c01f',
		width: 768,
		height: 432,
	});
	if (!clip) return;
	const before = (opened - Date.parse(clip.start)) / 1000;
	// Four seconds, at most a group of two more, and what the way of the report took.
	expect(before, 'seconds before the door opened').toBeGreaterThan(2.5);
	expect(before).toBeLessThan(7);

	// A page that was loaded anew has no key: the vault is locked.
	await row.click();
	await expect(page.getByRole('heading', { name: 'The vault is locked.' })).toBeVisible();
	await page.getByLabel('Passphrase for this vault').fill(secret);
	await page.getByRole('button', { name: 'Unlock' }).click();
	const video = page.locator('video');
	await expect(video).toHaveAttribute('data-ready', 'true', { timeout: 30_000 });
	expect(await at(video), 'it opens at what set it off').toBeGreaterThanOrEqual(4);
	const first = await seen(video);
	await expect.poll(() => at(video)).toBeGreaterThan(before + 2.5);
	expect(differ(first, await seen(video)), 'the picture moves').toBeGreaterThan(20);

	// Before the door opened nobody was there; then somebody is, nobody before.
	await seek(video, 0);
	const empty = await seen(video);
	await seek(video, before - 1);
	const still = await seen(video);
	await seek(video, before + 3);
	const somebody = await seen(video);
	const CLOCK = 80; // samples of the seconds in the corner
	expect(differ(empty, still), 'nobody is there before the door opens').toBeLessThan(CLOCK);
	expect(differ(empty, somebody), 'somebody is there afterwards').toBeGreaterThan(CLOCK);
	await expect
		.poll(() => video.evaluate((v: HTMLVideoElement) => v.duration))
		.toBeCloseTo((Date.parse(clip.end) - Date.parse(clip.start)) / 1000, 0);
	await expect(page.locator('[data-stop]')).toHaveCount(0);
	await accessible(page, 'playing');
	await fits(page, 'playing');

	// Who watched is on record, and leads to the clip, which says it too.
	await page.goto(`${demo.url}/privacy/watched`);
	const view = page.locator('[data-view]').first();
	await expect(view).toContainText('owner');
	await expect(view.getByRole('link', { name: 'Porch' })).toHaveAttribute('href', `/clips/${clip.id}`);

	// Deleted: nothing opens it, and the page says when its bytes are gone.
	await view.getByRole('link', { name: 'Porch' }).click();
	await expect(page.locator('details[data-watched]')).toContainText('Watched by you, once.');
	await page.getByRole('button', { name: 'Delete this clip' }).click();
	await page.getByRole('button', { name: 'Delete it' }).click();
	await expect(page.getByRole('heading', { level: 1 })).toHaveText('This clip is deleted.');
	await expect(
		page.getByText(/^Nothing opens it any more\. Its [\d.]+ [kM]B are off the disk by \d\d:\d\d\.$/),
	).toBeVisible();
	await accessible(page, 'deleted');
	const gone = await page.request.get(`${demo.url}/api/v1/clips/${clip.id}/media?export=true`);
	expect(gone.status()).toBe(404);
	await page.getByRole('link', { name: 'Cameras' }).first().click();
	await expect(page.locator(`[data-clip="${clip.id}"]`)).toHaveCount(0);
	watch.check();
});

// What stands under a clip is of that clip, and of nobody who watched another.
test('under each clip stands who watched that one', async ({ page, demo, watch }) => {
	await demo.signIn(page);
	await demo.vault(page, [await identityToRecipient(await generateHybridIdentity())]);
	const post = async (path: string, data: object, headers = {}) => {
		const answer = await page.request.post(`${demo.url}/api/v1/${path}`, { data, headers });
		expect(answer.ok(), `${path}: ${await answer.text()}`).toBe(true);
		return answer;
	};
	const of = async (camera: string) => (await clips(page, demo.url)).find((c) => c.camera === camera);
	for (const camera of ['camera-porch', 'camera-garden']) {
		await expect
			.poll(
				async () =>
					((await (await page.request.get(`${demo.url}/api/v1/cameras/${camera}`)).json()) as Camera).status.state,
			)
			.toBe('up');
		await post(`cameras/${camera}/record`, { for: '1s' });
		await expect.poll(async () => (await of(camera))?.state, { timeout: 40_000 }).toBe('whole');
	}
	const [porch = '', garden = ''] = [(await of('camera-porch'))?.id, (await of('camera-garden'))?.id];
	const { token } = (await (await post('tokens', { name: 'Ben', role: 'member' })).json()) as { token: string };
	const looks = async (clip: string, headers = {}) => {
		const film = await page.request.get(`${demo.url}/api/v1/clips/${clip}/media`, { headers });
		expect(film.ok(), `${clip}: ${film.status()}`).toBe(true);
	};
	const says = async (clip: string, line: string, times: number) => {
		await page.goto(`${demo.url}/clips/${clip}`);
		const seen = page.locator('details[data-watched]');
		await expect(seen.locator('summary')).toHaveText(line);
		await expect(seen).toHaveAttribute('data-watched', `${times}`);
		await expect(seen.locator('li')).toHaveCount(times);
	};
	const ben = { Authorization: `Bearer ${token}`, Cookie: '' };
	await says(garden, 'Nobody watched it yet.', 0);
	await looks(porch, ben);
	await says(porch, 'Watched by Ben.', 1);
	await says(garden, 'Nobody watched it yet.', 0);
	await looks(garden);
	await says(garden, 'Watched by you, once.', 1);
	await looks(porch);
	await says(porch, 'Watched by owner and Ben.', 2);
	await says(garden, 'Watched by you, once.', 1);
	watch.check();
});

for (const [width, height, scheme] of [
	[390, 844, 'light'],
	[1280, 800, 'dark'],
] as const) {
	test(`cameras at ${width}, ${scheme}: the bell rings, one is unplugged, all of them fit`, async ({
		page,
		demo,
		watch,
	}) => {
		await page.setViewportSize({ width, height });
		await page.emulateMedia({ colorScheme: scheme });
		await demo.signIn(page);
		await demo.wake(page);

		// Somebody rings: it is on the screen within a second, with the way to the camera.
		const rang = page.locator('[data-rang]');
		await expect(rang).toHaveCount(0);
		const shown = await page.evaluateHandle(() => ({
			at: new Promise<number>((seen) => {
				new MutationObserver((_, all) => {
					if (!document.querySelector('[data-rang]')) return;
					all.disconnect();
					seen(Date.now());
				}).observe(document.body, { childList: true, subtree: true });
			}),
		}));
		await demo.does('doorbell', 'ring');
		const since = Date.now();
		await expect(rang).toBeVisible();
		expect((await shown.evaluate((s) => s.at)) - since, 'ms until the page says that somebody rings').toBeLessThan(
			1000,
		);
		await expect(rang).toContainText('Somebody is at the door.');
		await accessible(page, 'somebody rings');
		await fits(page, 'somebody rings');
		await rang.click();
		await expect(page.getByRole('heading', { level: 1 })).toHaveText('Doorbell');
		await accessible(page, 'one camera');
		await fits(page, 'one camera');

		// Without a vault nothing was recorded, and the page offers to make one.
		await page.getByRole('link', { name: 'Cameras' }).first().click();
		await makeVault(page);
		await demo.does('doorbell', 'ring');
		await expect(page.locator('[data-recording="2"]')).toBeVisible();
		await expect(page.locator('[data-camera=camera-doorbell]')).toContainText('Recording now');
		// What is said beside the home's name takes one line of a phone.
		expect((await page.locator('header.top').boundingBox())?.height, 'height of the header').toBeLessThan(60);
		await accessible(page, 'recording');
		await fits(page, 'recording');

		await demo.does('garden-camera', 'unplug');
		await expect(page.locator('[data-camera=camera-garden]')).toContainText('Can’t be reached');
		await demo.does('garden-camera', 'plug');

		// One that is covered says so among the others and on its own page, until it sees again.
		await demo.does('doorbell-camera', 'cover');
		const tile = page.locator('[data-camera=camera-doorbell]');
		await expect(tile).toContainText('See to it');
		await accessible(page, 'a covered camera');
		await fits(page, 'a covered camera');
		await tile.click();
		const covered = page.locator('[data-trouble=camera-covered]');
		await expect(covered).toContainText('Doorbell shows nothing: it is covered');
		await accessible(page, 'one covered camera');
		await fits(page, 'one covered camera');
		await demo.does('doorbell-camera', 'uncover');
		await expect(covered).toHaveCount(0);
		await page.getByRole('link', { name: 'Cameras' }).first().click();
		await expect(tile).not.toContainText('See to it');
		await page.getByRole('link', { name: /Garden/ }).click();
		await page.getByText('Settings of this camera').click();
		await accessible(page, 'settings of a camera');
		await fits(page, 'settings of a camera');
		watch.check();
	});
}
