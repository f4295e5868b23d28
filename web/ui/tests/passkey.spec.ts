import type { CDPSession, Page } from '@playwright/test';

import type { Schemas } from '../src/lib/api';
import { accessible, Demo, expect, fits, test, Watch } from './hub';
import { film, seal, Shelf } from './shelf';

/** A device with passkeys. */
class Device {
	constructor(
		readonly cdp: CDPSession,
		readonly authenticatorId: string,
	) {}
	static async plug(page: Page, can: { hasPrf: boolean; isUserVerified: boolean }): Promise<Device> {
		const cdp = await page.context().newCDPSession(page);
		await cdp.send('WebAuthn.enable');
		const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
			options: {
				protocol: 'ctap2',
				transport: 'internal',
				hasResidentKey: true,
				hasUserVerification: true,
				automaticPresenceSimulation: true,
				...can,
			},
		});
		return new Device(cdp, authenticatorId);
	}
	/** From here on whoever holds it is a stranger to it: it answers nobody any more. */
	async lock(): Promise<void> {
		await this.cdp.send('WebAuthn.setUserVerified', {
			authenticatorId: this.authenticatorId,
			isUserVerified: false,
		});
	}
	async unplug(): Promise<void> {
		await this.cdp.send('WebAuthn.removeVirtualAuthenticator', { authenticatorId: this.authenticatorId });
	}
}

/** Everything that passkeys say in this page, as it leaves them. */
async function overhear(page: Page): Promise<string[]> {
	const said: string[] = [];
	await page.exposeFunction('overheard', (hex: string) => said.push(hex));
	await page.addInitScript(() => {
		const get = navigator.credentials?.get.bind(navigator.credentials);
		if (!get) return;
		navigator.credentials.get = async (o) => {
			const got = (await get(o)) as PublicKeyCredential | null;
			const results = got?.getClientExtensionResults().prf?.results;
			for (const b of [results?.first, results?.second])
				if (b instanceof ArrayBuffer) {
					const hex = Array.from(new Uint8Array(b), (x) => x.toString(16).padStart(2, '0')).join('');
					await (window as unknown as { overheard(hex: string): Promise<void> }).overheard(hex);
				}
			return got;
		};
	});
	return said;
}

for (const [width, height, scheme] of [
	[390, 844, 'light'],
	[1280, 800, 'dark'],
] as const) {
	test(`a passkey at ${width}, ${scheme}: added, opens the vault and what is in it, removed`, async ({
		page,
		demo,
	}) => {
		await page.setViewportSize({ width, height });
		await page.emulateMedia({ colorScheme: scheme });
		const shelf = new Shelf(page);
		await shelf.serve(page);
		const said = await overhear(page);
		const make = page.getByRole('button', { name: 'Make the vault' });

		// An address of numbers has none, and says where there are.
		await demo.signIn(page);
		await page.goto(`${demo.url}/privacy/vault`);
		await make.click();
		const secret = await page.getByLabel('Passphrase for this vault').inputValue();
		await page.getByRole('button', { name: 'I have it on paper' }).click({ timeout: 30_000 });
		await expect(page.locator('[data-hindrance=address]')).toContainText('no passkeys for an address of numbers');
		await accessible(page, 'no passkeys here');
		await fits(page, 'no passkeys here');

		const named = new Demo(demo.url.replace('127.0.0.1', 'localhost'), demo.password, demo.code);
		expect(await page.getByRole('link', { name: 'Open it at localhost' }).getAttribute('href')).toBe(
			`${named.url}/privacy/vault`,
		);
		const watch = new Watch(page, () => named.url);
		watch.expected = [/Failed to load resource: the server responded with a status of 4\d\d/];
		const stranger = await Device.plug(page, { hasPrf: true, isUserVerified: false });
		await named.signIn(page);
		const vault = async () => (await (await page.request.get(`${named.url}/api/v1/vault`)).json()) as Schemas['Vault'];
		const phrase = page.getByLabel('Passphrase for this vault');
		const unlock = page.getByRole('button', { name: 'Unlock', exact: true });
		const byPasskey = page.getByRole('button', { name: 'Unlock with a passkey' });
		const isOpen = page.getByRole('heading', { name: 'The vault is open in this browser.' });

		// It takes an open vault to add one, and somebody whom the device knows.
		await page.goto(`${named.url}/privacy/vault`);
		await expect(page.getByText('Unlock the vault with the passphrase to add one.')).toBeVisible();
		await expect(byPasskey).toHaveCount(0);
		await phrase.fill(secret);
		await unlock.click();
		await expect(isOpen).toBeVisible({ timeout: 30_000 });
		await page.getByRole('button', { name: 'Add a passkey' }).click();
		// One without a name is refused before a device has made it.
		await page.getByLabel('What it is called').fill(' ');
		await page.getByRole('button', { name: 'Make the passkey' }).click();
		await expect(page.getByText('Give it a name.')).toBeVisible();
		await page.getByLabel('What it is called').fill('Anna’s phone');
		await page.getByRole('button', { name: 'Make the passkey' }).click();
		await expect(page.getByRole('alert').filter({ hasText: 'Nothing came of it' })).toBeVisible();
		expect((await vault()).passkeys).toEqual([]);
		await accessible(page, 'adding a passkey');
		await fits(page, 'adding a passkey');
		await stranger.unplug();
		const device = await Device.plug(page, { hasPrf: true, isUserVerified: true });
		await page.getByRole('button', { name: 'Make the passkey' }).click();
		const row = page.locator('[data-passkey="Anna’s phone"]');
		await expect(row).toContainText('Works at localhost.');
		await accessible(page, 'a passkey');
		await fits(page, 'a passkey');
		// One of this vault is enough on a device.
		await page.getByRole('button', { name: 'Add a passkey' }).click();
		await page.getByRole('button', { name: 'Make the passkey' }).click();
		await expect(page.getByRole('alert').filter({ hasText: 'has a passkey of this vault already' })).toBeVisible();
		const [kept] = (await vault()).passkeys;
		expect((await vault()).passkeys).toHaveLength(1);
		expect(kept).toMatchObject({ name: 'Anna’s phone', host: 'localhost', by: 'owner', transports: ['internal'] });

		// In a page of its own it opens the vault, and a clip plays.
		const plain = await film();
		const sealed = await seal(plain, (await vault()).recipients);
		shelf.put('c1', sealed);
		await page.goto(`${named.url}/clips/c1`);
		await expect(page.getByRole('heading', { name: 'The vault is locked.' })).toBeVisible();
		await accessible(page, 'locked');
		await fits(page, 'locked');
		await byPasskey.click();
		const video = page.locator('video');
		await expect(video).toHaveAttribute('data-ready', 'true', { timeout: 30_000 });
		await expect.poll(() => video.evaluate((v: HTMLVideoElement) => v.currentTime)).toBeGreaterThan(4);
		await expect.poll(() => video.evaluate((v: HTMLVideoElement) => v.videoWidth)).toBe(640);
		await expect(page.locator('[data-stop]')).toHaveCount(0);

		// What the device said is what opens the vault; none of it was sent, in whatever spelling.
		expect(said.length).toBeGreaterThanOrEqual(4);
		const sent = (shelf.sent.join('\n') + JSON.stringify(await vault())).toLowerCase();
		expect(sent, 'it was recorded').toContain((kept?.credential ?? '-').toLowerCase());
		for (const hex of said) {
			const bytes = Buffer.from(hex, 'hex');
			const spelt = [hex, bytes.toString('base64').slice(0, -1), bytes.toString('base64url'), [...bytes].join(',')];
			for (const s of spelt) expect(sent, 'sent to the hub').not.toContain(s.toLowerCase());
		}
		for (const word of [secret, 'AGE-SECRET-KEY']) expect(sent, 'sent to the hub').not.toContain(word.toLowerCase());

		// In a stranger's hand it opens nothing.
		await device.lock();
		await page.goto(`${named.url}/privacy/vault`);
		await byPasskey.click();
		await expect(page.getByRole('alert').filter({ hasText: 'Nothing came of it' })).toBeVisible();
		await expect(isOpen).toHaveCount(0);

		// At another name of the hub the device has none of this vault.
		const numbers = await page.context().newPage();
		await numbers.goto(`${demo.url}/privacy/vault`);
		await expect(numbers.locator('[data-elsewhere]')).toContainText('where the page is called localhost');
		await numbers.close();

		// Removed, it opens nothing: not here, and not in a page that still offers it.
		const stale = await page.context().newPage();
		await stale.goto(`${named.url}/privacy/vault`);
		const offered = stale.getByRole('button', { name: 'Unlock with a passkey' });
		await expect(offered).toBeVisible();
		await row.getByRole('button', { name: 'Remove it' }).click();
		await expect(page.getByText('This hub forgets what it opens.')).toBeVisible();
		await fits(page, 'removing');
		await page.getByRole('button', { name: 'Remove it now' }).click();
		await expect(row).toHaveCount(0);
		await expect(byPasskey).toHaveCount(0);
		expect((await vault()).passkeys).toEqual([]);
		await offered.click();
		await expect(stale.getByRole('alert').filter({ hasText: 'does not open this vault any more' })).toBeVisible();
		await stale.close();
		await phrase.fill(secret);
		await unlock.click();
		await expect(isOpen).toBeVisible({ timeout: 30_000 });

		const events = (await (await page.request.get(`${named.url}/api/v1/events?limit=50`)).json()) as {
			events: { text: string }[];
		};
		const told = events.events.map((e) => e.text);
		expect(told).toContain('owner added a passkey that opens the vault: Anna’s phone.');
		expect(told).toContain('owner removed the passkey Anna’s phone, which opened the vault.');
		watch.check();
	});
}

test('a device without what a vault wants says so, and a passkey is for who steps up', async ({ page, demo }) => {
	const named = new Demo(demo.url.replace('127.0.0.1', 'localhost'), demo.password, demo.code);
	const device = await Device.plug(page, { hasPrf: false, isUserVerified: true });
	await named.signIn(page);
	await page.goto(`${named.url}/privacy/vault`);
	await page.getByRole('button', { name: 'Make the vault' }).click();
	const recovery = await page.locator('[data-recovery]').innerText({ timeout: 30_000 });
	await page.getByRole('button', { name: 'I have it on paper' }).click();
	const add = page.getByRole('button', { name: 'Add a passkey' });
	const make = page.getByRole('button', { name: 'Make the passkey' });
	const kept = async () =>
		((await (await page.request.get(`${named.url}/api/v1/vault`)).json()) as Schemas['Vault']).passkeys;
	await add.click();
	await make.click();
	await expect(page.getByRole('alert').filter({ hasText: 'says no secret that could open the vault' })).toBeVisible();
	expect(await kept()).toEqual([]);

	// Five minutes after the sign-in: the device is not asked before password and second lock were given.
	await device.unplug();
	await Device.plug(page, { hasPrf: true, isUserVerified: true });
	let asked = 0;
	await page.route('**/api/v1/session', async (route) => {
		const response = await route.fetch();
		asked++;
		await route.fulfill({ response, json: { ...((await response.json()) as object), fresh: false } });
	});
	await make.click();
	const sheet = page.getByRole('dialog', { name: 'Is it still you?' });
	await expect(sheet).toBeVisible();
	await page.keyboard.press('Escape');
	await expect(page.getByRole('alert').filter({ hasText: 'Nothing was changed.' })).toBeVisible();
	expect(asked).toBeGreaterThan(0);
	expect(await kept()).toEqual([]);
	await page.unroute('**/api/v1/session');
	await make.click();
	await expect.poll(async () => (await kept()).length).toBe(1);

	// What is on paper stays there: a vault that it opened gets no passkey.
	await page.getByRole('button', { name: 'Lock it now' }).click();
	await page.getByRole('button', { name: 'I only have the recovery key' }).click();
	await page.getByLabel('Recovery key').fill(recovery);
	await page.getByRole('button', { name: 'Unlock', exact: true }).click();
	await expect(page.getByText('stays on paper alone')).toBeVisible();
	await expect(add).toHaveCount(0);
});

test('a passkey goes over to a new key, or is forgotten, and one that is removed offers a new key', async ({
	page,
	demo,
}) => {
	const shelf = new Shelf(page);
	await shelf.serve(page);
	const said = await overhear(page);
	const named = new Demo(demo.url.replace('127.0.0.1', 'localhost'), demo.password, demo.code);
	await Device.plug(page, { hasPrf: true, isUserVerified: true });
	await named.signIn(page);
	await page.goto(`${named.url}/privacy/vault`);
	const button = (name: string) => page.getByRole('button', { name, exact: true });
	const isOpen = page.getByRole('heading', { name: 'The vault is open in this browser.' });
	const paper = page.locator('[data-recovery]');
	await button('Make the vault').click();
	await button('I have it on paper').click({ timeout: 30_000 });
	await button('Add a passkey').click();
	await page.getByLabel('What it is called').fill('Laptop');
	await button('Make the passkey').click();
	await expect(page.locator('[data-passkey=Laptop]')).toBeVisible();
	const plain = await film();
	shelf.put('old', await seal(plain, (await shelf.vault()).recipients));
	const first = (await shelf.vault()).passkeys[0]?.wrapped;

	await button('Make a new key').click();
	await page.getByLabel('A passkey that opens it too').selectOption({ label: 'Laptop' });
	await button('Make the new key').click();
	await expect(paper).toBeVisible({ timeout: 30_000 });
	await button('I have it on paper').click();
	await expect(isOpen).toBeVisible();
	const kept = await shelf.vault();
	expect(kept.passkeys).toHaveLength(1);
	expect(kept.passkeys[0]?.wrapped).not.toBe(first);
	shelf.put('new', await seal(plain, kept.recipients), { epoch: 2 });
	for (const id of ['new', 'old']) {
		await page.goto(`${named.url}/clips/${id}`);
		await button('Unlock with a passkey').click();
		await expect(page.locator('video')).toHaveAttribute('data-ready', 'true', { timeout: 30_000 });
	}
	const sent = shelf.sent.join('\n').toLowerCase();
	expect(said.length).toBeGreaterThanOrEqual(8);
	for (const hex of said)
		for (const s of [hex, Buffer.from(hex, 'hex').toString('base64').slice(0, -1)])
			expect(sent, 'sent to the hub').not.toContain(s.toLowerCase());

	// Nobody names it: the hub forgets what it opens.
	await page.goto(`${named.url}/privacy/vault`);
	await button('Unlock with a passkey').click();
	await expect(isOpen).toBeVisible({ timeout: 30_000 });
	await button('Make a new key').click();
	await button('Make the new key').click();
	await button('I have it on paper').click({ timeout: 30_000 });
	await expect(isOpen).toBeVisible();
	expect((await shelf.vault()).passkeys).toEqual([]);

	// Removed by hand, it could still open what comes, and the page offers what ends that.
	await button('Add a passkey').click();
	await page.getByLabel('What it is called').fill('Lost phone');
	await button('Make the passkey').click();
	const row = page.locator('[data-passkey="Lost phone"]');
	await row.getByRole('button', { name: 'Remove it' }).click();
	await button('Remove it now').click();
	const offer = page.getByRole('status').filter({ hasText: 'Lost phone is removed.' });
	await expect(offer).toContainText('could open what is recorded today and tomorrow');
	await accessible(page, 'a passkey is removed');
	await fits(page, 'a passkey is removed');
	// What ends it stands below the words, and does not squeeze them.
	const [words, act] = [await offer.locator('p').boundingBox(), await offer.getByRole('button').boundingBox()];
	expect(act?.y).toBeGreaterThan((words?.y ?? Infinity) + (words?.height ?? 0) - 1);
	await offer.getByRole('button', { name: 'Make a new key' }).click();
	await expect(button('Make the new key')).toBeVisible();
});
