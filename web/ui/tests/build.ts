import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Builds the program with the page in it, unless GATEHOUSE names one. */
export default function build() {
	if (process.env.GATEHOUSE) return;
	const folder = mkdtempSync(join(tmpdir(), 'gatehouse-e2e-'));
	const program = join(folder, 'gatehouse');
	const root = new URL('../../../', import.meta.url).pathname;
	execFileSync('go', ['build', '-o', program, './cmd/gatehouse'], { cwd: root, stdio: 'inherit' });
	process.env.GATEHOUSE = program;
}
