import type { Page } from '@playwright/test';

import { accessible, expect, fits, test, type Demo } from './hub';

// A microphone that beeps, for a page that asks.
test.use({
	launchOptions: {
		executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
		args: ['--no-sandbox', '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'],
	},
});

/** What the doorbell's loudspeaker said last, as samples: the demo keeps it as µ-law in a WAV file. */
async function heard(demo: Demo): Promise<number[]> {
	const answer = await fetch(`${demo.url}/demo/heard/doorbell-camera`);
	expect(answer.ok).toBe(true);
	const bytes = new Uint8Array(await answer.arrayBuffer());
	return [...bytes.slice(46)].map((coded) => {
		const v = ~coded & 0xff; // ITU-T G.711, table 2a
		const size = (((v & 0x0f) << 3) + 0x84) << ((v & 0x70) >> 4);
		return v & 0x80 ? 0x84 - size : size - 0x84;
	});
}
/** How much of a note there is (Goertzel), 1 for one as loud as can be. */
function note(samples: number[], hz: number): number {
	let [re, im] = [0, 0];
	for (const [i, s] of samples.entries()) {
		re += s * Math.cos((2 * Math.PI * hz * i) / 8000);
		im += s * Math.sin((2 * Math.PI * hz * i) / 8000);
	}
	return (2 * Math.hypot(re, im)) / samples.length / 32767;
}
async function record(page: Page, demo: Demo) {
	const answer = await page.request.get(`${demo.url}/api/v1/views?kind=talk&camera=camera-doorbell`);
	return ((await answer.json()) as { views: { n: number; ends?: number; who: string }[] }).views;
}

// Whoever rang is answered: after password and second lock, on record before the
// first word, and with a chirp before it.
test('somebody speaks through the doorbell', async ({ page, demo, watch }) => {
	const sockets: string[] = [];
	page.on('websocket', (s) => sockets.push(new URL(s.url()).pathname));
	watch.expected = [/40[39]|426/]; // the plain question, which a browser's console tells as an error
	await demo.signIn(page);
	await page.setViewportSize({ width: 390, height: 844 });
	await page.goto(`${demo.url}/cameras/camera-doorbell`);
	const talk = page.locator('[data-talk]');
	const start = page.getByRole('button', { name: 'Speak through it' });
	await expect(start).toBeEnabled({ timeout: 30_000 });
	await accessible(page, 'a camera that can be spoken through');
	await fits(page, 'a camera that can be spoken through');
	expect(await heard(demo)).toEqual([]);

	await start.press('Enter');
	await expect(talk).toHaveAttribute('data-talk', 'on');
	await expect(talk.getByRole('status')).toHaveText('You are heard there.');
	await expect(page.locator('[data-talks="camera-doorbell"]')).toHaveText(/owner speaks through Doorbell/i);
	expect((await record(page, demo)).map((v) => v.ends)).toEqual([undefined]);
	const level = page.getByRole('meter', { name: 'How loud you are' });
	await expect.poll(() => level.evaluate((m: HTMLMeterElement) => m.value)).toBeGreaterThan(0.2);
	await accessible(page, 'a camera that is spoken through');
	await fits(page, 'a camera that is spoken through');
	await page.setViewportSize({ width: 1280, height: 800 });
	await accessible(page, 'a camera that is spoken through, on a large screen');
	await fits(page, 'a camera that is spoken through, on a large screen');
	await page.waitForTimeout(2000); // the microphone beeps once a second

	await page.getByRole('button', { name: 'Stop speaking' }).click();
	await expect(talk).toHaveAttribute('data-talk', 'off');
	await expect(page.locator('[data-talks]')).toHaveCount(0);
	await expect.poll(async () => (await record(page, demo)).length, { message: 'its end is on record' }).toBe(2);
	const samples = await heard(demo);
	const [NOTE, GAP] = [1440, 480]; // of the chirp: 180 and 60 ms
	expect(note(samples.slice(0, NOTE), 880), 'the first note of the chirp').toBeGreaterThan(0.2);
	expect(note(samples.slice(NOTE + GAP, 2 * NOTE + GAP), 1320), 'the second').toBeGreaterThan(0.2);
	const said = samples.slice(2 * (NOTE + GAP));
	expect(said.length, 'it listened for some seconds').toBeGreaterThan(2 * 8000);
	expect(Math.max(...said), 'the beep of the microphone').toBeGreaterThan(1000);
	expect(sockets.filter((s) => s.endsWith('/talk'))).toEqual(['/api/v1/cameras/camera-doorbell/talk']);
	watch.check();
});

// Held, it is spoken through; let go, by whatever, it is not.
for (const [width, height] of [
	[390, 844],
	[1280, 800],
] as const)
	test(`somebody holds the button to speak at ${width}`, async ({ page, demo, watch }) => {
		watch.expected = [/40[39]|426/];
		await page.setViewportSize({ width, height });
		await demo.signIn(page);
		await page.goto(`${demo.url}/cameras/camera-doorbell`);
		const talk = page.locator('[data-talk]');
		const hold = page.getByRole('button', { name: 'Hold to speak' });
		const toggle = page.getByRole('button', { name: 'Speak through it' });
		const held = page.getByRole('button', { name: 'Let go to be silent' });
		await expect(hold).toBeEnabled({ timeout: 30_000 });
		await expect(hold).toHaveAttribute('aria-pressed', 'false');

		await hold.hover();
		await page.mouse.down();
		await expect(talk).toHaveAttribute('data-talk', 'on');
		await expect(held).toHaveAttribute('aria-pressed', 'true');
		await expect(toggle).toBeDisabled();
		await accessible(page, 'a button that is held');
		await fits(page, 'a button that is held');
		await page.mouse.move(2, 2); // the finger slides off, and holds
		await page.waitForTimeout(2000); // the microphone beeps once a second
		await expect(talk).toHaveAttribute('data-talk', 'on');
		await page.mouse.up();
		await expect(talk).toHaveAttribute('data-talk', 'off');
		await expect(hold).toHaveAttribute('aria-pressed', 'false');
		await expect.poll(async () => (await record(page, demo)).length, { message: 'its end is on record' }).toBe(2);
		const samples = await heard(demo);
		expect(Math.max(...samples.slice(2 * 1920)), 'the beep of the microphone, behind the chirp').toBeGreaterThan(1000);

		let spoken = 1;
		const begin = {
			space: () => page.keyboard.down('Space'),
			enter: () => page.keyboard.down('Enter'),
			mouse: async () => {
				await hold.hover();
				await page.mouse.down();
			},
		};
		for (const [by, end] of [
			['space', () => page.keyboard.up('Space')],
			['enter', () => page.keyboard.up('Enter')],
			['enter', () => page.keyboard.press('Tab')],
			['mouse', () => held.dispatchEvent('pointercancel')],
			['mouse', () => page.evaluate(() => window.dispatchEvent(new Event('blur')))],
		] as const) {
			await expect(hold).toBeEnabled();
			await hold.focus();
			await begin[by]();
			await expect(talk).toHaveAttribute('data-talk', 'on');
			await end();
			await expect(talk, `held by ${by}`).toHaveAttribute('data-talk', 'off');
			await page.keyboard.up('Enter');
			await page.mouse.up();
			spoken++;
			await expect.poll(async () => (await record(page, demo)).length).toBe(2 * spoken);
		}

		// Whoever is asked who they are lets go of it: nobody is heard behind the question.
		const path = '**/api/v1/cameras/camera-doorbell/talk';
		const refusal = { status: 403, code: 'step-up-needed', detail: 'Give password and second factor again.' };
		await page.route(path, (route) => route.fulfill({ status: 403, json: refusal }));
		await expect(hold).toBeEnabled();
		await hold.hover();
		await page.mouse.down();
		await expect(page.getByRole('dialog', { name: 'Is it still you?' })).toBeVisible();
		await expect(talk).toHaveAttribute('data-talk', 'off');
		await page.mouse.up();
		await page.keyboard.press('Escape');
		await expect(talk).toHaveAttribute('data-talk', 'off');
		expect((await record(page, demo)).length).toBe(2 * spoken);
		watch.check();
	});

// Where the hub wants to know again who it is, whoever does not answer is not heard:
// nothing is opened. Leaving the page ends what is said.
test('nobody speaks who does not say who they are', async ({ page, demo }) => {
	const sockets: string[] = [];
	page.on('websocket', (s) => sockets.push(new URL(s.url()).pathname));
	await demo.signIn(page);
	await page.goto(`${demo.url}/cameras/camera-doorbell`);
	const talk = page.locator('[data-talk]');
	const start = page.getByRole('button', { name: 'Speak through it' });
	await expect(start).toBeEnabled({ timeout: 30_000 });
	const path = '**/api/v1/cameras/camera-doorbell/talk';
	// As the hub refuses, five minutes after the last time (hub/face/api).
	const refusal = { status: 403, code: 'step-up-needed', detail: 'Give password and second factor again.' };
	await page.route(path, (route) => route.fulfill({ status: 403, json: refusal }));
	await start.click();
	await expect(page.getByRole('dialog', { name: 'Is it still you?' })).toBeVisible();
	await page.keyboard.press('Escape');
	await expect(talk).toHaveAttribute('data-talk', 'off');
	expect(sockets).toEqual([]);
	expect(await record(page, demo)).toEqual([]);
	expect(await heard(demo)).toEqual([]);

	await page.unroute(path);
	await start.click();
	await expect(talk).toHaveAttribute('data-talk', 'on');
	await page.getByRole('link', { name: 'Cameras' }).first().click();
	await expect(page.locator('[data-talks]')).toHaveCount(0);
	await expect.poll(async () => (await record(page, demo)).length, { message: 'its end is on record' }).toBe(2);
});

// A browser gives the microphone to encrypted pages alone: that is said in words.
test('a page in the clear says why nobody can speak', async ({ page, demo }) => {
	await page.addInitScript(() => Object.defineProperty(window, 'isSecureContext', { value: false }));
	await demo.signIn(page);
	await page.goto(`${demo.url}/cameras/camera-doorbell`);
	const start = page.getByRole('button', { name: 'Speak through it' });
	await expect(start).toBeEnabled({ timeout: 30_000 });
	await start.click();
	await expect(page.locator('[data-hush="insecure"]')).toContainText('https://');
	expect(await record(page, demo)).toEqual([]);
});
