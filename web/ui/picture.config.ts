import { defineConfig } from '@playwright/test';

import config from './playwright.config';

/** Takes the picture of the README from the running demo. */
export default defineConfig({ ...config, testMatch: 'picture.ts' });
