import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import type { ClipMark } from './api';

vi.stubGlobal('document', { addEventListener: () => {}, visibilityState: 'visible' });
const { live } = await import('./live.svelte');
const { Timeline } = await import('./timeline.svelte');

/** Lets everything happen that is due. */
const settled = () => vi.advanceTimersByTimeAsync(0);

/** What the page waits for from the hub, and how to answer it. */
let waits: { url: string; answer: (marks: ClipMark[]) => Promise<unknown> }[] = [];
let warned: unknown[][] = [];
let stop = () => {};
let closing = () => {};

const mark = (clip: string): ClipMark => ({
	...{ clip, camera: 'camera-porch', reason: 'motion', labels: [], clips: 1, recording: false },
	...{ start: '2026-11-22T08:00:00Z', end: '2026-11-22T08:00:12Z' },
});

/** A hub that knows everything at once, but for what is on the ruler. */
beforeEach(async () => {
	vi.useFakeTimers({ now: Date.parse('2026-11-22T12:00:00Z') });
	[waits, warned] = [[], []];
	vi.spyOn(console, 'warn').mockImplementation((...words) => void warned.push(words));
	vi.stubGlobal('fetch', (url: string) => {
		if (url.includes('/clips/marks'))
			return new Promise((done) => waits.push({ url, answer: (marks) => (done(Response.json(marks)), settled()) }));
		if (url.endsWith('/stream')) return Promise.resolve(new Response(new ReadableStream()));
		const now = new Date().toISOString();
		return Promise.resolve(Response.json(url.endsWith('/alarm') ? { mode: 'disarmed', phase: 'disarmed', now } : []));
	});
	stop = live.start((right) => right !== 'events.read' && right !== 'clips.read');
	await vi.advanceTimersByTimeAsync(300);
	// How closely one looked last is remembered, and so it would be from test to test.
	const before = new Timeline(() => '');
	before.view = before.day;
});
afterEach(() => {
	closing();
	stop();
	vi.useRealTimers();
	vi.restoreAllMocks();
});

/** A timeline that a component looks at until it is closed. */
async function looked(only = () => '') {
	let timeline!: InstanceType<typeof Timeline>;
	const close = $effect.root(() => {
		timeline = new Timeline(only);
		timeline.watch();
		$effect(() => void [timeline.isNow, timeline.marks]);
	});
	await settled();
	closing = close;
	return { timeline, close };
}

test('an answer that comes when nobody looks any more touches nothing', async () => {
	const { timeline, close } = await looked();
	expect(timeline.date).toBe('2026-11-22');
	expect(waits).toHaveLength(1);
	close();
	await vi.advanceTimersByTimeAsync(1_000); // the hub's clock has gone on
	await waits[0]?.answer([mark('late')]);
	expect(warned).toEqual([]);
	expect(waits).toHaveLength(1);
});

test('nor does one of what is seen closely', async () => {
	const { timeline, close } = await looked();
	await waits[0]?.answer([mark('day')]);
	timeline.closer(1);
	await settled();
	await vi.advanceTimersByTimeAsync(200);
	expect(waits).toHaveLength(2);
	close();
	await vi.advanceTimersByTimeAsync(1_000);
	await waits[1]?.answer([mark('late')]);
	expect(warned).toEqual([]);
});

test('an answer about another day, or another camera, is not taken', async () => {
	let camera = $state('camera-porch');
	const { timeline } = await looked(() => camera);
	timeline.turn(-1);
	await settled();
	await waits[0]?.answer([mark('today')]);
	expect(timeline.marks).toEqual([]);
	camera = 'camera-drive';
	await settled();
	expect(waits.map((w) => new URL(w.url, 'http://hub').searchParams.get('camera'))).toEqual([
		...['camera-porch', 'camera-porch', 'camera-drive'],
	]);
	await waits[2]?.answer([mark('drive')]);
	await waits[1]?.answer([mark('porch')]);
	expect(timeline.marks.map((m) => m.clip)).toEqual(['drive']);
	timeline.closer(1);
	await vi.advanceTimersByTimeAsync(200);
	timeline.turn(-1);
	await settled();
	await waits[4]?.answer([]);
	await waits[3]?.answer([mark('closely')]);
	expect(timeline.marks).toEqual([]);
});
