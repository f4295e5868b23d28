import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Builds the program with the page in it, unless GATEHOUSE names one, and the cameras that journeys add to it. */
export default function build() {
	const folder = mkdtempSync(join(tmpdir(), 'gatehouse-e2e-'));
	const root = new URL('../../../', import.meta.url).pathname;
	const make = (name: string, of: string) => {
		execFileSync('go', ['build', '-o', join(folder, name), of], { cwd: root, stdio: 'inherit' });
		return join(folder, name);
	};
	process.env.GATEHOUSE ||= make('gatehouse', './cmd/gatehouse');
	process.env.GATEHOUSE_WALL ||= make('wall', './hub/camera/camsim/wall');
}
