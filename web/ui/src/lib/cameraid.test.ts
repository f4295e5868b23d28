import { expect, it } from 'vitest';

import { fingerprint, idOf, withUser } from './cameraid';

it.each([
	['Porch', [], 'camera-porch'],
	['Front door', [], 'camera-front-door'],
	['Straße & Garten!', [], 'camera-stra-e-garten'],
	['Entrée', [], 'camera-entree'],
	['باب', [], 'camera-1'],
	['باب', ['camera-1'], 'camera-2'],
	['Porch', ['camera-porch', 'camera-porch-2'], 'camera-porch-3'],
	['x'.repeat(80), [], `camera-${'x'.repeat(36)}`],
] as const)('%s, beside %j, is %s', (name, taken, id) => {
	expect(idOf(name, taken)).toBe(id);
	expect(id).toMatch(/^camera-[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/);
});

it('an address is said with the name that goes with it', () => {
	expect(withUser('http://192.168.1.20/onvif/device_service', 'hub')).toBe(
		'http://hub@192.168.1.20/onvif/device_service',
	);
	expect(withUser(' 192.168.1.20:8080 ', 'a@b')).toBe('http://a%40b@192.168.1.20:8080');
	expect(withUser('http://other@192.168.1.20', '')).toBe('http://192.168.1.20');
});

it('an address in TLS stays one', () => {
	expect(withUser('https://192.168.1.20/onvif/device_service', 'hub')).toBe(
		'https://hub@192.168.1.20/onvif/device_service',
	);
	expect(withUser('HTTPS://other@192.168.1.20:8443', '')).toBe('https://192.168.1.20:8443');
});

it('a certificate is said as it can be compared', () => {
	expect(fingerprint('0fa1b2')).toBe('0F:A1:B2');
	expect(fingerprint('')).toBe('');
});
