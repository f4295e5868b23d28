/** Tokens: how programs, wall screens and televisions come in. */
import type { Schemas } from './api';
import { t } from './i18n';
import { atClock, onDay } from './time';

export type Token = Schemas['Token'];
/** What comes of making one; the token itself is in it this once. */
export type NewToken = Schemas['NewToken'];
export type PlayerPort = Schemas['PlayerPort'];

/** Roles of a program, in the order in which they are offered: the least first. */
export const tokenRoles = ['onlooker', 'notifier', 'viewer', 'guest', 'installer', 'member', 'owner'] as const;
export type TokenRole = (typeof tokenRoles)[number];

/** Roles that the hub gives for a while only. */
export const ending: readonly TokenRole[] = ['guest', 'installer'];

/** What there is to know of a token, in one line. */
export function tokenLine(k: Token): string {
	return [
		t(`tokenrole.${k.role}`),
		k.ends ? t('tokens.until', { time: `${onDay(k.ends)}, ${atClock(k.ends)}` }) : t('tokens.forever'),
		k.used ? t('tokens.used', { time: `${onDay(k.used)}, ${atClock(k.used)}` }) : t('tokens.unused'),
	].join(' · ');
}

/** Where a player opens a camera. The hub is called what this page calls it. */
export function playerAddress(at: PlayerPort, host: string, token: string, camera: string): string {
	return `${at.scheme}://tv:${token}@${host}:${at.port}/${encodeURIComponent(camera)}`;
}

/** Where a player that has no RTSP fetches a camera's picture (HLS): from where this page came. */
export function playlistAddress(origin: string, token: string, camera: string): string {
	return `${origin}/api/v1/cameras/${encodeURIComponent(camera)}/hls/index.m3u8?token=${token}`;
}
