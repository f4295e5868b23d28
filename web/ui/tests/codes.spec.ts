import type { Page } from '@playwright/test';

import type { Code, Session } from '../src/lib/api';
import { accessible, expect, fits, test, type, type Demo } from './hub';

async function codesOf(page: Page, demo: Demo): Promise<Code[]> {
	return (await (await page.request.get(`${demo.url}/api/v1/codes`)).json()) as Code[];
}

for (const [width, height] of [
	[390, 844],
	[1280, 800],
] as const) {
	test(`codes at ${width}: made by the hub and used, one under threat that nothing tells apart, deleted`, async ({
		page,
		demo,
		watch,
	}) => {
		await page.setViewportSize({ width, height });
		const headline = page.getByRole('heading', { level: 1 });
		await demo.signIn(page);
		await demo.settle(page);
		await page.goto(`${demo.url}/codes`);
		await expect(page.locator('[data-code]')).toHaveCount(1);
		await accessible(page, 'codes');
		await fits(page, 'codes');

		// Nothing typed: the hub says what it wants, beside the field.
		await page.getByRole('link', { name: 'Add a code' }).click();
		await page.getByRole('button', { name: 'Make the code' }).click();
		await expect(page.getByLabel('Whose is it')).toHaveAttribute('aria-invalid', 'true');
		await accessible(page, 'new code with a fault');
		await fits(page, 'new code with a fault');

		// A guest's code has to end; the hub makes its digits and shows them once.
		await page.getByLabel('Whose is it').fill('Ben');
		await page.getByRole('radio', { name: /^A guest/ }).check();
		await page.getByRole('button', { name: 'Make the code' }).click();
		await expect(page.getByRole('alert').filter({ hasText: 'must end some day' })).toBeVisible();
		await page.getByLabel('Ends').fill('2033-01-31T18:30');
		await page.getByLabel('How many times').fill('2');
		await page.getByRole('button', { name: 'Make the code' }).click();
		await expect(headline).toHaveText('The code of Ben.');
		const digits = await page.locator('[data-digits]').innerText();
		expect(digits).toMatch(/^\d{6}$/);
		await accessible(page, 'digits');
		await fits(page, 'digits');
		await page.getByRole('button', { name: 'I have it' }).click();
		await expect(page.locator('body')).not.toContainText(digits);
		const ben = page.getByRole('link', { name: /^Ben/ });
		await expect(ben).toContainText('Until Monday');
		await expect(ben).toContainText('18:30');
		await expect(ben).toContainText('2 uses left');
		// The end is one by the home's clock, wherever the phone is.
		const ends = (await codesOf(page, demo)).find((c) => c.person === 'Ben')?.expires ?? '';
		const { zone } = (await (await page.request.get(`${demo.url}/api/v1/session`)).json()) as Session;
		expect(new Date(ends).toLocaleString('sv', { timeZone: zone })).toBe('2033-01-31 18:30:00');

		// One under threat reads like any other.
		await page.getByRole('link', { name: 'Add a code' }).click();
		await page.getByLabel('Whose is it').fill('Aunt Vera');
		await page.getByRole('radio', { name: /^Under threat/ }).check();
		await page.getByRole('button', { name: 'Make the code' }).click();
		const forced = await page.locator('[data-digits]').innerText();
		await page.getByRole('button', { name: 'I have it' }).click();
		const lines = page.locator('[data-code]');
		await expect(lines).toHaveCount(3);
		/** Words, drawings and looks of a line, apart from the name. */
		const said = (name: string) =>
			page
				.getByRole('link', { name: new RegExp(`^${name}`) })
				.evaluate(
					(e, name) =>
						[e, ...e.querySelectorAll('*')].map((x) => [
							x.tagName,
							x.getAttribute('class'),
							x.textContent?.replaceAll(name, ''),
						]),
					name,
				);
		expect(await said('Aunt Vera')).toEqual(await said('Ada'));

		// It turns the alarm off as any other does.
		await page.goto(demo.url);
		const mode = (name: string) => page.getByRole('group', { name: 'Alarm' }).getByRole('button', { name });
		await mode('Home').click();
		await expect(headline).toHaveText('Armed at home.');
		await mode('Off').click();
		await type(page, forced);
		await expect(headline).toHaveText('All quiet.');

		// Digits are replaced, not shown; too few are refused beside their field.
		await page.goto(`${demo.url}/codes`);
		await ben.click();
		await page.getByRole('radio', { name: /^Digits of your own/ }).check();
		await page.getByLabel('The digits').fill('12');
		await page.getByRole('button', { name: 'Save' }).click();
		await expect(page.getByLabel('The digits')).toHaveAttribute('aria-invalid', 'true');
		await page.getByLabel('The digits').fill('730915');
		await page.getByLabel('Only at these times').fill('whenever');
		await page.getByRole('button', { name: 'Save' }).click();
		await expect(page.getByLabel('Only at these times')).toHaveAttribute('aria-invalid', 'true');
		await accessible(page, 'code with a fault');
		await page.getByLabel('Only at these times').fill('Mon-Fri 08:00-17:00');
		await page.getByText('Add days and hours').click();
		await page.getByRole('group', { name: 'On these days' }).getByRole('button', { name: 'Sat' }).click();
		await page.getByLabel('From').fill('10:00');
		await page.getByLabel('To', { exact: true }).fill('12:00');
		await accessible(page, 'code with days and hours');
		await fits(page, 'code with days and hours');
		await page.getByRole('button', { name: 'Add them' }).click();
		await expect(page.getByLabel('Only at these times')).toHaveValue('Mon-Fri 08:00-17:00; Sat 10:00-12:00');
		await page.getByLabel('The digits').fill('730915');
		await page.getByRole('button', { name: 'Save' }).click();
		await expect(ben).toContainText('Mon-Fri 08:00-17:00; Sat 10:00-12:00');

		await ben.click();
		await page.getByRole('button', { name: 'Delete this code' }).click();
		await expect(page.getByText('Delete the code of Ben? From then on it turns nothing off.')).toBeVisible();
		await page.getByRole('button', { name: 'Delete it' }).click();
		await expect(lines).toHaveCount(2);
		expect((await codesOf(page, demo)).map((c) => c.person).sort()).toEqual(['Ada', 'Aunt Vera']);
		watch.check();
	});
}

test('a step-up: nothing is changed before password and second lock were given again', async ({
	page,
	demo,
	watch,
}) => {
	await demo.signIn(page);
	await demo.settle(page);
	// What the hub says five minutes after the sign-in.
	let stale = true;
	await page.route('**/api/v1/codes', async (route) => {
		if (route.request().method() !== 'POST' || !stale) return route.continue();
		await route.fulfill({
			status: 403,
			contentType: 'application/problem+json',
			body: JSON.stringify({ status: 403, code: 'step-up-needed', detail: 'Give your password again.' }),
		});
	});
	await page.goto(`${demo.url}/codes/add`);
	await page.getByLabel('Whose is it').fill('Cleaner');
	await page.getByRole('button', { name: 'Make the code' }).click();
	const sheet = page.getByRole('dialog', { name: 'Is it still you?' });
	await expect(sheet).toBeVisible();
	await accessible(page, 'step-up');
	await fits(page, 'step-up');

	// Away from it: nothing was changed, and what was typed is still there.
	await page.keyboard.press('Escape');
	await expect(sheet).toBeHidden();
	await expect(page.getByRole('alert').filter({ hasText: 'Nothing was changed.' })).toBeVisible();
	await expect(page.getByLabel('Whose is it')).toHaveValue('Cleaner');
	expect(await codesOf(page, demo)).toHaveLength(1);

	// A wrong password says so; the right one lets the same request through.
	await page.getByRole('button', { name: 'Make the code' }).click();
	await sheet.getByLabel('Password').fill('not the password');
	await sheet.getByRole('button', { name: /^Use \d{6}$/ }).click();
	await expect(sheet.getByRole('alert')).toContainText('That was not right.');
	await sheet.getByLabel('Password').fill(demo.password);
	page.on('response', (r) => {
		if (r.url().endsWith('/reauth') && r.ok()) stale = false;
	});
	await sheet.getByRole('button', { name: /^Use \d{6}$/ }).click();
	await expect(page.getByRole('heading', { level: 1 })).toHaveText('The code of Cleaner.');
	await expect(sheet).toBeHidden();
	watch.check();
});
