import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';

import { Decrypter, generateHybridIdentity, identityToRecipient } from 'age-encryption';

import type { Schemas } from '../src/lib/api';
import { accessible, expect, fits, test as base } from './hub';

interface Fixtures {
	/** The address of a camera's picture of now. */
	snapshot: string;
}

const test = base.extend<Fixtures>({
	// eslint-disable-next-line no-empty-pattern
	snapshot: async ({}, use) => {
		const { stdout } = await promisify(execFile)(
			'ffmpeg',
			[...['-v', 'error', '-f', 'lavfi', '-i', 'testsrc=size=640x360', '-frames:v', '1'], '-f', 'mjpeg', '-'],
			{ encoding: 'buffer' },
		);
		const server = createServer((_, answer) => answer.setHeader('Content-Type', 'image/jpeg').end(stdout));
		await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
		await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}/now.jpg`);
		server.closeAllConnections();
		server.close();
	},
});

for (const [width, height, scheme] of [
	[390, 844, 'light'],
	[1280, 800, 'dark'],
] as const) {
	test(`what a camera looks for at ${width}, ${scheme}: drawn, kept, drawn again`, async ({
		page,
		demo,
		watch,
		snapshot,
	}) => {
		await page.setViewportSize({ width, height });
		await page.emulateMedia({ colorScheme: scheme });
		await demo.signIn(page);
		const of = `${demo.url}/api/v1/cameras/camera-drive`;
		// Nobody answers there: what is looked for can be said of a camera that is not up.
		const made = await page.request.put(of, {
			data: { name: 'Drive', url: 'rtsp://127.0.0.1:9/1', onvif: 'http://127.0.0.1:9' },
		});
		expect(made.ok(), await made.text()).toBe(true);

		await page.goto(`${demo.url}/cameras/camera-drive`);
		await page.getByText('What it looks for').click();
		const form = page.locator('form').filter({ has: page.getByRole('switch', { name: 'Tell people from dogs' }) });
		await expect(form.getByLabel('Address of its picture of now')).toBeHidden();
		await form.getByRole('switch', { name: 'Tell people from dogs' }).click();
		await form.getByLabel('Address of its picture of now').fill('http://192.0.2.1/elsewhere.jpg');
		await form.getByRole('button', { name: 'Save' }).click();
		await expect(form.getByRole('alert').filter({ hasText: 'It must be on 127.0.0.1' })).toBeVisible();
		await form.getByLabel('Address of its picture of now').fill(snapshot);
		await form.getByRole('button', { name: 'Save' }).click();
		await expect(form.getByRole('status')).toHaveText('Saved');

		await form.getByRole('button', { name: 'Add a part of the picture' }).click();
		await form.getByRole('button', { name: 'Look through the camera now' }).click();
		await expect(form.locator('.picture img')).toHaveJSProperty('naturalWidth', 640);
		// What was drawn since is seen by looking again.
		const looked = await form.locator('.picture img').getAttribute('src');
		await form.getByRole('button', { name: 'Look again' }).click();
		await expect(form.locator('.picture img')).not.toHaveAttribute('src', looked ?? '');
		const picture = form.getByRole('img', { name: 'The picture with one part drawn on it' });
		await picture.scrollIntoViewIfNeeded();
		const box = (await picture.boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 };
		const at = (x: number, y: number) => [box.x + box.width * x, box.y + box.height * y] as const;
		await page.mouse.move(...at(0.5, 0.9));
		await page.mouse.down();
		await page.mouse.move(...at(0.4, 0.6));
		await page.mouse.move(...at(0.1, 0.3));
		await page.mouse.up();
		const part = form.getByRole('group', { name: 'Part 1', exact: true });
		await part.getByLabel('Name of this part').fill('Gate');
		const gate = form.getByRole('group', { name: 'Gate', exact: true });
		await gate.getByRole('button', { name: 'People' }).click();
		await gate.getByRole('button', { name: 'Away' }).click();
		await gate.getByRole('switch', { name: 'Only when it is sure' }).click();
		await gate.getByText('Or move its edges').click();
		await gate.getByRole('slider', { name: 'Right' }).fill('60');
		await form.getByRole('button', { name: 'Add a part of the picture' }).click();
		const street = form.getByRole('group', { name: 'Part 2', exact: true });
		await expect(street.getByRole('switch', { name: 'Let the camera black it out' })).toBeHidden();
		await street.getByRole('switch', { name: 'Look away here' }).click();
		await street.getByRole('switch', { name: 'Let the camera black it out' }).click();
		await accessible(page, 'drawing');
		await fits(page, 'drawing');
		await form.getByRole('button', { name: 'Save' }).click();
		await expect(form.getByRole('status')).toHaveText('Saved');

		const kept = ((await (await page.request.get(of)).json()) as Schemas['Camera']).seeing;
		const [zone, hidden] = kept.zones;
		expect(hidden).toMatchObject({ ignore: true, mask: true });
		expect({ ...zone, shape: [] }).toEqual({
			...{ name: 'Gate', shape: [], labels: ['person'], modes: ['away'], once: 0.7, twice: 0.6 },
		});
		for (const [i, [x, y]] of [
			[0.1, 0.3],
			[0.6, 0.3],
			[0.6, 0.9],
			[0.1, 0.9],
		].entries()) {
			expect(zone?.shape?.[i]?.x, `corner ${i}`).toBeCloseTo(x ?? 0, 1);
			expect(zone?.shape?.[i]?.y, `corner ${i}`).toBeCloseTo(y ?? 0, 1);
		}
		await page.reload();
		await page.getByText('What it looks for').click();
		await expect(page.locator('[data-part="Gate"]')).toBeVisible();
		watch.check();
	});
}

// The garden's camera has a second, smaller stream: it is what is looked at, and nobody
// is connected to it while nothing is looked for.
test('a camera is looked at by its sub-stream, while something is looked for', async ({ page, demo, watch }) => {
	const identity = await generateHybridIdentity();
	await demo.signIn(page);
	await demo.wake(page);
	await demo.vault(page, [await identityToRecipient(identity)]);
	const of = `${demo.url}/api/v1/cameras/camera-garden`;
	const camera = async () => (await (await page.request.get(of)).json()) as Schemas['Camera'];
	await expect.poll(async () => (await camera()).status.state).toBe('up');
	expect((await camera()).sub_url).toMatch(/^rtsp:\/\/127\.0\.0\.1:\d+\//);
	/** What the simulated camera says of itself. */
	const says = async () => {
		const house = (await (await fetch(`${demo.url}/demo/state`)).json()) as {
			things: { key: string; state: string }[];
		};
		return house.things.find((thing) => thing.key === 'garden-camera')?.state ?? '';
	};
	const looked = 'is looked at by its sub-stream';

	// To tell people from dogs it is looked at once something has set it off, and seconds longer.
	await page.goto(`${demo.url}/cameras/camera-garden`);
	await page.getByText('What it looks for').click();
	const form = page.locator('form').filter({ has: page.getByRole('switch', { name: 'Tell people from dogs' }) });
	await form.getByRole('switch', { name: 'Tell people from dogs' }).click();
	await form.getByRole('button', { name: 'Save' }).click();
	await expect(form.getByRole('status')).toHaveText('Saved');
	await expect.poll(async () => (await camera()).status.state).toBe('up');
	expect(await says()).toBe('sees nobody');
	await demo.does('garden-camera', 'walk');
	await expect.poll(says).toContain(looked);
	await expect.poll(says, { timeout: 60_000 }).toBe('sees nobody');

	// For movement it is looked at all the time, and a clip gets a picture out of it beside its first.
	const movement = form.getByRole('switch', { name: 'Let movement set it off' });
	await movement.click();
	await form.getByRole('button', { name: 'Save' }).click();
	await expect.poll(says).toBe(`sees nobody, and ${looked}`);
	await expect.poll(async () => (await camera()).status.recording).toBe('motion'); // the seconds in its picture move
	await page.waitForTimeout(3000); // it is looked at once a second
	await movement.click();
	await form.getByRole('button', { name: 'Save' }).click();
	await expect.poll(says).toBe('sees nobody');
	const clip = async () => {
		const path = `${demo.url}/api/v1/clips?camera=camera-garden&limit=1`;
		const [last] = ((await (await page.request.get(path)).json()) as { clips: Schemas['Clip'][] }).clips;
		return last?.reason === 'motion' && last.state === 'whole' ? last : null;
	};
	await expect.poll(async () => (await clip())?.stills ?? 0).toBeGreaterThan(1);
	const { id, stills } = (await clip()) ?? { id: '', stills: 0 };
	const wide = [];
	for (let i = 0; i < stills; i++) {
		const sealed = await page.request.get(`${demo.url}/api/v1/clips/${id}/stills/${i}`);
		const opener = new Decrypter();
		opener.addIdentity(identity);
		const still = await opener.decrypt(new Uint8Array(await sealed.body()));
		wide.push(
			await page.evaluate(async (b) => (await createImageBitmap(new Blob([new Uint8Array(b)]))).width, [...still]),
		);
	}
	expect(wide, 'one of its stream, one of its sub-stream').toEqual(expect.arrayContaining([768, 384]));
	expect((await camera()).status.sub_why).toBe('');
	watch.check();
});
