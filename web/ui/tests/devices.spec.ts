import type { Device } from '../src/lib/api';
import { accessible, expect, fits, test } from './hub';

for (const [width, height] of [
	[390, 844],
	[1280, 800],
] as const) {
	test(`devices at ${width}: by room, renamed, moved, and one that is gone removed`, async ({ page, demo, watch }) => {
		await page.setViewportSize({ width, height });
		const headline = page.getByRole('heading', { level: 1 });
		await demo.signIn(page);
		await demo.settle(page);
		await page.goto(`${demo.url}/devices`);
		await expect(page.getByText('All 28 devices have answered.')).toBeVisible();
		await expect(page.getByRole('region', { name: 'Kitchen' }).getByRole('link')).toHaveText([
			/Back door/,
			/Garden door lock/,
			/Kitchen window/,
		]);
		await expect(page.getByRole('link', { name: 'Add a device' })).toBeVisible();
		await accessible(page, 'devices');
		await fits(page, 'devices');

		await page.getByRole('link', { name: /^Lamp/ }).click();
		await expect(headline).toHaveText('Lamp');
		await accessible(page, 'device');
		await fits(page, 'device');
		const name = page.getByLabel('Name');
		await name.fill('');
		await page.getByRole('button', { name: 'Save' }).click();
		await expect(name).toHaveAttribute('aria-invalid', 'true');
		await expect(page.getByRole('alert').filter({ hasText: /./ })).toBeVisible();
		await accessible(page, 'device with a fault');
		await name.fill('Desk lamp');
		await page.getByLabel('Room').fill('Study');
		await page.getByRole('button', { name: 'Save' }).click();
		await expect(headline).toHaveText('Desk lamp');
		await expect(page.getByRole('status').filter({ hasText: 'Saved' })).toBeVisible();
		const devices = (await (await page.request.get(`${demo.url}/api/v1/devices`)).json()) as Device[];
		expect(devices.find((d) => d.name === 'Desk lamp')?.room).toBe('Study');

		// One that still answers is not simply taken out of the network: the hub says how.
		await page.getByRole('link', { name: 'Devices' }).first().click();
		await page.getByRole('link', { name: /^Kitchen window/ }).click();
		await page.getByRole('button', { name: 'Remove this device' }).click();
		await expect(page.getByText('Remove Kitchen window? What it watches will not be watched any more.')).toBeVisible();
		await accessible(page, 'before it is removed');
		await page.getByRole('button', { name: 'Keep it' }).click();
		await expect(page.getByText('Remove Kitchen window?')).toBeHidden();

		await page.goto(`${demo.url}/devices/zwave-999`);
		await expect(headline).toHaveText('This device is not there any more.');
		watch.check();
	});
}

test('health: what is wrong in words with its mend, and one line when all is well', async ({ page, demo, watch }) => {
	const headline = page.getByRole('heading', { level: 1 });
	await demo.signIn(page);
	await demo.settle(page);
	await page.goto(`${demo.url}/health`);
	await demo.does('bathroom-window', 'battery-low');
	await demo.does('bathroom-window', 'wake');
	const row = page.locator('[data-trouble=battery-low]');
	await expect(row).toBeVisible();
	await expect(headline).toHaveText(/attention\.$/);
	await accessible(page, 'health');
	await fits(page, 'health');
	await row.getByRole('link', { name: 'About Bathroom window' }).click();
	await expect(headline).toHaveText('Bathroom window');
	await expect(page.getByText(/^Battery low/)).toBeVisible();
	watch.check();
});

for (const [width, height] of [
	[390, 844],
	[1280, 800],
] as const) {
	test(`a siren at ${width}: where it hangs, a try of ten seconds, and not while an alarm has it`, async ({
		page,
		demo,
		watch,
	}) => {
		await page.setViewportSize({ width, height });
		const headline = page.getByRole('heading', { level: 1 });
		await demo.signIn(page);
		await demo.settle(page);
		await page.goto(`${demo.url}/devices`);
		await page.getByRole('link', { name: /^Siren/ }).click();
		await expect(headline).toHaveText('Siren');
		await expect(page.getByText(/^It knows these sounds: .*steady/)).toBeVisible();
		await accessible(page, 'siren');
		await fits(page, 'siren');
		const outside = page.getByRole('radio', { name: /^Outside/ });
		await outside.check();
		await expect
			.poll(async () => {
				const devices = (await (await page.request.get(`${demo.url}/api/v1/devices`)).json()) as Device[];
				return devices.find((d) => d.name === 'Siren')?.sounder?.place;
			})
			.toBe('outside');
		await expect(outside).toBeChecked();

		await page.getByRole('button', { name: 'Test for 10 seconds' }).click();
		await page.getByRole('button', { name: 'Stop it' }).click();
		const test = page.getByRole('button', { name: 'Test for 10 seconds' });
		await expect(test).toBeVisible();

		// An alarm keeps its sirens: the hub says so, in words.
		const now = await page.request.put(`${demo.url}/api/v1/alarm/mode`, { data: { mode: 'home', exit_delay: '0s' } });
		expect(now.ok()).toBe(true);
		await demo.does('kitchen-window', 'open');
		await page.getByRole('button', { name: 'Look at the house' }).click();
		if (width < 900) await page.getByRole('link', { name: 'More' }).click();
		await page.getByRole('link', { name: 'Devices', exact: true }).click();
		await page.getByRole('link', { name: /^Siren/ }).click();
		const button = page.getByRole('button', { name: /^(Test for 10 seconds|Stop it)$/ });
		await button.click();
		await expect(page.getByRole('alert').filter({ hasText: 'An alarm has the sirens now.' })).toBeVisible();
		await accessible(page, 'siren that an alarm has');
		watch.check();
	});
}

test('a siren that can chirps when the house is disarmed, once somebody wants it', async ({ page, demo, watch }) => {
	await demo.signIn(page);
	await demo.settle(page);
	await page.goto(`${demo.url}/devices`);
	await page.getByRole('link', { name: /^Hall siren/ }).click();
	const chirp = page.getByRole('switch', { name: 'Chirp when armed and disarmed' });
	await expect(chirp).toHaveAttribute('aria-checked', 'false');
	await accessible(page, 'a siren that can chirp');
	await fits(page, 'a siren that can chirp');
	await chirp.click();
	await expect(chirp).toHaveAttribute('aria-checked', 'true');
	const mode = (mode: string) =>
		page.request.put(`${demo.url}/api/v1/alarm/mode`, { data: { mode, exit_delay: '0s', code: demo.code } });
	expect((await mode('home')).ok()).toBe(true);
	expect((await mode('disarmed')).ok()).toBe(true);
	const state = async () => {
		const { things } = (await (await page.request.get(`${demo.url}/demo/state`)).json()) as {
			things: { key: string; state: string }[];
		};
		return things.find((x) => x.key === 'hall-siren')?.state;
	};
	await expect.poll(state).toBe('silent, chirped 2 times, last for disarmed');
	watch.check();
});

test('a device joins by the radio that it speaks', async ({ page, demo, watch }) => {
	await demo.signIn(page);
	await demo.settle(page);
	await page.goto(`${demo.url}/devices/add`);
	const zigbee = page.getByRole('button', { name: 'Zigbee' });
	await expect(page.getByRole('button', { name: 'Z-Wave' })).toBeVisible();
	await zigbee.click();
	await expect(zigbee).toHaveAttribute('aria-pressed', 'true');
	await accessible(page, 'which radio');
	// The house has a lock and a keypad: a code is wanted, unless somebody says what that means.
	await expect(page.getByLabel('The code on its label')).toBeVisible();
	await page.getByRole('checkbox', { name: /It has no code/ }).check();
	await page.getByRole('button', { name: 'Start looking' }).click();
	await expect(page.getByText(/The network is open for \d+ s/)).toBeVisible();
	const join = async () =>
		(await (await page.request.get(`${demo.url}/api/v1/radios/zigbee/join`)).json()) as { step: string };
	expect((await join()).step).toBe('waiting');
	await page.getByRole('button', { name: 'Stop looking' }).click();
	await expect.poll(async () => (await join()).step).toBe('idle');
	watch.check();
});
