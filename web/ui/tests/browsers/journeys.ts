import { writeFile } from 'node:fs/promises';

import type { Camera, Clip } from '../../src/lib/api';
import type { Demo } from '../hub';
import { Program } from '../hub';
import { expect, test } from './engines';
import type { Tab } from './tab';

/** Asks the hub as the page does. */
function api<T>(tab: Tab, method: string, path: string, body?: object): Promise<T> {
	return tab.run(
		async (method: string, path: string, body: string) => {
			const headers = { 'Content-Type': 'application/json' };
			const response = await fetch(`/api/v1${path}`, { method, ...(body && { body, headers }) });
			const text = await response.text();
			if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
			return (text ? JSON.parse(text) : null) as T;
		},
		method,
		path,
		body ? JSON.stringify(body) : '',
	);
}

async function signIn(tab: Tab, demo: Pick<Demo, 'url' | 'password'>): Promise<void> {
	await tab.size(1280, 800);
	await tab.go(demo.url);
	await tab.fill('Name', 'owner');
	await tab.fill('Password', demo.password);
	await tab.press('button', /^Continue$/);
	await tab.sees('button', /^Use \d{6}$/);
	await fits(tab, 'second factor');
	await tab.press('button', /^Use \d{6}$/);
	await tab.sees('[role=status]', 'Live');
}

async function enter(tab: Tab, code: string): Promise<void> {
	for (const digit of code) await tab.press('button', new RegExp(`^${digit}$`));
	await tab.press('button', /^Send the code$/);
}

/**
 * On a phone and on a large screen nothing sticks out sideways, and what acts is large enough for
 * a thumb. What it looks like is left in test-results.
 */
async function fits(tab: Tab, what: string): Promise<void> {
	for (const [width, height] of [
		[390, 844],
		[1280, 800],
	] as const) {
		await tab.size(width, height);
		await expect.poll(() => tab.run(() => innerWidth)).toBe(width);
		// WebKit lays it out at once and paints it later.
		await tab.run(() => new Promise<void>((done) => setTimeout(() => requestAnimationFrame(() => done()), 200)));
		const faults = await tab.run(() => {
			const page = document.documentElement;
			const small = [...document.querySelectorAll<HTMLElement>('button, a:not(.skip)')]
				.filter((e) => e.checkVisibility({ visibilityProperty: true }))
				.map((e) => ({ e, box: e.getBoundingClientRect() }))
				.filter(({ box }) => box.width < 44 || box.height < 44)
				.map(({ e, box }) => `${e.innerText} ${box.width}×${box.height}`);
			return page.scrollWidth > page.clientWidth ? [`${page.scrollWidth} pixels wide`, ...small] : small;
		});
		expect(faults, `${what} at ${width}`).toEqual([]);
		await writeFile(test.info().outputPath(`${what} at ${width}.png`), await tab.picture());
	}
}

const at = (tab: Tab) => tab.run(() => document.querySelector('video')?.currentTime ?? 0);

/** What engines tell of a video's sound. */
type Heard = HTMLVideoElement & { mozHasAudio?: boolean; audioTracks?: { length: number } };

/** The picture of a video moves, and is another than before. */
async function moves(tab: Tab): Promise<void> {
	const drawn = () =>
		tab.run(() => {
			const video = document.querySelector('video') as HTMLVideoElement;
			const canvas = document.createElement('canvas');
			[canvas.width, canvas.height] = [96, 54];
			canvas.getContext('2d')?.drawImage(video, 0, 0, 96, 54);
			return canvas.toDataURL();
		});
	const [before, look] = [await at(tab), await drawn()];
	await expect.poll(() => at(tab), { message: 'the picture moves' }).toBeGreaterThan(before + 1);
	await expect.poll(drawn, { message: 'and is another' }).not.toBe(look);
}

/** Looks at the camera whose page is open; gives the way that the picture came. */
async function watch(tab: Tab): Promise<string> {
	await tab.press('button', /^Watch live$/);
	await expect.poll(() => tab.attribute('[data-live]', 'data-live'), { message: 'the picture comes' }).toBe('on');
	await tab.sees('[data-live] [role=status]', /^Live$/);
	await moves(tab);
	return (await tab.attribute('[data-live]', 'data-way')) ?? '';
}

async function up(tab: Tab, ms: number): Promise<void> {
	const all = async () =>
		(await api<Camera[]>(tab, 'GET', '/cameras')).every(
			({ status }) => status.state === 'up' && Date.now() - Date.parse(status.since) > ms,
		);
	await expect.poll(all, { message: 'all cameras are up', timeout: 30_000 }).toBe(true);
}

test('from sign-in through an alarm to the clip of who came', async ({ tab, demo, engine }) => {
	test.setTimeout(300_000);
	await signIn(tab, demo);
	await tab.sees('p', 'All 5 doors and windows are closed. Every sensor has answered.', 60_000);
	await fits(tab, 'home');
	await api(tab, 'PUT', '/alarm/settings', { exit_delay: '0s', entry_delay: '30s' });
	await tab.press('[role=group] button', /^Away$/);
	await tab.sees('h1', 'Armed, away.');
	await tab.press('[role=group] button', /^Off$/);
	await enter(tab, demo.code);
	await tab.sees('h1', 'All quiet.');

	// A vault, made in the page.
	await tab.press('a', /^Cameras$/);
	await tab.sees('h2', 'Make your vault first.');
	await fits(tab, 'no vault');
	const secret = await tab.run(() => {
		const labels = [...document.querySelectorAll('label')];
		const of = labels.find((l) => l.innerText.startsWith('Passphrase for this vault'));
		return (of?.control as HTMLInputElement | null)?.value ?? '';
	});
	expect(secret).toMatch(/^\w{4}(-\w{4}){3}$/);
	await tab.press('button', /^Make the vault$/);
	await tab.sees('h2', 'Put the recovery key on paper.', 30_000);
	await fits(tab, 'paper');
	await tab.press('button', /^I have it on paper$/);

	// A door opens while the house is armed.
	await up(tab, 4_500);
	await tab.press('a', /^Home$/);
	await tab.press('[role=group] button', /^Away$/);
	await tab.sees('h1', 'Armed, away.');
	const opened = Date.now();
	await demo.does('front-door', 'open');
	await tab.sees('h1', 'Welcome home?');
	await fits(tab, 'entry');
	await demo.does('front-door', 'close');
	await enter(tab, demo.code);
	await tab.sees('h1', 'All quiet.');

	// What the camera sees now. Debian's WebKitGTK has no WebRTC, and Firefox none for H.264 by itself.
	await tab.go(`${demo.url}/cameras/camera-porch`);
	expect(await watch(tab)).toBe('websocket');
	await fits(tab, 'live');
	await tab.press('button', /^Stop$/);
	await expect.poll(() => tab.attribute('[data-live]', 'data-live')).toBe('off');

	// The clip, in a page that was loaded anew: it opens with the passphrase, at what set it off.
	await tab.sees('[data-clip]', / · \d\d\ss$/, 60_000);
	const { clips } = await api<{ clips: Clip[] }>(tab, 'GET', '/clips');
	const clip = clips.find((c) => c.camera === 'camera-porch') as Clip;
	expect(clip).toMatchObject({ reason: 'zone:front-door', state: 'whole', codecs: 'avc1.42c01f' });
	await tab.press(`[data-clip="${clip.id}"]`);
	await tab.sees('h2', 'The vault is locked.');
	await fits(tab, 'locked');
	await tab.fill('Passphrase for this vault', 'seven green bottles');
	await tab.press('button', /^Unlock$/);
	await tab.sees('.fault, [role=alert], p', 'That does not open this vault.', 30_000);
	await tab.fill('Passphrase for this vault', secret);
	await tab.press('button', /^Unlock$/);
	await expect.poll(() => tab.attribute('video', 'data-ready'), { timeout: 30_000 }).toBe('true');
	expect(await at(tab), 'it opens at what set it off').toBeGreaterThanOrEqual(4);
	expect(await at(tab)).toBeLessThan((opened - Date.parse(clip.start)) / 1000 + 4);
	await moves(tab);
	await expect
		.poll(() => tab.run(() => document.querySelector('video')?.duration))
		.toBeCloseTo((Date.parse(clip.end) - Date.parse(clip.start)) / 1000, 0);
	await fits(tab, 'clip');
	// Back, while it plays, and to its end.
	for (const to of [1, 9.4]) {
		await tab.run((to: number) => {
			const place = document.querySelector<HTMLInputElement>('input[type=range]') as HTMLInputElement;
			place.value = String(to);
			place.dispatchEvent(new Event('input', { bubbles: true }));
		}, to);
		await moves(tab);
		expect(await at(tab)).toBeLessThan(to + 5);
	}
	await expect
		.poll(() => tab.run(() => document.querySelector('video')?.ended), { message: 'it ends', timeout: 40_000 })
		.toBe(true);
	expect(await tab.all('[data-stop]')).toEqual([]);

	// The day, by its marks and with keys, and the stills.
	await tab.press('a', /^Cameras$/);
	await tab.sees('[data-clip]', 'Front door');
	await expect
		.poll(() => tab.run(() => [...document.images].filter((i) => i.closest('.still') && i.naturalWidth === 768).length))
		.toBeGreaterThanOrEqual(3);
	await fits(tab, 'cameras');
	const mark = `[data-lane="camera-porch"] [data-mark="${clip.id}"]`;
	expect(await tab.run((css: string) => document.querySelectorAll(css).length, mark)).toBe(1);
	await tab.run(() => document.querySelector<HTMLElement>('[data-lane="camera-porch"]')?.focus());
	await tab.type('\uE011'); // Home
	expect(await tab.attribute('[data-lane="camera-porch"]', 'aria-valuetext')).toBe('00:00:00, nothing recorded');

	// Who looked, and what came about.
	await tab.press('a', /^Who watched$/);
	await tab.sees('[data-view]', 'owner');
	await tab.sees('[data-view]', /^Clip · Porch/);
	await fits(tab, 'who watched');
	await tab.press('a', /^Journal$/);
	await tab.sees('main', 'owner looks through Porch.');
	await fits(tab, 'journal');
	await tab.press('a', /^Vault$/);
	await tab.sees('h2', 'The vault is open in this browser.');
	await tab.sees('[data-hindrance]', engine === 'firefox' ? 'an address of numbers' : 'This browser has no passkeys.');
	await fits(tab, 'vault');
});

// It plays, or it says in words that it can't.
test('every kind of camera', async ({ tab, demo }) => {
	test.setTimeout(300_000);
	const wall = Program.wall();
	try {
		await signIn(tab, demo);
		const [line] = await wall.says(/^\[.*\]$/m, 90_000);
		const hung = JSON.parse(line) as { kind: string; url: string; onvif?: string }[];
		for (const { kind, url, onvif } of hung)
			await api(tab, 'PUT', `/cameras/camera-${kind}`, { name: kind, audio: true, ...(onvif ? { onvif } : { url }) });
		await up(tab, 0);
		const made: Record<string, string> = {};
		for (const { kind } of hung) {
			await tab.go(`${demo.url}/cameras/camera-${kind}`);
			await tab.press('button', /^Watch live$/);
			const state = () =>
				tab.run(
					() =>
						document.querySelector('[data-halt]')?.getAttribute('data-halt') ??
						document.querySelector('[data-live]')?.getAttribute('data-live'),
				);
			await expect.poll(state, { message: `${kind} comes, or says why not` }).not.toBe('asked');
			const says = await state();
			if (says === 'on') await moves(tab);
			const silent = (await tab.all('p')).some((p) => p.startsWith('Without sound:'));
			made[kind] = says !== 'on' ? `${says}` : silent ? 'plays, and says that it is without sound' : 'plays';
			if ((await tab.all('[data-live] button[aria-pressed]')).length === 0) continue;
			await tab.press('[data-live] button', /^Sound$/);
			await moves(tab);
			expect(await tab.run(() => document.querySelector('video')?.muted), `${kind} is heard`).toBe(false);
			const heard = () =>
				tab.run(() => {
					const video = document.querySelector('video') as Heard;
					return video.mozHasAudio ?? video.audioTracks?.length === 1;
				});
			await expect.poll(heard, { message: `${kind} has sound` }).toBe(true);
			made[kind] = 'plays, with sound';
		}
		const heard = { aac: 'plays, with sound', g711: 'plays, with sound', opus: 'plays, with sound' };
		const all = Object.fromEntries(hung.map((h) => [h.kind, 'plays']));
		expect(made).toEqual({ ...all, ...heard });
	} finally {
		await wall.stop();
	}
});
