import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { test as base, accessible, expect, Program, Watch } from './hub';
import { totp } from './totp';

interface Fresh {
	url: string;
	claimCode: string;
}

/** A hub that belongs to nobody yet, over TLS as in a home. */
const test = base.extend<{ fresh: Fresh }>({
	ignoreHTTPSErrors: true, // its own authority, which this browser was not told to trust
	// eslint-disable-next-line no-empty-pattern
	fresh: async ({}, use) => {
		const folder = mkdtempSync(join(tmpdir(), 'gatehouse-claim-'));
		const config = join(folder, 'gatehouse.yaml');
		writeFileSync(
			config,
			`data: ${join(folder, 'data')}\nlisten: {https: "127.0.0.1:0", http: ""}\ninterfaces: [lo]\nmqtt: {listen: "", loopback: ""}\n`,
		);
		const program = Program.start('serve', '--config', config);
		try {
			const [, page] = await program.says(/msg=ready page=(\S+)/);
			const claimCode = readFileSync(join(folder, 'data', 'claim-code'), 'utf8').trim();
			await use({ url: `https://${page}`, claimCode });
		} finally {
			await program.stop();
			rmSync(folder, { recursive: true });
		}
	},
});

test('first claim: from the label to an empty home, then in again with a recovery code', async ({ page, fresh }) => {
	const watch = new Watch(page, () => fresh.url);
	watch.expected = [/Failed to load resource: the server responded with a status of 4\d\d/];
	const headline = page.getByRole('heading', { level: 1 });
	const next = page.getByRole('button', { name: 'Continue' });
	const password = 'nine quiet maples by the gate';

	// Whatever is asked for, an unclaimed hub shows the claim.
	await page.goto(`${fresh.url}/journal`);
	await expect(headline).toHaveText('Claim this hub.');
	await accessible(page, 'claim');
	await page.getByLabel('Claim code').fill('0000-0000-0000-0000');
	await next.click();
	await expect(page.getByRole('alert')).toContainText(/not right|wait/i);
	await page.getByLabel('Claim code').fill(fresh.claimCode.toLowerCase());
	await next.click();

	await expect(headline).toHaveText('Choose a password.');
	await page.getByLabel('Your name').fill('Anna');
	await page.getByLabel('Password').fill('short');
	await expect(page.getByText('7 characters to go.')).toBeVisible();
	await page.getByLabel('Password').fill('password1234');
	await next.click();
	await expect(page.getByRole('alert')).not.toBeEmpty();
	await page.getByLabel('Password').fill(password);
	await expect(page.getByText(/^(Strong|Very strong)\./)).toBeVisible();
	await accessible(page, 'password');
	await next.click();

	await expect(headline).toHaveText('Add a second lock.');
	await expect(page.getByRole('img', { name: 'QR code for your authenticator' })).toBeVisible();
	await page.getByRole('button', { name: 'Can’t scan? Show the key' }).click();
	const key = await page.locator('.qt code').innerText();
	await accessible(page, 'second lock');
	await page.getByLabel('Type the code it shows').fill('000000');
	await expect(page.getByRole('alert')).not.toBeEmpty();

	// Another password, while there is time.
	await page.getByRole('button', { name: 'Back' }).click();
	await expect(headline).toHaveText('Choose a password.');
	await page.getByLabel('Password').fill(password);
	await next.click();
	await expect(headline).toHaveText('Add a second lock.');

	// It goes on where it was left.
	await page.reload();
	await expect(headline).toHaveText('Add a second lock.');
	await page.getByLabel('Type the code it shows').fill(totp(key));

	await expect(headline).toHaveText('Keep these codes.');
	const codes = await page.locator('.codes code').allInnerTexts();
	expect(codes).toHaveLength(10);
	await accessible(page, 'recovery codes');
	const saved = page.waitForEvent('download');
	await page.getByRole('button', { name: 'Save as a file' }).click();
	const file = readFileSync(await (await saved).path(), 'utf8');
	for (const code of codes) expect(file).toContain(code);
	await page.getByLabel(/^Type one of them/).fill('WRONG-CODE-0000');
	await next.click();
	await expect(page.getByRole('alert')).not.toBeEmpty();
	await page.getByLabel(/^Type one of them/).fill(codes[3] ?? '');
	await next.click();

	await expect(headline).toHaveText('Name your home.');
	await accessible(page, 'name your home');
	await page.getByLabel('What you call it').fill('Elm Cottage');
	await page.getByLabel('Emergency number').fill('112');
	await page.getByLabel('Code to turn the alarm off').fill('12');
	await next.click();
	await expect(page.getByRole('alert')).toContainText('4 to 12 digits');
	await page.getByLabel('Code to turn the alarm off').fill('530917');
	await next.click();

	await expect(headline).toHaveText('Add your first sensor.');
	await accessible(page, 'first sensor');
	await page.getByRole('button', { name: 'Start looking' }).click();
	await expect(page.getByRole('alert')).toContainText('No stick is set up');
	await page.getByRole('button', { name: 'Add later' }).click();

	await expect(headline).toHaveText('Let’s add your first sensor.');
	await expect(page.getByText('Elm Cottage').first()).toBeVisible();
	await expect(page.getByText('Demo', { exact: true })).toBeHidden();
	await page.getByRole('link', { name: 'Add a sensor' }).click();
	await expect(headline).toHaveText('Add your first sensor.');

	// Out, and in again without the phone: each recovery code works once.
	await page.goto(fresh.url);
	await expect(page.getByRole('status')).toHaveText('Live');
	await page.getByRole('button', { name: 'Sign out' }).click();
	for (const [code, good] of [
		[codes[0], true],
		[codes[0], false],
		[codes[1], true],
	] as const) {
		await expect(headline).toHaveText('Sign in');
		await page.getByLabel('Name').fill('Anna');
		await page.getByLabel('Password').fill(password);
		await next.click();
		await page.getByRole('button', { name: 'Use a recovery code' }).click();
		await page.getByLabel('Recovery code').fill(code ?? '');
		await page.getByRole('button', { name: 'Sign in' }).click();
		if (good) {
			await expect(page.getByRole('status')).toHaveText('Live');
			await page.getByRole('button', { name: 'Sign out' }).click();
		} else {
			await expect(page.getByRole('alert')).not.toBeEmpty();
			await page.getByRole('button', { name: 'Not you? Start again' }).click();
		}
	}

	// The claim is over for good.
	await page.goto(`${fresh.url}/setup`);
	await expect(headline).toHaveText('Sign in');
	watch.check();
});
