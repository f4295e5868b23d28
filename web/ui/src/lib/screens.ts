/**
 * Which screen an address names: one of its own, or one of a kind, whose id is
 * the last part: "/devices/zwave-5" is "/devices/:id" of "zwave-5". A name of
 * its own goes first, so that "/devices/add" adds one.
 */
export function screenOf(path: string, names: readonly string[]): { name: string; id: string } | null {
	if (names.includes(path)) return { name: path, id: '' };
	const cut = path.lastIndexOf('/');
	const name = `${path.slice(0, cut)}/:id`;
	const id = decoded(path.slice(cut + 1));
	return id && names.includes(name) ? { name, id } : null;
}

function decoded(part: string): string {
	try {
		return decodeURIComponent(part);
	} catch {
		return '';
	}
}

/** Whether an address is the place itself or something within it. */
export function within(path: string, place: string): boolean {
	return path === place || (place !== '/' && path.startsWith(`${place}/`));
}
