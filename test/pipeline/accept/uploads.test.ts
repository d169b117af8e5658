import assert from 'node:assert/strict';
import { createMemoryDocStore } from '../../doubles/memory-doc-store.ts';
import { mimeTypeOf } from '../../../api/contract/file-types.ts';
import { limits } from '../../../api/contract/limits.ts';
import { DocDropError, isDocDropError } from '../../../api/errors.ts';
import type { ChangeContent } from '../../../api/domain/change.ts';
import { inlineBytes } from '../../../api/pipeline/accept/contents.ts';
import { createIngress } from '../../../api/pipeline/accept/ingress.ts';
import { createJobIds } from '../../../api/pipeline/accept/job-id.ts';
import type { DocStore } from '../../../api/ports/doc-store.ts';
import { createTelemetry } from '../../../api/telemetry.ts';
import { fakeClock, type FakeClock } from '../../support/fake-clock.ts';

async function* bytesOf(text: string, error?: Error): AsyncGenerator<Uint8Array> {
	for (let at = 0; at < text.length; at += 30_000) yield Buffer.from(text.slice(at, at + 30_000));
	if (error !== undefined) throw error;
}
const large = 'l'.repeat(inlineBytes + 1);
const blobOf = ({ body }: ChangeContent) => (typeof body === 'object' && 'blob' in body ? body.blob : null);

describe('an upload of several files', () => {
	let clock: FakeClock;
	let docStore: DocStore;
	let blobs: Set<string>;
	/** What the disk shows of a blob; undefined: what is there. */
	let shown: (size: number) => number | null;
	let reserved: number;

	beforeEach(() => {
		clock = fakeClock();
		const memory = createMemoryDocStore();
		blobs = new Set();
		shown = (size) => size;
		reserved = 0;
		docStore = {
			...memory,
			async writeBlob(bytes) {
				const written = await memory.writeBlob(bytes);
				blobs.add(written.blob);
				return written;
			},
			async blobSize(blob) {
				const size = await memory.blobSize(blob);
				return size === null ? null : shown(size);
			},
			async dropBlob(blob) {
				blobs.delete(blob);
				await memory.dropBlob(blob);
			},
		};
	});
	afterEach(() => docStore.close());

	const ingress = () =>
		createIngress({
			...{ docStore, clock, now: () => 1, nextJobId: createJobIds(() => 1_767_225_600_000) },
			...{ crashPoint: () => {}, telemetry: createTelemetry(), limiter: null, wake: () => {} },
			settings: {
				...{ windowMs: 0, maxWaitMs: 0, maxPending: 1_000, maxPendingBytes: 100_000_000 },
				...{ maxFileBytes: 10_000_000, maxBufferedBytes: 100_000, streamable: ['text/plain'] },
				...{ fingerprintOf: () => 'f', mimeTypes: ['text/plain', 'text/html'], mimeTypeOf },
				refusedTypes: new Map(),
			},
			uploadRoom: {
				reserve: async (_tenant, bytes) => {
					reserved += bytes;
					return () => void (reserved -= bytes);
				},
				reserved: () => reserved,
			},
		});
	const own = (docId: string) => ({ tenant: 't', docId });

	it('keeps small files in memory as long as there is room for them, and writes others into blobs', async () => {
		const upload = await ingress().openUpload('t', null);
		const small = 's'.repeat(inlineBytes);
		const received: ChangeContent[] = [];
		for (let bytes = 0; bytes < limits.uploadMemoryBytes; bytes += small.length)
			received.push(await upload.receive(bytesOf(small)));
		assert.ok(received.every((one) => blobOf(one) === null));
		for (const text of ['s', small, large])
			assert.notEqual(blobOf(await upload.receive(bytesOf(text))), null);
		assert.equal(blobOf(await upload.receive(bytesOf(''))), null, 'nothing takes no room');
		assert.equal(blobs.size, 3);
		await upload.close();
		assert.deepEqual([blobs.size, reserved], [0, 0]);
	});

	it('waits for a blob that the disk does not show yet, half a second, one, and two', async () => {
		for (const [looks, waited] of [
			[0, 0],
			[1, 500],
			[2, 1_500],
			[3, 3_500],
		] as const) {
			let left: number = looks;
			shown = (size) => ((left -= 1) >= 0 ? (left % 2 === 0 ? null : size - 1) : size);
			const api = ingress();
			const upload = await api.openUpload('t', null);
			const checked = api.checkReceived(own(`${looks}.txt`), await upload.receive(bytesOf(large)));
			const began = clock.monotonic();
			let isDone = false;
			const accepted = upload.accept([{ checked, options: {} }]).finally(() => (isDone = true));
			while (!isDone) await clock.advance(clock.untilNext() ?? 0);
			const [result] = await accepted;
			assert.ok(!isDocDropError(result) && result?.state === 'accepted');
			assert.equal(clock.monotonic() - began, waited);
			await upload.close();
		}
		assert.equal(blobs.size, 4);
	});

	it('refuses a file alone that never shows whole, and drops it', async () => {
		const api = ingress();
		const upload = await api.openUpload('t', null);
		const content = await upload.receive(bytesOf(large));
		const other = await upload.receive(bytesOf('small'));
		shown = (size) => size - 1;
		const accepted = upload.accept([
			{ checked: api.checkReceived(own('a.txt'), content), options: {} },
			{ checked: api.checkReceived(own('b.txt'), other), options: {} },
		]);
		await clock.advance(3_500);
		const [first, second] = await accepted;
		assert.ok(isDocDropError(first) && first.code === 'store_unavailable' && first.retryable);
		assert.ok(!isDocDropError(second) && second?.state === 'accepted');
		assert.equal(blobs.size, 0);
		assert.equal(await docStore.document('t', 'a.txt'), null);
		await upload.close();
	});

	it('holds a single streamed document to the same', async () => {
		shown = () => null;
		const accepted = ingress().acceptStream(own('a.txt'), bytesOf(large), {});
		const failed = assert.rejects(accepted, { code: 'store_unavailable' });
		await clock.advance(3_500);
		await failed;
		assert.deepEqual([blobs.size, reserved], [0, 0]);
	});

	it('keeps nothing of a source that fails, and goes on', async () => {
		const api = ingress();
		const upload = await api.openUpload('t', null);
		const broken = new Error('the connection ended');
		await assert.rejects(upload.receive(bytesOf(large, broken)), broken);
		await assert.rejects(upload.receive(bytesOf('x'.repeat(10_000_001))), { code: 'too_large' });
		assert.equal(blobs.size, 0);
		const checked = api.checkReceived(own('a.txt'), await upload.receive(bytesOf(large)));
		const [result] = await upload.accept([{ checked, options: { priority: 'high' } }]);
		assert.ok(!isDocDropError(result));
		assert.equal(blobs.size, 1);
		await upload.close();
		assert.equal(blobs.size, 1, 'what a change names stays');
	});

	it('drops what was refused, and what nobody asked for; all of it where the store cannot take it', async () => {
		const api = ingress();
		const upload = await api.openUpload('t', null);
		const [a, b, c] = [
			await upload.receive(bytesOf(`${large}a`)),
			await upload.receive(bytesOf(large.repeat(2))),
			await upload.receive(bytesOf(large)),
		];
		const results = await upload.accept([
			{ checked: api.checkReceived({ ...own('a.txt'), sha256: '0'.repeat(64) }, a), options: {} },
			{ checked: api.checkReceived({ ...own('b'), mimeType: 'text/html' }, b), options: {} },
			{ checked: api.checkReceived({ ...own('c.txt'), op: 'delete' }, c), options: {} },
		]);
		assert.deepEqual(
			results.map((one) => isDocDropError(one) && [one.code, one.field]),
			[
				['invalid', 'sha256'],
				['too_large', 'content'],
				['invalid', 'content'],
			],
		);
		assert.equal((await docStore.jobs({ limit: 10 })).length, 3, 'each leaves its receipt');
		await upload.close();
		assert.deepEqual([blobs.size, reserved], [0, 0]);

		const full = new DocDropError('disk_full', 'the disk is full');
		docStore.accept = () => Promise.reject(full);
		const again = ingress();
		const failing = await again.openUpload('t', null);
		const checked = again.checkReceived(own('a.txt'), await failing.receive(bytesOf(large)));
		await assert.rejects(failing.accept([{ checked, options: {} }]), full);
		await failing.close();
		assert.deepEqual([blobs.size, reserved], [0, 0]);
	});
});
