import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { systemClock } from '../../nodes/watch/clock.ts';
import { nodeDisk } from '../../nodes/watch/disk.ts';
import { isForEveryFolder, mimeTypeOf } from '../../api/contract/file-types.ts';
import { DocDropError } from '../../api/errors.ts';
import { createDocumentLimiter } from '../../api/pipeline/accept/document-limiter.ts';
import type { Pipeline } from '../../api/pipeline/index.ts';
import { createFolderDelivery } from '../../api/sources/folder.ts';
import type { ContentChange, DeletedChange, FileChange } from '../../nodes/watch/file-change.ts';
import { silentLog, startPipelineFixture, type PipelineFixture } from '../support/pipeline-fixture.ts';
import { until } from '../support/settled.ts';

describe('the folder source', () => {
	const accept = {
		windowMs: 60_000,
		maxWaitMs: 60_000,
		maxPending: 5,
		maxPendingBytes: 100_000_000,
		maxFileBytes: 3_000_000,
		maxBufferedBytes: 3_000_000,
		streamable: [],
		fingerprintOf: () => 'f',
		mimeTypes: ['text/plain', 'text/markdown', 'text/html'],
		refusedTypes: new Map(),
		mimeTypeOf,
	};
	let dir: string;
	let fixture: PipelineFixture;
	let seq: number;
	beforeEach(() => {
		dir = mkdtempSync(join(tmpdir(), 'docdrop-folder-'));
		seq = 0;
		takesOver = false;
		fixture = startPipelineFixture({ accept });
	});
	afterEach(async () => {
		await fixture.stop();
		rmSync(dir, { recursive: true, force: true });
	});

	const head = (relPath: string) => ({
		root: 'inbox',
		path: join(dir, relPath),
		relPath,
		docId: relPath,
		sourceId: 'source-1',
		epoch: 'epoch-1',
		seq: (seq += 1),
		previousSha256: null,
	});
	function file(
		relPath: string,
		content: string | Uint8Array | null,
		event: 'created' | 'changed' = 'created',
	): ContentChange {
		if (content !== null) {
			mkdirSync(dirname(join(dir, relPath)), { recursive: true });
			writeFileSync(join(dir, relPath), content);
		}
		const size = content === null ? 1 : Buffer.byteLength(content);
		return { ...head(relPath), event, size, mtimeMs: 0, sha256: '0'.repeat(64), xxh64: '0'.repeat(16) };
	}
	const gone = (relPath: string): DeletedChange => ({ ...head(relPath), event: 'deleted' });
	let takesOver = false;
	const deliver = (batch: readonly FileChange[], pipeline: Partial<Pipeline> = {}) =>
		createFolderDelivery({
			dir,
			disk: nodeDisk,
			pipeline: { ...fixture.pipeline, ...pipeline },
			tenant: 't',
			takesOver: () => takesOver,
			mimeTypeOf,
			refusedTypes: new Map(),
			isFollowed: isForEveryFolder,
			clock: systemClock,
			log: silentLog,
		})(batch, new AbortController().signal);
	const kinds = async (...args: Parameters<typeof deliver>) =>
		(await deliver(...args)).map(({ kind }) => kind);
	const settled = () =>
		until(
			() => fixture.docStore.stats(),
			({ pending }) => pending === 0,
		);
	const textOf = async (docId: string) =>
		(await fixture.docStore.chunks('t', docId)).map(({ text }) => text).join('');

	it('files become documents at once: the engine has waited already', async () => {
		assert.deepEqual(await kinds([file('a.txt', 'first'), file('sub/b.md', '# B'), file('empty.html', '')]), [
			'delivered',
			'delivered',
			'delivered',
		]);
		await settled();
		const document = await fixture.docStore.document('t', 'sub/b.md');
		assert.deepEqual([document?.sourceId, document?.state], ['source-1', 'published']);
		assert.equal((await fixture.points('t', 'sub/b.md'))[0]?.fields.path, 'sub/b.md');
		assert.equal((await fixture.docStore.document('t', 'empty.html'))?.published?.chunks, 0);
		assert.equal(await textOf('a.txt'), 'first');
	});

	it('changes and deletions follow, and late ones do no harm', async () => {
		const late = file('a.txt', 'old');
		await deliver([file('a.txt', 'first'), file('b.txt', 'stays')]);
		await deliver([file('a.txt', 'second', 'changed')]);
		assert.deepEqual(await kinds([late]), ['failed'], 'nothing was taken');
		await deliver([gone('b.txt'), gone('never.txt')]);
		await settled();
		assert.equal(await textOf('a.txt'), 'second');
		assert.deepEqual(
			(await fixture.docStore.documents({ tenant: 't', limit: 9, state: 'deleted' })).map(
				({ docId }) => docId,
			),
			['b.txt', 'never.txt'],
		);
	});

	it('a moved file leaves its old name, however large, and only once its content has arrived', async () => {
		const large = 'word '.repeat(300_000);
		await deliver([file('a.txt', 'text'), file('large.txt', large), file('kept.txt', 'kept')]);
		await settled();
		const moved = (from: string, to: string, content: string | null): FileChange => ({
			...file(to, content),
			event: 'moved',
			previousDocId: from,
			previousPath: join(dir, from),
			size: content === null ? 1 : content.length,
		});
		const batch = [
			moved('a.txt', 'b.txt', 'text'),
			moved('large.txt', 'l/arge.txt', large),
			// It vanished before it was read.
			moved('kept.txt', 'never.txt', null),
			moved('kept.txt', 'no.exe', 'kept'),
		];
		assert.deepEqual(await kinds(batch), ['delivered', 'delivered', 'retry', 'failed']);
		await settled();
		const published = await fixture.docStore.documents({ tenant: 't', limit: 9, state: 'published' });
		assert.deepEqual(
			published.map(({ docId }) => docId),
			['b.txt', 'kept.txt', 'l/arge.txt'],
		);
	});

	it('waits for a limit of documents and loses nothing, streams included', async () => {
		const limiter = createDocumentLimiter({
			clock: systemClock,
			settings: { total: 6_000, eachTenant: 0, tenants: new Map([['t', 600]]) },
			isContinued: false,
		});
		await fixture.stop();
		fixture = startPipelineFixture({ limiter, accept: { ...accept, maxPending: 100 } });
		const large = 'word '.repeat(210_000);
		const batch = Array.from({ length: 61 }, (_, nth) => file(`${nth}.txt`, `text ${nth}`));
		const outcomes = await kinds([...batch, file('large.txt', large)]);
		assert.deepEqual(new Set(outcomes), new Set(['delivered']));
		assert.equal(outcomes.length, 62);
		assert.deepEqual(await kinds([file('more.txt', large)]), ['delivered']);
		await settled();
		assert.equal((await fixture.docStore.stats()).documents, 63);
	});

	it('gives the waiting up when the folder closes', async () => {
		const limiter = createDocumentLimiter({
			clock: systemClock,
			settings: { total: 1, eachTenant: 0, tenants: new Map() },
			isContinued: true,
		});
		await fixture.stop();
		fixture = startPipelineFixture({ limiter });
		const closing = new AbortController();
		const delivery = createFolderDelivery({
			dir,
			disk: nodeDisk,
			pipeline: fixture.pipeline,
			tenant: 't',
			takesOver: () => false,
			mimeTypeOf,
			refusedTypes: new Map(),
			isFollowed: isForEveryFolder,
			clock: systemClock,
			log: silentLog,
		})([file('a.txt', 'text')], closing.signal);
		closing.abort(new Error('closed'));
		await assert.rejects(delivery, /closed/);
	});

	it('takes the bytes that are there, not those that were announced', async () => {
		const seen = file('a.txt', 'when it was seen');
		writeFileSync(seen.path, 'when it was read');
		await deliver([seen]);
		await settled();
		assert.equal(await textOf('a.txt'), 'when it was read');
	});

	it('large files are streamed, and too large ones refused for good', async () => {
		const large = `${'word '.repeat(300_000)}`;
		const [taken, refused] = await deliver([
			file('large.txt', large),
			file('huge.txt', 'x'.repeat(3_000_001)),
		]);
		assert.equal(taken?.kind, 'delivered');
		assert.ok(refused?.kind === 'failed');
		assert.match(refused.reason, /too_large: content must be at most 3000000 bytes/);
		await settled();
		assert.equal((await fixture.docStore.document('t', 'large.txt'))?.published?.size, large.length);
		assert.equal(await fixture.docStore.document('t', 'huge.txt'), null);
	});

	it('each file has its own outcome, in its own place', async () => {
		const outcomes = await deliver([
			file('a.txt', 'good'),
			file('film.mp4', 'x'),
			file('program.PY', 'print(1)'),
			file('vanished.txt', null),
			file('new\nline.txt', 'a name that no id can have'),
			file(
				`${'d'.repeat(200)}/${'é'.repeat(100)}/${'é'.repeat(100)}/${'é'.repeat(100)}/${'é'.repeat(100)}/${'é'.repeat(60)}.txt`,
				'a path too long for an id',
			),
			gone('z.txt'),
		]);
		assert.deepEqual(
			outcomes.map(({ kind }) => kind),
			['delivered', 'failed', 'failed', 'retry', 'failed', 'failed', 'delivered'],
		);
		const reasons = outcomes.map((outcome) => ('reason' in outcome ? outcome.reason : ''));
		assert.match(reasons[1] ?? '', /unsupported type/);
		assert.match(reasons[2] ?? '', /left out: .*DOCDROP_INCLUDE/);
		assert.match(reasons[3] ?? '', /ENOENT/);
		assert.match(reasons[4] ?? '', /docId must not hold control characters/);
		assert.match(reasons[5] ?? '', /1,024 bytes/);
		for (const reason of reasons) assert.ok(!reason.includes(dir), 'no path of this machine');
	});

	it('a full queue makes the rest wait; when nothing goes in, the whole batch is rejected', async () => {
		await fixture.stop();
		fixture = startPipelineFixture({
			worker: null,
			accept: {
				windowMs: 0,
				maxWaitMs: 0,
				maxPending: 2,
				maxPendingBytes: 1e6,
				maxFileBytes: 1e6,
				maxBufferedBytes: 1e6,
				streamable: [],
				fingerprintOf: () => 'f',
				mimeTypes: ['text/plain'],
				refusedTypes: new Map(),
				mimeTypeOf,
			},
		});
		const files = ['a.txt', 'b.txt', 'c.txt'].map((name) => file(name, name));
		assert.deepEqual(await kinds(files), ['delivered', 'delivered', 'retry']);
		await assert.rejects(deliver([file('c.txt', 'c'), file('d.txt', 'd')]), { code: 'queue_full' });
		assert.deepEqual(await kinds([file('a.txt', 'changed')]), ['delivered'], 'what waits already may change');
	});

	it('a store that is away rejects the batch, so that the engine slows down as a whole', async () => {
		const away = new DocDropError('store_unavailable', 'the state store did not answer');
		await assert.rejects(deliver([file('a.txt', 'x')], { accept: () => Promise.reject(away) }), away);
		const [large] = await deliver([file('large.txt', 'x'.repeat(2_000_000))], {
			acceptStream: () => Promise.reject(away),
		});
		assert.equal(large?.kind, 'retry');
	});

	it('a moved file is taken without its old name where that is another owner’s by now', async () => {
		const theirs = (docId: string) =>
			fixture.pipeline.normalise({ tenant: 't', docId, content: { text: 'theirs' } });
		const accepted = await fixture.pipeline.accept([theirs('a.txt'), theirs('large.txt')], {
			skipWindow: true,
		});
		assert.deepEqual(accepted.filter(Boolean).length, 2);
		const moved = (from: string, to: string, content: string): FileChange => ({
			...file(to, content),
			event: 'moved',
			previousDocId: from,
			previousPath: join(dir, from),
			size: content.length,
		});
		const batch = [
			moved('a.txt', 'b.txt', 'mine'),
			file('c.txt', 'new'),
			moved('large.txt', 'l.txt', 'mine '.repeat(300_000)),
		];
		assert.deepEqual(await kinds(batch), ['delivered', 'delivered', 'delivered']);
		await settled();
		assert.deepEqual(
			[await textOf('a.txt'), await textOf('b.txt'), await textOf('c.txt')],
			['theirs', 'mine', 'new'],
		);
		assert.equal((await fixture.docStore.document('t', 'l.txt'))?.state, 'published');
		assert.equal(await textOf('large.txt'), 'theirs');
	});

	it('another owner’s document is left alone', async () => {
		await fixture.pipeline.accept(
			[fixture.pipeline.normalise({ tenant: 't', docId: 'a.txt', content: { text: 'theirs' } })],
			{
				skipWindow: true,
			},
		);
		const [outcome] = await deliver([file('a.txt', 'mine')]);
		assert.ok(outcome?.kind === 'failed');
		assert.match(outcome.reason, /owned: .+; docdrop adopt FOLDER takes it over/);
		await settled();
		assert.equal(await textOf('a.txt'), 'theirs');
		takesOver = true;
		assert.deepEqual(await kinds([file('a.txt', 'mine')]), ['delivered'], 'a person has said so');
		await settled();
		assert.equal(await textOf('a.txt'), 'mine');
		takesOver = false;
		assert.deepEqual(await kinds([file('a.txt', 'mine still')]), ['delivered']);
	});
});
