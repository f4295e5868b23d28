import { expect, test } from 'vitest';

import more from '../i18n/en.more.json';
import { learn } from './i18n';
import type { Act, When } from './rules';
import { saying } from './says';

learn(more);

const names = {
	devices: [
		{ id: 'zwave-3', name: 'Back door' },
		{ id: 'zwave-7', name: 'Lamp' },
		{ id: 'zwave-8', name: 'Bedroom climate' },
	],
	modes: [
		{ id: 'night', name: 'Night' },
		{ id: 'guests', name: 'Guests' },
	],
};
const lamp: Act = { do: 'command', device: 'zwave-7', trait: 'switch', value: 'on', for: '4h0m0s' };
const says = (when: When, condition = '', then: Act[] = [lamp]) => saying({ when, if: condition, then }, names);

test('every event has its sentence', () => {
	const told: [When, string][] = [
		[{ event: 'time', at: '22:30' }, 'At 22:30'],
		[{ event: 'time', at: '22:30', days: ['fri', 'sat'] }, 'At 22:30 on Fri and Sat'],
		[{ event: 'sunset' }, 'At sunset'],
		[{ event: 'sunset', offset: '-15m0s' }, '15 minutes before sunset'],
		[{ event: 'sunrise', offset: '1h30m0s', days: ['mon'] }, '1 hour 30 minutes after sunrise on Mon'],
		[{ event: 'mode' }, 'When the alarm is set to another mode'],
		[{ event: 'mode', mode: 'guests' }, 'When the alarm is set to Guests'],
		[{ event: 'phase', phase: 'entry' }, 'When the alarm comes to the step “time to turn it off”'],
		[{ event: 'alarm' }, 'When an alarm begins'],
		[{ event: 'alarm', kind: 'fire' }, 'When an alarm begins (fire)'],
		[{ event: 'trouble' }, 'When something is wrong with the house'],
		[{ event: 'trouble', code: 'radio-down' }, 'When this is wrong with the house: radio-down'],
		[{ event: 'reading', device: 'zwave-3', trait: 'contact', value: 'open' }, 'When Back door says “Open”'],
		[
			{ event: 'reading', device: 'zwave-3', trait: 'contact', value: 'open', for: '10m0s' },
			'When Back door has said “Open” for 10 minutes',
		],
		[
			{ event: 'reading', device: 'zwave-8', trait: 'temperature', above: 25.5 },
			'When Bedroom climate goes above “Temperature: 25.5 °C”',
		],
		[
			{ event: 'reading', device: 'zwave-8', trait: 'temperature', below: 0, for: '1m0s' },
			'When Bedroom climate has been below “Temperature: 0 °C” for 1 minute',
		],
		[{ event: 'button', device: 'zwave-9', value: 'double' }, 'When zwave-9 is pressed (twice)'],
		[{ event: 'person', move: 'last-leaves' }, 'When the last person leaves'],
		[{ event: 'person', move: 'arrives' }, 'When somebody comes home'],
		[{ event: 'person', move: 'leaves', person: 'Ada' }, 'When Ada leaves'],
	];
	for (const [when, sentence] of told) expect(says(when)).toBe(`${sentence}: Lamp on for 4 hours.`);
});

test('conditions that the page has words for, and those of the owner', () => {
	expect(says({ event: 'sunset' }, ' not armed ')).toBe('At sunset, if the alarm is off: Lamp on for 4 hours.');
	expect(says({ event: 'sunset' }, 'hour > 20 ')).toBe('At sunset, if hour > 20: Lamp on for 4 hours.');
});

test('every act has its words', () => {
	const acts: Act[] = [
		{ do: 'command', device: 'zwave-7', trait: 'level', value: 40 },
		{ do: 'arm', mode: 'night' },
		{ do: 'tell', text: 'Good night.' },
	];
	expect(says({ event: 'sunset' }, '', acts)).toBe('At sunset: Lamp 40 %, arm Night, and tell “Good night.”.');
});

test('it is the page that speaks', () => {
	learn({ 'says.sunset': 'Bei Sonnenuntergang' });
	expect(says({ event: 'sunset' })).toBe('Bei Sonnenuntergang: Lamp on for 4 hours.');
	learn(more);
});
