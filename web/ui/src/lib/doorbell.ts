/** Who is at the door: which bell rang just now, and which camera looks there. Pure, for the table in its test. */
import type { Camera, Device } from './api';

/** How long it is told, in ms. */
export const TOLD = 45_000;

export interface Ring {
	device: Pick<Device, 'id' | 'name'>;
	/** When, in ms of the hub's clock. */
	at: number;
}

/** The button that was pressed last, if that was just now. */
export function pressed(devices: readonly Device[], now: number): Ring | null {
	let last: Ring | null = null;
	for (const d of devices) {
		const state = d.traits['button'];
		if (state?.value === null || !state) continue;
		const at = Date.parse(state.since);
		if (now - at < TOLD && at > (last?.at ?? 0)) last = { device: d, at };
	}
	return last;
}

/**
 * The camera that looks at whoever presses a button: it has that button, or is what it is set off by. One that has
 * nothing else to look at goes first. Without any, the button is no doorbell.
 */
export function looksAt<C extends Pick<Camera, 'id' | 'buttons' | 'zones'>>(
	cameras: readonly C[],
	button: string,
): C | null {
	return (
		cameras
			.filter((c) => c.id === button || c.buttons.includes(button))
			.sort((a, b) => Number(b.id === button) - Number(a.id === button) || a.zones.length - b.zones.length)[0] ?? null
	);
}
