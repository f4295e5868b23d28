import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { Refusal } from './api';

// The page's address and its listeners are not there in a test.
vi.stubGlobal('document', { addEventListener: () => {} });
const { change, Dropped, stepUp } = await import('./stepup.svelte');

const problem = (status: number, code: string) => ({ status, code, detail: code });
let asked: string[];
let fresh: boolean;

/** A hub that wants a step-up for everything but the step-up. */
beforeEach(() => {
	asked = [];
	fresh = false;
	vi.stubGlobal('fetch', (path: string, init: RequestInit) => {
		asked.push(`${init.method} ${path}`);
		const { code } = JSON.parse(String(init.body ?? '{}')) as { code?: string };
		const answer = (status: number, body: unknown) => Promise.resolve(new Response(JSON.stringify(body), { status }));
		if (path.endsWith('/reauth')) {
			if (code !== '123456') return answer(403, problem(403, 'wrong-sign-in'));
			fresh = true;
			return answer(200, { stage: 'full', rights: [], zone: '' });
		}
		return fresh ? answer(200, { done: path }) : answer(403, problem(403, 'step-up-needed'));
	});
});
afterEach(() => stepUp.drop());

/** Waits until the question stands. */
const wanted = () => vi.waitFor(() => expect(stepUp.wanted).toBe(true));

test('what was refused for want of a step-up is done after it', async () => {
	const work = change('PUT', '/alarm/settings', { body: { swinger: 3 } });
	await wanted();
	await expect(stepUp.give('password', '000000')).rejects.toBeInstanceOf(Refusal);
	expect(stepUp.wanted).toBe(true);
	await stepUp.give('password', '123456');
	await expect(work).resolves.toEqual({ done: '/api/v1/alarm/settings' });
	expect(stepUp.wanted).toBe(false);
	expect(asked).toEqual([
		'PUT /api/v1/alarm/settings',
		'POST /api/v1/reauth',
		'POST /api/v1/reauth',
		'PUT /api/v1/alarm/settings',
	]);
});

test('one question for all who wait, and nothing is done when it is dropped', async () => {
	const both = [change('DELETE', '/codes/a'), change('DELETE', '/codes/b')];
	await wanted();
	await vi.waitFor(() => expect(asked).toHaveLength(2));
	stepUp.drop();
	for (const work of both) await expect(work).rejects.toBeInstanceOf(Dropped);
	expect(asked).toHaveLength(2);
	expect(stepUp.wanted).toBe(false);
});

test('any other refusal is passed on', async () => {
	fresh = true;
	await expect(change('PUT', '/zones/hall')).resolves.toEqual({ done: '/api/v1/zones/hall' });
	vi.stubGlobal('fetch', () => Promise.resolve(new Response(JSON.stringify(problem(422, 'invalid')), { status: 422 })));
	await expect(change('PUT', '/zones/hall')).rejects.toMatchObject({ problem: { code: 'invalid' } });
	expect(stepUp.wanted).toBe(false);
});
