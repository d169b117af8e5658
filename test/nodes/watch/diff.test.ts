import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
	compare,
	eventOf,
	isRacy,
	isSpent,
	needsSend,
	withContent,
	withDelivered,
	withFailed,
	withFreshStart,
	withoutContent,
	withRetry,
	withSent,
} from '../../../nodes/watch/diff.ts';
import type { FileStat } from '../../../nodes/watch/disk.ts';
import type { FileContent, FileRow } from '../../../nodes/watch/state/file-state-port.ts';
import { fileRow } from '../../conformance/file-state.ts';

const MS = 1_000_000n;
const stat = (over: Partial<FileStat> = {}): FileStat => ({
	kind: 'file',
	size: 3,
	mtimeNs: 1_700_000_000_123_456_789n,
	ctimeNs: 1_700_000_000_987_654_321n,
	ino: 2n ** 64n - 1n,
	...over,
});
const calm = (row: FileRow) => ({ ...row, seen: row.seen && { ...row.seen, racy: false } });

describe('diff: compare', () => {
	it('skips a file only when size, mtime, ctime and inode are all equal', () => {
		assert.equal(compare(calm(fileRow()), stat()), 'same');
		for (const over of [{ size: 4 }, { mtimeNs: 1n }, { ctimeNs: 1n }, { ino: 1n }]) {
			assert.equal(compare(calm(fileRow()), stat(over)), 'stat differs');
		}
		assert.equal(compare(undefined, stat()), 'new');
		assert.equal(compare(fileRow({ seen: null }), stat()), 'new');
	});

	it('does not believe the equal stat of a racy file', () =>
		assert.equal(compare(fileRow(), stat()), 'racy'));
});

describe('diff: isRacy', () => {
	const hashedAt = 1_700_000_000_500;
	const ns = BigInt(hashedAt) * MS;
	const old = ns - 3_600_000n * MS + 7n;
	const cases: [string, bigint, bigint, boolean][] = [
		['fractions, 19 ms before', ns - 19n * MS + 1n, old, true],
		['fractions, 21 ms before', ns - 21n * MS + 1n, old, false],
		['the ctime alone', old, ns - 5n * MS + 1n, true],
		['whole seconds, 1.5 s before', 1_699_999_999n * 1_000_000_000n, old, true],
		['whole seconds, 2.5 s before', 1_699_999_998n * 1_000_000_000n, old, false],
		['an hour ahead', ns + 3_600_000n * MS + 1n, old, false],
		['a little ahead', ns + 5n * MS + 1n, old, true],
	];
	for (const [name, mtimeNs, ctimeNs, racy] of cases) {
		it(`${name}: ${racy}`, () => assert.equal(isRacy({ mtimeNs, ctimeNs }, hashedAt), racy));
	}
});

/**
 * One file, its row, its consumer, and every way their steps can interleave, crashes included. The consumer
 * may or may not have taken what came back as `retry`. What must hold: whenever the row says that nothing has
 * to be sent (and nothing was refused), the consumer holds exactly what is on disk.
 */
describe('diff: the row and the consumer', () => {
	const file = { root: 'docs', path: 'a' };
	const contents: FileContent[] = ['a', 'b', 'c'].map((it) => ({ size: 1, xxh64: it, sha256: it }));
	const step = fc.oneof(
		fc.record({ do: fc.constant('write' as const), content: fc.nat(2) }),
		fc.record({ do: fc.constantFrom('vanish' as const, 'send' as const, 'crash' as const) }),
		fc.record({
			do: fc.constant('answer' as const),
			outcome: fc.constantFrom('delivered' as const, 'retry' as const, 'failed' as const),
			taken: fc.boolean(),
		}),
	);

	it('never rests while the consumer holds something else', () => {
		let quiet = 0;
		fc.assert(
			fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
				let row: FileRow | undefined;
				let durable: FileRow | undefined;
				let disk: FileContent | null = null;
				let held: string | null = null;
				let seq = 0;
				let flying: { seq: number; content: FileContent | null } | null = null;
				for (const it of steps) {
					if (it.do === 'write') {
						disk = contents[it.content] ?? null;
						if (disk !== null) row = withContent(row, file, disk, stat(), 0);
					} else if (it.do === 'vanish') {
						disk = null;
						if (row !== undefined) row = withoutContent(row) ?? undefined;
					} else if (it.do === 'send' && flying === null && row !== undefined && needsSend(row)) {
						row = withSent(row, (seq += 1));
						durable = row;
						flying = { seq, content: row.seen };
					} else if (it.do === 'answer' && flying !== null && row !== undefined) {
						if (it.outcome === 'delivered' || (it.outcome === 'retry' && it.taken))
							held = flying.content?.sha256 ?? null;
						if (it.outcome === 'delivered') row = withDelivered(row, flying.seq, flying.content, null, 0);
						if (it.outcome === 'retry') row = withRetry(row, 'x');
						if (it.outcome === 'failed') row = withFailed(row, flying.content, 'x');
						flying = null;
						if (isSpent(row)) row = undefined;
						durable = row;
					} else if (it.do === 'crash') {
						// The consumer may have taken what was in flight; the first scan brings the row up to the disk.
						if (flying !== null) held = flying.content?.sha256 ?? null;
						flying = null;
						row = durable && withFreshStart(durable, 0);
						if (disk !== null) row = withContent(row, file, disk, stat(), 0);
						else if (row !== undefined) row = withoutContent(row) ?? undefined;
					}
					if (flying !== null || (row !== undefined && (needsSend(row) || row.failed !== null))) continue;
					quiet += 1;
					assert.equal(held, disk?.sha256 ?? null);
				}
			}),
			{ numRuns: 3000 },
		);
		assert.ok(quiet > 1000);
	});

	it('sends the old content again when the newer one may have arrived', () => {
		const [a, b] = contents as [FileContent, FileContent];
		let row = withDelivered(withSent(withContent(undefined, file, a, stat(), 0), 1), 1, a, null, 0);
		assert.equal(needsSend(row), false);
		row = withRetry(withSent(withContent(row, file, b, stat(), 0), 2), 'timeout');
		row = withContent(row, file, a, stat(), 0);
		assert.equal(needsSend(row), true);
		assert.equal(eventOf(row), 'changed');
	});

	it('does not send a touched file, nor one that nobody heard of before it went', () => {
		const [a] = contents as [FileContent];
		const row = withDelivered(withSent(withContent(undefined, file, a, stat(), 0), 1), 1, a, null, 0);
		assert.equal(needsSend(withContent(row, file, a, stat({ mtimeNs: 5n }), 0)), false);
		assert.equal(withoutContent(withContent(undefined, file, a, stat(), 0)), null);
	});

	it('remembers a refusal with its content: other content and a start try again', () => {
		const [a, b] = contents as [FileContent, FileContent];
		const row = withFailed(withSent(withContent(undefined, file, a, stat(), 0), 1), a, 'unsupported');
		assert.equal(needsSend(withContent(row, file, a, stat({ mtimeNs: 5n }), 0)), false);
		assert.equal(needsSend(withContent(row, file, b, stat(), 0)), true);
		assert.equal(needsSend(withFreshStart(row, 0)), true);
		assert.equal(eventOf({ ...row, seen: null }), 'deleted');
	});

	it('leaves what is parked alone until its time, unless it changes', () => {
		const [a, b] = contents as [FileContent, FileContent];
		const row = withFailed(withSent(withContent(undefined, file, a, stat(), 0), 1), a, 'waiting', 1000);
		assert.equal(withFreshStart(row, 999), row);
		assert.equal(needsSend(withFreshStart(row, 1000)), true);
		assert.equal(needsSend(withContent(row, file, b, stat(), 0)), true);
	});

	it('sends what was refused again when something else was sent since: the consumer may hold that', () => {
		const [a, b] = contents as [FileContent, FileContent];
		let row = withFailed(withSent(withContent(undefined, file, a, stat(), 0), 1), a, 'waiting', 1000);
		row = withRetry(withSent(withContent(row, file, b, stat(), 0), 2), 'timeout');
		assert.equal(needsSend(withContent(row, file, a, stat(), 0)), true);
	});
});
