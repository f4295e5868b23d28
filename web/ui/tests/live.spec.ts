import { accessible, expect, fits, test } from './hub';

// What a camera sees now, in a real browser: on a tap and not before, on record
// before the first byte, and said everywhere as long as it lasts.
test('a camera is watched live', async ({ page, demo, watch }) => {
	const sockets: string[] = [];
	page.on('websocket', (s) => sockets.push(new URL(s.url()).pathname));
	await demo.signIn(page);
	await page.setViewportSize({ width: 390, height: 844 });
	await page.goto(`${demo.url}/cameras/camera-porch`);
	const film = page.locator('[data-live]');
	const start = page.getByRole('button', { name: 'Watch live' });
	await expect(start).toBeEnabled();
	expect(sockets, 'nobody has asked for it').toEqual([]);
	await accessible(page, 'a camera before it is watched');
	await fits(page, 'a camera before it is watched');

	await start.press('Enter');
	await expect(film).toHaveAttribute('data-live', 'on');
	await expect(film.getByRole('status')).toHaveText('Live');
	const video = page.locator('video');
	const seen = () => video.evaluate((v: HTMLVideoElement) => v.currentTime);
	expect(await video.evaluate((v: HTMLVideoElement) => [v.videoWidth, v.videoHeight, v.muted])).toEqual([
		768,
		432,
		true,
	]);
	const before = await seen();
	await expect.poll(seen, { message: 'the picture moves' }).toBeGreaterThan(before + 1);
	expect(sockets).toEqual(['/api/v1/cameras/camera-porch/live']);
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

	await page.getByRole('button', { name: 'Stop' }).click();
	await expect(film).toHaveAttribute('data-live', 'off');
	await expect(page.locator('[data-watched="camera-porch"]')).toHaveCount(0);
	await expect.poll(async () => (await page1()).views.length, { message: 'its end is on record' }).toBe(2);
	const [end, begin] = (await page1()).views;
	expect(end?.ends).toBe(begin?.n);
	watch.check();
});

// A kind of picture that this browser can't play is said before anything is asked
// for: no view that nobody sees is on record.
test('a camera that sends H.265 is said to', async ({ page, demo }) => {
	const sockets: string[] = [];
	page.on('websocket', (s) => sockets.push(s.url()));
	await demo.signIn(page);
	await page.route('**/api/v1/cameras', async (route) => {
		const answer = await route.fetch();
		const list = (await answer.json()) as { status: { codecs: string } }[];
		for (const c of list) c.status.codecs = 'hev1.1.6.L93.90';
		await route.fulfill({ response: answer, json: list });
	});
	await page.goto(`${demo.url}/cameras/camera-porch`);
	await page.getByRole('button', { name: 'Watch live' }).click();
	await expect(page.locator('[data-halt="unplayable"]')).toContainText('hev1.1.6.L93.90');
	expect(sockets).toEqual([]);
});
