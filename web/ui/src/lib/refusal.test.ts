import { expect, test, vi } from 'vitest';

import { Refusal, Silence } from './api';

// The page's address and its listeners are not there in a test.
vi.stubGlobal('document', { addEventListener: () => {} });
const { faults } = await import('./refusal');
const { Dropped } = await import('./stepup.svelte');

const refusal = (...errors: { field: string; reason: string }[]) =>
	new Refusal({
		status: 422,
		code: 'invalid',
		detail: 'all of it',
		errors: errors.map((e) => ({ ...e, in: 'body' })),
	});

test.each([
	[refusal({ field: 'name', reason: 'give a name' }), { fields: { name: 'Give a name.' }, rest: '' }],
	[refusal({ field: 'modes[1]', reason: 'is not a mode.' }), { fields: { modes: 'Is not a mode.' }, rest: '' }],
	[
		refusal({ field: 'name', reason: 'first' }, { field: 'name', reason: 'second' }),
		{ fields: { name: 'First.' }, rest: '' },
	],
	[refusal({ field: 'trait', reason: 'no' }), { fields: {}, rest: 'all of it' }],
	[refusal(), { fields: {}, rest: 'all of it' }],
	[new Dropped(), { fields: {}, rest: 'Nothing was changed.' }],
	[new Silence('gone'), { fields: {}, rest: 'The hub doesn’t answer. Is this phone on the home’s network?' }],
])('%s', (error, shown) => {
	expect(faults(error, ['name', 'modes'])).toEqual(shown);
});
