import { expect, test } from 'vitest';

import more from '../i18n/en.more.json';
import { learn } from './i18n';
import { setZone } from './time';
import { playerAddress, playlistAddress, tokenLine, tokenRoles, type Token } from './tokens';

learn(more);
const tv: Token = {
	id: 'a',
	name: 'Television',
	role: 'onlooker',
	created: '2026-05-03T12:00:00.000Z',
	by: 'Ada',
	ends: null,
	used: null,
};

test.each<[Partial<Token>, string]>([
	[{}, 'Looks on · Until it is withdrawn · Never used'],
	[{ role: 'guest', ends: '2026-05-04T10:00:00.000Z' }, 'Guest · Until Monday 4 May, 12:00 · Never used'],
	[{ used: '2026-05-04T10:00:00.000Z' }, 'Looks on · Until it is withdrawn · Last used Monday 4 May, 12:00'],
])('%o', (over, text) => {
	setZone('Europe/Berlin');
	expect(
		tokenLine({ ...tv, ...over })
			.replace('Monday, ', 'Monday ')
			.replace('May 4', '4 May'),
	).toBe(text);
});

test('every role has a name and says what it may', () => {
	const words: Record<string, string> = more;
	for (const role of tokenRoles) {
		expect(words[`tokenrole.${role}`], role).toBeTruthy();
		expect(words[`tokenrole.${role}.means`], role).toBeTruthy();
	}
});

test.each([
	['gatehouse.local', 'camera-porch', 'rtsp://tv:gh_a@gatehouse.local:8554/camera-porch'],
	['[fd00::1]', 'camera-porch', 'rtsp://tv:gh_a@[fd00::1]:8554/camera-porch'],
	['gatehouse.local', 'camera/?', 'rtsp://tv:gh_a@gatehouse.local:8554/camera%2F%3F'],
])('a player at %s opens %s', (host, camera, address) =>
	expect(playerAddress({ scheme: 'rtsp', port: 8554 }, host, 'gh_a', camera)).toBe(address),
);

test.each([
	[
		'https://gatehouse.local',
		'camera-porch',
		'https://gatehouse.local/api/v1/cameras/camera-porch/hls/index.m3u8?token=gh_a',
	],
	[
		'https://[fd00::1]:8443',
		'camera-porch',
		'https://[fd00::1]:8443/api/v1/cameras/camera-porch/hls/index.m3u8?token=gh_a',
	],
	[
		'https://gatehouse.local',
		'camera/?',
		'https://gatehouse.local/api/v1/cameras/camera%2F%3F/hls/index.m3u8?token=gh_a',
	],
])('a player without RTSP fetches from %s what %s sees', (origin, camera, address) =>
	expect(playlistAddress(origin, 'gh_a', camera)).toBe(address),
);
