// Fails the build when the page has grown too heavy for a phone on a bad line.
// What the first screen loads is read from index.html; the rest is lazy.
import { readFileSync, readdirSync } from 'node:fs';

const kB = 1000;
const limits = { firstJS: 60 * kB, firstCSS: 8 * kB, lazy: 25 * kB, vault: 70 * kB };

const dist = new URL('../../dist/', import.meta.url);
const html = readFileSync(new URL('index.html', dist), 'utf8');
const size = (name) => readFileSync(new URL(`${name}.gz`, dist)).length;
const first = [...html.matchAll(/(?:src|href)="\/(assets\/[^"]+\.(?:js|css))"/g)].map((m) => m[1]);

const rows = [];
let failed = false;
function judge(what, bytes, limit) {
	const over = bytes > limit;
	failed ||= over;
	rows.push(`${over ? 'OVER ' : 'ok   '} ${(bytes / kB).toFixed(1).padStart(6)} of ${limit / kB} kB gzip  ${what}`);
}
const sum = (ext) => first.filter((n) => n.endsWith(ext)).reduce((n, name) => n + size(name), 0);
judge('scripts of the first screen', sum('.js'), limits.firstJS);
judge('styles of the first screen', sum('.css'), limits.firstCSS);
for (const file of readdirSync(new URL('assets/', dist))) {
	const name = `assets/${file.replace(/\.gz$/, '')}`;
	if (name.endsWith('.js') && !first.includes(name)) {
		// The vault's worker holds the ciphers; it is fetched by whoever opens a clip.
		const worker = /^worker-/.test(file);
		judge(name, size(name), worker ? limits.vault : limits.lazy);
	}
}
if (first.length === 0) {
	failed = true;
	rows.push('OVER  index.html names no script: was the page built?');
}
console.log(rows.join('\n'));
if (failed) process.exit(1);
