/**
 * Why the hub refuses something, in the page's language where the hub gives it as a
 * code and what goes into it; else in the hub's English.
 */
import type { Schemas } from './api';
import { t } from './i18n';
import type { Rule, Word } from './rules';

export type Saying = Schemas['Saying'];

/** Says any key: which ones there are is known to the hub, whose test holds it to the page. */
const say = t as unknown as (key: string, values: Record<string, string>) => string;

export function reason(english: string, says: Saying | null | undefined): string {
	if (!says) return sentence(english);
	const key = `reason.${says.code}`;
	const args = Object.fromEntries(Object.entries(says.args).map(([name, value]) => [name, plain(name, value)]));
	const what = say(key, args);
	if (what === key) return sentence(english); // a hub that is newer than the page
	const { line, column } = says.args;
	const whole = sentence(what);
	return line && column ? t('reason.at', { line, column, what: whole }) : whole;
}

/** What goes into a sentence: the types of the language and the traits have names here. */
function plain(name: string, value: string): string {
	const key = name === 'trait' ? `trait.${value}` : value.startsWith('type-') ? `reason.${value}` : '';
	const named = key && say(key, {});
	return named && named !== key ? named : value;
}

/** Why a rule can't run as things are. */
export function faultOf(rule: Pick<Rule, 'fault' | 'fault_says'>): string {
	const what = reason(rule.fault, rule.fault_says);
	return rule.fault_says?.code.startsWith('if-') ? t('reason.condition', { what }) : what;
}

/** What a word of the language means, and what it is. */
export function wordSays(w: Word): string {
	const name = w.name.split('(', 1)[0] ?? '';
	const trait = say(`trait.${name}`, {});
	const says = trait === `trait.${name}` ? say(`word.${name}`, {}) : t('word.trait', { trait });
	return says === `word.${name}` ? w.says : says;
}
export function wordType(w: Word): string {
	const said = say(`wordtype.${w.type}`, {});
	return said === `wordtype.${w.type}` ? w.type : said;
}

const sentence = (s: string) => (s ? `${s.charAt(0).toUpperCase()}${s.slice(1).replace(/\.$/, '')}.` : s);
