import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { hash } from 'node:crypto';
import {
	mkdirSync,
	mkdtempSync,
	readFileSync,
	renameSync,
	rmSync,
	symlinkSync,
	writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isForEveryFolder, mimeTypeOf } from '../../api/contract/file-types.ts';
import { DocDropError } from '../../api/errors.ts';
import type { Pipeline } from '../../api/pipeline/index.ts';
import { createFolderDelivery } from '../../api/sources/folder.ts';
import { systemClock } from '../../nodes/watch/clock.ts';
import { createNodeDisk } from '../../nodes/watch/disk.ts';
import type { ContentChange, Deliver } from '../../nodes/watch/file-change.ts';
import { createWatchEngine } from '../../nodes/watch/watch-engine.ts';
import { createHandHints, newState, QUICK } from '../nodes/watch/harness.ts';
import { silentLog, startPipelineFixture, type PipelineFixture } from '../support/pipeline-fixture.ts';
import { until } from '../support/settled.ts';

const SMALL = 'ordinary words';
const LARGE = 'ordinary '.repeat(200_000);
const SECRET = 'what lies outside';

describe('what the folder source reads', () => {
	const accept = {
		...{ windowMs: 0, maxWaitMs: 0, maxPending: 10, maxPendingBytes: 10_000_000 },
		...{ maxFileBytes: 3_000_000, maxBufferedBytes: 3_000_000, streamable: [], fingerprintOf: () => 'f' },
		...{ mimeTypes: ['text/plain'], mimeTypeOf, refusedTypes: new Map() },
	};
	let dir: string;
	let outside: string;
	let fixture: PipelineFixture;
	beforeEach(() => {
		dir = mkdtempSync(join(tmpdir(), 'docdrop-folder-'));
		outside = mkdtempSync(join(tmpdir(), 'docdrop-outside-'));
		writeFileSync(join(outside, 'a.txt'), SECRET);
		fixture = startPipelineFixture({ accept });
	});
	afterEach(async () => {
		await fixture.stop();
		for (const each of [dir, outside]) rmSync(each, { recursive: true, force: true });
	});

	const sha256 = (bytes: string | Uint8Array) => hash('sha256', bytes, 'hex');
	const delivery = (pipeline: Partial<Pipeline> = {}, followLinks = false) =>
		createFolderDelivery({
			dir,
			disk: createNodeDisk({ followLinks }),
			pipeline: { ...fixture.pipeline, ...pipeline },
			tenant: 't',
			takesOver: () => false,
			mimeTypeOf,
			refusedTypes: new Map(),
			isFollowed: isForEveryFolder,
			clock: systemClock,
			log: silentLog,
		});
	/** A file as it was seen. */
	function seen(relPath: string, content: string): ContentChange {
		mkdirSync(join(dir, relPath, '..'), { recursive: true });
		writeFileSync(join(dir, relPath), content);
		return {
			...{ event: 'created', root: 'inbox', path: join(dir, relPath), relPath, docId: relPath },
			...{ sourceId: 'source-1', epoch: 'epoch-1', seq: 1, previousSha256: null },
			...{ size: content.length, mtimeMs: 0, sha256: sha256(content), xxh64: '0'.repeat(16) },
		};
	}
	const deliver = (change: ContentChange, by: Deliver = delivery()) =>
		by([change], new AbortController().signal).then(([outcome]) => outcome);
	const publishedSha = async (docId: string) =>
		(await fixture.docStore.document('t', docId))?.published?.sha256;

	for (const [what, content] of [
		['small', SMALL],
		['large', LARGE],
	] as const) {
		it(`a ${what} file: says what was handed over, which may be another content than was seen`, async () => {
			const change = seen('a.txt', content);
			const taken = { sha256: sha256(content), size: content.length };
			assert.deepEqual(await deliver(change), { kind: 'delivered', taken });
			writeFileSync(change.path, SECRET);
			assert.deepEqual(await deliver({ ...change, seq: 2 }), {
				kind: 'delivered',
				taken: { sha256: sha256(SECRET), size: SECRET.length },
			});
			await until(
				() => publishedSha('a.txt'),
				(sha) => sha === sha256(SECRET),
			);
		});

		it(`a ${what} file that was replaced: no link is followed, no pipe waited for, no folder left`, async () => {
			const change = seen('sub/a.txt', content);
			const swaps: [string, () => void][] = [
				['a link', () => symlinkSync(join(outside, 'a.txt'), change.path)],
				['a pipe', () => execFileSync('mkfifo', [change.path])],
				['a device', () => symlinkSync('/dev/zero', change.path)],
				['a folder', () => mkdirSync(change.path)],
			];
			for (const [name, swap] of swaps) {
				rmSync(change.path, { recursive: true, force: true });
				swap();
				assert.equal((await deliver(change))?.kind, 'retry', name);
			}
			renameSync(join(dir, 'sub'), join(dir, 'before'));
			symlinkSync(outside, join(dir, 'sub'));
			assert.equal((await deliver(change))?.kind, 'retry', 'a link in place of its folder');
			assert.equal(await fixture.docStore.document('t', 'sub/a.txt'), null);
			assert.equal(
				(await deliver(change, delivery({}, true)))?.kind,
				'delivered',
				'where links are followed',
			);
		});
	}

	it('a large file that waits for a limit is looked at again before it is read', async () => {
		const change = seen('a.txt', LARGE);
		let tries = 0;
		const acceptStream: Pipeline['acceptStream'] = (...args) => {
			tries += 1;
			if (tries > 1) return fixture.pipeline.acceptStream(...args);
			rmSync(change.path);
			symlinkSync(join(outside, 'a.txt'), change.path);
			return Promise.reject(new DocDropError('rate_limited', 'too many documents', { retryAfterMs: 1 }));
		};
		assert.equal((await deliver(change, delivery({ acceptStream })))?.kind, 'retry');
		assert.equal(tries, 2);
		assert.equal(await fixture.docStore.document('t', 'a.txt'), null);
	});

	it('a large file that has grown since it was seen has changed: no queue is full for it', async () => {
		const change = seen('a.txt', LARGE);
		writeFileSync(change.path, `${LARGE} and more`);
		assert.deepEqual(await deliver(change), { kind: 'retry', reason: 'the file changed while it was taken' });
	});

	it('a file that outgrew the limit after it was seen: what was seen is not refused for it', async () => {
		const refused = new DocDropError('too_large', 'content must be at most 3 bytes');
		const change = seen('a.txt', LARGE);
		const acceptStream: Pipeline['acceptStream'] = async (_, bytes) => {
			for await (const piece of bytes) if (piece.length > 0) throw refused;
			throw new Error('no bytes');
		};
		assert.equal((await deliver(change, delivery({ acceptStream })))?.kind, 'failed');
		writeFileSync(change.path, `${LARGE}more`);
		assert.equal((await deliver(change, delivery({ acceptStream })))?.kind, 'retry');
	});

	for (const [what, content] of [
		['small', SMALL],
		['large', LARGE],
	] as const) {
		it(`a ${what} file that was another one while it was handed over, and went back: the index has what the file is`, async () => {
			const path = join(dir, 'a.txt');
			writeFileSync(path, content);
			let batches = 0;
			const real = delivery();
			const engine = createWatchEngine({
				roots: [{ label: 'inbox', dir }],
				state: newState(),
				hints: createHandHints().factory,
				clock: systemClock,
				settings: QUICK,
				outcomesAreFinal: true,
				deliver: async (batch, signal) => {
					batches += 1;
					if (batches > 1) return real(batch, signal);
					writeFileSync(path, `${content} of another branch`);
					const outcomes = await real(batch, signal);
					writeFileSync(path, content);
					return outcomes;
				},
				log: () => {},
			});
			await engine.start();
			try {
				await engine.idle();
				await until(
					() => fixture.docStore.stats(),
					({ pending }) => pending === 0,
				);
				assert.equal(await publishedSha('a.txt'), sha256(readFileSync(path)));
				assert.equal(batches, 2);
			} finally {
				await engine.close();
			}
		});
	}
});
