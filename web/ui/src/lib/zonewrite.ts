import type { Zone } from './api';
import { fitted } from './guard';
import { live } from './live.svelte';
import { change } from './stepup.svelte';

/** Writes a zone as it was read, with what was changed. */
export async function putZone(zone: Zone): Promise<void> {
	await change<Zone>('PUT', `/zones/${zone.id}`, { body: fitted(zone) });
	await live.again();
}

export async function removeZone(id: string): Promise<void> {
	await change('DELETE', `/zones/${id}`);
	await live.again();
}
