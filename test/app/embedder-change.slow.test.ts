import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import pino from 'pino';
import { createApp, type App } from '../../api/app.ts';
import { readConfig } from '../../api/config/index.ts';
import { startQdrantDouble } from '../doubles/qdrant.ts';
import { until } from '../support/settled.ts';
import { staticVector } from '../support/static-vector.ts';

const lexical = 'lexical:256:v1.2';
const documents = 12;
const textOf = (n: number) => `Chapter ${n} tells of otters.`;

describe('an app whose index another embedder has filled', () => {
	let dataDir: string;
	let app: App | null;
	let logged: string[];
	beforeEach(() => {
		dataDir = mkdtempSync(join(tmpdir(), 'docdrop-embedders-'));
		[app, logged] = [null, []];
	});
	afterEach(async () => {
		await app?.close(0);
		rmSync(dataDir, { recursive: true });
	});

	async function start(env: Readonly<Record<string, string>> = {}): Promise<App> {
		const config = { DOCDROP_DATA_DIR: dataDir, DOCDROP_WINDOW_MS: '0', DOCDROP_WORKERS: '1', ...env };
		const logger = pino({ level: 'warn' }, { write: (line: string) => void logged.push(line) });
		return (app = await createApp(readConfig(config), logger));
	}
	async function stop(): Promise<void> {
		await app?.close(0);
		app = null;
	}
	async function publishAll(env: Readonly<Record<string, string>> = {}): Promise<void> {
		const own = await start(env);
		const all = Array.from({ length: documents }, (_, n) =>
			own.pipeline.normalise({ tenant: 't', docId: `${n}.md`, content: { text: textOf(n) } }),
		);
		await own.pipeline.accept(all, { skipWindow: true });
		await until(
			() => own.docStore.stats(),
			({ pending }) => pending === 0,
		);
		await stop();
	}
	/** As if it had published all of that with another embedder, in a version that left no marker. */
	function pretend(fingerprint: string): void {
		const docs = new DatabaseSync(join(dataDir, 'docs.db'));
		docs.exec(`UPDATE docs SET p_fingerprint = 'x|${fingerprint}'`);
		docs.exec(`DELETE FROM notes WHERE name = 'embedders'`);
		docs.close();
	}
	function pretendIndex(fingerprint: string): void {
		const index = new DatabaseSync(join(dataDir, 'vectors.db'));
		index.prepare(`UPDATE meta SET value = ? WHERE key = 'fingerprint'`).run(fingerprint);
		index.close();
	}
	async function refilled(own: App): Promise<void> {
		await until(
			async () => own.pipeline.indexCheck(),
			(check) => check?.state === 'sound',
		);
		assert.equal(await own.vectorStore.count('t'), documents);
		const { results } = await own.pipeline.search({ tenant: 't', query: textOf(7), mode: 'dense', limit: 1 });
		const [hit] = results;
		assert.equal(hit?.docId, '7.md');
		assert.ok(
			(await own.vectorStore.vectors('t', [hit.pointId])).get(hit.pointId)?.length ===
				staticVector('x').length,
		);
	}

	it('fills an embedded index anew where the other one was built in too, and says so once', async () => {
		await publishAll();
		pretend(lexical);
		pretendIndex(lexical);
		await refilled(await start());
		assert.equal(app?.pipeline.indexCheck()?.written, documents);
		assert.match(logged.join(''), /the embedder is another one/);
		await stop();
		logged = [];
		await refilled(await start());
		assert.equal(app?.pipeline.indexCheck()?.written, 0);
		assert.doesNotMatch(logged.join(''), /the embedder is another one/);
	});

	it('does not start on an embedded index whose vectors were paid for, and loses nothing of it', async () => {
		await publishAll();
		pretend('openai:m:256:v1');
		pretendIndex('openai:m:256:v1');
		await assert.rejects(start(), { code: 'index_mismatch', hint: /vectors\*\.db\*.*made anew/ });
		for (const file of readdirSync(dataDir).filter((one) => one.startsWith('vectors.db')))
			rmSync(join(dataDir, file));
		await refilled(await start());
	});

	it('does not start on a collection of another embedder, and fills one of another name', async () => {
		const double = await startQdrantDouble();
		const env = { DOCDROP_QDRANT_URL: double.url };
		const refused = { code: 'index_mismatch', message: /docdrop.*lexical:256:v1\.2/, hint: /new collection/ };
		try {
			await publishAll(env);
			pretend(lexical);
			await assert.rejects(start(env), refused);
			const other = { ...env, DOCDROP_QDRANT_COLLECTION: 'other' };
			await refilled(await start(other));
			await stop();
			await refilled(await start(other));
			await stop();
			await assert.rejects(start(env), refused, 'the old one is known for what it is');
			double.faults.dark = 'unavailable';
			await assert.rejects(start(env), refused, 'nobody can see whether it is empty');
		} finally {
			await stop();
			await double.close();
		}
	});
});
