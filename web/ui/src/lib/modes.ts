import { known, type ArmedMode, type Known, type Mode } from './api';
import type { Snapshot } from './house';
import { t } from './i18n';

/** One way in which the house can be armed, or not. */
export interface Choice {
	id: Mode;
	name: string;
	/** Which of those that the page has words and pictures for it is like. */
	like: Known;
}

export const off: Choice = { id: 'disarmed', name: t('mode.disarmed'), like: 'disarmed' };

/** The armed modes of this house: those of every house, and the owner's own. */
export function modesOf(s: Pick<Snapshot, 'modes'> | null): Choice[] {
	return (s?.modes ?? []).map(({ id, name, like }) => ({ id, name: nameOf({ id, name }), like: known(like) }));
}

/** A mode of every house is called so in each language, unless its owner calls it otherwise. */
export function nameOf({ id, name }: Pick<ArmedMode, 'id' | 'name'>): string {
	return (id === 'home' || id === 'night' || id === 'away') && name.toLowerCase() === id ? t(`mode.${id}`) : name;
}
