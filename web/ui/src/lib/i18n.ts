/**
 * Words in the owner's language. English is the source: its keys and the names
 * between braces are what the compiler checks (words.gen.d.ts is made from it).
 * What the first screens say is in en.json; the rest is fetched with the first
 * screen that says it, and is in en.more.json.
 *
 * `{name}` puts a value in. `{n|one form|other form}` chooses by the plural
 * rules of the language, `#` in a form is the number. A language with more
 * classes names them: `{n|one=…|few=…|other=…}`.
 */
import en from '../i18n/en.json';

export type Key = keyof Words;
export type Value = string | number;
type Args<K extends Key> = Words[K] extends never ? [] : [values: Record<Words[K], Value>];
/** Says a sentence. */
export type Say = <K extends Key>(key: K, ...values: Args<K>) => string;

type Dictionary = Record<string, string>;

/** What can be said in English: the words of the first screens, and those of the others once they are learnt. */
const english: Dictionary = { ...en };

const hole = /\{(\w+)(?:\|([^}]*))?\}/g;

/** Makes a speaker of one language; what a dictionary lacks is said in English. */
export function speaker(lang: string, dictionary: Dictionary = {}): Say {
	const plural = new Intl.PluralRules(lang);
	const number = new Intl.NumberFormat(lang);
	return (key, ...rest) => {
		const values = (rest[0] ?? {}) as Record<string, Value>;
		const text = dictionary[key] ?? english[key] ?? key;
		return text.replace(hole, (_, name: string, forms: string | undefined) => {
			const value = values[name] ?? '';
			const shown = typeof value === 'number' ? number.format(value) : value;
			if (forms === undefined) return shown;
			return choose(forms, plural.select(Number(value))).replaceAll('#', shown);
		});
	};
}

function choose(forms: string, wanted: Intl.LDMLPluralRule): string {
	const list = forms.split('|');
	if (list.some((f) => /^(zero|one|two|few|many|other)=/.test(f))) {
		const named = (name: string) => list.find((f) => f.startsWith(`${name}=`))?.slice(name.length + 1);
		return named(wanted) ?? named('other') ?? '';
	}
	return (wanted === 'one' ? list[0] : list.at(-1)) ?? '';
}

const accents: Record<string, string> = {
	a: 'á', e: 'é', i: 'í', o: 'ó', u: 'ú', y: 'ý', c: 'ç', n: 'ñ', s: 'š', z: 'ž',
	A: 'Å', E: 'É', I: 'Í', O: 'Ö', U: 'Ü', C: 'Ç', N: 'Ñ', S: 'Š', Z: 'Ž',
}; // prettier-ignore

/** A language that nobody speaks: longer by two fifths and with accents, to find what does not fit. */
export function pseudo(dictionary: Dictionary = en): Dictionary {
	const out: Dictionary = {};
	for (const [key, text] of Object.entries(dictionary)) {
		const strange = text.replace(/\{[^}]*\}|[a-zA-Z]/g, (c) => accents[c] ?? c);
		out[key] = `${strange} ${'·'.repeat(Math.ceil(text.replace(/\{[^}]*\}/g, '').length * 0.4))}`;
	}
	return out;
}

/** The languages there are, and the two invented ones for trials. */
export function choice(wanted: readonly string[]): {
	lang: string;
	dir: 'ltr' | 'rtl';
	dictionary: Dictionary;
	strange?: true;
} {
	for (const tag of wanted) {
		if (tag === 'en-XA') return { lang: 'en', dir: 'ltr', dictionary: pseudo(), strange: true };
		if (tag === 'en-XB') return { lang: 'en', dir: 'rtl', dictionary: pseudo(), strange: true };
		if (tag.split('-')[0] === 'en') return { lang: tag, dir: 'ltr', dictionary: {} };
	}
	return { lang: 'en', dir: 'ltr', dictionary: {} };
}

const chosen = choice([remembered(), ...(globalThis.navigator?.languages ?? [])]);

function remembered(): string {
	try {
		return globalThis.localStorage?.getItem('gatehouse.language') ?? '';
	} catch {
		return '';
	}
}

/** Learns the words of a screen that is fetched when it is first wanted (en.more.json). */
export function learn(words: Dictionary): void {
	Object.assign(english, words);
	if (chosen.strange) Object.assign(chosen.dictionary, pseudo(words));
}

export const { lang, dir } = chosen;
export const t: Say = speaker(chosen.lang, chosen.dictionary);
