import { expect, test } from 'vitest';

import type { Settings } from './api';
import { changes, figures, typed, unitOf, usual, type Typed } from './settings';

const was: Settings = {
	exit_delay: '1m0s',
	entry_delay: '30s',
	abort_window: '30s',
	siren_timeout: '4m0s',
	swinger: 2,
	outside_standard: false,
	preset: '',
	exit_restart: true,
	unvacated_home: true,
	arm_on_close: false,
	quick_arm: false,
	cancel_window: '5m0s',
	cross_zone_time: '1m0s',
	verify_time: '30m0s',
	siren_cycles: 3,
	strobe_after: true,
};

test('figures stand in their own unit', () => {
	expect(typed(was)).toEqual({
		exit_delay: 60,
		entry_delay: 30,
		abort_window: 30,
		cancel_window: 5,
		cross_zone_time: 60,
		verify_time: 30,
		siren_timeout: 4,
		siren_cycles: 3,
		strobe_after: true,
		swinger: 2,
		preset: '',
		exit_restart: true,
		unvacated_home: true,
		arm_on_close: false,
		quick_arm: false,
		outside_standard: false,
	});
});

test.each<[string, Partial<Typed>, Partial<Settings>]>([
	['nothing', {}, {}],
	['a delay', { exit_delay: 90 }, { exit_delay: '90s' }],
	['minutes', { siren_timeout: 1.5 }, { siren_timeout: '90s' }],
	['more of them', { cancel_window: 10, verify_time: 45 }, { cancel_window: '600s', verify_time: '2700s' }],
	['how often', { siren_cycles: 1, strobe_after: false }, { siren_cycles: 1, strobe_after: false }],
	['an empty field', { entry_delay: null, swinger: null }, {}],
	['none at all', { entry_delay: 0, swinger: 0 }, { entry_delay: '0s', swinger: 0 }],
	['a switch', { quick_arm: true }, { quick_arm: true }],
	['a rule book', { preset: 'en', exit_restart: false }, { preset: 'en', exit_restart: false }],
	['the other', { outside_standard: true }, { outside_standard: true }],
])('%s', (_, now, sent) => {
	expect(changes(was, { ...typed(was), ...now })).toEqual(sent);
});

test('each figure has its unit, and what is usual of it', () => {
	expect(figures.map((f) => `${f} ${usual[f]} ${unitOf(f).slice(5)}`)).toEqual([
		'exit_delay 60 seconds',
		'entry_delay 30 seconds',
		'abort_window 30 seconds',
		'cancel_window 5 minutes',
		'cross_zone_time 60 seconds',
		'verify_time 30 minutes',
		'swinger 2 times',
		'siren_timeout 4 minutes',
		'siren_cycles 3 times',
	]);
	expect(typed(was)).toMatchObject(usual);
});
