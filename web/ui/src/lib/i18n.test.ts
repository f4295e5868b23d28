import { expect, test } from 'vitest';

import en from '../i18n/en.json';
import { choice, pseudo, speaker } from './i18n';

const say = speaker('en');

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
	const strange = pseudo();
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

test('English has no empty sentence, no exclamation mark and never says safe', () => {
	for (const [key, text] of Object.entries(en)) {
		expect(text.trim(), key).not.toBe('');
		expect(text, key).not.toMatch(/!|\boops\b|\bsafe\b/i);
	}
});
