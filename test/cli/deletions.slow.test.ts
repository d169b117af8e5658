import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '../../api/cli/api-client.ts';
import { printStatus } from '../../api/cli/print.ts';
import { readConfig } from '../../api/config/index.ts';
import { runCli, startCli } from '../support/run-cli.ts';
import { until } from '../support/settled.ts';

/** What `docdrop watch` makes of files that are gone, as real processes. */
describe('deletions in a followed folder', function () {
	this.timeout(120_000);
	let cwd: string;
	beforeEach(() => {
		cwd = realpathSync(mkdtempSync(join(tmpdir(), 'docdrop-cli-')));
	});
	afterEach(() => rmSync(cwd, { recursive: true, force: true }));

	it('forgets what vanished while its state was lost', async () => {
		const inbox = join(cwd, 'inbox');
		mkdirSync(inbox);
		for (let n = 0; n < 10; n += 1) writeFileSync(join(inbox, `${n}.txt`), `text number ${n}`);
		const env = { DOCDROP_PORT: '0' };
		const live = async (sign: RegExp) => {
			const watch = startCli(['watch', 'inbox'], { cwd, env });
			try {
				await watch.shows(/DocDrop .* on http/);
				await statusSays(sign, { cwd, env });
			} finally {
				watch.child.kill('SIGTERM');
				await watch.ended;
			}
		};
		await live(/^index {6}10 documents/m);
		rmSync(join(cwd, '.docdrop', 'watch'), { recursive: true });
		rmSync(join(inbox, '3.txt'));
		rmSync(join(inbox, '7.txt'));
		await live(/^index {6}8 documents[^]+all of it handed over/m);
		// A lost state before an empty folder says nothing: that takes a person's word.
		rmSync(join(cwd, '.docdrop', 'watch'), { recursive: true });
		for (let n = 0; n < 10; n += 1) rmSync(join(inbox, `${n}.txt`), { force: true });
		await live(/HELD {7}8 documents of a folder state that was lost[^]+\b8 documents, /);
	});

	it('holds a mass deletion, says so, and lets it go when told', async () => {
		const inbox = join(cwd, 'inbox');
		mkdirSync(inbox);
		for (let n = 0; n < 25; n += 1) writeFileSync(join(inbox, `${n}.txt`), `text number ${n}`);
		const env = { DOCDROP_PORT: '0', DOCDROP_DELETE_GRACE_MS: '50' };
		const watch = startCli(['watch', 'inbox'], { cwd, env });
		try {
			await watch.shows(/DocDrop .* on http/);
			const says = (sign: RegExp) => statusSays(sign, { cwd, env });
			await says(/^index {6}25 documents[^]+25 files, 0 on their way[^]+all of it handed over/m);
			for (let n = 0; n < 10; n += 1) rmSync(join(inbox, `${n}.txt`));
			await says(
				/HELD {7}inbox \(tenant default\): 10 deletions since[^]+10 of 25 files are gone at once; docdrop release lets them go/,
			);
			const released = await runCli(['release'], { cwd, env });
			assert.equal(released.out, '10 held deletions go now.\n');
			await says(/^index {6}15 documents[^]+15 files, 0 on their way/m);
			assert.equal((await runCli(['release'], { cwd, env })).out, 'No deletion is held.\n');
		} finally {
			watch.child.kill('SIGTERM');
			await watch.ended;
		}
		const late = await runCli(['release'], { cwd, env });
		assert.deepEqual([late.code, late.out], [1, '']);
		assert.match(late.err, /no folder is followed/);
	});
});

/**
 * Waits until `docdrop status` says it. The command is run when it is so: until then its client and its words are asked in
 * this process, which spares the start of one after the other.
 */
async function statusSays(
	sign: RegExp,
	{ cwd, env }: { readonly cwd: string; readonly env: Readonly<Record<string, string>> },
): Promise<void> {
	const client = await createClient(readConfig({ ...env, DOCDROP_DATA_DIR: join(cwd, '.docdrop') }));
	try {
		await until(
			async () => printStatus(await client.status(), client.where),
			(said) => sign.test(said),
			60_000,
		);
	} finally {
		await client.close();
	}
	assert.match((await runCli(['status'], { cwd, env })).out, sign);
}
