/**
 * What sensors are watched, and what could be. Pure: from what is known of the
 * house to what its pages show and send.
 */
import type { Device, Zone } from './api';

export type Kind = Zone['kind'];
export type Trait = Zone['trait'];

/** Kinds that wait for a mode, and those that are watched in every mode, also while the alarm is off. */
export const moded: readonly Kind[] = ['entry', 'perimeter', 'instant', 'interior', 'day'];
export const always: readonly Kind[] = ['24h', 'tamper', 'fire', 'co', 'gas', 'water', 'panic', 'medical'];
export const alwaysOn = (kind: Kind): boolean => always.includes(kind);

/** How the zones stand together on the page. */
export const groups = ['shell', 'inside', 'always', 'tamper'] as const;
export function groupOf(zone: Zone): (typeof groups)[number] {
	if (zone.kind === 'tamper') return 'tamper';
	if (alwaysOn(zone.kind)) return 'always';
	return zone.kind === 'interior' ? 'inside' : 'shell';
}

/** What a trait is watched as unless its owner says otherwise; what is not here guards nothing by itself. */
const usual: Partial<Record<Trait, Kind>> = {
	contact: 'perimeter',
	motion: 'interior',
	occupancy: 'interior',
	glass: 'perimeter',
	vibration: 'perimeter',
	smoke: 'fire',
	co: 'co',
	gas: 'gas',
	water: 'water',
	tamper: 'tamper',
	button: 'panic',
};

/** A sensor that nothing watches yet. */
export interface Free {
	device: Device;
	trait: Trait;
}

/** What a camera sees: it may verify an alarm and raises none. */
const seen = (d: Device, trait: Trait) => d.radio === 'camera' && (trait === 'motion' || trait === 'occupancy');

/** Every trait that could be watched and is not, in the order of the devices. */
export function unwatched(devices: readonly Device[], zones: readonly Zone[]): Free[] {
	const taken = new Set(zones.map((z) => `${z.device} ${z.trait}`));
	return devices.flatMap((device) =>
		(Object.keys(device.traits) as Trait[])
			.filter((trait) => usual[trait] && !seen(device, trait) && !taken.has(`${device.id} ${trait}`))
			.map((trait) => ({ device, trait })),
	);
}

/** The kinds that fit what a sensor senses: fire is not seen by a door. */
export function kindsFor(trait: Trait): readonly Kind[] {
	switch (trait) {
		case 'smoke':
			return ['fire'];
		case 'co':
		case 'gas':
		case 'water':
		case 'tamper':
			return [trait];
		case 'button':
			return ['panic', 'medical'];
		default:
			return [...moded, '24h'];
	}
}

/** A zone to begin with, for a sensor that nothing watches yet. */
export function suggested({ device, trait }: Free, taken: readonly Zone[], modes: Zone['modes']): Zone {
	// The device's own name is for what it is there for, not for its lid.
	const second = trait === 'tamper' || taken.some((z) => z.device === device.id && z.kind !== 'tamper');
	const name = second ? `${device.name} ${trait}` : device.name;
	const kind = trait === 'contact' && /door|gate|garage/i.test(device.name) ? 'entry' : (usual[trait] ?? 'perimeter');
	return {
		id: idFor(name, taken),
		name,
		device: device.id,
		trait,
		kind,
		modes: kind === 'interior' ? modes.filter((m) => m === 'away') : modes,
		chime: kind === 'entry',
		cross_zone: '',
		areas: ['house'],
		silent: false,
		bypassed: false,
	};
}

/** Names that addresses of the page need for themselves. */
const reserved = ['add', 'try'];

/** An id that nobody has yet, made from a name: "Front door" is front-door. */
export function idFor(name: string, taken: readonly { id: string }[]): string {
	const slug =
		name
			.normalize('NFKD')
			.toLowerCase()
			.replace(/\p{M}/gu, '')
			.replace(/[^a-z0-9]+/g, '-')
			.slice(0, 56)
			.replace(/^-+|-+$/g, '') || 'zone';
	const used = new Set([...reserved, ...taken.map((z) => z.id)]);
	for (let n = 1; ; n++) {
		const id = n === 1 ? slug : `${slug}-${n}`;
		if (!used.has(id)) return id;
	}
}

/** Kinds that a walk tries, as the panel does: the others give their alarm, walk or not. */
export const walked = (kind: Kind): boolean => !alwaysOn(kind) || kind === '24h' || kind === 'tamper';

/** The zones of a walk; a lid is on the list once somebody has opened it, not before. */
export function onWalk(zones: readonly Zone[], seen: readonly string[]): Zone[] {
	return zones.filter((z) => walked(z.kind) && (z.kind !== 'tamper' || seen.includes(z.id)));
}

/** Whether an alarm of this kind may be taken back before it is told outside the house. Danger to life never waits. */
export const takenBack = (kind: Kind): boolean => walked(kind) || kind === 'water';

/** A zone without what its kind and modes don't have: it was of another kind or counted in another mode before. */
export function fitted({ entry_delay, entry_delays, exit_delay, abort_window, ...zone }: Zone): Zone {
	const entry = zone.kind === 'entry';
	const own = Object.entries(entry_delays ?? {}).filter(([mode]) => zone.modes.includes(mode));
	return {
		...zone,
		silent: zone.silent && zone.kind === 'panic',
		cross_zone: entry || alwaysOn(zone.kind) ? '' : zone.cross_zone,
		...(abort_window === false && takenBack(zone.kind) && { abort_window }),
		...(entry && entry_delay && { entry_delay }),
		...(entry && exit_delay && { exit_delay }),
		...(entry && own.length && { entry_delays: Object.fromEntries(own) }),
	};
}

/** Devices by room, rooms by name, those in no room last. */
export function byRoom(devices: readonly Device[]): { room: string; devices: Device[] }[] {
	const rooms = new Map<string, Device[]>();
	for (const d of devices) rooms.set(d.room, [...(rooms.get(d.room) ?? []), d]);
	return [...rooms]
		.map(([room, devices]) => ({ room, devices }))
		.sort((a, b) => Number(a.room === '') - Number(b.room === '') || a.room.localeCompare(b.room));
}

/** How well a device is heard, in a word; null where its radio doesn't say. */
export function linkWord(device: Device): 'good' | 'fair' | 'weak' | null {
	const link = device.traits['link']?.value;
	if (typeof link !== 'number') return null;
	if (link >= 60) return 'good';
	return link >= 30 ? 'fair' : 'weak';
}
