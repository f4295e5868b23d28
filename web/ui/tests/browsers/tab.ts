import type { ChildProcess } from 'node:child_process';

import { expect } from '@playwright/test';

/** A list of actions as WebDriver has them, and BiDi after it. */
export type Actions = readonly object[];

/** What a page runs: a function, as its text, and what it is given. */
type Work<A extends unknown[], T> = (...args: A) => T | Promise<T>;

/**
 * A page in a browser that Playwright does not drive. Each engine speaks a protocol of its
 * own; what is pressed, typed and read is the same. All that is done waits until it can be.
 */
export abstract class Tab {
	abstract go(url: string): Promise<void>;
	/** Runs a function in the page, which sees nothing but its arguments. */
	abstract run<A extends unknown[], T>(work: Work<A, T>, ...args: A): Promise<T>;
	abstract act(actions: Actions): Promise<void>;
	/** How large the page is. */
	abstract size(width: number, height: number): Promise<void>;
	/** What the page complained of on the console. */
	abstract complaints(): Promise<string[]>;
	/** What it looks like, as a PNG. */
	abstract picture(): Promise<Buffer>;
	abstract close(): Promise<void>;

	/** The texts of all that is there and shown. */
	all(css: string): Promise<string[]> {
		return this.run(
			(css: string) =>
				[...document.querySelectorAll<HTMLElement>(css)]
					.filter((e) => e.checkVisibility({ visibilityProperty: true }))
					.map((e) => (e.innerText ?? '').replace(/\s+/g, ' ').trim()),
			css,
		);
	}
	/** Waits until something is shown, with these words if some are given. */
	async sees(css: string, words: RegExp | string = '', timeout?: number): Promise<void> {
		const fits = (s: string) => (typeof words === 'string' ? s.includes(words) : words.test(s));
		await expect
			.poll(async () => (await this.all(css)).filter(fits).length, {
				message: `waiting for ${css} ${String(words)}`,
				...(timeout ? { timeout } : {}),
			})
			.toBeGreaterThan(0);
	}
	attribute(css: string, name: string): Promise<string | null> {
		return this.run((css: string, name: string) => document.querySelector(css)?.getAttribute(name) ?? null, css, name);
	}
	/** Presses what is there with this name, where a finger would, once it rests there. */
	async press(css: string, name = /(?:)/): Promise<void> {
		let [x, y] = [NaN, NaN];
		await expect
			.poll(
				async () => {
					const before = [x, y];
					[x, y] = (await this.#place(css, name.source)) ?? [NaN, NaN];
					return x === before[0] && y === before[1];
				},
				{ message: `waiting to press ${css} ${name}` },
			)
			.toBe(true);
		await this.act([
			{
				type: 'pointer',
				id: 'mouse',
				parameters: { pointerType: 'mouse' },
				actions: [
					{ type: 'pointerMove', x, y, duration: 0 },
					{ type: 'pointerDown', button: 0 },
					{ type: 'pointerUp', button: 0 },
				],
			},
		]);
	}
	/** The middle of something that can be pressed there; null when it can't be. */
	#place(css: string, name: string): Promise<[number, number] | null> {
		return this.run(
			(css: string, name: string): [number, number] | null => {
				const called = (e: HTMLElement) =>
					(e.getAttribute('aria-label') ?? (e.innerText || e.textContent || '')).replace(/\s+/g, ' ').trim();
				const it = [...document.querySelectorAll<HTMLElement>(css)].find(
					(e) => new RegExp(name).test(called(e)) && e.checkVisibility() && !(e as HTMLButtonElement).disabled,
				);
				if (!it) return null;
				it.scrollIntoView({ block: 'center', behavior: 'instant' });
				const box = it.getBoundingClientRect();
				const [x, y] = [Math.round(box.x + box.width / 2), Math.round(box.y + box.height / 2)];
				const on = document.elementFromPoint(x, y);
				return on && (it.contains(on) || on.contains(it)) ? [x, y] : null;
			},
			css,
			name,
		);
	}
	/** Types into the field that has this label. */
	async fill(label: string, text: string): Promise<void> {
		await expect
			.poll(
				() =>
					this.run((label: string) => {
						const of = [...document.querySelectorAll('label')].find((l) => l.innerText.trim().startsWith(label));
						const field = of?.control as HTMLInputElement | null | undefined;
						field?.focus();
						field?.select();
						return !!field && document.activeElement === field;
					}, label),
				{ message: `waiting for the field "${label}"` },
			)
			.toBe(true);
		await this.type(text);
	}
	type(text: string): Promise<void> {
		const keys = [...text].flatMap((value) => [
			{ type: 'keyDown', value },
			{ type: 'keyUp', value },
		]);
		return this.act([{ type: 'key', id: 'keys', actions: keys }]);
	}
}

/** Ends a program and waits until it has. */
export async function end(program: ChildProcess): Promise<void> {
	if (program.exitCode !== null || program.signalCode !== null) return;
	const gone = new Promise((done) => program.once('exit', done));
	program.kill('SIGTERM');
	await gone;
}
