import { spawn, type ChildProcess } from 'node:child_process';
import { createServer } from 'node:net';

import { test as base, expect, type Page } from '@playwright/test';
import { generateHybridIdentity, identityToRecipient } from 'age-encryption';
import axe from 'axe-core';

/** A program that runs, and what it has said so far. */
export class Program {
	said = '';

	constructor(readonly process: ChildProcess) {
		for (const stream of [process.stdout, process.stderr])
			stream?.on('data', (b: Buffer) => (this.said += b.toString()));
	}
	static start(...args: string[]): Program {
		const program = process.env.GATEHOUSE;
		if (!program) throw new Error('GATEHOUSE does not name the program: tests/build.ts should have');
		return new Program(spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] }));
	}
	/** Hangs up a simulated camera of every kind. */
	static wall(): Program {
		const program = process.env.GATEHOUSE_WALL;
		if (!program) throw new Error('GATEHOUSE_WALL does not name the program: tests/build.ts should have');
		return new Program(spawn(program, [], { stdio: ['ignore', 'pipe', 'pipe'] }));
	}
	/** Waits until it has said something, and gives what matched. */
	async says(what: RegExp, timeout = 20_000): Promise<RegExpExecArray> {
		await expect
			.poll(() => what.test(this.said), { message: `waiting for ${what} of the program`, timeout })
			.toBe(true);
		return what.exec(this.said) as RegExpExecArray;
	}
	async stop(): Promise<void> {
		if (this.process.exitCode !== null) return;
		const gone = new Promise((done) => this.process.once('exit', done));
		this.process.kill('SIGTERM');
		await gone;
	}
}

/**
 * A port of loopback that nobody has, and that the system gives to nobody by itself: the browser, or a program beside
 * this one, would have it by the time that it is taken, or while a hub is down.
 */
export function freePort(): Promise<number> {
	return new Promise((done) => {
		const port = 20_000 + Math.floor(Math.random() * 10_000);
		const server = createServer();
		server.once('error', () => done(freePort()));
		server.listen(port, '127.0.0.1', () => server.close(() => done(port)));
	});
}

/** A demo home, and somebody in it who opens doors. */
export class Demo {
	constructor(
		readonly url: string,
		readonly password: string,
		readonly code: string,
	) {}

	/** Does something in the house: "front-door" "open", "stick" "pull". */
	async does(thing: string, act: string): Promise<void> {
		const response = await fetch(`${this.url}/demo/do`, {
			method: 'POST',
			headers: { 'Content-Type': 'application/json' },
			body: JSON.stringify({ thing, act }),
		});
		expect(response.ok, `${thing} ${act}: ${response.status}`).toBe(true);
	}

	/** Signs in through the page, with the demo's authenticator. */
	async signIn(page: Page): Promise<void> {
		await page.goto(this.url);
		await page.getByLabel('Name').fill('owner');
		await page.getByLabel('Password').fill(this.password);
		await page.getByRole('button', { name: 'Continue' }).click();
		await page.getByRole('button', { name: /^Use \d{6}$/ }).click();
		await expect(page.getByRole('status')).toHaveText('Live');
	}

	/**
	 * Waits until every sensor has spoken, takes the delays down so that nobody waits for them, and gives the
	 * vault a key, since a house whose cameras could not record when a door opened would say so.
	 */
	async settle(page: Page, exit = '2s', entry = '3s'): Promise<void> {
		await this.wake(page, exit, entry);
		await this.vault(page, [await identityToRecipient(await generateHybridIdentity())]);
	}

	/** The same without a vault. */
	async wake(page: Page, exit = '2s', entry = '3s'): Promise<void> {
		const answered = 'All 5 doors and windows are closed. Every sensor has answered.';
		await expect(page.getByText(answered)).toBeVisible({ timeout: 60_000 }); // those that a busy machine missed are woken again
		const put = await page.request.put(`${this.url}/api/v1/alarm/settings`, {
			data: { exit_delay: exit, entry_delay: entry, outside_standard: true },
		});
		expect(put.ok(), await put.text()).toBe(true);
	}

	/** Has clips sealed to these keys. */
	async vault(page: Page, recipients: string[]): Promise<void> {
		const put = await page.request.put(`${this.url}/api/v1/vault`, { data: { recipients } });
		expect(put.ok(), await put.text()).toBe(true);
	}
}

/** What no screen may do: reach out, break its policy, or complain. */
export class Watch {
	readonly faults: string[] = [];
	/** What a test brings about on purpose. */
	expected: RegExp[] = [];

	constructor(page: Page, origin: () => string) {
		page.on('request', (r) => {
			const url = new URL(r.url());
			if (url.protocol !== 'blob:' && url.origin !== origin()) this.faults.push(`foreign request: ${r.url()}`);
		});
		page.on('console', (m) => {
			if (m.type() === 'error' || m.type() === 'warning') this.faults.push(`console: ${m.text()}`);
		});
		page.on('pageerror', (e) => this.faults.push(`page error: ${e.message}`));
	}
	check(): void {
		const unexpected = this.faults.filter((f) => !this.expected.some((e) => e.test(f)));
		expect(unexpected).toEqual([]);
	}
}

interface Fixtures {
	demo: Demo;
	watch: Watch;
}

export const test = base.extend<Fixtures>({
	// eslint-disable-next-line no-empty-pattern
	demo: async ({}, use) => {
		const program = Program.start('demo', '--listen', '127.0.0.1:0', '--mqtt', '');
		try {
			const [, url = ''] = await program.says(/(http:\/\/127\.0\.0\.1:\d+)\//);
			const [, password = ''] = await program.says(/password\s+(.+)/);
			const [, code = ''] = await program.says(/code for the keypad\s+(\d+)/);
			await use(new Demo(url, password, code));
		} finally {
			await program.stop();
		}
	},
	watch: async ({ page, demo }, use) => {
		const watch = new Watch(page, () => demo.url);
		// A refused request is part of the conversation and shows in the console.
		watch.expected = [/Failed to load resource: the server responded with a status of 4\d\d/];
		await use(watch);
		watch.check();
	},
});
export { expect };

/** Fails with every rule of WCAG 2.2 AA that the screen breaks. */
export async function accessible(page: Page, what: string): Promise<void> {
	await page.evaluate(axe.source);
	const faults = await page.evaluate(async () => {
		const run = (globalThis as unknown as { axe: typeof axe }).axe;
		const result = await run.run(document, {
			resultTypes: ['violations'],
			runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
		});
		return result.violations.map(
			(v) => `${v.id}: ${v.nodes.map((n) => `${n.target} ${n.failureSummary}`).join(' | ')}`,
		);
	});
	expect(faults, what).toEqual([]);
}

/** Nothing sticks out sideways, and what acts is large enough for a thumb. */
export async function fits(page: Page, what: string): Promise<void> {
	const sideways = await page.evaluate(
		() => document.documentElement.scrollWidth - document.documentElement.clientWidth,
	);
	expect(sideways, `${what}: pixels beyond the edge`).toBeLessThanOrEqual(0);
	const small = await page.locator('button:visible, a:visible:not(.skip)').evaluateAll((all) =>
		all
			.map((e) => ({ e, box: e.getBoundingClientRect() }))
			.filter(({ box }) => box.width < 44 || box.height < 44)
			.map(({ e, box }) => `${e.textContent?.trim()} ${Math.round(box.width)}×${Math.round(box.height)}`),
	);
	expect(small, `${what}: smaller than a thumb`).toEqual([]);
}

/** Types a code on the page's own pad. */
export async function type(page: Page, code: string): Promise<void> {
	for (const digit of code) await page.getByRole('button', { name: digit, exact: true }).click();
	await page.getByRole('button', { name: 'Send the code' }).click();
}

/** Makes the vault on the page that offers it, and gives its passphrase. */
export async function makeVault(page: Page): Promise<string> {
	await expect(page.getByRole('heading', { name: 'Make your vault first.' })).toBeVisible();
	const secret = await page.getByLabel('Passphrase for this vault').inputValue();
	await page.getByRole('button', { name: 'Make the vault' }).click();
	await page.getByRole('button', { name: 'I have it on paper' }).click({ timeout: 30_000 });
	await expect(page.locator('[data-recovery]')).toHaveCount(0);
	return secret;
}
