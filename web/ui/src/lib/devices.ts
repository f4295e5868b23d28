import type { Device } from './api';
import { t } from './i18n';
import { span } from './time';

/** What is wrong with a device, if anything; `now` is the hub's clock. */
export function wrongWith(d: Device, now: number): string {
	const ago = heardAgo(d, now);
	switch (d.health) {
		case 'joining':
			return t('device.joining');
		case 'failed':
			return t('device.failed');
		case 'missing':
			return ago ? t('device.missing', { span: ago }) : t('device.missing.never');
		case 'late':
			return ago ? t('device.late', { span: ago }) : t('device.missing.never');
		default:
			return '';
	}
}

/** "4 min" since the device was last heard; '' when it never was. */
export const heardAgo = (d: Device, now: number): string =>
	d.last_seen ? span(Math.max(0, now - Date.parse(d.last_seen))) : '';

/** What a siren, plug or lamp is doing. */
export function doing(d: Device): string {
	const value = d.traits['siren']?.value ?? d.traits['switch']?.value;
	return value === 'on' ? t('device.on') : value === 'off' ? t('device.off') : '';
}

/** "Battery 87 %", with a word when it wants a new one. */
export function batteryLine(d: Device): string {
	const battery = d.traits['battery']?.value;
	const low = d.traits['low_battery']?.value === true || (typeof battery === 'number' && battery <= 15);
	if (typeof battery !== 'number') return low ? t('device.battery.low') : '';
	return low ? t('device.battery.low.at', { n: battery }) : t('device.battery', { n: battery });
}
