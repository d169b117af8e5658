import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import pino from 'pino';
import { adoptFolder } from '../../api/cli/adopt-folder.ts';
import { readConfig } from '../../api/config/index.ts';
import { startServer, type RunningServer } from '../../api/server.ts';
import { until } from '../support/settled.ts';

describe('a followed folder that is elsewhere, or called otherwise', function () {
	this.timeout(60_000);
	let home: string;
	let server: RunningServer | null;
	beforeEach(() => {
		home = mkdtempSync(join(tmpdir(), 'docdrop-moved-'));
		server = null;
	});
	afterEach(async () => {
		await server?.stop();
		rmSync(home, { recursive: true, force: true });
	});

	const config = (own: Record<string, string> = {}) =>
		readConfig({
			...{ DOCDROP_DATA_DIR: join(home, 'data'), DOCDROP_PORT: '0', DOCDROP_WINDOW_MS: '20' },
			...{ DOCDROP_DELETE_GRACE_MS: '50', DOCDROP_WORKERS: '1' },
			...own,
		});
	async function watch(dir: string, own: Record<string, string> = {}): Promise<RunningServer> {
		await stop();
		server = await startServer(config(own), { follow: dir, logger: pino({ level: 'silent' }) });
		return server;
	}
	async function stop(): Promise<void> {
		const before = server;
		server = null;
		await before?.stop();
	}
	const write = (dir: string, name: string, text: string) => writeFileSync(join(dir, name), text);
	/** Texts by document, of all that is published. */
	async function published({ app }: RunningServer): Promise<Record<string, string>> {
		const found = await app.docStore.documents({ tenant: 'default', limit: 100, state: 'published' });
		const texts = found.map(async ({ docId }) => [
			docId,
			(await app.docStore.chunks('default', docId)).map(({ text }) => text).join(' '),
		]);
		return Object.fromEntries(await Promise.all(texts));
	}
	const becomes = async (running: RunningServer, wanted: Record<string, string>) => {
		await running.folder?.idle();
		await until(
			() => published(running),
			(now) => JSON.stringify(Object.entries(now).sort()) === JSON.stringify(Object.entries(wanted).sort()),
		);
	};
	/** A folder that was followed, and is not now. */
	async function followed(): Promise<string> {
		const dir = join(home, 'in');
		mkdirSync(dir);
		for (const name of ['a.txt', 'b.txt', 'c.txt']) write(dir, name, `text of ${name}`);
		const running = await watch(dir);
		await becomes(running, { 'a.txt': 'text of a.txt', 'b.txt': 'text of b.txt', 'c.txt': 'text of c.txt' });
		await stop();
		return dir;
	}

	it('is the same source: moved, edited meanwhile, and by a link', async () => {
		const dir = await followed();
		const moved = join(home, 'moved');
		renameSync(dir, moved);
		write(moved, 'a.txt', 'edited');
		rmSync(join(moved, 'b.txt'));
		const wanted = { 'a.txt': 'edited', 'c.txt': 'text of c.txt' };
		await becomes(await watch(moved), wanted);
		symlinkSync(moved, join(home, 'link'));
		write(moved, 'c.txt', 'edited, too');
		const running = await watch(join(home, 'link'));
		await becomes(running, { ...wanted, 'c.txt': 'edited, too' });
		assert.equal(running.folder?.status().roots[0]?.failedCount, 0);
	});

	it('is refused as another source where it was copied, says how to go on, and goes on so', async () => {
		const dir = await followed();
		const copy = join(home, 'copy');
		cpSync(dir, copy, { recursive: true });
		rmSync(dir, { recursive: true });
		rmSync(join(copy, 'c.txt'));
		write(copy, 'a.txt', 'edited');
		write(copy, 'new.txt', 'new');
		write(copy, 'gone.txt', 'gone soon');
		const refused = await watch(copy);
		await refused.folder?.idle();
		const [{ failed = [] } = {}] = refused.folder?.status().roots ?? [];
		assert.deepEqual(
			failed.map(({ relPath }) => relPath),
			['a.txt', 'b.txt'],
		);
		assert.match(failed[0]?.reason ?? '', /owned: .*"folder in"; docdrop adopt FOLDER takes it over/);
		await becomes(refused, {
			...{ 'a.txt': 'text of a.txt', 'b.txt': 'text of b.txt', 'c.txt': 'text of c.txt' },
			...{ 'new.txt': 'new', 'gone.txt': 'gone soon' },
		});
		await assert.rejects(adoptFolder(config(), copy, undefined), /while no docdrop runs/);
		await stop();
		rmSync(join(copy, 'gone.txt'));
		assert.match(await adoptFolder(config(), copy, undefined), /goes on as .*\/in, and takes over/);
		const running = await watch(copy);
		const wanted = { 'a.txt': 'edited', 'b.txt': 'text of b.txt', 'new.txt': 'new' };
		await becomes(running, wanted);
		assert.equal(running.folder?.status().roots[0]?.failedCount, 0);
		write(copy, 'a.txt', 'edited again');
		await becomes(await watch(copy), { ...wanted, 'a.txt': 'edited again' });
	});

	it('names the folders that it may have been, where there are several', async () => {
		const dir = await followed();
		const other = join(home, 'other');
		mkdirSync(other);
		await watch(other);
		await stop();
		for (const each of [dir, other]) renameSync(each, join(home, `${basename(each)}.away`));
		mkdirSync(join(home, 'new'));
		await assert.rejects(
			adoptFolder(config(), join(home, 'new'), undefined),
			/must be named, one of .*in".*other"/,
		);
		await assert.rejects(
			adoptFolder(config(), join(home, 'new'), join(home, 'never')),
			/FORMER must be a folder/,
		);
		await assert.rejects(
			adoptFolder(config(), join(home, 'none'), undefined),
			/the folder to adopt must be there/,
		);
		assert.match(await adoptFolder(config(), join(home, 'new'), dir), /goes on as .*\/in/);
	});

	it('may be called as no root may', async () => {
		for (const name of ['x'.repeat(255), '*', 'new\nline, back\\slash, [a] ']) {
			const dir = join(home, name);
			mkdirSync(dir);
			write(dir, 'a.txt', name);
			const running = await watch(dir, { DOCDROP_DATA_DIR: join(home, `data of ${name.length}`) });
			await running.folder?.idle();
			assert.equal(running.folder?.status().roots[0]?.failedCount, 0, name);
		}
	});

	it('does not hold its own data folder, whatever link leads there', async () => {
		const dir = join(home, 'in');
		mkdirSync(join(dir, 'state'), { recursive: true });
		symlinkSync(join(dir, 'state'), join(home, 'data'));
		await assert.rejects(startServer(config(), { follow: dir, logger: pino({ level: 'silent' }) }), {
			field: 'DOCDROP_DATA_DIR',
		});
		symlinkSync(dir, join(home, 'link'));
		const own = config({ DOCDROP_DATA_DIR: join(dir, 'state/not/made/yet') });
		await assert.rejects(
			startServer(own, { follow: join(home, 'link'), logger: pino({ level: 'silent' }) }),
			{
				field: 'DOCDROP_DATA_DIR',
			},
		);
	});
});
