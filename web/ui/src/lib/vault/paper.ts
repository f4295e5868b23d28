/** The recovery key as it goes on paper: which one it is, and how its public half ends. */
export interface Paper {
	secret: string;
	epoch: number;
	end: string;
}

/** How a public key ends: the checksum of it, to tell one sheet of paper from another. */
export const endOf = (recipient = ''): string => recipient.slice(-6);

/** What is known of the keys of before: of which epoch they were, and how their public halves ended. */
export interface Earlier {
	epoch: number;
	ends: readonly string[];
}
