import type { Alarm, Zone } from '../src/lib/api';
import { accessible, expect, fits, test, type Demo } from './hub';
import type { Page } from '@playwright/test';

/** What the hub itself says of a zone. */
async function zoneOf(page: Page, demo: Demo, id: string): Promise<Zone> {
	return (await (await page.request.get(`${demo.url}/api/v1/zones/${id}`)).json()) as Zone;
}

/** What the panel itself says. */
async function alarmOf(page: Page, demo: Demo): Promise<Alarm> {
	return (await (await page.request.get(`${demo.url}/api/v1/alarm`)).json()) as Alarm;
}

for (const [width, height] of [
	[390, 844],
	[1280, 800],
] as const) {
	test(`sensors and modes at ${width}: counted, tried, let go and taken again`, async ({ page, demo, watch }) => {
		await page.setViewportSize({ width, height });
		const headline = page.getByRole('heading', { level: 1 });
		const row = (id: string) => page.locator(`[data-zone=${id}]`);
		await demo.signIn(page);
		await demo.settle(page);

		// The way there: the rail where there is one, More on a phone.
		if (width < 900) await page.getByRole('link', { name: 'More' }).click();
		await page.getByRole('link', { name: width < 900 ? 'Sensors' : 'Alarm', exact: true }).click();
		await expect(headline).toHaveText('What is watched');
		await accessible(page, 'zones');
		await fits(page, 'zones');

		// A mode more, as the panel has it.
		const hall = row('hall-motion');
		const home = hall.getByRole('button', { name: 'Home' });
		await expect(home).toHaveAttribute('aria-pressed', 'false');
		await home.click();
		await expect(home).toHaveAttribute('aria-pressed', 'true');
		expect((await zoneOf(page, demo, 'hall-motion')).modes).toEqual(['home', 'away']);

		// A sensor that counts in no mode guards nothing: the panel says so, and nothing changes.
		await home.click();
		await expect(home).toHaveAttribute('aria-pressed', 'false');
		const away = hall.getByRole('button', { name: 'Away' });
		await away.click();
		await expect(hall.getByRole('alert')).toHaveText(/^Give at least one of .+, or the zone guards nothing\.$/);
		await expect(away).toHaveAttribute('aria-pressed', 'true');

		// The walk: the panel ticks what answers, and gives no alarm for it; what does not answer is named at the end.
		await page.getByRole('link', { name: 'Try it' }).click();
		await expect(page.getByText(/^Smoke, carbon monoxide, gas, water and calls for help give the alarm/)).toBeVisible();
		await accessible(page, 'walk before it begins');
		await page.getByRole('button', { name: 'Start the walk' }).click();
		await expect(page.getByText(/^The walk ends by itself at \d\d:\d\d\./)).toBeVisible();
		await expect(page.getByText('0 of 9 have answered so far.')).toBeVisible();
		await demo.does('front-door', 'open');
		await expect(row('front-door')).toHaveAttribute('data-ticked', 'true');
		await expect(page.getByText('1 of 9 have answered so far.')).toBeVisible();
		await expect(row('back-door')).toHaveAttribute('data-ticked', 'false');
		await accessible(page, 'walk');
		await fits(page, 'walk');
		// It is the house's, not this page's: whoever opens it again goes on.
		await page.reload();
		await expect(page.getByText('1 of 9 have answered so far.')).toBeVisible();
		expect((await alarmOf(page, demo)).test?.seen).toEqual(['front-door']);
		await page.getByRole('button', { name: 'End the walk' }).click();
		await expect(page.getByText('The walk is over. 8 have not answered.')).toBeVisible();
		await expect(row('back-door')).toContainText('Did not answer');
		expect((await alarmOf(page, demo)).test).toBeNull();
		await accessible(page, 'walk that is over');
		await fits(page, 'walk that is over');
		await demo.does('front-door', 'close');

		// Its own page: a delay that the panel won't take is said beside its field.
		await page.getByRole('link', { name: 'Sensors' }).first().click();
		await row('front-door').getByRole('link').click();
		await expect(headline).toHaveText('Front door');
		await page.getByLabel('Time for the code').fill('900');
		await page.getByRole('button', { name: 'Save' }).click();
		await expect(page.getByLabel('Time for the code')).toHaveAttribute('aria-invalid', 'true');
		await expect(page.getByRole('alert').filter({ hasText: '15m0s is out of range' })).toBeVisible();
		await accessible(page, 'zone with a fault');
		await fits(page, 'zone with a fault');
		await page.getByLabel('Time for the code').fill('20');
		await page.getByRole('switch', { name: 'Chime' }).click();
		await page.getByText('Another time in single modes').click();
		await page.getByLabel('Night', { exact: true }).fill('0');
		await page.getByLabel('Away', { exact: true }).fill('900');
		await page.getByLabel('Time to leave by it').fill('90');
		await page.getByRole('switch', { name: 'May be taken back' }).click();
		await page.getByRole('button', { name: 'Save' }).click();
		await expect(page.getByRole('alert').filter({ hasText: '15m0s is out of range' })).toBeVisible();
		await accessible(page, 'zone with a delay of a mode that is refused');
		await fits(page, 'zone with a delay of a mode that is refused');
		await page.getByLabel('Away', { exact: true }).fill('');
		await page.getByRole('button', { name: 'Save' }).click();
		await expect(row('front-door')).toContainText('20 s for the code');
		expect(await zoneOf(page, demo, 'front-door')).toMatchObject({
			entry_delay: '20s',
			entry_delays: { night: '0s' },
			exit_delay: '1m30s',
			abort_window: false,
			chime: false,
		});
		// A mode that it no longer counts in takes its delay along; emptied fields are as usual again.
		const night = row('front-door').getByRole('button', { name: 'Night' });
		await night.click();
		await expect(night).toHaveAttribute('aria-pressed', 'false');
		expect((await zoneOf(page, demo, 'front-door')).entry_delays).toBeUndefined();
		await row('front-door').getByRole('link').click();
		await page.getByLabel('Time for the code').fill('');
		await page.getByLabel('Time to leave by it').fill('');
		await page.getByRole('button', { name: 'Save' }).click();
		await expect(row('front-door')).not.toContainText('for the code');
		const usual = await zoneOf(page, demo, 'front-door');
		expect([usual.entry_delay, usual.exit_delay, usual.abort_window]).toEqual([undefined, undefined, false]);

		// Only together with another: never with a way in.
		await row('hall-motion').getByRole('link').click();
		const partner = page.getByLabel('Only together with');
		const partners = await partner.locator('option').allTextContents();
		expect(partners.sort()).toEqual([
			'Alone is enough',
			'Bathroom window',
			'Bedroom window',
			'Garden motion',
			'Kitchen window',
			'Landing motion',
			'Living room motion',
		]);
		await partner.selectOption('Kitchen window');
		await page.getByRole('button', { name: 'Save' }).click();
		await expect(headline).toHaveText('What is watched');
		expect((await zoneOf(page, demo, 'kitchen-window')).cross_zone).toBe('hall-motion');

		// Let go, and taken again.
		await row('kitchen-window').getByRole('link').click();
		await page.getByRole('button', { name: 'Stop watching it' }).click();
		await expect(page.getByText('Stop watching Kitchen window?')).toBeVisible();
		await accessible(page, 'before it is let go');
		await page.getByRole('button', { name: 'Stop watching', exact: true }).click();
		await expect(headline).toHaveText('What is watched');
		await expect(row('kitchen-window')).toHaveCount(0);
		await page.getByRole('link', { name: 'Watch another sensor' }).click();
		await accessible(page, 'what could be watched');
		await page.getByRole('button', { name: /Kitchen window/ }).click();
		await page.getByRole('group', { name: 'Counts in' }).getByRole('button', { name: 'Home' }).click();
		await page.getByRole('button', { name: 'Watch it' }).click();
		await expect(row('kitchen-window').getByRole('button', { name: 'Home' })).toHaveAttribute('aria-pressed', 'false');
		expect((await zoneOf(page, demo, 'kitchen-window')).modes).toEqual(['night', 'away']);
		watch.check();
	});
}

test('what guards the house stays as it is while it is armed', async ({ page, demo, watch }) => {
	await demo.signIn(page);
	await demo.settle(page);
	await page.getByRole('group', { name: 'Alarm' }).getByRole('button', { name: 'Home' }).click();
	await expect(page.getByRole('heading', { level: 1 })).toHaveText('Armed at home.');
	await page.goto(`${demo.url}/zones`);
	await expect(page.getByText(/^The alarm is on, so what guards the house stays as it is/)).toBeVisible();
	const night = page.locator('[data-zone=hall-motion]').getByRole('button', { name: 'Night' });
	await night.click();
	await expect(page.locator('[data-zone=hall-motion]').getByRole('alert')).toContainText('disarm first');
	await expect(night).toHaveAttribute('aria-pressed', 'false');
	await page.goto(`${demo.url}/zones/try`);
	await expect(page.getByText('The alarm is on. Turn it off first.')).toBeVisible();
	await expect(page.getByRole('button', { name: 'Start the walk' })).toHaveCount(0);
	watch.check();
});
