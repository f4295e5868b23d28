import { expect, test } from 'vitest';

import type { Event } from './api';
import { freeNumber, outcome, type Outcome } from './locks';

const LOCK = 'zigbee-1';
const line = (seq: number, kind: string, data: unknown, device = LOCK): Event => ({
	seq,
	at: '2026-05-03T14:00:00Z',
	kind,
	device,
	zone: '',
	who: null,
	text: `line ${seq}`,
	data,
});
const done = (seq: number, id: string, result: string) => line(seq, 'command', { id, trait: 'lock', result });
const used = (seq: number, means: string, bolt: string | null) => line(seq, 'access', { means, bolt });

test.each<[string, Event[], Outcome, string]>([
	['nothing yet', [], 'way', ''],
	['of another command', [done(11, 'c4', 'done')], 'way', ''],
	['from before', [done(10, 'c5', 'failed'), used(9, 'hub', null)], 'way', ''],
	['taken', [done(11, 'c5', 'done')], 'heard', ''],
	['turned by hand meanwhile', [used(12, 'hand', 'locked'), done(11, 'c5', 'done')], 'heard', ''],
	['moved by the hub', [used(12, 'hub', 'unlocked'), done(11, 'c5', 'done')], 'heard', ''],
	['a wrong code at its keypad', [used(12, 'pin', null)], 'way', ''],
	['not reached', [done(11, 'c5', 'failed')], 'failed', 'line 11'],
	['refused', [used(12, 'hub', null), done(11, 'c5', 'done')], 'refused', 'line 12'],
	['another lock refused', [line(12, 'access', { means: 'hub', bolt: null }, 'zigbee-2')], 'way', ''],
])('a lock that was told something: %s', (_, events, want, text) => {
	expect(outcome(events, LOCK, { id: 'c5', bolt: 'unlocked', after: 10 })).toEqual({ outcome: want, text });
});

test('the first free number leaves out 0 and those that are taken', () => {
	expect(freeNumber([])).toBe(1);
	expect(freeNumber([0, 1, 2, 4])).toBe(3);
});
