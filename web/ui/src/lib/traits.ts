import type { Device } from './api';
import { lang, t } from './i18n';

type Value = Device['traits'][string]['value'];

const number = new Intl.NumberFormat(lang, { maximumFractionDigits: 1 });
const units: Record<string, string> = {
	temperature: '°C',
	humidity: '%',
	illuminance: 'lx',
	power: 'W',
	energy: 'kWh',
	level: '%',
	voltage: 'V',
	current: 'A',
	restless: '%',
};

/** What a trait says, in a word or with its unit: "Open", "Movement", "21.5 °C". */
export function traitLine(trait: string, value: Value): string {
	if (value === null) return t('zone.unknown');
	if (typeof value === 'number') {
		if (trait === 'cover' && (value === 0 || value === 100)) return t(value ? 'zone.open' : 'zone.closed');
		if (trait === 'cover') return t('cover.open', { n: value });
		const unit = units[trait];
		return unit ? `${number.format(value)} ${unit}` : number.format(value);
	}
	switch (trait) {
		case 'contact':
			return t(value === 'open' ? 'zone.open' : 'zone.closed');
		case 'motion':
		case 'occupancy':
			return t(value ? 'zone.moving' : 'zone.still');
		case 'water':
			return t(value ? 'zone.wet' : 'zone.dry');
		case 'switch':
		case 'siren':
			return t(value === 'on' ? 'device.on' : 'device.off');
		case 'lock':
			return t(
				value === 'locked'
					? 'lock.locked'
					: value === 'unlocked'
						? 'lock.unlocked'
						: value === 'jammed'
							? 'lock.jammed'
							: 'zone.unknown',
			);
		default:
			return typeof value === 'boolean' ? t(value ? 'zone.active' : 'zone.clear') : value;
	}
}
