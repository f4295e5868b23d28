import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

import { compress } from './scripts/compress.mjs';

// The hub to talk to while the page is worked on: `gatehouse demo` by default.
const hub = process.env.GATEHOUSE_URL ?? 'http://127.0.0.1:8080';

export default defineConfig({
	plugins: [svelte(), compress()],
	build: {
		outDir: '../dist',
		// dist/.keep is committed so that the Go program builds without the page.
		emptyOutDir: false,
		assetsInlineLimit: 0,
		modulePreload: { polyfill: false },
		target: ['chrome111', 'firefox121', 'safari16.4'],
		reportCompressedSize: false,
	},
	server: { proxy: { '/api': { target: hub, changeOrigin: true, secure: false } } },
	test: { include: ['src/**/*.test.ts'], environment: './scripts/page.mjs', testTimeout: 60_000 },
});
