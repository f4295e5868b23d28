/** Which drawing stands for a sensor or a device. */
import Activity from '@lucide/svelte/icons/activity';
import DoorClosed from '@lucide/svelte/icons/door-closed';
import DoorOpen from '@lucide/svelte/icons/door-open';
import Droplets from '@lucide/svelte/icons/droplets';
import Flame from '@lucide/svelte/icons/flame';
import Footprints from '@lucide/svelte/icons/footprints';
import Keyboard from '@lucide/svelte/icons/keyboard';
import Plug from '@lucide/svelte/icons/plug';
import Radio from '@lucide/svelte/icons/radio';
import Siren from '@lucide/svelte/icons/siren';

import type { Device, Zone } from '../lib/api';

export function zoneIcon(trait: Zone['trait'], open = false) {
	switch (trait) {
		case 'contact':
		case 'lock':
			return open ? DoorOpen : DoorClosed;
		case 'motion':
		case 'occupancy':
			return Footprints;
		case 'water':
			return Droplets;
		case 'smoke':
		case 'co':
		case 'gas':
			return Flame;
		default:
			return Activity;
	}
}

export function deviceIcon(d: Device) {
	if ('siren' in d.traits) return Siren;
	if ('keypad' in d.traits || 'button' in d.traits) return Keyboard;
	if ('switch' in d.traits || 'level' in d.traits) return Plug;
	const senses = (['contact', 'lock', 'motion', 'occupancy', 'water', 'smoke', 'co', 'gas'] as const).find(
		(t) => t in d.traits,
	);
	return senses ? zoneIcon(senses) : Radio;
}
