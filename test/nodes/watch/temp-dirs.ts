import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Directories of their own for the tests of the describe it is called in; removed after each. Call it after `engines`, so that they are closed first. */
export function tempDirs(): { make(): Promise<string> } {
	const made: string[] = [];
	afterEach(async () => {
		for (const dir of made.splice(0)) await rm(dir, { recursive: true, force: true });
	});
	return {
		async make() {
			const dir = await mkdtemp(join(tmpdir(), 'docdrop-watch-'));
			made.push(dir);
			return dir;
		},
	};
}
