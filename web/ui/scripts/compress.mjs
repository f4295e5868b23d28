import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const worthIt = /\.(html|js|css|svg|webmanifest)$/;

/**
 * Writes a .br and a .gz beside every text file of the build, so that the hub
 * never compresses anything while it runs, and clears the last build first.
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
				const plain = readFileSync(path);
				writeFileSync(`${path}.gz`, gzipSync(plain, { level: 9 }));
				writeFileSync(
					`${path}.br`,
					brotliCompressSync(plain, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: plain.length } }),
				);
			}
		},
	};
}
