import type { Device, Schemas } from '../src/lib/api';
import { accessible, expect, fits, test } from './hub';

for (const [width, height] of [
	[390, 844],
	[1280, 800],
] as const) {
	test(`a lock at ${width}: opened on a second word, given a code that it then wants, and codes taken away`, async ({
		page,
		demo,
		watch,
	}) => {
		await page.setViewportSize({ width, height });
		const headline = page.getByRole('heading', { level: 1 });
		const bolt = (as: string) => expect(page.locator(`[data-lock=${as}]`)).toBeVisible({ timeout: 20_000 });
		const status = page.getByRole('status').filter({ hasText: /./ });
		await demo.signIn(page);
		await demo.settle(page);
		await page.goto(`${demo.url}/devices`);
		await page.getByRole('link', { name: /^Garden door lock/ }).click();
		await expect(headline).toHaveText('Garden door lock');
		await bolt('locked');
		await accessible(page, 'lock');
		await fits(page, 'lock');

		// A thumb that slips opens nothing.
		await page.getByRole('button', { name: 'Unlock it' }).click();
		await expect(page.getByText('Unlock Garden door lock? Whoever stands before it can then come in.')).toBeVisible();
		await accessible(page, 'before it is unlocked');
		await fits(page, 'before it is unlocked');
		await page.getByRole('button', { name: 'Leave it' }).click();
		await expect(page.getByRole('button', { name: 'Unlock it' })).toBeEnabled();
		await bolt('locked');
		await page.getByRole('button', { name: 'Unlock it' }).click();
		await page.getByRole('button', { name: 'Unlock', exact: true }).click();
		await bolt('unlocked');
		await page.getByRole('button', { name: 'Lock it', exact: true }).click(); // harms nobody
		await bolt('locked');

		// What is wrong with a code stands beside it, and the lock is told nothing.
		await page.getByRole('link', { name: 'Codes of this lock' }).click();
		await expect(headline).toHaveText('Codes of Garden door lock');
		await expect(page.getByText('Nobody has been given a code from here.')).toBeVisible();
		await accessible(page, 'codes of a lock');
		await fits(page, 'codes of a lock');
		const give = page.getByRole('button', { name: 'Give a code' });
		const person = page.getByLabel('Whose is it');
		const digits = page.getByLabel('The digits');
		await digits.fill('12');
		await give.click();
		await expect(person).toHaveAttribute('aria-invalid', 'true');
		await expect(digits).toHaveAttribute('aria-invalid', 'true');
		await expect(digits).toHaveValue('');
		await accessible(page, 'a code with faults');

		// Number 1 has a code that was set at the lock: another one is not taken for a second person.
		await page.getByLabel('Number in the lock').fill('2');
		await person.fill('Ben');
		await digits.fill('1357');
		await give.click();
		await expect(digits).toHaveAttribute('aria-invalid', 'true', { timeout: 30_000 });
		await expect(page.getByText("Choose other digits: the lock can't take these.")).toBeVisible();
		await digits.fill('8642');
		await give.click();
		await expect(status.filter({ hasText: 'The lock has taken the code of Ben.' })).toBeVisible({ timeout: 30_000 });
		await expect(page.locator('[data-code="2"]')).toContainText('Ben');
		await expect(page.locator('body')).not.toContainText('8642');
		const codes = async () =>
			(await (
				await page.request.get(`${demo.url}/api/v1/devices/${page.url().split('/').at(-1)}/codes`)
			).json()) as Schemas['LockCode'][];
		expect((await codes()).map((c) => [c.user, c.person])).toEqual([[2, 'Ben']]);
		await expect(page.getByLabel('Number in the lock')).toHaveValue('1');
		await page.getByLabel('Number in the lock').fill('2');
		await page.getByLabel('Number in the lock').blur();
		await expect(page.getByText('This replaces the code of Ben.')).toBeVisible();
		await accessible(page, 'a code of a lock');
		await fits(page, 'a code of a lock');

		// A lock that wants a code for what it is told by radio is asked again with one.
		await demo.does('garden-lock', 'want-pin');
		await page.getByRole('link', { name: 'Garden door lock' }).click();
		await page.getByRole('button', { name: 'Unlock it' }).click();
		await expect(page.getByLabel('A code of this lock')).toBeHidden();
		await page.getByRole('button', { name: 'Unlock', exact: true }).click();
		await expect(page.getByRole('alert').filter({ hasText: 'it may want a code' })).toBeVisible({ timeout: 20_000 });
		await bolt('locked');
		await page.getByRole('button', { name: 'Unlock it' }).click();
		await page.getByLabel('A code of this lock').fill('8642');
		await accessible(page, 'a lock that wants a code');
		await fits(page, 'a lock that wants a code');
		await page.getByRole('button', { name: 'Unlock', exact: true }).click();
		await bolt('unlocked');
		await demo.does('garden-lock', 'want-no-pin');

		await page.getByRole('link', { name: 'Codes of this lock' }).click();
		await page.getByRole('button', { name: 'Take the code of Ben away' }).click();
		await expect(page.getByText('It will not open this lock any more.')).toBeVisible();
		await page.getByRole('button', { name: 'Take it away' }).click();
		await expect(page.locator('[data-code]')).toHaveCount(0, { timeout: 30_000 });
		expect(await codes()).toEqual([]);
		await page.goto(`${demo.url}/journal`);
		await expect(page.getByText('owner gave Ben a code of Garden door lock.')).toBeVisible();
		watch.check();
	});
}

test('the pages of a lock fit in a strange language, at every width', async ({ page, demo, watch }) => {
	await demo.signIn(page);
	await demo.settle(page);
	const devices = (await (await page.request.get(`${demo.url}/api/v1/devices`)).json()) as Device[];
	const lock = devices.find((d) => 'lock' in d.traits)?.id ?? '';
	const put = await page.request.put(`${demo.url}/api/v1/devices/${lock}/codes/2`, {
		data: { person: 'Ben', code: '8642' },
	});
	expect(put.ok(), await put.text()).toBe(true);
	await page.evaluate(() => localStorage.setItem('gatehouse.language', 'en-XB'));
	for (const width of [320, 390, 1280]) {
		await page.setViewportSize({ width, height: 844 });
		await page.goto(`${demo.url}/devices/${lock}`);
		await page.locator('[data-lock=locked] button').last().click();
		await expect(page.locator('[data-lock] form')).toContainText('·');
		expect(await page.locator('html').getAttribute('dir')).toBe('rtl');
		await fits(page, `lock ${width}`);
		await accessible(page, `lock ${width}`);
		await page.goto(`${demo.url}/devices/codes/${lock}`);
		await expect(page.locator('[data-code="2"]')).toContainText('Ben');
		await page.locator('[data-code="2"] button').click();
		await fits(page, `codes of a lock ${width}`);
		await accessible(page, `codes of a lock ${width}`);
	}
	watch.check();
});
