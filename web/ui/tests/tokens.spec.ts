import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import type { Schemas } from '../src/lib/api';
import { accessible, Demo, expect, fits, freePort, Program, test, Watch } from './hub';

const run = promisify(execFile);

/** How many pictures a player is to show: more than one second of them, which the demo writes into each. */
const PICTURES = 25;

/** What ffmpeg makes of the first pictures at an address, each as a checksum. */
async function plays(address: string, ...how: string[]): Promise<string[]> {
	const { stdout } = await run('ffmpeg', [
		...['-v', 'error', ...how, '-i', address, '-map', '0:v', '-frames:v', `${PICTURES}`, '-f', 'framemd5', '-'],
	]);
	return stdout
		.split('\n')
		.filter((l) => l.startsWith('0,'))
		.map((l) => l.split(',').at(-1)?.trim() ?? '');
}

for (const [width, height] of [
	[390, 844],
	[1280, 800],
] as const) {
	test(`tokens at ${width}: made, shown once, what a television plays by one, withdrawn`, async ({ page, context }) => {
		await page.setViewportSize({ width, height });
		await context.grantPermissions(['clipboard-read', 'clipboard-write']);
		const port = await freePort();
		const program = Program.start('demo', '--listen', '127.0.0.1:0', '--mqtt', '', '--rtsp', `127.0.0.1:${port}`);
		try {
			const [, url = ''] = await program.says(/(http:\/\/127\.0\.0\.1:\d+)\//);
			const [, password = ''] = await program.says(/password\s+(.+)/);
			const watch = new Watch(page, () => url);
			watch.expected = [/Failed to load resource: the server responded with a status of 4\d\d/];
			const headline = page.getByRole('heading', { level: 1 });
			const tokens = async () => (await (await page.request.get(`${url}/api/v1/tokens`)).json()) as Schemas['Token'][];
			const copied = () => page.evaluate(() => navigator.clipboard.readText());
			await new Demo(url, password, '').signIn(page);

			await page.goto(`${url}/more`);
			await page.getByRole('navigation', { name: 'This page' }).getByRole('link', { name: 'Programs' }).click();
			await expect(headline).toHaveText('Programs and televisions');
			await expect(page.getByText('Nothing comes in by a token.')).toBeVisible();
			const porch = page.locator('[data-player=camera-porch]');
			await expect(porch).toContainText(`rtsp://tv:TOKEN@127.0.0.1:${port}/camera-porch`);
			await expect(porch).toContainText(`${url}/api/v1/cameras/camera-porch/hls/index.m3u8?token=TOKEN`);
			await accessible(page, 'no tokens');
			await fits(page, 'no tokens');

			// Nothing typed, and a guest that never ends: the hub says what it wants, beside the field.
			await page.getByRole('link', { name: 'Make a token' }).click();
			const make = page.getByRole('button', { name: 'Make the token' });
			await make.click();
			await expect(page.getByLabel('What is it for')).toHaveAttribute('aria-invalid', 'true');
			await page.getByLabel('What is it for').fill('Visitor');
			await page.getByRole('radio', { name: /^Guest/ }).check();
			await make.click();
			await expect(page.getByLabel('Ends')).toHaveAttribute('aria-invalid', 'true');
			await expect(page.getByRole('alert').filter({ hasText: 'needs a date' })).toBeVisible();
			await accessible(page, 'new token with a fault');
			await fits(page, 'new token with a fault');
			await page.getByLabel('Ends').fill('2033-01-31T18:30');
			// What the hub says five minutes after the sign-in: nothing is made until it was answered.
			await page.route('**/api/v1/tokens', (route) =>
				route.request().method() === 'POST'
					? route.fulfill({
							status: 403,
							contentType: 'application/problem+json',
							json: { status: 403, code: 'step-up-needed', detail: 'Give your password again.' },
						})
					: route.continue(),
			);
			await make.click();
			const sheet = page.getByRole('dialog', { name: 'Is it still you?' });
			await expect(sheet).toBeVisible();
			await page.keyboard.press('Escape');
			await expect(page.getByRole('alert').filter({ hasText: 'Nothing was changed.' })).toBeVisible();
			expect(await tokens()).toEqual([]);
			await page.unroute('**/api/v1/tokens');
			await make.click();
			await expect(headline).toHaveText('The token of Visitor.');
			await expect(page.locator('[data-player]')).toHaveCount(0);
			await page.getByRole('button', { name: 'I have it' }).click();
			await expect(page.locator('[data-token]')).toContainText(/Guest · Until Monday,? (31 January|January 31), 18:30/);

			// One for the television: with it the address of every camera.
			await page.getByRole('link', { name: 'Make a token' }).click();
			await page.getByLabel('What is it for').fill('Living room television');
			await make.click();
			await expect(headline).toHaveText('The token of Living room television.');
			const secret = await page.locator('[data-secret]').innerText();
			expect(secret).toMatch(/^gh_\w{40,}$/);
			await page.getByRole('button', { name: 'Copy the token' }).click();
			expect(await copied()).toBe(secret);
			await porch.getByRole('button', { name: 'Copy the RTSP address' }).click();
			const rtsp = await copied();
			expect(rtsp).toBe(`rtsp://tv:${secret}@127.0.0.1:${port}/camera-porch`);
			await porch.getByRole('button', { name: 'Copy the HLS address' }).click();
			await expect.poll(copied).not.toBe(rtsp);
			const hls = await copied();
			expect(hls).toBe(`${url}/api/v1/cameras/camera-porch/hls/index.m3u8?token=${secret}`);
			await expect(page.locator('[data-player]')).toHaveCount(3);
			await accessible(page, 'a token');
			await fits(page, 'a token');
			await expect(async () => expect((await plays(rtsp, '-rtsp_transport', 'tcp')).length).toBe(PICTURES)).toPass();
			const list = await fetch(hls); // nothing but the address: no cookie
			expect([list.status, list.headers.get('Content-Type')]).toEqual([200, 'application/vnd.apple.mpegurl']);
			expect(await list.text()).toContain(`.m4s?token=${secret}`);
			const pictures = await plays(hls);
			expect(pictures.length).toBe(PICTURES);
			expect(new Set(pictures).size, 'the picture moves').toBeGreaterThan(1);

			// Once: it is nowhere afterwards, not even for who goes back.
			await page.getByRole('button', { name: 'I have it' }).click();
			const television = page.locator('[data-token]').filter({ hasText: 'Living room television' });
			await expect(television).toContainText(/Looks on · Until it is withdrawn · Last used/);
			await expect(television).toContainText('Made by owner');
			await expect(page.locator('body')).not.toContainText(secret);
			await page.goBack();
			await expect(page.getByLabel('What is it for')).toHaveValue('');
			await expect(page.locator('body')).not.toContainText(secret);
			await page.goForward();
			await expect(page.locator('[data-token]')).toHaveCount(2);
			await accessible(page, 'tokens');
			await fits(page, 'tokens');

			await television.getByRole('button', { name: 'Withdraw it' }).click();
			await expect(page.getByText('Withdraw the token of Living room television?')).toBeVisible();
			await fits(page, 'withdrawing');
			await page.getByRole('button', { name: 'Withdraw it now' }).click();
			await expect(page.locator('[data-token]')).toHaveCount(1);
			expect((await tokens()).map((k) => k.name)).toEqual(['Visitor']);
			await expect(plays(rtsp, '-rtsp_transport', 'tcp')).rejects.toThrow('401');
			await expect(plays(hls)).rejects.toThrow('401');
			watch.check();
		} finally {
			await program.stop();
		}
	});
}

// A hub that no player finds by RTSP has HLS all the same, and the page shows that alone.
test('where no RTSP listens, HLS is shown', async ({ page, demo, watch }) => {
	await demo.signIn(page);
	await page.goto(`${demo.url}/tokens`);
	const porch = page.locator('[data-player=camera-porch]');
	await expect(porch.locator('[data-way]')).toHaveCount(1);
	await expect(porch.locator('[data-way=HLS]')).toContainText(
		`${demo.url}/api/v1/cameras/camera-porch/hls/index.m3u8?token=TOKEN`,
	);
	await expect(page.getByText('rtsp: {listen: ":8554"}')).toBeVisible();
	await accessible(page, 'players without RTSP');
	await fits(page, 'players without RTSP');
	watch.check();
});
