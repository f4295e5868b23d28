import type { Rule } from '../src/lib/rules';
import { accessible, expect, fits, test } from './hub';

for (const [width, height] of [
	[390, 844],
	[1280, 800],
] as const) {
	test(`rules at ${width}: begun, refused, tried, made, fired and removed`, async ({ page, demo, watch }) => {
		await page.setViewportSize({ width, height });
		const headline = page.getByRole('heading', { level: 1 });
		const rules = async () => (await (await page.request.get(`${demo.url}/api/v1/rules`)).json()) as Rule[];
		await demo.signIn(page);
		await demo.settle(page);

		// The way there, and the family's own rules.
		if (width < 900) await page.getByRole('link', { name: 'More' }).click();
		await page.getByRole('link', { name: 'Rules', exact: true }).click();
		await expect(headline).toHaveText('Rules');
		await expect(page.locator('[data-rule=evening-light]')).toContainText(
			'15 minutes before sunset, if the alarm is off: Lamp on for 4 hours.',
		);
		await expect(page.getByText(/^Today the sun rises at \d\d:\d\d and sets at \d\d:\d\d\.$/)).toBeVisible();
		await accessible(page, 'rules');
		await fits(page, 'rules');

		// From a starter: movement, any hour, a lamp.
		await page.getByRole('link', { name: /^Light on movement/ }).click();
		await expect(headline).toHaveText('Light on movement');
		await expect(page.getByLabel('When')).toHaveValue('reading');
		await accessible(page, 'rule');
		await fits(page, 'rule');
		await page.getByLabel('Device').first().selectOption('Hall motion');
		await page.getByLabel('and', { exact: true }).selectOption('own');
		await page.getByLabel('Condition').fill('mode == "disarmed" and drak');
		await page.getByText('The words it can read').click();
		await expect(page.getByText('the sun is below the horizon')).toBeVisible();
		await accessible(page, 'rule with a condition');
		await fits(page, 'rule with a condition');
		await page.getByRole('button', { name: 'Make this rule' }).click();
		await expect(page.getByText(/column 24: There is no "drak"; it can read dark, day\.$/)).toBeVisible();
		await page.getByLabel('Condition').fill('mode == "disarmed"');

		// Tried on a week in which nobody moved, then on one with movement.
		await page.getByRole('button', { name: 'Try it on last week' }).click();
		await expect(page.getByText('Nothing that happened last week would have set it off.')).toBeVisible();
		await demo.does('hall-motion', 'walk');
		await expect(async () => {
			await page.getByRole('button', { name: 'Try it on last week' }).click();
			await expect(
				page.getByText(/Hall motion saw someone move and the mode was disarmed: Reading lamp on for 5 minutes\.$/),
			).toBeVisible({ timeout: 1000 });
		}).toPass();
		await accessible(page, 'tried');
		await page.getByRole('button', { name: 'Make this rule' }).click();
		await expect(headline).toHaveText('Rules');
		const made = (await rules()).find((r) => r.name === 'Light on movement');
		expect(made?.then).toEqual([
			{ do: 'command', device: made?.then[0]?.device, trait: 'switch', value: 'on', for: '5m0s' },
		]);

		// It fires, and says why.
		await demo.does('hall-motion', 'still');
		await demo.does('hall-motion', 'walk');
		await expect(async () => {
			await page.goto(`${demo.url}/rules/${made?.id}`);
			await expect(page.getByText(/^Rule Light on movement fired because Hall motion saw someone move/)).toBeVisible({
				timeout: 2000,
			});
		}).toPass();
		await accessible(page, 'a rule that fired');
		await fits(page, 'a rule that fired');

		// Off, and away.
		const on = page.getByRole('switch', { name: 'This rule is on' });
		await on.click();
		await expect(on).toHaveAttribute('aria-checked', 'false');
		await page.getByRole('button', { name: 'Remove this rule' }).click();
		await page.getByRole('button', { name: 'Remove it' }).click();
		await expect(headline).toHaveText('Rules');
		expect((await rules()).map((r) => r.name)).toEqual(['Back door left open', 'Evening light']);
		watch.check();
	});
}
