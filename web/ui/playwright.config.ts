import { defineConfig } from '@playwright/test';

// The page in a real browser against the real program. Chromium is the
// system's; nothing is downloaded. Each test has a hub of its own.
export default defineConfig({
	testDir: 'tests',
	globalSetup: './tests/build.ts',
	workers: 1,
	timeout: 180_000,
	expect: { timeout: 15_000 },
	forbidOnly: true,
	reporter: [['list']],
	use: {
		locale: 'en-GB',
		timezoneId: 'Europe/Berlin',
		trace: 'retain-on-failure',
		launchOptions: {
			executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
			// A browser does not offer WebRTC to its own machine by itself.
			args: ['--no-sandbox', '--allow-loopback-in-peer-connection'],
		},
	},
});
