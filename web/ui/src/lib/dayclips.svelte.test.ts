import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import type { Clip } from './footage';

vi.stubGlobal('document', { addEventListener: () => {} });
const { DayClips } = await import('./dayclips.svelte');

/** The cursors that were asked for, and what each page has; a page that is not there waits for ever. */
let asked: string[] = [];
let pages: Record<string, { clips: Clip[]; next: string } | Promise<{ clips: Clip[]; next: string }>> = {};
beforeEach(() => {
	vi.useFakeTimers();
	[asked, pages] = [[], {}];
	vi.stubGlobal('fetch', async (url: string) => {
		const cursor = new URL(url, 'http://hub').searchParams.get('cursor') ?? '';
		asked.push(cursor);
		return Response.json(await (pages[cursor] ?? new Promise(() => {})));
	});
});

afterEach(() => vi.useRealTimers());
/** Lets everything happen that is due. */
const settled = () => vi.advanceTimersByTimeAsync(0);

const clip = (id: string, label = ''): Clip =>
	({ id, start: '2026-11-22T08:00:00Z', labels: label ? [{ name: label, score: 1 }] : [] }) as unknown as Clip;
const ids = (clips: readonly Clip[]) => clips.map((c) => c.id);

/** A list of a day that a component looks at until it is closed. */
async function looked() {
	let day = $state.raw({ from: 1, to: 2 });
	let clips!: InstanceType<typeof DayClips>;
	const close = $effect.root(() => {
		clips = new DayClips({ isToday: true, only: () => '', get day() { return day; } }); // prettier-ignore
		clips.watch();
	});
	await settled();
	const turn = () => (day = { from: 0.5, to: 1 });
	return { clips, close, turn };
}

test('a page at a time, until there is no more', async () => {
	pages = { '': { clips: [clip('b')], next: '2' }, 2: { clips: [clip('a')], next: '' } };
	const { clips, close } = await looked();
	expect(ids(clips.shown)).toEqual(['b']);
	expect(clips.more).toBe(true);
	await clips.goOn();
	expect(ids(clips.shown)).toEqual(['b', 'a']);
	expect(clips.more).toBe(false);
	close();
});

test('a filter looks on until something passes it, and asks for no page twice', async () => {
	pages = { '': { clips: [clip('c')], next: '2' }, 2: { clips: [clip('b')], next: '3' } };
	pages[3] = { clips: [clip('a', 'person')], next: '4' };
	const { clips, close } = await looked();
	clips.sort = 'person';
	void clips.goOn();
	await settled();
	expect(ids(clips.shown)).toEqual(['a']);
	expect(asked).toEqual(['', '2', '3']);
	close();
});

test('a filter that finds nothing gives up after ten pages, and goes on when asked', async () => {
	for (let i = 0; i <= 30; i++) pages[i || ''] = { clips: [clip(`${i}`)], next: `${i + 1}` };
	const { clips, close } = await looked();
	clips.sort = 'person';
	await settled();
	expect(asked).toHaveLength(11);
	expect(clips.busy).toBe(false);
	await clips.goOn();
	expect(asked).toHaveLength(21);
	close();
});

test('what was asked for another day is not taken', async () => {
	let late: (page: { clips: Clip[]; next: string }) => void = () => {};
	pages[''] = new Promise((done) => (late = done));
	const { clips, close, turn } = await looked();
	pages[''] = { clips: [clip('of the day')], next: '' };
	turn();
	await settled();
	expect(ids(clips.shown)).toEqual(['of the day']);
	late({ clips: [clip('of before')], next: '' });
	await settled();
	expect(ids(clips.shown)).toEqual(['of the day']);
	close();
});
