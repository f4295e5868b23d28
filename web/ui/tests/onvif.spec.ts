import type { Schemas } from '../src/lib/api';
import { accessible, expect, fits, test } from './hub';

for (const [width, height, scheme] of [
	[390, 844, 'light'],
	[1280, 900, 'dark'],
] as const) {
	test(`cameras that speak ONVIF at ${width}, ${scheme}: found, added by address, heeded`, async ({
		page,
		demo,
		watch,
	}) => {
		await page.setViewportSize({ width, height });
		await page.emulateMedia({ colorScheme: scheme });
		await demo.signIn(page);
		const doorbell = `${demo.url}/api/v1/cameras/camera-doorbell`;
		const kept = async () => (await (await page.request.get(doorbell)).json()) as Schemas['Camera'];
		await expect.poll(async () => (await kept()).status.onvif?.heard).toBe(true);

		await page.goto(`${demo.url}/cameras/add`);
		await accessible(page, 'before');
		await page.getByRole('button', { name: 'Look for cameras' }).click();
		const found = page.getByRole('listitem').filter({ hasText: 'Demo doorbell' }).filter({ hasText: 'already here' });
		await expect(found).toBeVisible({ timeout: 15_000 });
		await accessible(page, 'found');
		await fits(page, 'found');

		// The same one, as somebody adds it whose network carries no such question.
		const form = page.locator('form').filter({ has: page.getByLabel('Address of the camera') });
		await form.getByLabel('Address of the camera').fill('127.0.0.1:9');
		await form.getByLabel('Name', { exact: true }).fill('Drive');
		await form.getByRole('button', { name: 'Add' }).click();
		await expect(form.getByText('127.0.0.1 does not say where its pictures are')).toBeVisible();
		await accessible(page, 'refused');
		await form.getByLabel('Address of the camera').fill((await kept()).onvif);
		await form.getByRole('button', { name: 'Add' }).click();
		await expect(page.getByRole('heading', { name: 'Drive', exact: true })).toBeVisible();
		await expect(page).toHaveURL(/\/cameras\/camera-drive$/);

		await page.goto(`${demo.url}/cameras/camera-doorbell`);
		const own = page.getByRole('region', { name: 'What the camera says itself' });
		await expect(own.getByText('Gatehouse Demo doorbell')).toBeVisible();
		await expect(own.getByText('The hub hears what it notices.')).toBeVisible();
		const movement = own.getByRole('button', { name: 'Movement' });
		await expect(movement).toHaveAttribute('aria-pressed', 'true');
		await movement.click();
		await expect(movement).toHaveAttribute('aria-pressed', 'false');
		expect((await kept()).heeds).toEqual(['person', 'doorbell']);

		// A part is drawn, and is black in the picture that comes then.
		await page.getByText('What it looks for, and must not show').click();
		const parts = page.locator('form').filter({ has: page.getByRole('switch', { name: 'Tell people from dogs' }) });
		await parts.getByRole('button', { name: 'Add a part of the picture' }).click();
		const drawn = parts.getByRole('img', { name: 'The picture with one part drawn on it' });
		await drawn.scrollIntoViewIfNeeded();
		const box = (await drawn.boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 };
		await page.mouse.move(box.x + box.width * 0.3, box.y + box.height * 0.2);
		await page.mouse.down();
		await page.mouse.move(box.x + box.width * 0.6, box.y + box.height * 0.9);
		await page.mouse.up();
		await accessible(page, 'drawing');
		await fits(page, 'drawing');
		await parts.getByRole('button', { name: 'Save' }).click();
		await expect(own.getByText('Part 1: blacked out by the camera, which says so.')).toBeVisible();
		await parts.getByRole('button', { name: 'Look through the camera now' }).click();
		const dark = () =>
			parts.locator('.picture img').evaluate((img: HTMLImageElement) => {
				const canvas = new OffscreenCanvas(100, 100);
				const pen = canvas.getContext('2d');
				if (!pen) throw new Error('no canvas');
				pen.drawImage(img, 0, 0, 100, 100);
				const { data } = pen.getImageData(0, 50, 100, 1);
				return [20, 35, 55, 70].map((x) => (data[4 * x + 1] ?? 255) < 30);
			});
		await expect.poll(dark).toEqual([false, true, true, false]);
		await accessible(page, 'its page');
		await fits(page, 'its page');
		await demo.does('doorbell-camera', 'unplug');
		await expect(own.getByText(/can’t hear what it notices: /)).toBeVisible({ timeout: 20_000 });
		watch.check();
	});
}

// A camera that shows another certificate than before, as no demo has one: what it was known by and
// what it shows can be compared, and one press with a question trusts it.
test('a camera that shows another certificate is trusted by nobody but its owner', async ({ page, demo, watch }) => {
	await page.setViewportSize({ width: 390, height: 844 });
	await demo.signIn(page);
	const [known, other] = ['0fa1'.repeat(16), 'b2c3'.repeat(16)];
	const [knownAt, otherAt] = [{ '8443': '11aa'.repeat(16) }, { '8443': '22bb'.repeat(16) }];
	let now: Partial<Schemas['Camera']> = { https_certificate: known, port_certificates: knownAt };
	let shown: Partial<Schemas['CameraStatus']> = { other_https_certificate: other, other_port_certificates: otherAt };
	await page.route('**/api/v1/cameras', async (route) => {
		const answer = await route.fetch();
		const list = (await answer.json()) as Schemas['Camera'][];
		const as = (c: Schemas['Camera']) => ({ ...c, ...now, status: { ...c.status, ...shown } });
		await route.fulfill({ json: list.map((c) => (c.id === 'camera-doorbell' ? as(c) : c)) });
	});
	const sent: unknown[] = [];
	await page.route('**/api/v1/cameras/camera-doorbell', async (route) => {
		if (route.request().method() !== 'PUT') return route.fallback();
		sent.push(route.request().postDataJSON());
		now = { https_certificate: other, port_certificates: otherAt };
		shown = { other_https_certificate: '', other_port_certificates: {} };
		await route.continue();
	});
	await page.goto(`${demo.url}/cameras/camera-doorbell`);
	const trust = page.getByRole('region', { name: 'What the hub knows it by' });
	const prints = (...pairs: string[]) => pairs.map((pair) => Array(16).fill(pair).join(':'));
	await expect(trust.locator('[data-known]')).toHaveText(prints('0F:A1', '11:AA'));
	await expect(trust.locator('[data-other]')).toHaveText(prints('B2:C3', '22:BB'));
	await expect(trust.getByText('For what it serves at port 8443')).toBeVisible();
	await accessible(page, 'another certificate');
	await fits(page, 'another certificate');
	await trust.getByRole('button', { name: 'Trust the other one' }).click();
	await expect(trust.getByRole('button', { name: 'I did not' })).toBeVisible();
	await expect(trust.getByText('Did you reset')).toBeVisible();
	await accessible(page, 'asked');
	expect(sent).toEqual([]);
	await trust.getByRole('button', { name: 'I did: trust it' }).click();
	await expect(trust.locator('[data-other]')).toHaveCount(0);
	await expect(trust.locator('[data-known]')).toHaveText(prints('B2:C3', '22:BB'));
	expect(sent).toEqual([{ https_certificate: other, port_certificates: otherAt }]);
	watch.check();
});
