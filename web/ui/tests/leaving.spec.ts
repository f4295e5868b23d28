import type { Request } from '@playwright/test';

import { expect, test } from './hub';
import { Shelf } from './shelf';

/** Screens that ask the hub for something of their own. */
const screens = [
	...['/cameras', '/cameras/camera-porch', '/clips/noon', '/privacy/vault', '/privacy/watched', '/journal'],
	...['/codes', '/keypads', '/rules', '/settings/alarm', '/settings/apple', '/health', '/sessions', '/tokens'],
];

// What a screen waited for comes when nobody looks at it any more: it must touch nothing then.
test('a screen that is left before the hub has answered has nothing more to say', async ({ page, demo, watch }) => {
	const shelf = new Shelf(page);
	await shelf.serve(page);
	shelf.put('noon', new Uint8Array());
	await demo.signIn(page);
	await demo.settle(page);
	const headline = page.getByRole('heading', { level: 1 });
	const go = (to: string) =>
		page.evaluate((to) => {
			history.pushState(null, '', to);
			dispatchEvent(new PopStateEvent('popstate'));
		}, to);

	for (const [i, screen] of screens.entries()) {
		let release = () => {};
		const held = new Promise<void>((done) => (release = done));
		const asked: Request[] = [];
		await page.route('**/api/v1/**', async (route) => {
			asked.push(route.request());
			await held;
			await route.fallback();
		});
		await go(screen);
		await expect.poll(() => asked.length, screen).toBeGreaterThan(0);
		await go('/');
		const open = i % 2 === 0;
		await demo.does('front-door', open ? 'open' : 'close');
		await expect(headline).toHaveText(open ? 'Front door is open.' : 'All quiet.');
		release();
		for (const request of asked) await request.response();
		await page.unroute('**/api/v1/**');
		await page.evaluate(() => new Promise(requestAnimationFrame)); // what came was taken
		expect(
			watch.faults.filter((f) => !watch.expected.some((e) => e.test(f))),
			screen,
		).toEqual([]);
	}
});
