import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { itemsOf } from '../../../nodes/DocDropTrigger/items.ts';
import type { FileEvent } from '../../../nodes/DocDropTrigger/trigger-parameters.ts';
import { tombstoneOf } from '../../../nodes/DocDropTrigger/tombstone.ts';
import type { FileChange } from '../../../nodes/watch/file-change.ts';

const head = {
	...{ root: 'docs', path: '/docs/x/new', relPath: 'x/new', docId: 'x/new' },
	...{ sourceId: 'source', epoch: 'epoch', seq: 7, previousSha256: null },
};
const content = { size: 3, mtimeMs: 1_700_000_000_123, sha256: 'a'.repeat(64), xxh64: 'b'.repeat(16) };
const created: FileChange = { event: 'created', ...head, ...content };
const deleted: FileChange = { event: 'deleted', ...head };
const moved: FileChange = {
	...{ event: 'moved', ...head, ...content },
	...{ previousDocId: 'y/old', previousPath: '/docs/y/old' },
};
const name = { tenant: 'x', docId: 'new' };
const previous = { tenant: 'y', docId: 'old', path: '/docs/y/old', relPath: 'y/old', root: 'docs' };
const marks = { sourceName: 'workflow Files', takeOver: true, batchId: 'batch' };
const items = (change: FileChange, events: readonly FileEvent[], before: typeof previous | null = previous) =>
	itemsOf(change, name, change.event === 'moved' ? before : null, new Set(events), marks);
const told = (change: FileChange, events: readonly FileEvent[], before: typeof previous | null = previous) =>
	items(change, events, before).map(({ event, tenant, docId }) => `${event} ${tenant} ${docId}`);

describe('items', () => {
	it('say only what is wanted', () => {
		assert.deepEqual(told(created, ['created']), ['created x new']);
		assert.deepEqual(told(created, ['changed', 'deleted', 'moved']), []);
		assert.deepEqual(told(deleted, ['deleted']), ['deleted x new']);
		assert.deepEqual(told(deleted, ['created', 'changed', 'moved']), []);
	});

	it('say a move that is not wanted as a creation and a deletion, as far as these are', () => {
		assert.deepEqual(told(moved, ['moved']), ['moved x new']);
		assert.deepEqual(told(moved, ['created', 'deleted']), ['created x new', 'deleted y old']);
		assert.deepEqual(told(moved, ['created']), ['created x new']);
		assert.deepEqual(told(moved, ['deleted', 'changed']), ['deleted y old']);
		assert.deepEqual(told(moved, ['changed']), []);
	});

	it('say a move by which a document keeps its name as a change: it must not be deleted', () => {
		const same = { ...previous, ...name };
		assert.deepEqual(told(moved, ['moved'], same), ['changed x new']);
		assert.deepEqual(told(moved, ['created', 'changed', 'deleted'], same), ['changed x new']);
		assert.deepEqual(told(moved, ['created', 'deleted'], same), []);
		assert.equal(items(moved, ['moved'], same)[0]?.docdrop.previousDocId, null);
	});

	it('say a move from nowhere as a creation', () => {
		assert.deepEqual(told(moved, ['moved', 'created'], null), ['created x new']);
		assert.deepEqual(told(moved, ['moved'], null), []);
	});

	it('carry both names of a moved file, across tenants', () => {
		const [item] = items(moved, ['moved']);
		assert.deepEqual(
			[
				item?.tenant,
				item?.docId,
				item?.docdrop.previousTenant,
				item?.docdrop.previousDocId,
				item?.previousPath,
			],
			['x', 'new', 'y', 'old', '/docs/y/old'],
		);
		assert.deepEqual(
			[item?.docdrop.takeOver, item?.docdrop.batchId, item?.docdrop.tombstone],
			[true, 'batch', null],
		);
	});

	it('give the deletion of an old name its own place, content and tombstone', () => {
		const [item] = items(moved, ['deleted']);
		const { docdrop, ...rest } = item ?? assert.fail();
		assert.deepEqual(rest, {
			...{ event: 'deleted', fileName: 'old', extension: '', mimeType: 'application/octet-stream' },
			...{ directory: 'y', size: null, modifiedAt: null, path: '/docs/y/old', relPath: 'y/old' },
			...{ tenant: 'y', docId: 'old', previousPath: null },
		});
		const { tombstone, ...others } = docdrop;
		assert.deepEqual(others, {
			...{ sourceId: 'source', epoch: 'epoch', seq: 7, root: 'docs', sha256: null, xxh64: null },
			...{ previousSha256: content.sha256, previousTenant: null, previousDocId: null },
			...marks,
		});
		const order = { sourceId: 'source', epoch: 'epoch', seq: 7 };
		assert.equal(tombstone, tombstoneOf({ tenant: 'y', docId: 'old', ...order }));
	});

	it('write times as ISO 8601, and leave out what no calendar reaches', () => {
		assert.equal(items(created, ['created'])[0]?.modifiedAt, '2023-11-14T22:13:20.123Z');
		assert.equal(items({ ...created, mtimeMs: 9e15 }, ['created'])[0]?.modifiedAt, null);
	});
});

describe('the fields of an item that people use', () => {
	const fields = (relPath: string) => {
		const at = { ...created, relPath, path: `/docs/${relPath}` };
		const [item] = items(at, ['created']);
		return item && [item.fileName, item.extension, item.mimeType, item.directory];
	};

	it('say what the path says of the file', () => {
		assert.deepEqual(fields('a/b/Report.final.PDF'), ['Report.final.PDF', 'pdf', 'application/pdf', 'a/b']);
		assert.deepEqual(fields('notes.md'), ['notes.md', 'md', 'text/markdown', '']);
		assert.deepEqual(fields('a.b/README'), ['README', '', 'text/plain', 'a.b']);
		assert.deepEqual(fields('a.b/plan'), ['plan', '', 'application/octet-stream', 'a.b']);
		assert.deepEqual(fields('x/.env'), ['.env', '', 'application/octet-stream', 'x']);
		assert.deepEqual(fields('a.constructor'), [
			'a.constructor',
			'constructor',
			'application/octet-stream',
			'',
		]);
		assert.deepEqual(fields('a.'), ['a.', '', 'application/octet-stream', '']);
	});

	it('come first, in the order in which people look for them; all that is left is in one field', () => {
		assert.deepEqual(Object.keys(items(created, ['created'])[0] ?? {}), [
			...['event', 'fileName', 'extension', 'mimeType', 'directory', 'size', 'modifiedAt', 'path', 'relPath'],
			...['tenant', 'docId', 'previousPath', 'docdrop'],
		]);
	});
});

describe('tombstone', () => {
	const order = { tenant: 'ä', docId: 'b', sourceId: 's', epoch: 'e', seq: 12 };

	it('is the SHA-256 of its parts with their lengths in bytes', () => {
		const text = '20:docdrop:tombstone:v12:ä1:b1:s1:e2:12';
		assert.equal(tombstoneOf(order), createHash('sha256').update(text).digest('hex'));
	});

	it('differs for everything that differs', () => {
		const others = [
			order,
			{ ...order, tenant: 'a' },
			{ ...order, docId: 'c' },
			{ ...order, tenant: 'äb', docId: '' },
			{ ...order, sourceId: 't' },
			{ ...order, epoch: 'f' },
			{ ...order, seq: 13 },
		];
		assert.equal(new Set(others.map(tombstoneOf)).size, others.length);
	});
});
