import { expect, test as base } from '../hub';
import { Firefox } from './firefox';
import type { Tab } from './tab';
import { WebKit } from './webkit';

const engines = { firefox: Firefox, webkit: WebKit };

export interface Options {
	engine: keyof typeof engines;
}
interface Fixtures {
	tab: Tab;
}

/** A test with a page in another engine, which may complain of nothing. */
export const test = base.extend<Options & Fixtures>({
	engine: ['firefox', { option: true }],
	tab: async ({ engine }, use, info) => {
		const tab = await engines[engine].open();
		try {
			await use(tab);
			expect(await tab.complaints()).toEqual([]);
		} finally {
			if (info.errors.length)
				await info.attach('where it ended', { body: await tab.picture(), contentType: 'image/png' }).catch(() => {});
			await tab.close();
		}
	},
});
export { expect };
