import { Decrypter } from 'age-encryption';

import { accessible, expect, fits, makeVault, test } from './hub';
import { film, seal, Shelf } from './shelf';

/** A chunk of an age file with its tag, and where the first one begins behind the header for two keys. */
const CHUNK = 65_552;
const HEAD = 3184 + 16;

for (const [width, height, scheme] of [
	[390, 844, 'light'],
	[1280, 800, 'dark'],
] as const) {
	test(`a vault at ${width}, ${scheme}: made, on paper, locked, and what is in it`, async ({ page, demo, watch }) => {
		await page.setViewportSize({ width, height });
		await page.emulateMedia({ colorScheme: scheme });
		const shelf = new Shelf(page);
		await shelf.serve(page);
		await demo.signIn(page);

		await page.goto(`${demo.url}/privacy/vault`);
		await expect(page.getByRole('heading', { name: 'Make your vault first.' })).toBeVisible();
		await accessible(page, 'no vault');
		await fits(page, 'no vault');
		const phrase = page.getByLabel('Passphrase for this vault');
		await phrase.fill('too short');
		await page.getByRole('button', { name: 'Make the vault' }).click();
		await expect(page.getByRole('alert').filter({ hasText: 'Too easy to guess' })).toBeVisible();
		await page.getByRole('button', { name: 'Suggest another' }).click();
		const secret = await phrase.inputValue();
		expect(secret).toMatch(/^\w{4}(-\w{4}){3}$/);
		await expect(phrase).toHaveCSS('font-variant-ligatures', 'no-contextual'); // 3x4 is not drawn as 3×4
		await page.getByRole('button', { name: 'Make the vault' }).click();

		await expect(page.getByRole('heading', { name: 'Put the recovery key on paper.' })).toBeVisible({
			timeout: 30_000,
		});
		const recovery = await page.locator('[data-recovery]').innerText();
		await expect(page.locator('[data-recovery]')).toHaveCSS('font-variant-ligatures', 'no-contextual');
		// Nothing is sealed to a key whose paper is not there.
		expect((await shelf.vault()).recipients).toEqual([]);
		expect(recovery).toMatch(/^AGE-SECRET-KEY-PQ-1[0-9A-Z]{58}$/);
		await expect(page.getByRole('img', { name: 'QR code of the recovery key' })).toBeVisible();
		await accessible(page, 'recovery key');
		await fits(page, 'recovery key');
		await page.getByRole('button', { name: 'I have it on paper' }).click();
		await expect(page.getByRole('heading', { name: 'The vault is open in this browser.' })).toBeVisible();
		await accessible(page, 'open');
		await fits(page, 'open');
		const kept = await shelf.vault();
		expect(kept.recipients).toHaveLength(2);
		await expect(page.getByText('Key 1, made')).toBeVisible();

		// A clip plays: it opens four seconds in, at what set it off.
		const plain = await film();
		const sealed = await seal(plain, kept.recipients);
		shelf.put('c1', sealed);
		await page.getByRole('button', { name: 'Lock it now' }).click();
		await page.goto(`${demo.url}/clips/c1`);
		await expect(page.getByRole('heading', { level: 1 })).toHaveText('Somebody');
		await expect(page.getByRole('heading', { name: 'The vault is locked.' })).toBeVisible();
		await accessible(page, 'locked');
		await fits(page, 'locked');
		await phrase.fill('seven green bottles');
		await page.getByRole('button', { name: 'Unlock' }).click();
		await expect(page.getByText('That does not open this vault.')).toBeVisible({ timeout: 30_000 });
		await phrase.fill(secret);
		await page.getByRole('button', { name: 'Unlock' }).click();
		const video = page.locator('video');
		await expect(video).toHaveAttribute('data-ready', 'true', { timeout: 30_000 });
		const place = () => video.evaluate((v: HTMLVideoElement) => v.currentTime);
		await expect.poll(place).toBeGreaterThan(4);
		expect(await place()).toBeLessThan(12);
		await expect(page.getByText('Unlocked here; sealed on the hub.')).toBeVisible();
		await expect.poll(() => video.evaluate((v: HTMLVideoElement) => v.videoWidth)).toBe(640);
		await expect.poll(() => video.evaluate((v: HTMLVideoElement) => Math.round(v.duration))).toBe(12);
		await expect(page.locator('[data-stop]')).toHaveCount(0);
		// Back into the midst of a group of pictures, and ahead into another.
		for (const to of [2.1, 9.4]) {
			const sought = await video.evaluateHandle((v: HTMLVideoElement) => ({
				at: new Promise<number>((done) => v.addEventListener('seeked', () => done(v.currentTime), { once: true })),
			}));
			await page.getByLabel('Place in the clip').fill(String(to));
			const at = await sought.evaluate((s) => s.at); // it plays on from there
			expect(at).toBeGreaterThanOrEqual(to - 0.05);
			expect(at).toBeLessThan(to + 2);
		}
		await accessible(page, 'playing');
		await fits(page, 'playing');

		// The list has it, and the ruler.
		await page.getByRole('link', { name: 'Cameras' }).first().click();
		await expect(page.locator('[data-clip=c1]')).toBeVisible();
		await expect(page.locator('[data-mark=c1]')).toHaveCount(1);
		await accessible(page, 'cameras');
		await fits(page, 'cameras');
		await page.getByRole('button', { name: 'Cars' }).click();
		await expect(page.getByText('None of these on this day that the hub remembers')).toBeVisible();
		await page.getByRole('button', { name: 'Day before' }).click();

		// With all that this browser ever sent, and all that the hub has, no clip opens.
		const sent = shelf.sent.join('\n') + JSON.stringify(await shelf.vault());
		expect(sent).toContain(kept.recipients[0] ?? '-'); // it was recorded
		for (const word of [secret, btoa(secret), encodeURIComponent(secret), recovery, 'AGE-SECRET-KEY'])
			expect(sent.toLowerCase(), 'sent to the hub').not.toContain(word.toLowerCase());
		for (const key of sent.match(/AGE-SECRET-KEY-[0-9A-Z-]+/gi) ?? []) {
			const d = new Decrypter();
			d.addIdentity(key);
			await expect(d.decrypt(sealed)).rejects.toThrow();
		}
		// The paper does.
		const d = new Decrypter();
		d.addIdentity(recovery);
		expect(await d.decrypt(sealed)).toEqual(plain);
		watch.check();
	});
}

test('a clip that was changed, one that was cut, one of another vault, and one that is gone', async ({
	page,
	demo,
	watch,
}) => {
	const shelf = new Shelf(page);
	await shelf.serve(page);
	await demo.signIn(page);
	await page.goto(`${demo.url}/privacy/vault`);
	await makeVault(page);
	const plain = await film();
	const sealed = await seal(plain, (await shelf.vault()).recipients);
	expect(sealed.length - plain.length - 16 * Math.ceil(plain.length / 65_536)).toBe(HEAD);
	const go = async (id: string) => {
		// Within the page: a new one would have locked the vault.
		await page.evaluate((to) => {
			history.pushState(null, '', to);
			dispatchEvent(new PopStateEvent('popstate'));
		}, `/clips/${id}`);
	};

	const flipped = sealed.slice();
	const at = HEAD + Math.floor(sealed.length / 2 / CHUNK) * CHUNK + 1234;
	flipped[at] = (flipped[at] ?? 0) ^ 1;
	shelf.put('flipped', flipped);
	await go('flipped');
	const stop = page.locator('[data-stop]');
	await expect(stop).toHaveText(/^This clip was changed or damaged after 0:0[4-7]\./, { timeout: 20_000 });
	const video = page.locator('video');
	// The picture ends where the seal does.
	await expect.poll(() => video.evaluate((v: HTMLVideoElement) => v.ended), { timeout: 20_000 }).toBe(true);
	expect(await video.evaluate((v: HTMLVideoElement) => v.currentTime)).toBeLessThan(8);
	await accessible(page, 'changed');

	flipped.set(sealed);
	flipped[HEAD + 5] = (flipped[HEAD + 5] ?? 0) ^ 1;
	shelf.put('first', flipped.slice());
	await go('first');
	await expect(stop).toHaveText('This clip was changed or damaged. None of it can be shown.');

	const cut = sealed.slice(0, HEAD + Math.floor(sealed.length / 2 / CHUNK) * CHUNK);
	shelf.put('cut', cut, { state: 'cut-short', cut_short: true });
	await go('cut');
	await expect(stop).toHaveText(/^This clip was cut short: the recording ends after 0:0[4-7]\./);
	// A camera that was lost leaves a clip that ends early and is sealed to its end.
	shelf.put('pulled', sealed, { state: 'cut-short', cut_short: true, why: 'it hung up' });
	await go('pulled');
	await expect(page.locator('[data-cut]')).toHaveText('It ends early: it hung up.');
	await expect.poll(() => video.evaluate((v: HTMLVideoElement) => Math.round(v.duration))).toBe(12);
	await expect(stop).toHaveCount(0);
	// The same, of which the hub says that it is whole: somebody took the end.
	shelf.put('taken', cut);
	await go('taken');
	await expect(stop).toHaveText(/^This clip was changed or damaged after 0:0[4-7]\./);

	const { generateHybridIdentity, identityToRecipient } = await import('age-encryption');
	const stranger = await identityToRecipient(await generateHybridIdentity());
	shelf.put('foreign', await seal(plain, [stranger]));
	await go('foreign');
	await expect(stop).toHaveText(/^This clip is sealed to another vault\./);

	shelf.put('odd', sealed, { codecs: 'hvc1.1.6.L120.90' });
	await go('odd');
	await expect(stop).toHaveText(/^This browser can’t show this kind of picture \(hvc1/);

	await go('nowhere');
	await expect(page.getByRole('heading', { level: 1 })).toHaveText('This clip is gone.');
	await accessible(page, 'gone');
	watch.check();
});

test('a clip plays in a browser that has only the managed kind of player, as an iPhone does', async ({
	page,
	demo,
	watch,
}) => {
	await page.addInitScript(() => {
		const all = globalThis as { ManagedMediaSource?: unknown; MediaSource?: unknown };
		all.ManagedMediaSource = all.MediaSource;
		delete all.MediaSource;
	});
	const shelf = new Shelf(page);
	await shelf.serve(page);
	await demo.signIn(page);
	await page.goto(`${demo.url}/privacy/vault`);
	const secret = await makeVault(page);
	shelf.put('c1', await seal(await film(), (await shelf.vault()).recipients));
	await page.goto(`${demo.url}/clips/c1`);
	await page.getByLabel('Passphrase for this vault').fill(secret);
	await page.getByRole('button', { name: 'Unlock' }).click();
	const video = page.locator('video');
	await expect(video).toHaveAttribute('data-ready', 'true', { timeout: 30_000 });
	await expect.poll(() => video.evaluate((v: HTMLVideoElement) => v.currentTime)).toBeGreaterThan(4);
	await expect(page.locator('[data-stop]')).toHaveCount(0);
	watch.check();
});
