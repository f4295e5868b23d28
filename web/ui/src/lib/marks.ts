/** Where in a film one can begin to look, as its sealed notes have it. Pure, for the table in its test. */

/** A picture that stands alone: when it is shown, in seconds, and its first byte. */
export interface Mark {
	readonly at: number;
	readonly byte: number;
}

/** The marks of what the hub noted: {"parts": [{"ms": 2000, "offset": 812}, …]}. */
export function marksOf(notes: string): Mark[] {
	const { parts } = JSON.parse(notes) as { parts: readonly { ms: number; offset: number }[] };
	let at = 0;
	return parts.map(({ ms, offset }) => {
		const mark = { at, byte: offset };
		at += (ms + 1) / 1000; // told in whole ones: rather a little late than behind what is looked for
		return mark;
	});
}

/** From where the film is to be had so that a second of it can be seen; its beginning where nothing is known. */
export function before(marks: readonly Mark[], at: number): Mark {
	return marks.findLast((m) => m.at <= at) ?? { at: 0, byte: 0 };
}
