import { statSync } from 'node:fs';

import { expect, test } from './hub';

// web/picture.png: the Home screen beside the same on a phone, armed for the
// night. Made from the running demo by `npm run picture`.
test('picture', async ({ page, demo, browser }) => {
	const out = new URL('../../picture.png', import.meta.url).pathname;
	await demo.signIn(page);
	await demo.settle(page);
	for (const [thing, name] of [
		['kitchen-window', 'Kitchen window'],
		['back-door', 'Back door'],
		['front-door', 'Front door'],
	] as const) {
		await demo.does(thing, 'open');
		await expect(page.getByRole('heading', { level: 1 })).toHaveText(`${name} is open.`);
		await demo.does(thing, 'close');
		await expect(page.getByRole('heading', { level: 1 })).toHaveText('All quiet.');
	}
	await page.setViewportSize({ width: 1280, height: 860 });
	await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
	await page.mouse.move(0, 0);
	const wide = await page.screenshot();

	const now = await page.request.put(`${demo.url}/api/v1/alarm/mode`, { data: { mode: 'night', exit_delay: '0s' } });
	expect(now.ok(), await now.text()).toBe(true);
	await page.setViewportSize({ width: 390, height: 860 });
	await page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' });
	await expect(page.getByRole('heading', { level: 1 })).toHaveText('Armed for the night.');
	const phone = await page.screenshot();

	const sheet = await browser.newPage({ viewport: { width: 1280 + 390 + 72, height: 860 + 48 } });
	const picture = (png: Buffer) => `<img src="data:image/png;base64,${png.toString('base64')}">`;
	await sheet.setContent(
		`<style>body{margin:0;padding:24px;display:flex;gap:24px;background:#e2dfd6}img{border-radius:18px;block-size:860px}</style>${picture(wide)}${picture(phone)}`,
	);
	await sheet.screenshot({ path: out });
	expect(statSync(out).size).toBeLessThan(300_000);
});
