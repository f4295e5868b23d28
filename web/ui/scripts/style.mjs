// Holds the page to its own colours and to both writing directions: no colour
// outside of tokens.css and the drawings, and no left or right in a style.
import { readFileSync, readdirSync } from 'node:fs';

const src = new URL('../src/', import.meta.url);
const drawings = ['tokens.css', 'parts/Arch.svelte', 'parts/Qr.svelte'];
const physical =
	/(?:^|[\s;{])((?:margin|padding|border|scroll-(?:margin|padding))-(?:left|right|top|bottom)|left|right|top|bottom|(?:min-|max-)?(?:width|height))\s*:/g;
const sided = /(?:text-align|float|clear)\s*:\s*(left|right)/g;
const colour =
	/#(?:[0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})\b|\b(?:rgba?|hsla?|oklch)\(|:\s*(?:white|black|red|green|blue|gr[ae]y)\b/gi;

const faults = [];
for (const name of readdirSync(src, { recursive: true, encoding: 'utf8' })) {
	if (!/\.(svelte|css)$/.test(name)) continue;
	const text = readFileSync(new URL(name, src), 'utf8');
	const style = name.endsWith('.css') ? text : (/<style[^>]*>([\s\S]*)<\/style>/.exec(text)?.[1] ?? '');
	// Queries about the size of the screen are physical by nature.
	const rules = style.replace(/\/\*[\s\S]*?\*\//g, '').replace(/@media[^{]*/g, '');
	for (const [, what] of rules.matchAll(physical)) faults.push(`${name}: ${what} is one-sided, say inline or block`);
	for (const [what] of rules.matchAll(sided)) faults.push(`${name}: ${what} is one-sided, say start or end`);
	if (drawings.includes(name)) continue;
	for (const [what] of rules.matchAll(colour)) faults.push(`${name}: ${what.trim()} is not one of the tokens`);
}
if (faults.length) {
	console.error(faults.join('\n'));
	process.exit(1);
}
