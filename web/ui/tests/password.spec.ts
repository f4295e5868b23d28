// What an owner lets be told of a camera's password.
import type { Camera } from '../src/lib/api';
import { accessible, expect, fits, test } from './hub';

for (const [width, height, scheme] of [
	[390, 844, 'light'],
	[1280, 800, 'dark'],
] as const) {
	test(`a camera's password in the clear at ${width}, ${scheme}: off, allowed, said, not asked in TLS`, async ({
		page,
		demo,
	}) => {
		await page.setViewportSize({ width, height });
		await page.emulateMedia({ colorScheme: scheme });
		await demo.signIn(page);
		const of = `${demo.url}/api/v1/cameras/camera-drive`;
		const made = await page.request.put(of, {
			data: { name: 'Drive', url: 'rtsp://hub@127.0.0.1:9/1', password: 's3cret word' },
		});
		expect(made.ok(), await made.text()).toBe(true);
		const allowed = async () => ((await (await page.request.get(of)).json()) as Camera).basic_auth;
		expect(await allowed()).toBe(false);

		await page.goto(`${demo.url}/cameras/camera-drive`);
		await page.getByText('Settings').click();
		const form = page.locator('form').filter({ has: page.getByLabel('Password of the camera') });
		const tell = form.getByRole('switch', { name: 'Tell it the password in the clear' });
		await expect(tell).toHaveAttribute('aria-checked', 'false');
		await form.getByLabel('Address', { exact: true }).fill('rtsps://hub@127.0.0.1:9/1');
		await expect(tell).toHaveCount(0);
		await form.getByLabel('Address', { exact: true }).fill('rtsp://hub@127.0.0.1:9/1');
		await tell.click();
		await expect(tell).toHaveAttribute('aria-checked', 'true');
		await accessible(page, 'allowing it');
		await fits(page, 'allowing it');
		await form.getByRole('button', { name: 'Save' }).click();
		await expect(form.getByRole('status')).toHaveText('Saved');
		expect(await allowed()).toBe(true);

		await page.goto(`${demo.url}/health`);
		await expect(page.locator('[data-trouble=camera-password-in-clear]')).toContainText(
			'The password of Drive may be told in the clear',
		);
	});
}
