import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { end, Tab, type Actions } from './tab';

/** What Firefox is told before it starts. */
const prefs = {
	'app.update.enabled': false,
	'browser.shell.checkDefaultBrowser': false,
	'datareporting.policy.dataSubmissionEnabled': false,
	'intl.accept_languages': 'en-GB',
	'services.settings.server': 'data:,',
	'toolkit.telemetry.enabled': false,
	// A proxy that is not there for all but this machine: nothing goes out.
	'network.proxy.type': 1,
	'network.proxy.http': '127.0.0.1',
	'network.proxy.http_port': 9,
	'network.proxy.ssl': '127.0.0.1',
	'network.proxy.ssl_port': 9,
	'network.proxy.no_proxies_on': '127.0.0.1',
};

interface Message {
	id?: number;
	type: 'success' | 'error' | 'event';
	result?: unknown;
	error?: string;
	message?: string;
	method?: string;
	params?: { level: string; text: string | null };
}

/** Firefox by WebDriver BiDi (w3.org/TR/webdriver-bidi), which it speaks itself. */
export class Firefox extends Tab {
	#asked = 0;
	#waiting = new Map<number, (m: Message) => void>();
	#context = '';
	readonly #faults: string[] = [];

	private constructor(
		readonly program: ChildProcess,
		readonly profile: string,
		readonly line: WebSocket,
	) {
		super();
		line.addEventListener('message', (e) => this.#hear(JSON.parse(String(e.data)) as Message));
	}

	static async open(): Promise<Firefox> {
		const profile = await mkdtemp(join(tmpdir(), 'firefox-'));
		const lines = Object.entries(prefs).map(([k, v]) => `user_pref(${JSON.stringify(k)}, ${JSON.stringify(v)});`);
		await writeFile(join(profile, 'user.js'), lines.join('\n'));
		const program = spawn(
			process.env.FIREFOX ?? '/usr/bin/firefox-esr',
			['--headless', '--no-remote', '--profile', profile, '--remote-debugging-port', '0'],
			{
				stdio: ['ignore', 'ignore', 'pipe'],
				env: { ...process.env, TZ: 'Europe/Berlin' },
			},
		);
		const address = await new Promise<string>((done, failed) => {
			let said = '';
			program.stderr?.on('data', (b: Buffer) => {
				said += b.toString();
				const [, address] = /WebDriver BiDi listening on (ws:\S+)/.exec(said) ?? [];
				if (address) done(address);
			});
			program.once('error', failed);
			program.once('exit', () => failed(new Error(`Firefox ended: ${said}`)));
		});
		const line = new WebSocket(`${address}/session`);
		await new Promise((done, failed) => {
			line.addEventListener('open', done);
			line.addEventListener('error', failed);
		});
		const tab = new Firefox(program, profile, line);
		await tab.#begin();
		return tab;
	}
	async #begin(): Promise<void> {
		await this.#ask('session.new', { capabilities: {} });
		const { contexts } = await this.#ask<{ contexts: { context: string }[] }>('browsingContext.getTree', {});
		this.#context = contexts[0]?.context ?? '';
		await this.#ask('session.subscribe', { events: ['log.entryAdded'] });
		// What the page's policy forbids is on no console that BiDi tells of.
		const forbidden = (e: SecurityPolicyViolationEvent) =>
			console.error(`policy: ${e.violatedDirective} ${e.blockedURI}`);
		const functionDeclaration = `() => addEventListener('securitypolicyviolation', ${forbidden.toString()})`;
		await this.#ask('script.addPreloadScript', { functionDeclaration });
	}
	#hear(m: Message): void {
		if (m.id !== undefined) {
			this.#waiting.get(m.id)?.(m);
			this.#waiting.delete(m.id);
		} else if (m.method === 'log.entryAdded' && m.params && /error|warn/.test(m.params.level))
			this.#faults.push(m.params.text ?? '');
	}
	async #ask<T>(method: string, params: object): Promise<T> {
		const id = ++this.#asked;
		const answer = new Promise<Message>((done) => this.#waiting.set(id, done));
		this.line.send(JSON.stringify({ id, method, params }));
		const m = await answer;
		if (m.type === 'error') throw new Error(`Firefox: ${method}: ${m.error}: ${m.message}`);
		return m.result as T;
	}

	override async go(url: string): Promise<void> {
		await this.#ask('browsingContext.navigate', { context: this.#context, url, wait: 'complete' });
	}
	override async run<A extends unknown[], T>(work: (...args: A) => T | Promise<T>, ...args: A): Promise<T> {
		const { result, exceptionDetails } = await this.#ask<{
			result?: { value?: string };
			exceptionDetails?: { text: string };
		}>('script.callFunction', {
			target: { context: this.#context },
			functionDeclaration: `async (args) => JSON.stringify(await (${work.toString()})(...JSON.parse(args)))`,
			arguments: [{ type: 'string', value: JSON.stringify(args) }],
			awaitPromise: true,
		});
		if (exceptionDetails) throw new Error(`Firefox: in the page: ${exceptionDetails.text}`);
		return (result?.value === undefined ? undefined : JSON.parse(result.value)) as T;
	}
	override async act(actions: Actions): Promise<void> {
		await this.#ask('input.performActions', { context: this.#context, actions });
	}
	override async size(width: number, height: number): Promise<void> {
		await this.#ask('browsingContext.setViewport', { context: this.#context, viewport: { width, height } });
	}
	override complaints(): Promise<string[]> {
		return Promise.resolve(this.#faults);
	}
	override async picture(): Promise<Buffer> {
		const { data } = await this.#ask<{ data: string }>('browsingContext.captureScreenshot', { context: this.#context });
		return Buffer.from(data, 'base64');
	}
	override async close(): Promise<void> {
		this.line.close();
		await end(this.program);
		await rm(this.profile, { recursive: true, force: true, maxRetries: 3 });
	}
}
