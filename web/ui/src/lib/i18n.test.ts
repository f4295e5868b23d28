import { expect, test } from 'vitest';

import first from '../i18n/en.json';
import more from '../i18n/en.more.json';
import { choice, learn, pseudo, speaker } from './i18n';

const say = speaker('en');
const en = { ...first, ...more };

test('puts values in and chooses forms', () => {
	expect(say('open.two', { a: 'Door', b: 'Window' })).toBe('Door and Window are open.');
	expect(say('open.many', { n: 1 })).toBe('1 door or window is open.');
	expect(say('open.many', { n: 1200 })).toBe('1,200 doors and windows are open.');
	expect(say('gap.radio', { n: 1 })).toBe('One sensor can’t be heard.');
});

test('a value is never read as a pattern', () => {
	expect(say('open.one', { name: '{n|$&|#}' })).toBe('{n|$&|#} is open.');
});

test('a language with more classes names its forms', () => {
	const polish = speaker('pl', { 'open.many': '{n|one=# okno|few=# okna|many=# okien|other=# okna}' });
	expect([1, 3, 5, 22].map((n) => polish('open.many', { n }))).toEqual(['1 okno', '3 okna', '5 okien', '22 okna']);
	const arabic = speaker('ar-u-nu-latn', { 'open.many': '{n|two=two|other=many}' });
	expect([2, 11].map((n) => arabic('open.many', { n }))).toEqual(['two', 'many']);
});

test('what a language lacks is said in English', () => {
	expect(speaker('de', { 'nav.home': 'Zuhause' })('nav.journal')).toBe('Journal');
});

test('the invented language is longer, strange, and keeps every hole', () => {
	const strange = pseudo(en);
	const holes = (s: string) => [...s.matchAll(/\{(\w+)/g)].map((m) => m[1]).sort();
	for (const [key, text] of Object.entries(en)) {
		const other = strange[key] ?? '';
		expect(holes(other), key).toEqual(holes(text));
		expect(other.length, key).toBeGreaterThan(text.length);
	}
});

test('the choice of a language', () => {
	expect(choice(['', 'fr-FR', 'en-GB'])).toMatchObject({ lang: 'en-GB', dir: 'ltr' });
	expect(choice(['en-XB', 'en'])).toMatchObject({ lang: 'en', dir: 'rtl' });
	expect(choice([])).toMatchObject({ lang: 'en', dir: 'ltr' });
});

test('what is learnt can be said, and no word is there twice', () => {
	learn(more);
	expect(say('watch.title')).toBe('What is watched');
	expect(Object.keys(first).filter((key) => key in more)).toEqual([]);
});

test('the first screens say nothing that comes later', () => {
	const sources = import.meta.glob<string>('../**/*.{ts,svelte}', { query: '?raw', import: 'default', eager: true });
	const seen = new Map<string, string>();
	const queue = ['main.ts'];
	for (let file = queue.pop(); file; file = queue.pop()) {
		const text = sources[file.startsWith('lib/') ? `./${file.slice(4)}` : `../${file}`];
		if (seen.has(file) || text === undefined) continue;
		seen.set(file, text);
		for (const [, path = ''] of text.matchAll(/^\s*(?:import|export) [^(;]*?from '(\.[^']+)';/gm)) {
			const near = new URL(path, `file:///${file}`).pathname.slice(1);
			queue.push(near, `${near}.ts`);
		}
	}
	expect([...seen.keys()]).toEqual(
		expect.arrayContaining(['routes/Home.svelte', 'lib/answer.ts', 'parts/Devices.svelte']),
	);
	const later = Object.keys(more);
	const early = [...seen].flatMap(([file, text]) =>
		[...text.matchAll(/\bt\(\s*['`]([\w.-]+)(['`$])/g)]
			.filter(([, key = '', end]) => later.some((k) => (end === '$' ? k.startsWith(key) : k === key)))
			.map(([, key]) => `${file}: ${key}`),
	);
	expect(early).toEqual([]);
});

test('English has no empty sentence, no exclamation mark and never says safe', () => {
	for (const [key, text] of Object.entries(en)) {
		expect(text.trim(), key).not.toBe('');
		expect(text, key).not.toMatch(/!|\boops\b|\bsafe\b/i);
	}
});
