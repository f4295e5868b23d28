import { readFile } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname } from 'node:path';

import type { Alarm, Device, Event, Session, Trouble, Zone } from '../src/lib/api';

/** A house as a test wants to see it drawn. */
export interface House {
	alarm: Partial<Alarm>;
	open?: string[];
	health?: Trouble[];
	devices?: Record<string, Partial<Device>>;
	zones?: Zone[];
	/** The stream says nothing after its beginning. */
	silent?: boolean;
	events?: Event[];
}

const dist = new URL('../../dist/', import.meta.url);
const types: Record<string, string> = {
	'.html': 'text/html',
	'.js': 'text/javascript',
	'.css': 'text/css',
	'.svg': 'image/svg+xml',
	'.woff2': 'font/woff2',
};

const iso = (ago = 0) => new Date(Date.now() - ago).toISOString();
const zone = (id: string, name: string, trait: Zone['trait'] = 'contact', kind: Zone['kind'] = 'perimeter'): Zone => ({
	id,
	name,
	device: `zwave-${id}`,
	trait,
	kind,
	areas: ['house'],
	modes: kind === 'interior' ? ['away'] : ['home', 'night', 'away'],
	chime: false,
	cross_zone: '',
	silent: false,
	bypassed: false,
});
export const zones: Zone[] = [
	zone('front-door', 'Front door', 'contact', 'entry'),
	zone('kitchen-window', 'Kitchen window'),
	zone('bathroom-window', 'Bathroom window'),
	zone('hall', 'Hall', 'motion', 'interior'),
	zone('cellar', 'Cellar', 'water', 'water'),
];

function device(id: string, name: string, room: string, traits: Record<string, string | boolean | number>): Device {
	return {
		id,
		name,
		room,
		radio: 'zwave',
		address: '1',
		maker: '',
		model: '',
		firmware: '',
		security: 's2-authenticated',
		power: 'battery',
		health: 'ok',
		last_seen: iso(240_000),
		traits: Object.fromEntries(Object.entries(traits).map(([k, value]) => [k, { value, since: iso(3_600_000) }])),
	};
}

/**
 * A hub that says what a test tells it to, for the states that a real one is
 * seldom in. It shows how the page draws, not that the hub works: the journeys
 * do that with the real program.
 */
export class FakeHub {
	house: House = { alarm: {} };
	#clients = new Set<ServerResponse>();
	#seq = 1;
	#server = createServer((request, response) => {
		const { pathname } = new URL(request.url ?? '/', 'http://fake');
		if (pathname.startsWith('/api/v1')) this.#api(pathname.slice(7), response);
		else void this.#file(pathname, response);
	});
	#beat = setInterval(() => this.#say('beat', { seq: 1, alarm: this.#seq, now: iso() }), 1000);

	async start(): Promise<string> {
		await new Promise<void>((up) => this.#server.listen(0, '127.0.0.1', up));
		return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
	}
	stop(): void {
		clearInterval(this.#beat);
		this.#server.closeAllConnections();
		this.#server.close();
	}

	#say(event: string, data: unknown): void {
		if (this.house.silent) return;
		for (const c of this.#clients) c.write(`id: 1\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
	}
	#alarm(): Alarm {
		return {
			seq: this.#seq,
			mode: 'disarmed',
			like: this.house.alarm?.mode ?? 'disarmed',
			phase: 'disarmed',
			since: iso(7_200_000),
			until: null,
			now: iso(),
			open: this.house.open ?? [],
			bypassed: [],
			ready: { home: true, night: true, away: true },
			troubles: [],
			alarm: null,
			test: null,
			changed_by: 'Anna',
			areas: [],
			...this.house.alarm,
		};
	}
	#devices(): Device[] {
		const open = (id: string) => (this.house.open?.includes(id) ? 'open' : 'closed');
		const all = [
			device('zwave-front-door', 'Front door contact', 'Hall', { contact: open('front-door'), battery: 87 }),
			device('zwave-kitchen-window', 'Kitchen window contact', 'Kitchen', {
				contact: open('kitchen-window'),
				battery: 61,
			}),
			device('zwave-bathroom-window', 'Bathroom window contact', 'Bathroom', {
				contact: open('bathroom-window'),
				battery: 94,
			}),
			device('zwave-hall', 'Hall motion', 'Hall', { motion: false, battery: 72 }),
			device('zwave-cellar', 'Cellar leak', 'Cellar', { water: false, battery: 99 }),
			device('zwave-siren', 'Siren', 'Landing', { siren: this.house.alarm.phase === 'alarm' ? 'on' : 'off' }),
			device('zwave-lamp', 'Lamp', 'Study', { switch: 'on' }),
		];
		return all.map((d) => ({ ...d, ...this.house.devices?.[d.id] }));
	}
	#api(path: string, response: ServerResponse): void {
		const answer = (body: unknown, status = 200) => {
			response.writeHead(status, { 'Content-Type': 'application/json' });
			response.end(JSON.stringify(body));
		};
		const session: Session = {
			stage: 'full',
			kind: 'session',
			id: 'a',
			name: 'Anna',
			role: 'owner',
			rights: ['alarm.arm', 'alarm.disarm', 'zones.read', 'devices.read', 'health.read', 'events.read', 'radios.write'],
			fresh: false,
			claimed: true,
			home: 'Maple House',
			emergency: '112',
			zone: 'Europe/Berlin',
			demo: true,
			now: iso(),
		};
		switch (path) {
			case '/session':
				return answer(session);
			case '/alarm':
				return answer(this.#alarm());
			case '/alarm/modes':
				return answer(
					['Home', 'Night', 'Away'].map((name) => ({
						id: name.toLowerCase(),
						name,
						like: name.toLowerCase(),
						silent: false,
					})),
				);
			case '/zones':
				return answer(this.house.zones ?? zones);
			case '/devices':
				return answer(this.house.zones?.length === 0 ? [] : this.#devices());
			case '/health':
				return answer(this.house.health ?? []);
			case '/events':
				return answer({ events: this.house.events ?? [], next: '' });
			case '/stream':
				response.writeHead(200, { 'Content-Type': 'text/event-stream' });
				this.#clients.add(response);
				response.on('close', () => this.#clients.delete(response));
				response.write(`event: beat\ndata: ${JSON.stringify({ seq: 1, alarm: this.#seq, now: iso() })}\n\n`);
				return;
			case '/alarm/mode':
				return answer({ status: 409, code: 'not-ready', detail: 'Not ready.', open: this.house.open ?? [] }, 409);
			default:
				return answer({ status: 404, code: 'not-found', detail: `There is nothing at ${path}.` }, 404);
		}
	}
	async #file(path: string, response: ServerResponse): Promise<void> {
		const name = extname(path) ? path.slice(1) : 'index.html';
		try {
			const plain = extname(name) === '.html' || extname(name) === '.woff2';
			const body = await readFile(new URL(plain ? name : `${name}.gz`, dist));
			const type = types[extname(name)] ?? 'application/octet-stream';
			response.writeHead(200, { 'Content-Type': type, ...(plain ? {} : { 'Content-Encoding': 'gzip' }) });
			response.end(body);
		} catch {
			response.writeHead(404);
			response.end();
		}
	}
}
