import js from '@eslint/js';
import svelte from 'eslint-plugin-svelte';
import { defineConfig, globalIgnores } from 'eslint/config';
import ts from 'typescript-eslint';

import svelteConfig from './svelte.config.js';

export default defineConfig(
	globalIgnores(['**/*.gen.d.ts', 'test-results', 'playwright-report']),
	js.configs.recommended,
	ts.configs.strict,
	svelte.configs.recommended,
	{
		rules: {
			eqeqeq: 'error',
			'no-undef': 'off', // the compiler knows better
			'no-console': 'error',
			'@typescript-eslint/consistent-type-imports': 'error',
			// No text is ever made into markup, script or style.
			'svelte/no-at-html-tags': 'error',
			'svelte/no-inline-styles': ['error', { allowTransitions: true }],
			'no-restricted-properties': [
				'error',
				{ property: 'innerHTML', message: 'Text stays text.' },
				{ property: 'outerHTML', message: 'Text stays text.' },
			],
			// The router is ours: addresses are plain.
			'svelte/no-navigation-without-resolve': 'off',
		},
	},
	{
		files: ['**/*.svelte', '**/*.svelte.ts'],
		languageOptions: { parserOptions: { parser: ts.parser, extraFileExtensions: ['.svelte'], svelteConfig } },
	},
	{ files: ['scripts/**', 'tests/**', '*.config.js'], rules: { 'no-console': 'off' } },
);
