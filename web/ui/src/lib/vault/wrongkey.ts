/** It is not what opens this vault. */
export class WrongKey extends Error {
	override name = 'WrongKey';
}
