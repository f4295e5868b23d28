/** What a clip is called, and where it stands on the day. Pure, for the table in its test. */
import type { Clip, ClipMark } from './api';
import type { Key, Say } from './i18n';

export type { Clip } from './api';

/** What the filters tell apart. */
export type Sort = 'person' | 'animal' | 'car' | 'other';
export const sorts: readonly Sort[] = ['person', 'animal', 'car', 'other'];

const kinds: Record<string, Sort> = {
	person: 'person',
	dog: 'animal',
	cat: 'animal',
	horse: 'animal',
	bird: 'animal',
	car: 'car',
	truck: 'car',
	bus: 'car',
	vehicle: 'car',
	bicycle: 'car',
	motorcycle: 'car',
};

/** What a clip is of, by the surest thing that was seen. A person goes before a dog that was surer. */
export function sortOf(clip: Pick<Clip, 'labels'>): Sort {
	const seen = clip.labels.map((l) => kinds[l.name.toLowerCase()] ?? 'other');
	return sorts.find((s) => seen.includes(s)) ?? 'other';
}

/** How long it is, in ms. */
export const length = (clip: Pick<Clip, 'start' | 'end'>): number =>
	Math.max(0, Date.parse(clip.end) - Date.parse(clip.start));

/** What set it off, in words; the name of a zone is looked up. */
export function reason(clip: Pick<Clip, 'reason'>, zone: (id: string) => string, t: Say): string {
	const [kind = '', what = ''] = split(clip.reason);
	switch (kind) {
		case 'zone':
			return t('clip.reason.zone', { name: zone(what) });
		case 'person':
			return t('clip.reason.person', { name: what });
		case 'phase':
			return t('clip.reason.phase');
		case 'doorbell':
		case 'seen':
		case 'motion':
		case 'continuous':
			return t(`clip.reason.${kind}`);
		default:
			return t('clip.reason.other');
	}
}

function split(s: string): [string, string] {
	const at = s.indexOf(':');
	return at < 0 ? [s, ''] : [s.slice(0, at), s.slice(at + 1)];
}

/** What it shows if that is known, else what set it off. */
export function title(clip: Pick<Clip, 'labels' | 'reason'>, zone: (id: string) => string, t: Say): string {
	const sort = sortOf(clip);
	if (sort === 'other') return reason(clip, zone, t);
	const surest = clip.labels.filter((l) => kinds[l.name.toLowerCase()] === sort).sort((a, b) => b.score - a.score)[0];
	return seenAs(surest?.name ?? '', t);
}

/** What a thing is called that was seen. */
export function seenAs(label: string, t: Say): string {
	const name = label.toLowerCase();
	const known: Record<string, Key & `clip.seen.${string}`> = {
		person: 'clip.seen.person',
		dog: 'clip.seen.dog',
		cat: 'clip.seen.cat',
		car: 'clip.seen.car',
	};
	const key = known[name];
	if (key) return t(key);
	const kind = kinds[name];
	return kind ? t(kind === 'animal' ? 'clip.seen.animal' : 'clip.seen.vehicle') : label;
}

/** What a mark on a ruler is called: as a clip is. */
export const titleOf = (mark: Pick<ClipMark, 'labels' | 'reason'>, zone: (id: string) => string, t: Say): string =>
	title({ reason: mark.reason, labels: mark.labels.map((name) => ({ name, score: 1 })) }, zone, t);

/** Where in a clip the address says to begin, in seconds: "t=7.5"; null where it does not. */
export function placeOf(hash: string): number | null {
	const [, n] = /^t=(\d+(?:\.\d+)?)$/.exec(hash) ?? [];
	return n === undefined ? null : Number(n);
}

/** The address of a clip, at an instant (ms) if that lies in it. */
export function addressOf(clip: Pick<Clip, 'id' | 'start' | 'end'>, at: number): string {
	const into = (at - Date.parse(clip.start)) / 1000;
	const path = `/clips/${encodeURIComponent(clip.id)}`;
	return into >= 0 && at <= Date.parse(clip.end) ? `${path}#t=${into.toFixed(1)}` : path;
}

/** Where to open a clip, in seconds: at what set it off, with what was before behind it. */
export function opening(clip: Pick<Clip, 'start' | 'end' | 'reason'>, pre: number): number {
	if (clip.reason === 'continuous') return 0;
	const all = length(clip) / 1000;
	return pre < all ? Math.max(0, pre) : 0;
}

/** How long the clips of a camera stay, in one sentence. */
export function kept(days: number, quota: string, t: Say): string {
	if (days > 0) return quota ? t('camera.kept.both', { days, quota }) : t('camera.kept.days', { days });
	return quota ? t('camera.kept.quota', { quota }) : t('camera.kept.room');
}
