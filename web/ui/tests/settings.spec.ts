import type { ArmedMode, Settings } from '../src/lib/api';
import { typed, usual } from '../src/lib/settings';
import { accessible, expect, fits, test } from './hub';

for (const [width, height] of [
	[390, 844],
	[1280, 800],
] as const) {
	test(`alarm settings at ${width}: figures, a mode of one's own, a part of the house`, async ({
		page,
		demo,
		watch,
	}) => {
		await page.setViewportSize({ width, height });
		const headline = page.getByRole('heading', { level: 1 });
		await demo.signIn(page);
		const settingsNow = async () =>
			(await (await page.request.get(`${demo.url}/api/v1/alarm/settings`)).json()) as Settings;
		// The page names what a new hub begins with; the demo differs in its delays, so that nobody waits.
		const delays = { exit_delay: 10, entry_delay: 15, abort_window: 15 };
		expect(typed(await settingsNow())).toMatchObject({ ...usual, ...delays });
		await demo.settle(page);
		await page.goto(`${demo.url}/settings/alarm`);
		await expect(headline).toHaveText('Alarm settings');
		await expect(page.getByLabel('Time to leave')).toHaveValue('2');
		await expect(page.getByText(/^With unusual figures, false alarms are more likely/)).toBeVisible();
		await accessible(page, 'settings');
		await fits(page, 'settings');

		// Back within the standard: each figure that is out of it is named, beside its field.
		await page.getByRole('switch', { name: 'Allow unusual figures' }).click();
		await page.getByRole('button', { name: 'Save' }).click();
		const leave = page.getByLabel('Time to leave');
		await expect(leave).toHaveAttribute('aria-invalid', 'true');
		await expect(
			page
				.getByRole('alert')
				.filter({ hasText: '2s is out of range: give 45s to 4m15s, or turn “Allow unusual figures” on.' }),
		).toBeVisible();
		await accessible(page, 'settings with a fault');
		await leave.fill('60');
		await page.getByLabel('Time for the code').fill('30');
		await page.getByLabel('Siren', { exact: true }).fill('3');
		await page.getByLabel('Time to call it off').fill('10');
		await page.getByLabel('It sounds at most').fill('2');
		await page.getByRole('switch', { name: 'Lights go on flashing' }).click();
		await page.getByRole('button', { name: 'Save' }).click();
		await expect(page.getByRole('status').filter({ hasText: 'Saved' })).toBeVisible();
		expect(await settingsNow()).toMatchObject({
			exit_delay: '1m0s',
			entry_delay: '30s',
			siren_timeout: '3m0s',
			cancel_window: '10m0s',
			siren_cycles: 2,
			strobe_after: false,
			outside_standard: false,
		});

		// A rule book narrows what may be set, and says so beside the field.
		await page.getByLabel('Ranges').selectOption('Narrower, as in North American shops');
		await expect(page.getByText('45 to 60 seconds to leave, 30 to 60 for the code.')).toBeVisible();
		await leave.fill('90');
		await page.getByRole('button', { name: 'Save' }).click();
		await expect(page.getByRole('alert').filter({ hasText: '1m30s is out of range: give 45s to 1m0s' })).toBeVisible();
		await leave.fill('60');
		await page.getByRole('button', { name: 'Save' }).click();
		await expect(page.getByRole('status').filter({ hasText: 'Saved' })).toBeVisible();
		expect((await settingsNow()).preset).toBe('ul2610');
		await page.getByLabel('Ranges').selectOption('As alarm makers agreed');
		await page.getByRole('button', { name: 'Save' }).click();
		await expect(page.getByRole('status').filter({ hasText: 'Saved' })).toBeVisible();

		// A mode of one's own begins with the sensors of another, and is there to arm.
		await page.getByRole('button', { name: 'Make a mode' }).click();
		await page.getByRole('listitem').getByLabel('Name').fill('Guests');
		await page.getByLabel('Like').selectOption('Home');
		await page.getByRole('listitem').getByLabel('Time to leave').fill('50');
		await accessible(page, 'new mode');
		await fits(page, 'new mode');
		await page.getByRole('button', { name: 'Make it', exact: true }).click();
		await expect(page.locator('[data-mode=guests]')).toContainText('Like Home · 50 s to leave');
		await page.goto(`${demo.url}/zones`);
		await expect(page.locator('[data-zone=front-door]').getByRole('button', { name: 'Guests' })).toHaveAttribute(
			'aria-pressed',
			'true',
		);
		await fits(page, 'zones with four modes');

		// A part of the house has a control of its own.
		await page.goto(`${demo.url}/settings/alarm`);
		await page.getByRole('button', { name: 'Make a part' }).click();
		await page.locator('section[aria-labelledby=areas]').getByLabel('Name').fill('Workshop');
		await page.getByRole('button', { name: 'Make it', exact: true }).click();
		await expect(page.locator('[data-area=workshop]')).toBeVisible();
		await page.goto(demo.url);
		await page.getByRole('group', { name: 'Alarm', exact: true }).getByRole('button', { name: 'Guests' }).click();
		await expect(headline).toContainText('to leave');
		await page.getByRole('button', { name: 'Stop arming' }).click();
		await expect(headline).toHaveText('All quiet.');

		const workshop = page.locator('[data-area=workshop]');
		await workshop.getByRole('button', { name: 'Night' }).click();
		await expect(workshop).toContainText(/^Workshop\s*Night: \d+ seconds to leave\./);
		await expect(workshop.getByRole('button', { name: 'Night' })).toHaveAttribute('aria-pressed', 'true');
		await expect(headline).toHaveText('All quiet.');
		await accessible(page, 'home with two parts');
		await fits(page, 'home with two parts');
		await workshop.getByRole('button', { name: 'Off' }).click();
		await expect(workshop).toContainText('The alarm is off.');

		await page.goto(`${demo.url}/settings/alarm`);
		await page.getByRole('button', { name: 'Change Guests' }).click();
		// Emptied, its own time to leave is gone and the usual one counts.
		await page.getByRole('listitem').getByLabel('Time to leave').fill('');
		await page.getByRole('listitem').getByRole('button', { name: 'Save' }).click();
		await expect(page.locator('[data-mode=guests]')).not.toContainText('to leave');
		const modes = (await (await page.request.get(`${demo.url}/api/v1/alarm/modes`)).json()) as ArmedMode[];
		expect(modes.find((m) => m.id === 'guests')?.exit_delay).toBeUndefined();
		await page.getByRole('button', { name: 'Change Guests' }).click();
		await page.getByRole('button', { name: 'Remove this mode' }).click();
		await page.getByRole('button', { name: 'Remove it' }).click();
		await expect(page.locator('[data-mode=guests]')).toHaveCount(0);
		watch.check();
	});
}
