/** A new key would be opened by what opened the old one. */
export class SamePhrase extends Error {
	override name = 'SamePhrase';
}

/** It is not what opens this vault. */
export class WrongKey extends Error {
	override name = 'WrongKey';
}
