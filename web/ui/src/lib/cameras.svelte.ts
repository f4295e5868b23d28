/** The cameras as the hub knows them. */
import { call, type Camera, type CameraChange, type CameraPreset, type FoundCamera } from './api';
import { why } from './refusal';
import { change } from './stepup.svelte';

class Cameras {
	list = $state.raw<Camera[] | null>(null);
	wrong = $state('');

	async look(): Promise<void> {
		try {
			this.list = await call<Camera[]>('GET', '/cameras');
			this.wrong = '';
		} catch (error) {
			this.wrong = why(error);
		}
	}
	/** Looks how they stand, again and again for as long as the component is there that calls it. */
	watch(): void {
		$effect(() => {
			void this.look();
			const beat = setInterval(() => this.look(), 5_000);
			return () => clearInterval(beat);
		});
	}
	/** Makes or changes one; throws what the hub has against it. */
	async put(id: string, body: CameraChange): Promise<Camera> {
		const made = await change<Camera>('PUT', pathOf(id), { body });
		await this.look();
		return made;
	}
	async remove(id: string): Promise<void> {
		await change('DELETE', pathOf(id));
		await this.look();
	}
	/** Looks for cameras on the LAN; takes some seconds. */
	find(): Promise<FoundCamera[]> {
		return call<FoundCamera[]>('POST', '/cameras/discover');
	}
	/** Where a camera that turns can look. */
	presets(id: string): Promise<CameraPreset[]> {
		return call<CameraPreset[]>('GET', `${pathOf(id)}/presets`);
	}
	/** Turns it there. */
	async lookAt(id: string, preset: string): Promise<void> {
		await call('POST', `${pathOf(id)}/look`, { body: { preset } });
	}
	/** Records for ten seconds from now on. */
	async record(id: string): Promise<void> {
		await call('POST', `${pathOf(id)}/record`, { body: { for: '10s' } });
		await this.look();
	}
}

const pathOf = (id: string) => `/cameras/${encodeURIComponent(id)}`;

export const cameras = new Cameras();
