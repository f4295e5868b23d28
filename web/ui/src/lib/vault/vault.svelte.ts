/**
 * The vault as the page sees it: whether there is one, whether it is open, and
 * films out of it. The key is in a worker; locking ends the worker. It locks
 * itself when nobody used it for a quarter of an hour, and with the sign-out.
 *
 * What goes to the hub is the public keys and the wrapped one, and nothing else
 * of what is typed or made here.
 */
import { call, Silence, type Problem, type Schemas } from '../api';
import { change, stepUp } from '../stepup.svelte';
import { who } from '../who.svelte';
import { ask, create, forget, newNonce, nonceOf, type Passkey } from './passkey';
import { newerThan, type Seen } from './newest';
import { endOf, type Paper } from './paper';
import type { Answer, Ask, Fault, MadePublic, Piece } from './worker';
import address from './worker?worker&url';
import { SamePhrase, WrongKey } from './wrongkey';

export type Keys = Schemas['Vault'];

/** How long an open vault may rest, in ms. */
export const REST = 15 * 60_000;

/** A film does not come out of the vault. */
export class NoFilm extends Error {
	override name = 'NoFilm';
	constructor(
		readonly why: Exclude<Fault, 'same'>,
		readonly problem: Problem | null,
	) {
		super(why);
	}
}

/** A sealed film that is being opened. */
export interface Opened {
	read(): Promise<Piece>;
	/** Goes on with one of its bytes; throws NoFilm. No read may be under way. */
	jump(byte: number): Promise<void>;
	stop(): void;
}

/** The one place where the address of a script is made: it is one of the build's own. */
const scripts = (
	globalThis as {
		trustedTypes?: {
			createPolicy(name: string, rules: { createScriptURL(s: string): string }): { createScriptURL(s: string): string };
		};
	}
).trustedTypes?.createPolicy('gatehouse', {
	createScriptURL: (s) => {
		if (s !== address) throw new TypeError('not a script of this page');
		return s;
	},
});

class Vault {
	/** What the hub keeps; null until it said so. */
	keys = $state.raw<Keys | null>(null);
	/** Newer ones that this browser saw; null: there are none. */
	newer = $state.raw<Seen | null>(null);
	open = $state(false);
	/** It was opened by what is on paper, which is to stay there alone. */
	byPaper = $state(false);
	/** The epochs of the sheets of before that were typed, while nothing opened all of it. */
	before = $state.raw<readonly number[]>([]);
	/** What was just made and is to be put on paper; null once it is, and the hub seals to it. */
	paper = $state.raw<Paper | null>(null);
	/** Somebody wants a new key. */
	renewing = $state(false);

	/** What the hub is to keep once the paper is there. */
	#next: Schemas['VaultRequest'] | null = null;
	#worker: Worker | null = null;
	#waiting = new Map<number, { done: (value: unknown) => void; failed: (error: Error) => void }>();
	#asked = 0;
	#rest: ReturnType<typeof setTimeout> | undefined;

	constructor() {
		// Whoever signs out leaves no open vault behind.
		$effect.root(() => {
			$effect(() => {
				if (who.session && who.session.stage !== 'full') this.lock();
			});
		});
	}

	/** Whether the hub has keys to seal to. */
	get made(): boolean {
		return (this.keys?.recipients.length ?? 0) > 0;
	}

	/** Whether all of it is open, and not only what sheets of before open. */
	get whole(): boolean {
		return this.open && !this.before.length;
	}
	/** Whether clips of an epoch open. */
	opens(epoch: number): boolean {
		return this.whole || (this.open && this.before.includes(epoch));
	}

	async look(): Promise<void> {
		this.#take(await call<Keys>('GET', '/vault'));
	}

	#take(keys: Keys): void {
		this.keys = keys;
		this.newer = newerThan(keys);
	}

	/**
	 * Makes new keys, which one of the passkeys may open too; throws SamePhrase, NoPasskey.
	 * They open what the vault opened that is open, and nothing is sealed to them before
	 * the paper is there: a page that is closed until then has changed nothing.
	 */
	async make(passphrase: string, keep: Passkey | null = null): Promise<void> {
		await stepUp.first();
		const { wrapped, recipients, epoch } = await this.#fresh();
		const before = recipients.length ? { wrapped, recipients } : null;
		const made = (await this.#ask({ do: 'make', passphrase, before })) as MadePublic;
		const passkeys: { id: string; wrapped: string }[] = [];
		if (keep) {
			const nonce = newNonce();
			const { said } = await ask([{ passkey: keep, nonce }]);
			passkeys.push({
				id: keep.id,
				wrapped: (await this.#ask({ do: 'wrap', nonce, said, to: 'new key' }, [said.buffer])) as string,
			});
		}
		this.#next = {
			...{ recipients: made.recipients, names: ['owner', 'recovery'], wrapped: made.wrapped },
			...{ epoch: epoch + 1, passkeys },
		};
		this.paper = { secret: made.recovery, epoch: epoch + 1, end: endOf(made.recipients[1]) };
		clearTimeout(this.#rest); // whoever is at the printer comes back
	}
	/** The paper is there: from here on clips are sealed to the new keys. The vault is open then. */
	async adopt(): Promise<void> {
		const next = this.#next;
		if (!next) return;
		const old = this.keys?.passkeys ?? [];
		try {
			this.#take(await change<Keys>('PUT', '/vault', { body: next }));
		} catch (error) {
			// A hub that said nothing may have kept it.
			if (!(error instanceof Silence)) throw error;
			const keys = await this.#fresh();
			if (keys.recipients[0] !== next.recipients?.[0]) throw error;
		}
		await this.#ask({ do: 'adopt' });
		for (const p of old)
			if (p.host === location.hostname && !this.keys?.passkeys.some((q) => q.id === p.id)) forget(p.credential);
		this.paper = this.#next = null;
		this.renewing = false;
		this.#opened();
	}
	/** Leaves everything as it was. */
	drop(): void {
		this.paper = this.#next = null;
		this.renewing = false;
		if (this.open) this.#used();
		else this.lock();
	}

	/** Opens it with the passphrase; throws WrongKey. */
	async unlock(passphrase: string): Promise<void> {
		const { wrapped, recipients } = await this.#fresh();
		await this.#ask({ do: 'unlock', wrapped, passphrase, recipients: recipients });
		this.#opened();
	}
	/** Opens it with the key that is on paper, or what was recorded in its time if it is a sheet of before; throws WrongKey. */
	async recover(key: string): Promise<void> {
		const { wrapped, recipients, earlier } = await this.#fresh();
		const of = (await this.#ask({ do: 'recover', key, recipients, wrapped, earlier })) as number[];
		this.#opened(true, of.length ? [...this.before, ...of] : []);
	}
	/** Opens it with a passkey that was made at this name; throws WrongKey or NoPasskey. */
	async unlockByPasskey(): Promise<void> {
		const { wrapped, passkeys, recipients } = await this.#fresh();
		const asking = passkeys.flatMap((passkey) => {
			const nonce = passkey.host === location.hostname ? nonceOf(passkey.wrapped) : null;
			return nonce ? [{ passkey, nonce }] : [];
		});
		if (!asking.length) throw new WrongKey('no passkey of this name opens the vault');
		const { passkey, said } = await ask(asking);
		await this.#ask({ do: 'unlock-by', by: passkey.wrapped, wrapped, said, recipients }, [said.buffer]);
		this.#opened();
	}

	/**
	 * Makes a passkey that opens the vault, which is open; throws NoPasskey. It is
	 * asked at once, so that one which cannot open it is never kept.
	 */
	async addPasskey(name: string): Promise<void> {
		await stepUp.first();
		const { passkeys } = await this.#fresh();
		const made = await create(
			who.session?.home ?? '',
			name,
			passkeys.filter((p) => p.host === location.hostname),
		);
		try {
			const nonce = newNonce();
			const { said } = await ask([{ passkey: made, nonce }]);
			const wrapped = (await this.#ask({ do: 'wrap', nonce, said, to: 'key' }, [said.buffer])) as string;
			await change<Passkey>('POST', '/vault/passkeys', {
				body: { name, host: location.hostname, ...made, wrapped },
			});
		} catch (error) {
			// A hub that said nothing may have kept it.
			if (!(error instanceof Silence)) forget(made.credential);
			throw error;
		}
		await this.look();
	}
	/** Has the hub forget what a passkey opens. */
	async removePasskey(p: Passkey): Promise<void> {
		await change('DELETE', `/vault/passkeys/${encodeURIComponent(p.id)}`);
		if (p.host === location.hostname) forget(p.credential);
		await this.look();
	}

	/** Forgets the key. */
	lock(): void {
		clearTimeout(this.#rest);
		this.#worker?.terminate();
		this.#worker = null;
		for (const { failed } of this.#waiting.values()) failed(new NoFilm('wrong-key', null));
		this.#waiting.clear();
		this.open = this.renewing = false;
		this.before = [];
		this.paper = this.#next = null;
	}

	/** Opens a sealed film at one of the hub's addresses; throws NoFilm. */
	async film(url: string): Promise<Opened> {
		const film = (await this.#ask({ do: 'open', url })) as number;
		return {
			read: () => this.#ask({ do: 'read', film }) as Promise<Piece>,
			jump: async (byte) => void (await this.#ask({ do: 'jump', film, byte })),
			stop: () => {
				if (this.#worker) void this.#ask({ do: 'stop', film }).catch(() => {});
			},
		};
	}

	async #fresh(): Promise<Keys> {
		await this.look();
		if (!this.keys) throw new Error('the vault is not known');
		return this.keys;
	}
	#opened(byPaper = false, before: readonly number[] = []): void {
		this.open = true;
		this.byPaper = byPaper;
		this.before = before;
		this.#used();
	}
	#used(): void {
		clearTimeout(this.#rest);
		if (this.open && !this.paper) this.#rest = setTimeout(() => this.lock(), REST);
	}

	/** What is given goes over and is not here any more. */
	#ask(ask: Ask, given: ArrayBuffer[] = []): Promise<unknown> {
		this.#used();
		this.#worker ??= this.#start();
		const id = ++this.#asked;
		this.#worker.postMessage({ id, ask }, given);
		return new Promise((done, failed) => this.#waiting.set(id, { done, failed }));
	}
	#start(): Worker {
		const worker = new Worker((scripts?.createScriptURL(address) ?? address) as string, { type: 'module' });
		worker.addEventListener('message', (e: MessageEvent<Answer>) => {
			const answer = e.data;
			const waits = this.#waiting.get(answer.id);
			this.#waiting.delete(answer.id);
			if (answer.ok) return waits?.done(answer.value);
			if (answer.why === 'wrong-key') return waits?.failed(new WrongKey('that does not open the vault'));
			if (answer.why === 'same') return waits?.failed(new SamePhrase('that passphrase opens the key of before'));
			waits?.failed(new NoFilm(answer.why, (answer.problem as Problem | null | undefined) ?? null));
		});
		// A worker that does not start answers nobody.
		worker.addEventListener('error', () => {
			for (const { failed } of this.#waiting.values()) failed(new NoFilm('silent', null));
			this.#waiting.clear();
		});
		return worker;
	}
}

export const vault = new Vault();
