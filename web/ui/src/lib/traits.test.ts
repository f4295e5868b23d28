import { expect, test } from 'vitest';

import more from '../i18n/en.more.json';
import { learn } from './i18n';
import { traitLine } from './traits';

learn(more);

test.each([
	['contact', 'open', 'Open'],
	['contact', 'closed', 'Closed'],
	['contact', null, 'No word yet'],
	['motion', true, 'Movement'],
	['occupancy', false, 'Still'],
	['water', true, 'Wet'],
	['smoke', false, 'Clear'],
	['tamper', true, 'Raised'],
	['siren', 'on', 'On'],
	['switch', 'off', 'Off'],
	['lock', 'jammed', 'Jammed'],
	['lock', 'unknown', 'No word yet'],
	['temperature', 21.46, '21.5 °C'],
	['illuminance', 1200, '1,200 lx'],
	['voltage', 230.04, '230 V'],
	['restless', 3, '3 %'],
	['cover', 0, 'Closed'],
	['cover', 40, '40 % open'],
	['cover', 100, 'Open'],
	['button', 'press', 'press'],
])('%s %s', (trait, value, line) => {
	expect(traitLine(trait, value)).toBe(line);
});
