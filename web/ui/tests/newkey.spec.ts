import { armor, Decrypter } from 'age-encryption';

import { accessible, expect, fits, test } from './hub';
import { film, seal, Shelf } from './shelf';

for (const [width, height, scheme] of [
	[390, 844, 'light'],
	[1280, 800, 'dark'],
] as const) {
	test(`a new key at ${width}, ${scheme}: what was recorded before plays on, and the old one opens nothing new`, async ({
		page,
		demo,
		watch,
	}) => {
		await page.setViewportSize({ width, height });
		await page.emulateMedia({ colorScheme: scheme });
		const shelf = new Shelf(page);
		await shelf.serve(page);
		await demo.signIn(page);
		const button = (name: string) => page.getByRole('button', { name, exact: true });
		const phrase = page.getByLabel('Passphrase for this vault');
		const paper = page.locator('[data-recovery]');
		const mark = page.locator('[data-mark]');
		const isOpen = page.getByRole('heading', { name: 'The vault is open in this browser.' });
		const go = (to: string) =>
			page.evaluate((to) => {
				history.pushState(null, '', to);
				dispatchEvent(new PopStateEvent('popstate'));
			}, to);
		const unlock = async (secret: string) => {
			await phrase.fill(secret);
			await button('Unlock').click();
		};

		await page.goto(`${demo.url}/privacy/vault`);
		const oldSecret = await phrase.inputValue();
		await button('Make the vault').click();
		const oldPaper = await paper.innerText({ timeout: 30_000 });
		await button('I have it on paper').click();
		await expect(isOpen).toBeVisible();
		const old = await shelf.vault();
		const end = (recipient = '') => recipient.slice(-6);
		const plain = await film();
		const before = await seal(plain, old.recipients);
		shelf.put('before', before);

		// It is said what it does and what it does not; the passphrase of before is no new one.
		await button('Make a new key').click();
		await expect(page.getByText('open nothing new')).toBeVisible();
		await accessible(page, 'a new key');
		await fits(page, 'a new key');
		await phrase.fill(oldSecret);
		await button('Make the new key').click();
		await expect(page.getByText('That is the passphrase of before')).toBeVisible({ timeout: 30_000 });
		await button('Suggest another').click();
		await button('Make the new key').click();
		await expect(paper).toBeVisible({ timeout: 30_000 });
		await accessible(page, 'new paper');
		await fits(page, 'new paper');

		// A page that is closed now has changed nothing, nor has one that was left.
		await page.goto(`${demo.url}/privacy/vault`);
		expect(await shelf.vault()).toEqual(old);
		await unlock(oldSecret);
		await expect(isOpen).toBeVisible({ timeout: 30_000 });
		await button('Make a new key').click();
		const secret = await phrase.inputValue();
		expect(secret).not.toBe(oldSecret);
		await button('Make the new key').click();
		await button('Leave it as it is').click({ timeout: 30_000 });
		await expect(isOpen).toBeVisible();
		expect(await shelf.vault()).toEqual(old);

		// The hub takes it and its answer is lost: it counts all the same.
		await button('Make a new key').click();
		await phrase.fill(secret);
		await button('Make the new key').click();
		const recovery = await paper.innerText({ timeout: 30_000 });
		const marked = await mark.innerText();
		await page.route('**/api/v1/vault', async (route) => {
			if (route.request().method() !== 'PUT') return route.continue();
			await route.fetch();
			await route.abort();
		});
		watch.expected.push(/Failed to load resource: net::ERR_FAILED/);
		await button('I have it on paper').click();
		await expect(isOpen).toBeVisible();
		await page.unroute('**/api/v1/vault');
		const now = await shelf.vault();
		expect(now.epoch).toBe(old.epoch + 1);
		expect(now.recipients.some((r) => old.recipients.includes(r))).toBe(false);
		expect(marked).toBe(`Recovery key 2. Its public half ends in ${end(now.recipients[1])}.`);
		await expect(page.locator('[data-earlier="1"]')).toContainText(end(old.recipients[1]));
		const after = await seal(plain, now.recipients);
		shelf.put('after', after, { epoch: 2 });

		// Both play: where the vault is open already, and with the new passphrase alone.
		const video = page.locator('video');
		const plays = async () => {
			await expect(video).toHaveAttribute('data-ready', 'true', { timeout: 30_000 });
			await expect.poll(() => video.evaluate((v: HTMLVideoElement) => v.currentTime)).toBeGreaterThan(4);
			await expect(page.locator('[data-stop]')).toHaveCount(0);
		};
		const sheet = page.locator('[data-paper]');
		for (const [id, of] of [
			['before', old],
			['after', now],
		] as const) {
			await go(`/clips/${id}`);
			await plays();
			await expect(sheet).toContainText(`recovery key ${of.epoch}, `);
			await expect(sheet).toContainText(`public half ends in ${end(of.recipients[1])}.`);
		}
		await fits(page, 'after');
		await page.goto(`${demo.url}/clips/after`);
		await unlock(oldSecret);
		await expect(page.getByText('That does not open this vault.')).toBeVisible({ timeout: 30_000 });
		await unlock(secret);
		await plays();
		await page.goto(`${demo.url}/clips/before`);
		await unlock(secret);
		await plays();
		await expect(sheet).toContainText('A newer one does not.');
		// The new paper alone does too.
		await page.goto(`${demo.url}/clips/before`);
		await button('I only have the recovery key').click();
		await page.getByLabel('Recovery key').fill(recovery);
		await button('Unlock').click();
		await plays();

		// The old paper alone opens what is of its time, and says so.
		const type = async (key: string) => {
			await expect(button('I only have the recovery key').or(button('I have the passphrase'))).toBeVisible();
			if (await phrase.isVisible()) await button('I only have the recovery key').click();
			await page.getByLabel('Recovery key').fill(key);
			await button('Unlock').click();
		};
		const part = page.getByRole('heading', { name: 'Only a part of the vault is open.' });
		await page.goto(`${demo.url}/clips/before`);
		await type(oldPaper.replace('PQ', 'PQQ'));
		await expect(page.getByText('That does not open this vault.')).toBeVisible({ timeout: 30_000 });
		await type(oldPaper);
		await plays();
		await expect(part).toHaveCount(0);
		const asked = shelf.sent.length;
		await go('/clips/after');
		await expect(part).toBeVisible();
		await expect(page.getByText('This clip is sealed to key 2.')).toBeVisible();
		await expect(page.getByText('Sealed. Only your vault opens it.')).toBeVisible();
		await expect(page.getByText('Recovery key 1 opens what was recorded in its time')).toBeVisible();
		await accessible(page, 'a clip that the old paper does not open');
		await fits(page, 'a clip that the old paper does not open');
		expect(shelf.sent.slice(asked).filter((s) => /clips\/after\/(media|stills)/.test(s))).toEqual([]);
		// It is no key of the vault: no new one is made with it, and no passkey is added.
		await go('/privacy/vault');
		await expect(part).toBeVisible();
		await expect(isOpen).toHaveCount(0);
		await expect(page.getByRole('heading', { name: 'New key from now on' })).toHaveCount(0);
		await expect(button('Add a passkey')).toHaveCount(0);
		await accessible(page, 'a vault that the old paper opened');
		await fits(page, 'a vault that the old paper opened');
		await type(recovery);
		await expect(isOpen).toBeVisible();
		await expect(part).toHaveCount(0);
		await go('/clips/after');
		await plays();
		await page.goto(`${demo.url}/clips/before`);
		await type(oldPaper);
		await plays();
		await go('/privacy/vault');
		await button('Lock it now').click();
		await expect(page.getByRole('heading', { name: 'The vault is locked.' })).toBeVisible();

		// The old wrapped key with the old passphrase opens what was before, and nothing new; so does the old paper.
		const d = new Decrypter();
		d.addPassphrase(oldSecret);
		const { passphrase } = JSON.parse(old.wrapped) as { passphrase: string };
		const oldKey = await d.decrypt(armor.decode(passphrase), 'text');
		for (const [key, opens] of [
			[oldKey, before],
			[oldPaper, before],
			[recovery, after],
		] as const) {
			for (const file of [before, after]) {
				const one = new Decrypter();
				one.addIdentity(key);
				if (file === opens) expect(await one.decrypt(file)).toEqual(plain);
				else await expect(one.decrypt(file)).rejects.toThrow();
			}
		}
		const { passphrase: newly } = JSON.parse(now.wrapped) as { passphrase: string };
		const stale = new Decrypter();
		stale.addPassphrase(oldSecret);
		await expect(stale.decrypt(armor.decode(newly))).rejects.toThrow();

		const sent = shelf.sent.join('\n') + JSON.stringify(now);
		expect(sent).toContain(now.recipients[0] ?? '-'); // it was recorded
		for (const word of [secret, oldSecret, recovery, oldPaper, oldKey, btoa(secret), 'AGE-SECRET-KEY'])
			expect(sent.toLowerCase(), 'sent to the hub').not.toContain(word.toLowerCase());
		const events = (await (await page.request.get(`${demo.url}/api/v1/events?limit=200`)).json()) as {
			events: { text: string }[];
		};
		expect(
			events.events.filter((e) => e.text === 'owner changed the keys that clips are sealed to: 2 from here on.'),
		).toHaveLength(2);

		// The hub's data is put back as it was before there were new keys: this browser knows better.
		const older = page.locator('[data-older-keys]');
		await go('/privacy/vault');
		await expect(page.getByText('Clips are sealed to')).toBeVisible();
		await expect(older).toBeHidden();
		await page.route('**/api/v1/vault', (route) => route.fulfill({ json: old }));
		await page.reload();
		await expect(older).toContainText('a newer key here: key 2');
		await accessible(page, 'older keys than were seen');
		await fits(page, 'older keys than were seen');
		watch.check();
	});
}

test('when two owners make a new key at once, the second is told and nothing of the first is lost', async ({
	page,
	demo,
}) => {
	const shelf = new Shelf(page);
	await demo.signIn(page);
	await page.goto(`${demo.url}/privacy/vault`);
	const button = (name: string) => page.getByRole('button', { name, exact: true });
	await button('Make the vault').click();
	await expect(page.locator('[data-recovery]')).toBeVisible({ timeout: 30_000 });
	const other = await page.context().newPage();
	await other.goto(`${demo.url}/privacy/vault`);
	await other.getByRole('button', { name: 'Make the vault' }).click();
	await other.getByRole('button', { name: 'I have it on paper' }).click({ timeout: 30_000 });
	await expect(other.getByRole('heading', { name: 'The vault is open in this browser.' })).toBeVisible();
	const first = await shelf.vault();
	await button('I have it on paper').click();
	await expect(page.getByRole('alert').filter({ hasText: 'somebody else changed the keys meanwhile' })).toBeVisible();
	expect(await shelf.vault()).toEqual(first);
	await button('Leave it as it is').click();
	await page.reload();
	await expect(page.getByRole('heading', { name: 'The vault is locked.' })).toBeVisible();
});
