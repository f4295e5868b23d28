import { accessible, expect, test, type } from './hub';

test('wrong sign-ins say so, and a session that is ended elsewhere goes dark within a second', async ({
	page,
	demo,
	watch,
	browser,
}) => {
	const headline = page.getByRole('heading', { level: 1 });
	await page.goto(`${demo.url}/sessions`);
	await expect(headline).toHaveText('Sign in');
	await page.getByLabel('Name').fill('owner');
	await page.getByLabel('Password').fill('not the password');
	await page.getByRole('button', { name: 'Continue' }).click();
	await expect(page.getByRole('alert')).toContainText('That was not right.');
	await accessible(page, 'wrong password');
	await page.getByLabel('Password').fill(demo.password);
	await page.getByRole('button', { name: 'Continue' }).click();
	await page.getByLabel('Six-digit code').fill('000000');
	await expect(page.getByRole('alert')).not.toBeEmpty();
	await accessible(page, 'wrong second factor');
	await page.getByRole('button', { name: /^Use \d{6}$/ }).click();
	await expect(page.getByRole('status')).toHaveText('Live');

	// Somebody else's browser, which the owner signs out.
	const other = await browser.newContext();
	const thief = await other.newPage();
	await demo.signIn(thief);
	await page.goto(`${demo.url}/sessions`);
	const row = page.locator('[data-current=false]');
	await expect(row).toHaveCount(1);
	await accessible(page, 'signed-in browsers');
	await row.getByRole('button', { name: 'Sign out' }).click();
	await expect(thief.getByRole('heading', { level: 1 })).toHaveText('Sign in', { timeout: 1000 });
	await expect(thief.getByText('You were signed out.')).toBeVisible();
	await other.close();

	await expect(row).toHaveCount(0);
	await page.getByRole('navigation').getByRole('button', { name: 'Sign out' }).click();
	await expect(headline).toHaveText('Sign in');
	watch.check();
});

test('stick pulled and plugged while armed: the page says so, and comes back by itself', async ({
	page,
	demo,
	watch,
}) => {
	const headline = page.getByRole('heading', { level: 1 });
	const mode = (name: string) => page.getByRole('group', { name: 'Alarm' }).getByRole('button', { name });
	await demo.signIn(page);
	await demo.settle(page);
	await mode('Home').click();
	await expect(headline).toHaveText('Armed at home.');

	await demo.does('stick', 'pull');
	await expect(headline).toHaveText(/sensors can’t be heard\.$/);
	await expect(page.getByText(/^Armed at home\./)).toBeVisible();
	await expect(page.locator('[data-trouble=radio-down]')).toBeVisible();
	await accessible(page, 'stick pulled');
	await demo.does('stick', 'plug');
	await expect(headline).toHaveText('Armed at home.', { timeout: 30_000 });
	await expect(page.locator('[data-trouble=radio-down]')).toBeHidden();
	watch.check();
});

test('a code is wanted once it is armed, and only then', async ({ page, demo, watch }) => {
	const headline = page.getByRole('heading', { level: 1 });
	const mode = (name: string) => page.getByRole('group', { name: 'Alarm' }).getByRole('button', { name });
	await demo.signIn(page);
	await demo.settle(page, '20s');

	// Stopping an arming that has just begun needs none.
	await mode('Away').click();
	await expect(headline).toContainText('to leave');
	await page.getByRole('button', { name: 'Stop arming' }).click();
	await expect(headline).toHaveText('All quiet.');

	const now = await page.request.put(`${demo.url}/api/v1/alarm/mode`, { data: { mode: 'night', exit_delay: '0s' } });
	expect(now.ok()).toBe(true);
	await expect(headline).toHaveText('Armed for the night.');
	await mode('Off').click();
	const pad = page.getByRole('dialog');
	await expect(pad.getByRole('heading')).toHaveText('Enter your code to turn it off');
	await accessible(page, 'pad');
	await type(page, '9999');
	await expect(pad.getByRole('alert')).toHaveText(/^Not that one\. \d tries left\.$/);
	await expect(mode('Night')).toHaveAttribute('aria-pressed', 'true');
	// The keyboard works too.
	await page.keyboard.type(demo.code);
	await expect(pad.getByText('5 digits typed')).toBeAttached();
	await page.keyboard.press('Enter');
	await expect(headline).toHaveText('All quiet.');
	await expect(pad).toBeHidden();
	watch.check();
});

test('waits until closed, then arms by itself', async ({ page, demo, watch }) => {
	const headline = page.getByRole('heading', { level: 1 });
	await demo.signIn(page);
	await demo.settle(page, '20s');
	await demo.does('kitchen-window', 'open');
	await expect(headline).toHaveText('Kitchen window is open.');
	await page.getByRole('group', { name: 'Alarm' }).getByRole('button', { name: 'Night' }).click();
	await page.getByRole('button', { name: 'Wait until closed' }).click();
	await expect(page.getByText('Arms as soon as everything is closed. Keep this page open.')).toBeVisible();
	await accessible(page, 'waiting');
	await demo.does('kitchen-window', 'close');
	await expect(headline).toContainText('to leave');
	watch.check();
});

test('too many wrong codes: the page counts the wait down, the code counts after it', async ({ page, demo, watch }) => {
	const headline = page.getByRole('heading', { level: 1 });
	await demo.signIn(page);
	await demo.settle(page);
	await page.getByRole('group', { name: 'Alarm' }).getByRole('button', { name: 'Home' }).click();
	await expect(headline).toHaveText('Armed at home.');
	await page.getByRole('group', { name: 'Alarm' }).getByRole('button', { name: 'Off' }).click();
	const why = page.getByRole('dialog').getByRole('alert');
	await expect(async () => {
		await page.keyboard.type('0000');
		await page.keyboard.press('Enter');
		await expect(why).toHaveText(/^Too many tries\. Wait \d+ s\.$/, { timeout: 1000 });
	}).toPass({ timeout: 30_000 });
	await expect(page.getByRole('button', { name: '5', exact: true })).toBeDisabled();
	await accessible(page, 'locked pad');

	// Who owns the house has one way left.
	await page.getByRole('button', { name: 'Use password and second lock instead' }).click();
	const sheet = page.getByRole('dialog', { name: 'Is it still you?' });
	await accessible(page, 'step-up over the locked pad');
	await sheet.getByLabel('Password').fill(demo.password);
	await sheet.getByRole('button', { name: /^Use \d{6}$/ }).click();
	await expect(headline).toHaveText('All quiet.');
	await expect(page.getByRole('dialog')).toHaveCount(0);
	watch.check();
});

// A home has many devices and zones, and a page that shows another one is the same
// page: each is looked for, and one of each shape is gone over at each size.
test('every address that is linked leads somewhere, and back', async ({ page, demo, watch }) => {
	test.slow(); // the whole page, at both sizes: on a busy machine more than three minutes
	await demo.signIn(page);
	const kindOf = (path: string) => path.replace(/^(\/(?:devices|zones))\/.*/, '$1/…');
	const kinds = new Set<string>();
	const visit = async (path: string) => {
		if (kinds.has(kindOf(path))) {
			// As the page's own links do: to load all of it anew takes ten times as long.
			await page.evaluate((to) => {
				history.pushState(null, '', to);
				dispatchEvent(new PopStateEvent('popstate'));
			}, path);
		} else await page.goto(demo.url + path);
		kinds.add(kindOf(path));
		await expect(page.getByRole('heading', { level: 1 })).not.toHaveText('There is nothing here.');
	};
	await page.setViewportSize({ width: 390, height: 844 });
	const seen = new Set<string>();
	const shapes = new Map<string, string>();
	const queue = ['/'];
	for (let path = queue.pop(); path; path = queue.pop()) {
		if (seen.has(path)) continue;
		seen.add(path);
		await visit(path);
		const parts = await page.locator('main h2').allTextContents();
		const shape = [kindOf(path), ...parts].join('\n');
		if (!shapes.has(shape)) {
			shapes.set(shape, path);
			await accessible(page, `${path} at 390`);
		}
		// A file is fetched, not gone to.
		for (const file of await page
			.locator('a[href^="/"][download]')
			.evaluateAll((all) => all.map((a) => a.getAttribute('href') ?? ''))) {
			expect((await page.request.get(demo.url + file)).status(), file).toBe(200);
		}
		const links = await page
			.locator('a[href^="/"]:not([download])')
			.evaluateAll((all) => all.map((a) => a.getAttribute('href') ?? ''));
		queue.push(...links);
	}
	expect([...seen].sort()).toEqual(expect.arrayContaining(['/', '/journal', '/sessions', '/trust']));
	await page.setViewportSize({ width: 1280, height: 844 });
	for (const path of shapes.values()) {
		await page.goto(demo.url + path);
		await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
		await accessible(page, `${path} at 1280`);
	}
	await page.goto(`${demo.url}/nowhere`);
	await expect(page.getByRole('heading', { level: 1 })).toHaveText('There is nothing here.');
	await page.getByRole('main').getByRole('link', { name: 'Go to Home' }).click();
	await expect(page).toHaveURL(`${demo.url}/`);
	await page.goBack();
	await expect(page).toHaveURL(/nowhere$/);
	watch.check();
});
