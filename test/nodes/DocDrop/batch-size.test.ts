import assert from 'node:assert/strict';
import { limits } from '../../../api/contract/limits.ts';
import {
	type BatchSize,
	emptyBatch,
	fits,
	roomIn,
	withEntry,
} from '../../../nodes/DocDrop/send/batch-size.ts';
import type { BatchEntry } from '../../../nodes/DocDrop/send/requests.ts';

describe('the size of a batch', () => {
	const head = { tenant: 't', docId: 'd' };
	const most = 8 * 1_048_576;
	const sizeOf = (entries: readonly (readonly [BatchEntry['content'], number])[]): BatchSize =>
		entries.reduce(
			(size, [content, bytes]) => withEntry(size, { op: 'put', head, content }, bytes),
			emptyBatch,
		);
	const file = (bytes: number) => [{ bytes: Buffer.alloc(0) }, bytes] as const;
	const text = (bytes: number) => [{ text: '' }, bytes] as const;
	const frame = sizeOf([[null, 0]]).bytes;

	it('counts contents and what stands around them', () => {
		assert.deepEqual(sizeOf([text(10), [null, 0]]), {
			...{ bytes: 10 + 2 * frame, jsonBytes: 10 + 2 * frame, hasFiles: false },
		});
		assert.deepEqual(sizeOf([file(10), text(5)]), {
			...{ bytes: 15 + 2 * frame, jsonBytes: 5 + 2 * frame, hasFiles: true },
		});
	});

	it('is bounded by the body, with files by the memory that the API has for them, and by its manifest', () => {
		assert.ok(fits(sizeOf([text(most - frame)]), most));
		assert.ok(!fits(sizeOf([text(most - frame + 1)]), most));
		assert.ok(fits(sizeOf([file(limits.uploadMemoryBytes - frame)]), most));
		assert.ok(!fits(sizeOf([file(limits.uploadMemoryBytes - frame + 1)]), most));
		assert.ok(!fits(sizeOf([file(1_000)]), 1_000));
		const manifest = roomIn(limits.manifestBytes);
		assert.ok(fits(sizeOf([file(1), text(manifest - 2 * frame)]), most));
		assert.ok(!fits(sizeOf([file(1), text(manifest - 2 * frame + 1)]), most));
	});
});
