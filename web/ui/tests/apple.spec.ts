import type { AppleHome } from '../src/lib/api';
import { accessible, expect, fits, test } from './hub';

for (const [width, height, scheme] of [
	[390, 844, 'light'],
	[1280, 800, 'dark'],
] as const) {
	test(`Apple Home at ${width}, ${scheme}: pairing opens and closes, and what it may do`, async ({
		page,
		demo,
		watch,
	}) => {
		await page.setViewportSize({ width, height });
		await page.emulateMedia({ colorScheme: scheme });
		await demo.signIn(page);
		await page.goto(`${demo.url}/more`);
		await page.getByRole('link', { name: 'Apple Home' }).first().click();
		await expect(page.getByRole('heading', { name: 'No Apple device is paired' })).toBeVisible();
		await expect(page.getByText(/\d{3}-\d{2}-\d{3}/)).toHaveCount(0); // the code is nobody's business yet
		await accessible(page, 'closed');
		await fits(page, 'closed');
		const is = async () => (await (await page.request.get(`${demo.url}/api/v1/homekit`)).json()) as AppleHome;

		await page.getByRole('button', { name: 'Open pairing for ten minutes' }).click();
		await expect(page.getByRole('heading', { name: /Pairing is open for (10:00|9:\d\d)/ })).toBeVisible();
		const now = await is();
		await expect(page.getByText(now.setup_code)).toBeVisible();
		await expect(page.getByRole('img', { name: 'QR code for the Home app' })).toBeVisible();
		await accessible(page, 'open');
		await fits(page, 'open');
		await page.getByRole('button', { name: 'Close pairing' }).click();
		await expect(page.getByRole('button', { name: 'Open pairing for ten minutes' })).toBeVisible();
		expect((await is()).until).toBeNull();

		const disarm = page.getByRole('switch', { name: 'Disarm' });
		await expect(disarm).toHaveAttribute('aria-checked', 'false');
		await disarm.click();
		await expect(disarm).toHaveAttribute('aria-checked', 'true');
		expect((await is()).disarm).toBe(true);
		const cameras = page.getByRole('switch', { name: 'Show the cameras' });
		await expect(cameras).toHaveAttribute('aria-checked', 'false');
		await cameras.click();
		await expect(cameras).toHaveAttribute('aria-checked', 'true');
		expect(await is()).toMatchObject({ cameras: true, unlock: false, arm_open: false });
		await accessible(page, 'what it may do');
		await fits(page, 'what it may do');

		// Two devices, as the hub would list them.
		const since = new Date().toISOString();
		const paired = [
			{ id: '1F6B2C3D-0000-4000-8000-00000000A55E', admin: true, since, connected: true },
			{ id: '5A2C77E1-0000-4000-8000-00000000BEEF', admin: false, since, connected: false },
		];
		let removed = '';
		const state = await is();
		await page.route('**/api/v1/homekit', (route) => route.fulfill({ json: { ...state, paired } }));
		await page.route('**/api/v1/homekit/paired/*', async (route) => {
			removed = route.request().url().split('/').at(-1) ?? '';
			await route.fulfill({ status: 204 });
		});
		await page.reload();
		await expect(page.locator('[data-paired]')).toHaveCount(2);
		await accessible(page, 'paired');
		await fits(page, 'paired');
		const second = page.locator('[data-paired]').nth(1);
		await second.getByRole('button', { name: 'Remove it' }).click();
		await second.getByRole('button', { name: 'Remove it' }).click();
		await expect.poll(() => removed).toBe('5A2C77E1-0000-4000-8000-00000000BEEF');
		watch.check();
	});
}
