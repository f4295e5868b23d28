/** The id of a new camera, out of what the family calls it. It stays when the name changes. */
export function idOf(name: string, taken: readonly string[] = []): string {
	const short = name
		.normalize('NFKD')
		.toLowerCase()
		.replace(/\p{M}/gu, '')
		.replace(/[^a-z0-9]+/g, '-')
		.slice(0, 36)
		.replace(/^-+|-+$/g, '');
	const first = `camera-${short || '1'}`;
	for (let n = 2, id = first; ; n++) {
		if (!taken.includes(id)) return id;
		id = short ? `${first}-${n}` : `camera-${n}`;
	}
}

/** The address of a camera's services with the name that it knows the hub by; in TLS if it says so. */
export function withUser(address: string, user: string): string {
	const [, sealed, plain = ''] = /^(?:http(s?):\/\/)?(.*)$/is.exec(address.trim()) ?? [];
	return `${sealed ? 'https' : 'http'}://${user && `${encodeURIComponent(user)}@`}${plain.slice(plain.lastIndexOf('@') + 1)}`;
}

/** A certificate's SHA-256 as cameras and browsers write it, so that it can be compared. */
export function fingerprint(sum: string): string {
	const pairs: string[] = [];
	for (let i = 0; i < sum.length; i += 2) pairs.push(sum.slice(i, i + 2));
	return pairs.join(':').toUpperCase();
}
