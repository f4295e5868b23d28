import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const worthIt = /\.(js|css|svg|webmanifest)$/;

/**
 * Puts a .gz in the place of every text file of the build but the page itself,
 * so that the hub never compresses anything while it runs and carries each file
 * once. Clears the last build first.
 * @returns {import('vite').Plugin}
 */
export function compress() {
	let folder = '';
	return {
		name: 'gatehouse-compress',
		apply: 'build',
		configResolved(config) {
			folder = join(config.root, config.build.outDir);
		},
		buildStart() {
			for (const name of readdirSync(folder)) {
				if (name !== '.keep') rmSync(join(folder, name), { recursive: true });
			}
		},
		closeBundle() {
			for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
				if (!worthIt.test(name)) continue;
				const path = join(folder, name);
				writeFileSync(`${path}.gz`, gzipSync(readFileSync(path), { level: 9 }));
				rmSync(path);
			}
		},
	};
}
