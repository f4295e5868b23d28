import { expect, test as base, type Page } from '@playwright/test';

import type { Trouble } from '../src/lib/api';
import { FakeHub, type House } from './fake';
import { accessible, fits } from './hub';

const test = base.extend<{ fake: FakeHub; url: string }>({
	// eslint-disable-next-line no-empty-pattern
	fake: async ({}, use) => use(new FakeHub()),
	url: async ({ fake }, use) => {
		await use(await fake.start());
		fake.stop();
	},
});

const iso = (ago = 0) => new Date(Date.now() - ago).toISOString();
const gone: Trouble = {
	code: 'radio-down',
	device: 'zwave',
	text: 'The Z-Wave stick can’t be reached. Its sensors can’t be heard.',
	severity: 'critical',
	since: iso(),
	mend: 'Plug the stick back in.',
	blocks: ['home', 'night', 'away'],
};
const burglary = {
	kind: 'burglary',
	zone: 'kitchen-window',
	since: iso(38_000),
	verified: false,
	silenced: false,
	reported: true,
	recent_closing: false,
};

interface State {
	house: () => House;
	shows: string | RegExp;
	then?: (page: Page, fake: FakeHub) => Promise<void>;
}
const states: Record<string, State> = {
	quiet: { house: () => ({ alarm: {} }), shows: 'All quiet.' },
	open: { house: () => ({ alarm: {}, open: ['bathroom-window'] }), shows: 'Bathroom window is open.' },
	refused: {
		house: () => ({ alarm: {}, open: ['bathroom-window', 'kitchen-window'] }),
		shows: 'Kitchen window and Bathroom window are open.',
		then: async (page) => {
			await page.getByRole('button', { name: 'Away' }).click();
			await expect(page.getByRole('button', { name: 'Leave them out and arm' })).toBeVisible();
		},
	},
	leaving: {
		house: () => ({ alarm: { mode: 'away', phase: 'arming', since: iso(10_000), until: iso(-600_000) } }),
		shows: /to leave\./,
	},
	armed: { house: () => ({ alarm: { mode: 'night', phase: 'armed' } }), shows: 'Armed for the night.' },
	entry: {
		house: () => ({
			alarm: { mode: 'away', phase: 'entry', since: iso(), until: iso(-600_000) },
			open: ['front-door'],
		}),
		shows: /Welcome home\?/,
	},
	unguarded: {
		house: () => ({ alarm: {}, health: [gone], devices: { 'zwave-hall': { health: 'missing' } } }),
		shows: '5 sensors can’t be heard.',
	},
	alarm: {
		house: () => ({ alarm: { mode: 'away', phase: 'alarm', alarm: burglary }, open: ['kitchen-window'] }),
		shows: 'Kitchen window opened.',
	},
	afterwards: { house: () => ({ alarm: { alarm: burglary } }), shows: 'All quiet.' },
	empty: { house: () => ({ alarm: {}, zones: [] }), shows: 'Let’s add your first sensor.' },
	stale: {
		house: () => ({ alarm: { mode: 'away', phase: 'armed' } }),
		shows: 'Armed, away.',
		then: async (page, fake) => {
			fake.house.silent = true;
			await expect(page.getByRole('status')).toHaveText(/^Last word \d+\ss ago$/, { timeout: 20_000 });
			await expect(page.locator('.evidence')).toContainText('Last word');
		},
	},
	lost: {
		house: () => ({ alarm: { mode: 'away', phase: 'armed' } }),
		shows: 'Armed, away.',
		then: async (page, fake) => {
			fake.stop();
			await expect(page.getByRole('heading', { level: 1 })).toHaveText('I can’t see your home.');
			await expect(page.locator('.evidence')).toHaveText(/^Last word from the hub .+ ago: armed, away\./);
			await expect(page.getByRole('button', { name: 'Off' })).toHaveAttribute('aria-disabled', 'true');
			await expect(page.getByRole('button', { pressed: true })).toHaveCount(0);
		},
	},
};

for (const [name, state] of Object.entries(states)) {
	test(`${name}: on every screen, in both themes`, async ({ page, fake, url }) => {
		fake.house = state.house();
		await page.setViewportSize({ width: 390, height: 844 });
		await page.goto(url);
		await expect(page.getByRole('heading', { level: 1 })).toHaveText(state.shows);
		await state.then?.(page, fake);
		for (const colorScheme of ['light', 'dark'] as const) {
			await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
			for (const width of [320, 390, 1280]) {
				await page.setViewportSize({ width, height: 844 });
				await accessible(page, `${name} ${colorScheme} ${width}`);
				await fits(page, `${name} ${colorScheme} ${width}`);
			}
		}
	});
}

test('a strange language that is longer and runs the other way fits everywhere', async ({ page, fake, url }) => {
	await page.addInitScript(() => localStorage.setItem('gatehouse.language', 'en-XB'));
	for (const name of ['quiet', 'refused', 'entry', 'alarm', 'unguarded']) {
		const state = states[name];
		if (!state) throw new Error(name);
		fake.house = state.house();
		for (const width of [320, 390, 1280]) {
			await page.setViewportSize({ width, height: 844 });
			await page.goto(url);
			await expect(page.getByRole('heading', { level: 1 })).toContainText('·');
			expect(await page.locator('html').getAttribute('dir')).toBe('rtl');
			await fits(page, `${name} ${width}`);
		}
	}
});

test('what was only asked for is never shown as so', async ({ page, fake, url }) => {
	fake.house = { alarm: {} };
	let answer = () => {};
	await page.route('**/alarm/mode', async (route) => {
		await new Promise<void>((done) => (answer = done));
		await route.abort();
	});
	await page.goto(url);
	const away = page.getByRole('button', { name: 'Away' });
	await expect(page.getByRole('heading', { level: 1 })).toHaveText('All quiet.');
	await away.click();
	await expect(page.getByRole('heading', { level: 1 })).toHaveText('Asking the panel…');
	await expect(page.getByText('Nothing has changed yet.')).toBeVisible();
	await expect(away).toHaveAttribute('aria-busy', 'true');
	await expect(away).toHaveAttribute('aria-pressed', 'false');
	await expect(page.getByRole('button', { name: 'Off' })).toHaveAttribute('aria-pressed', 'true');
	answer();
	await expect(page.getByText('The panel didn’t answer. Nothing changed as far as I can tell.')).toBeVisible();
	await expect(page.getByRole('button', { name: 'Try again' })).toBeVisible();
	await expect(page.locator('body')).not.toContainText('Armed');
});

test('the same request is sent again with the same key, so that it counts once', async ({ page, fake, url }) => {
	fake.house = { alarm: {} };
	const keys: (string | null)[] = [];
	await page.route('**/alarm/mode', async (route) => {
		keys.push(await route.request().headerValue('idempotency-key'));
		await route.abort();
	});
	await page.goto(url);
	await page.getByRole('button', { name: 'Home', exact: true }).click();
	await page.getByRole('button', { name: 'Try again' }).click();
	await expect.poll(() => keys.length).toBe(2);
	expect(keys[0]).toMatch(/^[0-9a-f]{32}$/);
	expect(keys[1]).toBe(keys[0]);
});
