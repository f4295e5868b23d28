const browsers = { Edg: 'Edge', OPR: 'Opera', Firefox: 'Firefox', Chrome: 'Chrome', Safari: 'Safari' };
const systems = {
	iPhone: 'iPhone',
	iPad: 'iPad',
	Android: 'Android',
	Windows: 'Windows',
	Macintosh: 'Mac',
	Linux: 'Linux',
};

/**
 * "Chrome, Linux" out of what a browser calls itself, which is a guess and only for
 * the eye; empty when it is none. Each of them names its forebears too, so that the
 * first of the lists that is there counts.
 */
export function browserName(agent: string): string {
	const first = (of: Record<string, string>) => Object.entries(of).find(([word]) => agent.includes(word))?.[1];
	return [first(browsers), first(systems)].filter(Boolean).join(', ');
}
