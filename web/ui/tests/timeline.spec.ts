import type { Locator, Page } from '@playwright/test';

import { accessible, expect, fits, test } from './hub';
import { film, seal, Shelf } from './shelf';

const HOUR = 3_600_000;

/** The height of a mark, and how far its middle is from the top of the lane. */
const form = (page: Page, id: string) =>
	page
		.locator(`[data-mark=${id}]`)
		.last()
		.evaluate((e) => {
			const [box, bar] = [e.getBoundingClientRect(), (e.parentElement ?? e).getBoundingClientRect()];
			return [box.height, box.y + box.height / 2 - bar.y, getComputedStyle(e).clipPath].join(' ');
		});

/** Goes to yesterday, and gives when it began: at midnight of the home's zone, as the page says. */
async function yesterday(page: Page): Promise<number> {
	const asked = page.waitForRequest((r) => {
		const ask = new URL(r.url());
		return ask.pathname.endsWith('/clips/marks') && Date.parse(ask.searchParams.get('until') ?? '') < Date.now();
	});
	await page.getByRole('button', { name: 'Day before' }).click();
	return Date.parse(new URL((await asked).url()).searchParams.get('since') ?? '');
}

const place = (lane: Locator) => lane.getAttribute('aria-valuetext');

/** Two fingers that come apart, as Chromium takes them from a screen. */
async function spread(page: Page, lane: Locator): Promise<void> {
	await lane.scrollIntoViewIfNeeded();
	const box = (await lane.boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 };
	const client = await page.context().newCDPSession(page);
	const [mid, y] = [box.x + box.width / 2, box.y + box.height / 2];
	const send = (type: 'touchStart' | 'touchMove' | 'touchEnd', apart: number) =>
		client.send('Input.dispatchTouchEvent', {
			type,
			touchPoints: type === 'touchEnd' ? [] : [-1, 1].map((way, id) => ({ x: mid + (way * apart) / 2, y, id })),
		});
	await send('touchStart', 40);
	for (let apart = 50; apart <= 160; apart += 10) await send('touchMove', apart);
	await send('touchEnd', 0);
	await client.detach();
}

for (const [width, height, scheme] of [
	[390, 844, 'light'],
	[1280, 800, 'dark'],
] as const) {
	test(`the timeline at ${width}, ${scheme}: told apart, scrubbed with keys, finger and pointer, and now`, async ({
		page,
		demo,
		watch,
	}) => {
		await page.setViewportSize({ width, height });
		await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
		const shelf = new Shelf(page);
		shelf.cameras = [
			{ id: 'camera-porch', name: 'Porch' },
			{ id: 'camera-drive', name: 'Drive' },
			{ id: 'camera-garden', name: 'Garden' },
		];
		await shelf.serve(page);
		await demo.signIn(page);
		await page.goto(`${demo.url}/privacy/vault`);
		await page.getByRole('button', { name: 'Make the vault' }).click();
		await page.getByRole('button', { name: 'I have it on paper' }).click({ timeout: 30_000 });
		await expect(page.locator('[data-recovery]')).toHaveCount(0);
		await page.getByRole('link', { name: 'Cameras' }).first().click();

		const day = await yesterday(page);
		const at = (hour: number, minute = 0, second = 0) => day + hour * HOUR + minute * 60_000 + second * 1000;
		const sealed = await seal(await film(), (await shelf.vault()).recipients);
		const put = (id: string, camera: string, from: number, label: string, reason = 'motion') =>
			shelf.put(id, sealed, {
				...{ camera, reason, labels: label ? [{ name: label, score: 0.8 }] : [] },
				...{ start: new Date(from).toISOString(), end: new Date(from + 12_000).toISOString() },
			});
		put('somebody', 'camera-porch', at(14, 2), 'person');
		put('rang', 'camera-porch', at(9), '', 'doorbell');
		put('car', 'camera-drive', at(11, 26), 'car');
		put('dog', 'camera-garden', at(8, 31), 'dog');
		put('moved', 'camera-garden', at(20), '');
		put('burglar', 'camera-garden', at(21), '', 'phase:alarm');
		for (let i = 0; i < 120; i++) put(`all-${i}`, 'camera-drive', at(22, i), '', 'continuous');
		await page.getByRole('button', { name: 'Day after' }).click();
		await page.getByRole('button', { name: 'Day before' }).click();

		const lanes = page.getByRole('slider', { name: /: what was recorded$/ });
		await expect(lanes).toHaveCount(4);
		const lane = (name: string) => page.getByRole('slider', { name: `${name}: what was recorded` });
		await expect(page.locator('[data-lane=house] [data-mark]')).toHaveCount(126);
		await expect(page.locator('[data-lane=camera-porch] [data-mark]')).toHaveCount(2);
		// Each kind has a form of its own, which the legend names.
		const shapes = ['somebody', 'rang', 'car', 'dog', 'moved', 'burglar', 'all-3'];
		const drawn = await Promise.all(shapes.map((id) => form(page, id)));
		expect(
			await page
				.locator('[data-mark=moved]')
				.last()
				.evaluate((e) => e.clientWidth),
		).toBeLessThan(4);
		expect(new Set([...drawn.slice(0, 4), ...drawn.slice(5)]).size, drawn.join(', ')).toBe(6);
		const legend = page.getByRole('list', { name: 'What the marks mean' });
		for (const word of ['People', 'Animals', 'Cars', 'Doorbell', 'Alarm', 'Something else', 'All the time'])
			await expect(legend.getByText(word, { exact: true })).toBeVisible();
		await accessible(page, 'yesterday');
		await fits(page, 'yesterday');

		// However many there are, the list is a page of them, and goes on when asked.
		await expect(page.locator('[data-clip]')).toHaveCount(50);
		await page.getByRole('button', { name: 'Show more' }).click();
		await expect(page.locator('[data-clip]')).toHaveCount(100);
		expect(shelf.sent.filter((s) => / \S*\/clips\?/.test(s) && Number(/limit=(\d+)/.exec(s)?.[1] ?? 50) > 50)).toEqual(
			[],
		);
		// A filter looks on by itself until it has found something, and asks for no page twice.
		await page.getByRole('button', { name: 'Day after' }).click();
		await page.getByRole('button', { name: 'People', exact: true }).click();
		shelf.sent.length = 0;
		await page.getByRole('button', { name: 'Day before' }).click();
		await expect(page.locator('[data-clip]')).toHaveCount(1);
		const cursors = shelf.sent.map((s) => /\/clips\?.*&cursor=(\d+)/.exec(s)?.[1]).filter(Boolean);
		expect(cursors).toEqual(['50', '100']);
		await page.getByRole('button', { name: 'All', exact: true }).click();

		// The keyboard: from clip to clip, closer, second by second, and open there.
		await lane('Porch').focus();
		await page.keyboard.press('Home');
		expect(await place(lane('Porch'))).toBe('00:00:00, nothing recorded');
		await page.keyboard.press('Shift+ArrowRight');
		expect(await place(lane('Porch'))).toBe('09:00:00, Somebody rang');
		await page.keyboard.press('Shift+ArrowRight');
		expect(await place(lane('Porch'))).toBe('14:02:00, Somebody');
		expect(await place(lane('House'))).toBe('14:02:00, Porch: Somebody');
		expect(await place(lane('Garden'))).toBe('14:02:00, nothing recorded');
		await page.keyboard.press('ArrowLeft');
		expect(await place(lane('Porch'))).toBe('14:01:00, nothing recorded');
		await page.keyboard.press('PageDown');
		expect(await place(lane('Porch'))).toBe('13:01:00, nothing recorded');
		await page.keyboard.press('Shift+ArrowRight');
		for (let i = 0; i < 3; i++) await page.keyboard.press('+');
		for (let i = 0; i < 7; i++) await page.keyboard.press('ArrowRight');
		expect(await place(lane('Porch'))).toBe('14:02:07, Somebody');
		await page.keyboard.press('Enter');
		await expect(page).toHaveURL(/\/clips\/somebody#t=7\.0$/);
		const video = page.locator('video');
		await expect(video).toHaveAttribute('data-ready', 'true', { timeout: 30_000 });
		const time = () => video.evaluate((v: HTMLVideoElement) => v.currentTime);
		await expect.poll(time).toBeGreaterThanOrEqual(7);
		await expect(page.locator('[data-lane=camera-porch] [data-mark=somebody]')).toHaveClass(/here/);
		// The line goes on with the film, as closely as one looked.
		await expect.poll(() => place(lane('Porch'))).toMatch(/^14:02:(09|1\d), Somebody$/);
		await accessible(page, 'clip');
		await fits(page, 'clip');

		// The film has keys too: a second to and fro, and the space bar.
		await video.evaluate((v: HTMLVideoElement) => v.pause());
		const stood = await time();
		const seeker = page.getByRole('slider', { name: 'Place in the clip' });
		await seeker.press('ArrowLeft');
		await seeker.press('ArrowLeft');
		await expect.poll(time).toBeCloseTo(stood - 2, 1);
		await seeker.press('ArrowRight');
		await expect.poll(time).toBeCloseTo(stood - 1, 1);
		await seeker.press(' ');
		await expect(page.getByRole('button', { name: 'Pause' })).toBeVisible();
		await seeker.press(' ');
		await expect(page.getByRole('button', { name: 'Play' })).toBeVisible();

		// A pointer: pressed at the beginning, let go at the second second.
		await lane('Porch').scrollIntoViewIfNeeded();
		const mark = (await page.locator('[data-lane=camera-porch] [data-mark=somebody]').boundingBox()) ?? { x: 0, y: 0 };
		const wide = (await lane('Porch').boundingBox())?.width ?? 0;
		const [x, y] = [mark.x, mark.y + 4];
		await page.mouse.move(x - wide / 4, y);
		await page.mouse.down();
		expect(await place(lane('Porch'))).toBe(`${await page.locator('.bubble').innerText()}, nothing recorded`);
		await page.mouse.move(x - wide / 8, y);
		await page.mouse.move(x + (wide / 600) * 3, y);
		await page.mouse.up();
		await expect.poll(time).toBeLessThan(6);
		await expect(page).toHaveURL(/\/clips\/somebody#t=[1-5]\.\d$/);
		// Where nothing was nothing opens.
		await page.mouse.move(x - wide / 4, y);
		await page.mouse.down();
		await page.mouse.up();
		await expect(page.getByText('nothing recorded')).toBeVisible();
		await expect(page).toHaveURL(/\/clips\/somebody/);
		await page.getByRole('button', { name: 'Clip before' }).click();
		await page.getByRole('button', { name: 'Open it here' }).click();
		await expect(page).toHaveURL(/\/clips\/rang#t=0\.0$/);

		// At the end there is now, which goes on, and a camera's page.
		await page.goBack();
		await page.getByRole('button', { name: 'Now', exact: true }).click();
		await expect(lane('Drive')).toHaveAttribute('aria-valuetext', 'Now');
		const then = Number(await lane('Drive').getAttribute('aria-valuenow'));
		await expect.poll(async () => Number(await lane('Drive').getAttribute('aria-valuenow'))).toBeGreaterThan(then);
		await lane('Drive').press('Enter');
		await expect(page).toHaveURL(/\/cameras\/camera-drive$/);
		await expect(page.getByRole('heading', { level: 1 })).toHaveText('Drive');
		await expect(lanes).toHaveCount(1);
		await expect(page.getByRole('button', { name: 'Day after' })).toBeDisabled();
		watch.check();
	});
}

test.describe('with fingers', () => {
	test.use({ hasTouch: true, viewport: { width: 390, height: 844 } });
	test('the timeline comes closer as two fingers come apart, opens what one taps, and lets the page scroll', async ({
		page,
		demo,
	}) => {
		const shelf = new Shelf(page);
		await shelf.serve(page);
		await demo.signIn(page);
		await page.goto(`${demo.url}/cameras`);
		const noon = (await yesterday(page)) + 12 * HOUR;
		shelf.put('noon', new Uint8Array(), {
			...{ start: new Date(noon).toISOString(), end: new Date(noon + 12_000).toISOString() },
		});
		await page.getByRole('button', { name: 'Day after' }).click();
		await page.getByRole('button', { name: 'Day before' }).click();
		const lane = page.getByRole('slider');
		await expect(page.locator('[data-mark=noon]')).toHaveCount(1);
		const hours = page.locator('.hours');
		await expect(hours).toContainText('20:00');
		await spread(page, lane);
		await expect(hours).not.toContainText('20:00');
		await expect(hours).toContainText('12:00');
		await expect(page).toHaveURL(/\/cameras$/);
		await expect(page.locator('[data-mark=noon]')).toHaveCount(1);
		await expect(lane).toHaveCSS('touch-action', 'pan-y');
		await page.locator('[data-mark=noon]').tap();
		await expect(page).toHaveURL(/\/clips\/noon/);
	});
});
