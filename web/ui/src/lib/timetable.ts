/** Days as a timetable of the hub names them, and as the week goes. */
export const days = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'] as const;
export type Day = (typeof days)[number];

/**
 * One span of a timetable: "Mon-Fri 08:00-17:00", "Tue,Sat 22:00-06:00" into the
 * next morning, "08:00-20:00" on every day; '' while it has no length.
 */
export function spanOf(on: readonly Day[], from: string, to: string): string {
	if (!from || !to || from === to) return '';
	const times = `${from}-${to}`;
	const chosen = days.map((d) => on.includes(d));
	if (!chosen.includes(false) || !chosen.includes(true)) return times;
	const runs: string[] = [];
	for (let i = 0; i < days.length;) {
		if (!chosen[i]) {
			i++;
			continue;
		}
		const first = i;
		while (chosen[i]) i++;
		const run = days.slice(first, i);
		runs.push(run.length > 2 ? `${run[0]}-${run.at(-1)}` : run.join(','));
	}
	return `${runs.join(',')} ${times}`;
}

/** A timetable with one span more. */
export const joined = (timetable: string, span: string): string =>
	[timetable.trim().replace(/;$/, ''), span].filter(Boolean).join('; ');
