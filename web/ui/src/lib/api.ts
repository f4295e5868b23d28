/**
 * The hub's API as this page uses it. The shapes are the hub's own; every
 * refusal arrives as a Refusal with the problem that the hub gave (RFC 9457).
 */
export type Mode = 'disarmed' | 'home' | 'night' | 'away';
export type Phase = 'disarmed' | 'arming' | 'armed' | 'entry' | 'alarm';
export type Severity = 'critical' | 'warning' | 'info';
export type Value = string | boolean | number | null;

export interface Trouble {
	code: string;
	device: string;
	text: string;
	severity: Severity;
	since: string;
	mend: string;
	blocks: Mode[] | null;
}
export interface Alarm {
	seq: number;
	mode: Mode;
	phase: Phase;
	since: string;
	until: string | null;
	now: string;
	open: string[];
	bypassed: string[];
	ready: Partial<Record<Mode, boolean>>;
	troubles: Trouble[];
	alarm: { kind: string; zone: string; since: string; verified: boolean; silenced: boolean } | null;
	changed_by: string;
}
export interface Zone {
	id: string;
	name: string;
	device: string;
	trait: string;
	kind: string;
	modes: Mode[];
	bypassed: boolean;
}
export interface Device {
	id: string;
	name: string;
	room: string;
	radio: string;
	power: string;
	health: 'ok' | 'joining' | 'late' | 'missing' | 'failed';
	last_seen: string | null;
	traits: Record<string, { value: Value; since: string }>;
}
export interface Event {
	seq: number;
	at: string;
	kind: string;
	device: string;
	zone: string;
	who: string | null;
	text: string;
}
export interface Problem {
	status: number;
	code: string;
	detail: string;
	open?: string[];
	troubles?: Trouble[];
	tries_left?: number;
	retry_after?: number;
}

/** The hub said no, and why. */
export class Refusal extends Error {
	constructor(readonly problem: Problem) {
		super(problem.detail);
		this.name = 'Refusal';
	}
	is(...codes: string[]): boolean {
		return codes.includes(this.problem.code);
	}
}

/** The hub said nothing: it is not there, or too slow. */
export class Silence extends Error {
	override name = 'Silence';
}

const base = '/api/v1';
/** How long an answer may take before the panel counts as silent, in ms. */
export const PATIENCE = 5_000;

export interface Asking {
	body?: unknown;
	/** The same key makes a repeated request count once. */
	key?: string;
	patience?: number;
}

/** Called whenever the hub says that this browser is not (or no longer) signed in. */
let onSignedOut: () => void = () => {};
export function whenSignedOut(f: () => void): void {
	onSignedOut = f;
}

export async function call<T>(
	method: 'GET' | 'PUT' | 'POST' | 'DELETE',
	path: string,
	asking: Asking = {},
): Promise<T> {
	const headers: Record<string, string> = { Accept: 'application/json' };
	if (asking.body !== undefined) headers['Content-Type'] = 'application/json';
	if (method !== 'GET') headers['Idempotency-Key'] = asking.key ?? newKey();
	let response: Response;
	let body: unknown;
	try {
		response = await fetch(base + path, {
			method,
			headers,
			body: asking.body === undefined ? null : JSON.stringify(asking.body),
			cache: 'no-store',
			signal: AbortSignal.timeout(asking.patience ?? PATIENCE),
		});
		const text = response.status === 204 ? '' : await response.text();
		body = text ? JSON.parse(text) : undefined;
	} catch (cause) {
		throw new Silence('the hub gave no answer', { cause });
	}
	if (!response.ok) {
		const problem = (body ?? { code: 'unreadable', detail: response.statusText }) as Problem;
		if (problem.code === 'unauthenticated') onSignedOut();
		throw new Refusal({ ...problem, status: response.status });
	}
	return body as T;
}

/** A key for one thing to be done. crypto.randomUUID is missing on plain http. */
export function newKey(): string {
	return Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, '0')).join('');
}

export type Stage = 'none' | 'enrol' | 'pending' | 'full';
export interface Session {
	stage: Stage;
	id: string;
	name: string;
	role: string;
	rights: string[];
	fresh: boolean;
	claimed: boolean;
	home: string;
	emergency: string;
	zone: string;
	demo: boolean;
	now: string;
}
export interface Setup {
	claimed: boolean;
	step: 'claim' | 'password' | 'totp' | 'recovery' | 'finish' | 'done';
	name: string;
	tries_left: number;
	wait: number;
	demo: boolean;
}
export interface Offer {
	key: string;
	uri: string;
}
export interface Verdict {
	good: boolean;
	score: number;
	reason: string;
}
export interface LiveSession {
	id: string;
	name: string;
	stage: Stage;
	created: string;
	seen: string;
	expires: string;
	from: string;
	agent: string;
	current: boolean;
}
export interface JoinState {
	step: 'idle' | 'waiting' | 'found' | 'pin' | 'securing' | 'interviewing' | 'done' | 'failed';
	device: string;
	dsk: string;
	reason: string;
	until: string | null;
}
