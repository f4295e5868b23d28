import { defineConfig } from '@playwright/test';

import config from './playwright.config';
import type { Options } from './tests/browsers/engines';

/** The page in the engines of other browsers, as Debian has them: the same journeys, a project for each. */
export default defineConfig<Options>({
	...config,
	testDir: 'tests/browsers',
	testMatch: 'journeys.ts',
	projects: [
		{ name: 'firefox', use: { engine: 'firefox' } },
		{ name: 'webkit', use: { engine: 'webkit' } },
	],
});
