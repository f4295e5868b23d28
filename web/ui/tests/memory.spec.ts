import type { Alarm } from '../src/lib/api';
import { accessible, expect, fits, test, type } from './hub';

for (const [width, height] of [
	[390, 844],
	[1280, 800],
] as const) {
	test(`an alarm that is over at ${width}: told in calm words, until somebody says that it was seen`, async ({
		page,
		demo,
		watch,
	}) => {
		await page.setViewportSize({ width, height });
		const headline = page.getByRole('heading', { level: 1 });
		const modes = page.getByRole('group', { name: 'Alarm' }).getByRole('button');
		const seen = page.getByRole('button', { name: 'I have seen it' });
		await demo.signIn(page);
		await demo.settle(page);
		await expect(seen).toHaveCount(0);

		// The four ways stand beside one another.
		await expect(modes).toHaveText(['Off', 'Home', 'Night', 'Away']);
		const tops = await modes.evaluateAll((all) => all.map((b) => b.getBoundingClientRect().top));
		expect(new Set(tops).size).toBe(1);

		await modes.filter({ hasText: 'Home' }).click();
		await expect(headline).toHaveText('Armed at home.');
		await demo.does('kitchen-window', 'open');
		await expect(headline).toHaveText('Kitchen window opened.');
		await expect(page.getByText('It began within two minutes of arming.')).toBeVisible();
		await expect(page.getByText('Nothing was sent outside the house yet.')).toBeVisible();
		await accessible(page, 'alarm with its details');
		await fits(page, 'alarm with its details');
		if (width < 900) await page.getByRole('button', { name: 'Turn off the alarm' }).click();
		await type(page, demo.code);

		const memory = page.getByRole('region', { name: /^There was an alarm at/ });
		await expect(memory).toContainText(
			'Kitchen window opened. It began within two minutes of arming. No second sign confirmed it. Nothing was sent outside the house.',
		);
		await demo.does('kitchen-window', 'close');
		await expect(headline).toHaveText('All quiet.');
		await accessible(page, 'alarm that is over');
		await fits(page, 'alarm that is over');

		// It stays until somebody says so, and then it is gone for everybody.
		await page.reload();
		await seen.click();
		await expect(memory).toHaveCount(0);
		const alarm = (await (await page.request.get(`${demo.url}/api/v1/alarm`)).json()) as Alarm;
		expect(alarm.alarm).toBeNull();
		watch.check();
	});
}
