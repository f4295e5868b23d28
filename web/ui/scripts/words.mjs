// Writes src/i18n/words.gen.d.ts: for each English sentence the names that it
// wants, so that the compiler checks every call of t(). --check only compares.
import { readFileSync, writeFileSync } from 'node:fs';

const read = (name) => JSON.parse(readFileSync(new URL(`../src/i18n/${name}`, import.meta.url), 'utf8'));
const en = { ...read('en.json'), ...read('en.more.json') };
const out = new URL('../src/i18n/words.gen.d.ts', import.meta.url);

const lines = Object.entries(en).map(([key, text]) => {
	const names = new Set([...text.matchAll(/\{(\w+)[|}]/g)].map((m) => `'${m[1]}'`));
	return `\t'${key}': ${[...names].join(' | ') || 'never'};`;
});
const text = `// Made from en.json and en.more.json by npm run gen.\ninterface Words {\n${lines.join('\n')}\n}\n`;

if (process.argv.includes('--check')) {
	if (readFileSync(out, 'utf8') !== text) {
		console.error('src/i18n/words.gen.d.ts does not match en.json and en.more.json: run npm run gen');
		process.exit(1);
	}
} else {
	writeFileSync(out, text);
}
