import type { Page } from '@playwright/test';

import type { RadioState } from '../src/lib/api';
import { accessible, expect, fits, test } from './hub';

const radio = async (page: Page, url: string) => {
	const all = (await (await page.request.get(`${url}/api/v1/radios`)).json()) as RadioState[];
	return all.find((r) => r.radio === 'zigbee');
};

for (const [width, height] of [
	[390, 844],
	[1280, 800],
] as const) {
	test(`Zigbee channels at ${width}: listened to, and the network taken to a quieter one`, async ({
		page,
		demo,
		watch,
	}) => {
		await page.setViewportSize({ width, height });
		await demo.signIn(page);
		await demo.settle(page);
		await page.goto(`${demo.url}/devices`);
		await page.getByRole('link', { name: 'Which channel is quiet?' }).click();
		await expect(page.getByText('Your network is on channel 20.')).toBeVisible();
		await accessible(page, 'channels');
		await fits(page, 'channels');

		const listen = page.getByRole('button', { name: 'Listen now' });
		const rows = page.getByRole('row');
		await listen.click();
		await expect(page.getByText('Listening on all sixteen channels.')).toBeVisible();
		await expect(listen).toBeDisabled();
		await expect(rows).toHaveCount(16, { timeout: 40_000 });
		await expect(page.getByText('No channel is clearly quieter than yours. Stay.')).toBeVisible();
		await accessible(page, 'channels, listened to');
		await fits(page, 'channels, listened to');

		// A neighbour's Wi-Fi settles on the house's own channel.
		await demo.does('zigbee-stick', 'noise');
		await listen.click();
		const go = page.getByRole('button', { name: /^Go to channel \d+$/ });
		await expect(go).toBeVisible({ timeout: 40_000 });
		await expect(page.getByRole('row', { name: /^20 / })).toContainText(/-5\d dBm/);
		await accessible(page, 'a channel that is loud');
		await fits(page, 'a channel that is loud');
		const to = Number(/\d+$/.exec(await go.innerText())?.[0]);
		await go.click();
		await expect(page.getByText('Taking the network along.')).toBeVisible();
		await expect(page.getByText(`Your network is on channel ${to}.`)).toBeVisible({ timeout: 40_000 });
		expect((await radio(page, demo.url))?.channel).toBe(to);
		await accessible(page, 'on another channel');
		watch.check();
	});

	test(`a Zigbee stick that was swapped at ${width}: backed up, and the network restored to the new one`, async ({
		page,
		demo,
		watch,
	}) => {
		await page.setViewportSize({ width, height });
		await demo.signIn(page);
		await demo.settle(page);
		await page.goto(`${demo.url}/devices`);
		const card = page.getByRole('region', { name: 'Zigbee backup' });
		await card.getByRole('button', { name: 'Back up now' }).click();
		await expect(card.getByText(/with 15 devices/)).toBeVisible({ timeout: 60_000 });
		await accessible(page, 'a backup');
		await fits(page, 'a backup');

		await demo.does('zigbee-stick', 'swap');
		await expect(card.getByText('The stick that is plugged in is not the one of this house.')).toBeVisible({
			timeout: 60_000,
		});
		await accessible(page, 'a foreign stick');
		await fits(page, 'a foreign stick');
		await card.getByRole('button', { name: 'Restore the network to this stick' }).click();
		const sheet = page.getByRole('dialog');
		await expect(sheet).toContainText('Never plug the old stick in again after this');
		await accessible(page, 'before it is restored');
		await sheet.getByRole('button', { name: 'Leave it' }).click();
		await expect(sheet).toBeHidden();
		await card.getByRole('button', { name: 'Restore the network to this stick' }).click();
		await sheet.getByRole('button', { name: 'Restore the network to this stick' }).click();
		await expect(card.getByRole('button', { name: 'Back up now' })).toBeVisible({ timeout: 60_000 });
		await expect.poll(async () => (await radio(page, demo.url))?.state, { timeout: 60_000 }).toBe('up');

		// No device had to join again.
		await demo.does('bedroom-window', 'open');
		await page.getByRole('link', { name: 'Home' }).first().click();
		await expect(page.getByRole('heading', { level: 1 })).toHaveText('Bedroom window is open.');
		watch.check();
	});
}
