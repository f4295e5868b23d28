/**
 * Where a person can go, for the rail beside the page and the list under More.
 * A place is named only to who may read what is there.
 */
import type { Component } from 'svelte';

import Eye from '@lucide/svelte/icons/eye';
import Apple from '@lucide/svelte/icons/house-wifi';
import Heart from '@lucide/svelte/icons/heart-pulse';
import KeySquare from '@lucide/svelte/icons/key-square';
import Keyboard from '@lucide/svelte/icons/keyboard';
import Lock from '@lucide/svelte/icons/lock-keyhole';
import Monitor from '@lucide/svelte/icons/monitor-smartphone';
import Radio from '@lucide/svelte/icons/radio';
import Shield from '@lucide/svelte/icons/shield-check';
import Guard from '@lucide/svelte/icons/shield-half';
import Sliders from '@lucide/svelte/icons/sliders-horizontal';
import Ticket from '@lucide/svelte/icons/ticket';
import Workflow from '@lucide/svelte/icons/workflow';

import type { Right } from '../lib/api';
import type { Key } from '../lib/i18n';
import { who } from '../lib/who.svelte';

export interface Place {
	path: string;
	label: Key & `nav.${string}`;
	/** Among its like, where the longer name would say what is plain. */
	short?: Key & `nav.${string}`;
	icon: Component;
	/** What one has to be allowed to see it; null: nothing. */
	right: Right | null;
}

/** What belongs to the alarm; one entry of the rail, with the others beside it on its pages. */
export const ofAlarm: Place[] = [
	{ path: '/zones', label: 'nav.zones', icon: Guard, right: 'zones.read' },
	{ path: '/codes', label: 'nav.codes', icon: KeySquare, right: 'codes.read' },
	{ path: '/keypads', label: 'nav.keypads', icon: Keyboard, right: 'devices.read' },
	{
		path: '/settings/alarm',
		label: 'nav.settings.alarm',
		short: 'nav.settings',
		icon: Sliders,
		right: 'alarm.settings',
	},
];
export const ofHouse: Place[] = [
	{ path: '/rules', label: 'nav.rules', icon: Workflow, right: 'rules.read' },
	{ path: '/devices', label: 'nav.devices', icon: Radio, right: 'devices.read' },
	{ path: '/settings/apple', label: 'nav.apple', icon: Apple, right: 'homekit.write' },
	{ path: '/privacy/vault', label: 'nav.vault', icon: Lock, right: 'vault.write' },
	{ path: '/privacy/watched', label: 'nav.watched', icon: Eye, right: 'views.read' },
	{ path: '/health', label: 'nav.health', icon: Heart, right: 'health.read' },
];
export const ofPage: Place[] = [
	{ path: '/sessions', label: 'nav.sessions', icon: Monitor, right: null },
	{ path: '/tokens', label: 'nav.tokens', icon: Ticket, right: 'tokens.read' },
	{ path: '/trust', label: 'nav.trust', icon: Shield, right: null },
];

/** Those that the person before the screen may see. */
export const open = (places: Place[]): Place[] => places.filter((p) => p.right === null || who.may(p.right));
