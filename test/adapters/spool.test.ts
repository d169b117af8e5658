import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSpools } from '../../api/adapters/spool/files.ts';
import { createMemoryDocStore } from '../doubles/memory-doc-store.ts';
import { sweepSpools } from '../../api/pipeline/upkeep/spool-sweep.ts';
import type { Chunk } from '../../api/ports/extractor.ts';
import type { Spool } from '../../api/ports/spool.ts';
import { changeOf } from '../support/leased-documents.ts';

const key = { tenant: 't', docId: 'd', contentSha256: 'a', fingerprint: 'f' };
const page = (...texts: string[]): Chunk[] =>
	texts.map((text) => ({ hash: text, text, heading: null, page: null, terms: text }));
const vector = (n: number) => Float32Array.of(n, n + 1, n + 2);

describe('the spools of large documents', () => {
	let dir: string;
	const open: Spool[] = [];
	const spoolsOf = (maxBytes = 1e6) => createSpools({ dir, dimensions: 3, maxBytes });
	async function opened(more: Partial<typeof key> = {}, spools = spoolsOf()): Promise<Spool> {
		const spool = await spools.open({ ...key, ...more });
		open.push(spool);
		return spool;
	}
	beforeEach(() => {
		dir = mkdtempSync(join(tmpdir(), 'docdrop-spool-'));
	});
	afterEach(async () => {
		for (const spool of open.splice(0)) await spool.close().catch(() => {});
		rmSync(dir, { recursive: true, force: true });
	});
	const vectorsFile = () => join(dir, readdirSync(dir)[0] ?? '', 'vectors');

	it('gives pages and vectors back, and begins pages anew', async () => {
		const spool = await opened();
		await spool.append(page('one', 'two'));
		await spool.append(page('drei', '四'));
		assert.deepEqual(await spool.read(1), page('drei', '四'));
		assert.deepEqual([spool.pages(), spool.firstOf(1), spool.firstOf(2)], [2, 2, 4]);
		await spool.putVectors([
			{ index: 1, vector: vector(5) },
			{ index: 3, vector: new Float32Array(3) },
		]);
		assert.deepEqual(await spool.vectors(0, 4), [null, vector(5), null, new Float32Array(3)]);
		assert.deepEqual(await spool.vectors(90, 2), [null, null]);
		await spool.begin();
		assert.equal(spool.pages(), 0);
	});

	it('keeps vectors for the same content and fingerprint, over a restart, and for no other', async () => {
		await (await opened()).putVectors([{ index: 0, vector: vector(1) }]);
		assert.deepEqual(await (await opened()).vectors(0, 1), [vector(1)]);
		assert.deepEqual(await (await opened({ contentSha256: 'b' })).vectors(0, 1), [null]);
		assert.deepEqual(await (await opened({ contentSha256: 'b', fingerprint: 'g' })).vectors(0, 1), [null]);
		assert.equal(readdirSync(dir).length, 1, 'one spool a document');
	});

	it('misses a vector that was half written, or written in another place', async () => {
		const spool = await opened();
		await spool.putVectors([0, 1, 2].map((index) => ({ index, vector: vector(index) })));
		const bytes = readFileSync(vectorsFile());
		bytes[6] = (bytes[6] ?? 0) ^ 1;
		bytes.copy(bytes, 16, 32, 48);
		writeFileSync(vectorsFile(), bytes);
		truncateSync(vectorsFile(), 44);
		assert.deepEqual(await spool.vectors(0, 3), [null, null, null]);
	});

	it('refuses what is larger than the limit, naming it', async () => {
		const spool = await opened({}, spoolsOf(1_048_576));
		await assert.rejects(spool.append(page('x'.repeat(1_100_000))), {
			code: 'too_large',
			message: /more than 1 MB of disk/,
		});
		await assert.rejects(spool.putVectors([{ index: 70_000, vector: vector(1) }]), { code: 'too_large' });
		await spool.append(page('x'));
	});

	it('removes a spool, but not from under a newer attempt', async () => {
		const spools = spoolsOf();
		const spool = await opened({}, spools);
		await spools.remove('t', 'd');
		assert.equal(readdirSync(dir).length, 1);
		await spool.close();
		open.pop();
		await spools.remove('t', 'd');
		assert.deepEqual(readdirSync(dir), []);
	});

	it('is swept of documents that nobody goes on with', async () => {
		const docStore = createMemoryDocStore();
		const limits = { maxPending: Infinity, maxPendingBytes: Infinity };
		await docStore.accept([changeOf('waits', 'text')], 1_000, limits);
		for (const docId of ['waits', 'gone']) {
			await (await opened({ docId })).close();
			open.pop();
		}
		writeFileSync(join(dir, 'rubbish'), '');
		const spools = spoolsOf();
		await sweepSpools(docStore, spools);
		assert.deepEqual(await spools.list(), [{ tenant: 't', docId: 'waits' }]);
		assert.equal(readdirSync(dir).length, 1);
		await docStore.close();
	});
});
