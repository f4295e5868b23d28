import type { Device, Zone } from './api';
import type { Snapshot } from './house';

export type ZoneTone = 'quiet' | 'open' | 'unknown' | 'raised';

export interface ZoneState {
	word:
		| 'zone.open'
		| 'zone.closed'
		| 'zone.unknown'
		| 'zone.moving'
		| 'zone.still'
		| 'zone.active'
		| 'zone.clear'
		| 'zone.wet'
		| 'zone.dry';
	tone: ZoneTone;
	since: string | null;
}

/** How a zone stands, from what its device last said. */
export function zoneState(s: Snapshot, z: Zone): ZoneState {
	const device = s.devices.find((d) => d.id === z.device);
	const trait = device?.traits[z.trait];
	const since = trait?.since ?? null;
	const value = trait?.value ?? null;
	// The panel counts a zone as open too when nobody has said that it is closed.
	const counted = s.alarm.open.includes(z.id);
	const quiet = value === false || value === 'closed' || value === 'off' || value === 'locked';
	if (value === null || (quiet && counted)) {
		return { word: 'zone.unknown', tone: counted ? 'unknown' : 'quiet', since: null };
	}
	switch (z.trait) {
		case 'contact':
		case 'lock':
			return quiet ? { word: 'zone.closed', tone: 'quiet', since } : { word: 'zone.open', tone: 'open', since };
		case 'motion':
		case 'occupancy':
			return quiet ? { word: 'zone.still', tone: 'quiet', since } : { word: 'zone.moving', tone: 'open', since };
		case 'water':
			return quiet ? { word: 'zone.dry', tone: 'quiet', since } : { word: 'zone.wet', tone: 'raised', since };
		default:
			return quiet ? { word: 'zone.clear', tone: 'quiet', since } : { word: 'zone.active', tone: 'raised', since };
	}
}

/** Whether the sirens sound as far as they have said. */
export function sirenOn(devices: readonly Device[]): boolean {
	return devices.some((d) => d.traits['siren']?.value === 'on');
}
