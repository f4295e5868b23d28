import type { Keypad } from '../src/lib/api';
import { accessible, expect, fits, test } from './hub';

for (const [width, height] of [
	[390, 844],
	[1280, 800],
] as const) {
	test(`keypads at ${width}: what one may set, and how loud it is`, async ({ page, demo, watch }) => {
		await page.setViewportSize({ width, height });
		await demo.signIn(page);
		await demo.settle(page);
		await page.goto(`${demo.url}/keypads`);
		await expect(page.locator('[data-keypad]')).toHaveCount(2);
		const keypad = page.locator('[data-keypad]').first();
		await accessible(page, 'keypads');
		await fits(page, 'keypads');
		const is = async () => ((await (await page.request.get(`${demo.url}/api/v1/keypads`)).json()) as Keypad[])[0];

		const night = keypad.getByRole('group', { name: 'It may set' }).getByRole('button', { name: 'Night' });
		await expect(night).toHaveAttribute('aria-pressed', 'true');
		await night.click();
		await expect(night).toHaveAttribute('aria-pressed', 'false');
		expect((await is())?.settings.modes).toEqual(['disarmed', 'home', 'away']);

		const can = (await is())?.can ?? [];
		if (can.includes('volume')) {
			await keypad.getByLabel('Volume').fill('40');
			await expect(keypad).toContainText('40 %');
			expect((await is())?.settings.volume).toBe(40);
		}
		watch.check();
	});
}
