import { expect, test } from 'vitest';

import more from '../i18n/en.more.json';
import { learn } from './i18n';
import { faultOf, reason, wordSays, wordType } from './reason';

learn(more);

const unknown = { code: 'if-unknown-name', args: { name: 'drak', near: 'dark, day', line: '1', column: '20' } };
const english = 'line 1, column 20: there is no "drak"; it can read dark, day';

test('what is wrong with a condition is said by the page, with its place', () => {
	expect(reason(english, unknown)).toBe('Line 1, column 20: There is no "drak"; it can read dark, day.');
	learn({
		'reason.at': 'Zeile {line}, Spalte {column}: {what}',
		'reason.if-unknown-name': '„{name}“ gibt es nicht, nur {near}.',
	});
	expect(reason(english, unknown)).toBe('Zeile 1, Spalte 20: „drak“ gibt es nicht, nur dark, day.');
	learn(more);
});

test('types and traits are called by their names', () => {
	const args = { left: 'type-number', right: 'type-word', operator: '>' };
	expect(reason('', { code: 'if-mismatch', args })).toBe('A number and a word do not go together with >.');
	const trait = { code: 'rule-no-trait', args: { name: 'Lamp', trait: 'level' } };
	expect(reason('', trait)).toBe('Lamp has no Level. Choose another device.');
});

test('what the page has no words for stays in the hub’s', () => {
	expect(reason('use 1 to 64 letters', undefined)).toBe('Use 1 to 64 letters.');
	expect(reason('is out of range.', { code: 'if-of-a-later-hub', args: {} })).toBe('Is out of range.');
});

test('a rule that can’t run says why', () => {
	expect(faultOf({ fault: '' })).toBe('');
	const gone = { code: 'rule-no-device', args: { device: 'zwave-5' } };
	expect(faultOf({ fault: 'x', fault_says: gone })).toBe('There is no device zwave-5. Choose another device.');
	expect(faultOf({ fault: 'x', fault_says: unknown })).toBe(
		'Its condition can’t be read. Line 1, column 20: There is no "drak"; it can read dark, day.',
	);
});

test('the words of the language are explained', () => {
	const dark = { name: 'dark', type: 'bool', says: 'x' };
	expect([wordSays(dark), wordType(dark)]).toEqual(['the sun is below the horizon', 'true or false']);
	expect(wordSays({ name: 'contact("zwave-5")', type: 'word', says: 'x' })).toBe('Open or closed, of that device');
	expect(wordSays({ name: 'moon', type: 'word', says: 'how full it is' })).toBe('how full it is');
});
