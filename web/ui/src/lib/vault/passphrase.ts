/** What two keyboards write differently is the same passphrase. */
export const normal = (s: string): string => s.normalize('NFKC').trim();

const letters = 'abcdefghjkmnpqrstuvwxyz23456789';

/** A passphrase that nobody guesses: sixteen of 31 signs, 79 bits, in groups to be typed. */
export function suggestion(): string {
	const out: string[] = [];
	for (let i = 0; i < 16;) {
		for (const b of crypto.getRandomValues(new Uint8Array(32))) {
			// Those beyond a whole number of alphabets would make some letters likelier.
			if (b >= 248 || i >= 16) continue;
			if (i > 0 && i % 4 === 0) out.push('-');
			out.push(letters[b % letters.length] ?? '');
			i++;
		}
	}
	return out.join('');
}

/**
 * Whether a passphrase holds against somebody who took the box home and has all
 * the time in the world: it is the only thing that stands there. The hub is not
 * asked, as it asks about passwords: this one it must not see.
 */
export function strong(passphrase: string): boolean {
	const s = normal(passphrase);
	return s.length >= 16 && new Set(s).size >= 8;
}
