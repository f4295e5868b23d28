import { spawn, type ChildProcess } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { freePort } from '../hub';
import { end, Tab, type Actions } from './tab';

/** A window no wider than a phone: the bar above the page asks for more room else. */
const narrow = 'headerbar *, toolbar *, button, entry { min-width: 0; padding: 0; margin: 0; font-size: 1px; }';

type Heard = typeof globalThis & { faults?: string[] };

/** Notes what the page complains of from now on: this driver tells of no console. */
function listen(): void {
	const faults: string[] = ((globalThis as Heard).faults = []);
	addEventListener('error', (e) => faults.push(e.message));
	addEventListener('unhandledrejection', (e) => faults.push(String(e.reason)));
	addEventListener('securitypolicyviolation', (e) => faults.push(`policy: ${e.violatedDirective} ${e.blockedURI}`));
	for (const level of ['error', 'warn'] as const)
		console[level] = (...words: unknown[]) => void faults.push(words.join(' '));
}

/** WebKitGTK, the nearest to Safari that Debian has, by WebDriver (w3.org/TR/webdriver2). It wants a screen. */
export class WebKit extends Tab {
	#session = '';
	readonly #faults: string[] = [];

	private constructor(
		readonly program: ChildProcess,
		readonly settings: string,
		readonly url: string,
	) {
		super();
	}

	static async open(): Promise<WebKit> {
		const port = await freePort();
		const settings = await mkdtemp(join(tmpdir(), 'webkit-'));
		await mkdir(join(settings, 'gtk-3.0'));
		await writeFile(join(settings, 'gtk-3.0', 'gtk.css'), narrow);
		const program = spawn(
			process.env.WEBKIT_DRIVER ?? '/usr/bin/WebKitWebDriver',
			[`--port=${port}`, '--host=127.0.0.1'],
			{ stdio: 'ignore', env: { ...process.env, TZ: 'Europe/Berlin', XDG_CONFIG_HOME: settings } },
		);
		const tab = new WebKit(program, settings, `http://127.0.0.1:${port}/session`);
		try {
			await tab.#begin();
		} catch (error) {
			await tab.close();
			throw error;
		}
		return tab;
	}
	async #begin(): Promise<void> {
		const binary = process.env.WEBKIT ?? '/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser';
		const asked = { alwaysMatch: { 'webkitgtk:browserOptions': { binary, args: ['--automation'] } } };
		for (let tries = 0; !this.#session; tries++) {
			try {
				const { sessionId } = await this.#ask<{ sessionId: string }>('POST', '', { capabilities: asked });
				this.#session = `/${sessionId}`;
			} catch (error) {
				// The driver does not say when it listens.
				if (!(error instanceof TypeError) || tries > 50) throw error;
				await new Promise((done) => setTimeout(done, 100));
			}
		}
	}
	async #ask<T>(method: string, path: string, body?: object): Promise<T> {
		const response = await fetch(`${this.url}${this.#session}${path}`, {
			method,
			...(body && { body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } }),
		});
		const { value } = (await response.json()) as { value: T & { error?: string; message?: string } };
		if (!response.ok) throw new Error(`WebKit: ${method} ${path}: ${value.error}: ${value.message}`);
		return value;
	}

	override async go(url: string): Promise<void> {
		await this.complaints();
		await this.#ask('POST', '/url', { url });
		await this.run(listen);
	}
	override run<A extends unknown[], T>(work: (...args: A) => T | Promise<T>, ...args: A): Promise<T> {
		return this.#ask<T>('POST', '/execute/sync', { script: `return (${work.toString()})(...arguments)`, args });
	}
	override async act(actions: Actions): Promise<void> {
		await this.#ask('POST', '/actions', { actions });
	}
	override async size(width: number, height: number): Promise<void> {
		await this.#ask('POST', '/window/rect', { width, height });
	}
	override async complaints(): Promise<string[]> {
		this.#faults.push(...(await this.run(() => (globalThis as Heard).faults?.splice(0) ?? [])));
		return this.#faults;
	}
	override async picture(): Promise<Buffer> {
		return Buffer.from(await this.#ask<string>('GET', '/screenshot'), 'base64');
	}
	override async close(): Promise<void> {
		if (this.#session) await this.#ask('DELETE', '').catch(() => {}); // it may have died
		await end(this.program);
		await rm(this.settings, { recursive: true });
	}
}
