/**
 * The hub's API as this page uses it. The shapes are made from the hub's own
 * document; every refusal arrives as a Refusal with the problem that the hub gave.
 */
import type { components } from '../api.gen';

export type Schemas = components['schemas'];

export type Alarm = Schemas['Alarm'];
export type AlarmMemory = Schemas['AlarmMemory'];
export type Mode = Alarm['mode'];
export type Phase = Alarm['phase'];
/** The modes that this page has words and pictures for. */
export const KNOWN = ['disarmed', 'home', 'night', 'away'] as const;
export type Known = (typeof KNOWN)[number];
/** A mode of the owner's own is told in the words of the one that it is like. */
export function known(like: Mode): Known {
	return KNOWN.find((m) => m === like) ?? 'away';
}
export type ArmedMode = Schemas['AlarmMode'];
export type AreaState = Schemas['AreaState'];
export type Area = Schemas['Area'];
export type Settings = Schemas['AlarmSettings'];
export type Code = Schemas['Code'];
export type Keypad = Schemas['Keypad'];
export type Zone = Schemas['Zone'];
export type Device = Schemas['Device'];
export type Event = Schemas['Event'];
export type Clip = Schemas['Clip'];
export type ClipMark = Schemas['ClipMark'];
export type ClipDeletion = Schemas['ClipDeletion'];
export type Camera = Schemas['Camera'];
/** The password goes to the hub and never comes back. */
export type SightZone = Schemas['SightZone'];
export type CameraChange = Schemas['CameraRequest'];
/** A camera that answered on the LAN; what it says of itself is not proven. */
export type FoundCamera = Schemas['FoundCamera'];
export type CameraPreset = Schemas['CameraPreset'];
export type Trouble = Schemas['TroubleItem'];
export type Session = Schemas['SessionState'];
export type Stage = Session['stage'];
export type Right = Session['rights'][number];
export type Setup = Schemas['SetupState'];
export type Offer = Schemas['Offer'];
export type Verdict = Schemas['Verdict'];
export type LiveSession = Schemas['LiveSession'];
export type ViewEntry = Schemas['Entry'];
export type Findings = Schemas['Findings'];
export type AppleHome = Schemas['HomeKit'];
export type JoinState = Schemas['JoinState'];
export type RadioState = Schemas['RadioState'];
export type BackupState = Schemas['BackupState'];
/** A refusal (RFC 9457); what stands in the way of it depends on its code. */
export type Problem = Pick<Schemas['Problem'], 'status' | 'code' | 'detail'> & Partial<Schemas['Problem']>;

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
