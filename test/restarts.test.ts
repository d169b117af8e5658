import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { createApp, type App } from '../api/app.ts';
import { readConfig } from '../api/config/index.ts';
import { startQdrantDouble } from './doubles/qdrant.ts';
import { startEmbedderDouble } from './faults/embedder-double.ts';
import { until } from './support/settled.ts';

/** What the app knows again after a restart: that a peer was away, and that its index is not what it was. */
describe('the app, started again', () => {
	let dataDir: string;
	let app: App | null;
	beforeEach(() => {
		dataDir = mkdtempSync(join(tmpdir(), 'docdrop-restarts-'));
		app = null;
	});
	afterEach(async () => {
		await app?.close(0);
		rmSync(dataDir, { recursive: true });
	});

	async function start(env: Readonly<Record<string, string>> = {}): Promise<App> {
		await app?.close(0);
		const config = { DOCDROP_DATA_DIR: dataDir, DOCDROP_WINDOW_MS: '0', DOCDROP_WORKERS: '1', ...env };
		return (app = await createApp(readConfig(config), pino({ level: 'silent' })));
	}
	const publish = async (own: App, count: number) => {
		const documents = Array.from({ length: count }, (_, n) =>
			own.pipeline.normalise({
				tenant: 't',
				docId: `doc${n}.md`,
				content: { text: `# Title ${n}\n\nText ${n}.` },
			}),
		);
		await own.pipeline.accept(documents, { skipWindow: true });
	};
	const pending = async (own: App) => (await own.docStore.stats()).pending;
	const ready = async (own: App) => {
		const answer = await own.http.inject({ url: '/health/ready' });
		return answer.json<{ status: string; index: string }>();
	};

	it('during an outage begins with an open breaker, probes, and believes no note that is old or wrong', async () => {
		const double = await startQdrantDouble();
		const env = { DOCDROP_QDRANT_URL: double.url };
		try {
			let own = await start(env);
			double.faults.dark = 'unavailable';
			await publish(own, 30);
			await until(
				() => ready(own),
				({ index }) => index === 'open',
			);
			await until(
				() => own.docStore.marker('away index'),
				(note) => note !== null,
			);
			own = await start(env);
			assert.deepEqual(own.pipeline.breakers.index.attempts(), { total: 0, whileOpen: 0 });
			const { status, index } = await ready(own);
			assert.deepEqual([status, index], ['degraded', 'open']);
			await until(
				async () => own.pipeline.breakers.index.attempts().total,
				(total) => total > 0,
			);
			const { total, whileOpen } = own.pipeline.breakers.index.attempts();
			assert.equal(total, whileOpen, 'every call was a probe');
			double.faults.dark = null;
			await until(
				() => pending(own),
				(left) => left === 0,
				30_000,
			);
			await until(
				() => own.docStore.marker('away index'),
				(note) => note === null,
			);

			await own.docStore.setMarker('away index', String(Date.now()));
			await own.docStore.setMarker('away embedder', String(Date.now() - 3_600_000));
			own = await start(env);
			assert.deepEqual(await ready(own).then((now) => now.status), 'ok', 'it answered at the start');
		} finally {
			await app?.close(0);
			app = null;
			await double.close();
		}
	});

	it('without its vectors.db, or with an older one, fills the index again', async () => {
		let own = await start();
		await publish(own, 40);
		await until(
			() => pending(own),
			(left) => left === 0,
		);
		const count = await own.vectorStore.count('t');
		assert.ok(count >= 40);
		const search = async () =>
			(await own.pipeline.search({ tenant: 't', query: 'Title 7', limit: 3 })).results.map(
				(hit) => hit.docId,
			);
		const before = await search();
		await own.close(0);
		app = null;
		for (const end of ['', '-wal', '-shm']) rmSync(join(dataDir, `vectors.db${end}`), { force: true });
		own = await start();
		await until(
			async () => own.pipeline.indexCheck(),
			(check) => check?.state === 'sound',
		);
		assert.equal(own.pipeline.indexCheck()?.written, count);
		assert.equal(await own.vectorStore.count('t'), count);
		assert.deepEqual(await search(), before);
		const metrics = await own.http.inject({ url: '/metrics' });
		assert.match(metrics.body, new RegExp(`docdrop_mended_points_total\\{action="written"\\} ${count}`));
	});

	it('pays an embedder’s server once for a text: copied, moved, restored, and after a restart', async () => {
		const server = await startEmbedderDouble();
		const env = {
			DOCDROP_EMBEDDER: 'openai',
			DOCDROP_EMBEDDER_URL: `http://127.0.0.1:${server.port}/v1`,
			DOCDROP_EMBEDDER_MODEL: 'double',
			DOCDROP_EMBEDDER_DIMENSIONS: String(server.dimensions),
		};
		const put = async (own: App, docId: string, text: string) => {
			await own.pipeline.accept([own.pipeline.normalise({ tenant: 't', docId, content: { text } })], {
				skipWindow: true,
			});
			await until(
				() => pending(own),
				(count) => count === 0,
			);
		};
		try {
			let own = await start(env);
			await put(own, 'a.txt', 'Otters hold hands.');
			const paid = server.texts();
			await put(own, 'copy.txt', 'Otters hold hands.');
			await put(own, 'a.txt', 'Something else.');
			await put(own, 'a.txt', 'Otters hold hands.');
			assert.equal(server.texts(), paid + 1, 'the text between');
			own = await start(env);
			const canary = 1;
			await put(own, 'again.txt', 'Otters hold hands.');
			assert.equal(server.texts(), paid + 1 + canary);
			const found = await own.pipeline.search({ tenant: 't', query: 'otters', limit: 9 });
			assert.deepEqual(found.results.map(({ docId }) => docId).sort(), ['a.txt', 'again.txt', 'copy.txt']);
		} finally {
			await app?.close(0);
			app = null;
			await server.close();
		}
	});
});
