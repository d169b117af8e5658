import assert from 'node:assert/strict';
import type { FileStat } from '../../../nodes/watch/disk.ts';
import { createIdentity } from '../../../nodes/watch/identity.ts';
import { openLedger, type FileLedger } from '../../../nodes/watch/ledger.ts';
import type { Observer } from '../../../nodes/watch/observer.ts';
import { reconcile } from '../../../nodes/watch/reconcile.ts';
import { newRootState } from '../../../nodes/watch/root-state.ts';
import type { ScanSinks } from '../../../nodes/watch/scan/scanner-port.ts';
import type { Attention } from '../../../nodes/watch/settle.ts';
import type { FileRow, Seen } from '../../../nodes/watch/state/file-state-port.ts';
import { fakeClock } from '../../support/fake-clock.ts';
import { newState } from './harness.ts';

const stat: FileStat = { kind: 'file', size: 3, mtimeNs: 1n, ctimeNs: 2n, ino: 3n };

/** A file of root `docs` that the consumer has, and that nobody has touched since. */
function rowOf(path: string, over: Partial<FileRow> = {}): FileRow {
	const content = { size: 3, xxh64: '0'.repeat(16), sha256: 'a'.repeat(64) };
	const seen: Seen = { ...content, mtimeNs: 1n, ctimeNs: 2n, ino: 3n, racy: false };
	const delivered = { delivered: content, seq: 1, deliveredSeq: 1, deliveredAt: 0, tries: 0 };
	return { root: 'docs', path, seen, ...delivered, failed: null, note: '', ...over };
}

async function scene(rows: readonly FileRow[]) {
	const roots = [
		{ label: 'docs', dir: '/docs' },
		{ label: 'other', dir: '/other' },
	];
	const identity = createIdentity(roots, 'docs');
	const state = newState();
	const ledger: FileLedger = await openLedger({ state, head: await state.open(), identity });
	for (const row of rows) ledger.set(identity.docId(row.root, row.path), row);
	const attentions = new Map<string, Attention>();
	const told: string[] = [];
	const observer: Observer = {
		lookSoon: (docId) => void told.push(`suspect ${docId}`),
		missed: (docId) => (told.push(`missed ${docId}`), attentions.get(docId)?.kind !== 'paused'),
		met: (docId) => (told.push(`met ${docId}`), true),
		attention: (docId) => attentions.get(docId),
		busy: () => [],
		restless: () => [],
		busyCount: 0,
		*parked() {
			for (const [docId, { kind }] of attentions) if (kind === 'parked') yield [docId, 'it cannot be read'];
		},
		scanned: () => {},
		resumed: () => {},
		markMoved: () => {},
		unmarkMoved: () => {},
		close: async () => {},
	};
	const root = newRootState('docs', '/docs');
	const clock = fakeClock();
	return {
		root,
		told,
		attentions,
		clock,
		scan: (report: (sinks: ScanSinks) => void, over: Partial<Parameters<typeof reconcile>[0]> = {}) =>
			reconcile(
				{
					scanner: {
						async scan(_dir, sinks) {
							sinks.begin();
							report(sinks);
						},
						close: async () => {},
					},
					identity,
					ledger,
					observer,
					watchers: {
						cover: (label, relPath) => void told.push(`cover ${label}:${relPath}`),
						scanned: (label, found) => void told.push(`scanned ${label} ${found.files} ${found.directories}`),
					},
					offer: (docId) => void told.push(`offer ${docId}`),
					clock,
					startedAt: clock.monotonic(),
					maxFileBytes: 100,
					signal: new AbortController().signal,
					...over,
				},
				root,
				'full',
			),
	};
}

describe('reconcile: a scan against the rows', () => {
	it('proves an unchanged tree without asking the observer', async () => {
		const it = await scene([rowOf('a'), rowOf('sub/b'), rowOf('sub/b', { root: 'other' })]);
		const found = await it.scan((sinks) => {
			sinks.directory('');
			sinks.directory('sub');
			for (const path of ['a', 'sub/b']) sinks.file(path, stat);
		});
		assert.equal(found, 0);
		assert.deepEqual(it.told, ['cover docs:', 'cover docs:sub', 'scanned docs 2 2']);
		assert.equal(it.root.verifiedAt, it.clock.now());
	});

	for (const [what, row, other] of [
		['has no row', null, stat],
		['differs from its row', rowOf('a'), { ...stat, ctimeNs: 9n }],
		['was hashed too soon', rowOf('a', { seen: { ...(rowOf('a').seen as Seen), racy: true } }), stat],
		['is not acknowledged', rowOf('a', { seq: 2 }), stat],
		['was never sent', rowOf('a', { delivered: null }), stat],
		['was taken as gone', rowOf('a', { seen: null }), stat],
	] as const) {
		it(`shows the observer a file that ${what}`, async () => {
			const it = await scene(row === null ? [] : [row]);
			assert.equal(await it.scan((sinks) => sinks.file('a', other)), 1);
			assert.deepEqual(it.told, ['met a', 'scanned docs 1 0']);
			assert.equal(it.root.verifiedAt, null);
		});
	}

	it('shows the observer a file that somebody waits for, although it is as it was', async () => {
		const it = await scene([rowOf('a')]);
		it.attentions.set('a', { kind: 'paused', since: 0 });
		await it.scan((sinks) => sinks.file('a', stat));
		assert.deepEqual(it.told, ['met a', 'scanned docs 1 0']);
	});

	it('misses what was not met, but nothing at or below what is unreadable', async () => {
		const paths = ['a', 'sub/a', 'sub/deep/b', 'submarine', 'c/d/e', 'c/f'];
		const it = await scene(paths.map((path) => rowOf(path)));
		const found = await it.scan((sinks) => {
			sinks.unreadable('sub', 'EACCES');
			sinks.unreadable('c/d', 'EIO');
			sinks.unreadable('a', 'EIO');
		});
		assert.equal(found, 2);
		assert.deepEqual(it.told, ['missed submarine', 'missed c/f', 'scanned docs 0 0']);
		assert.equal(it.root.unreadable.length, 3);
		const away = await scene([rowOf('a')]);
		assert.equal(await away.scan((sinks) => sinks.unreadable('', 'ENOENT')), 0);
		assert.deepEqual(away.told, ['scanned docs 0 0']);
		assert.equal(away.root.verifiedAt, null);
	});

	it('skips what is too large or cannot be named, says so, and misses none that was taken before', async () => {
		const it = await scene([rowOf('large', { seen: { ...(rowOf('a').seen as Seen), size: 101 } })]);
		await it.scan((sinks) => {
			sinks.file('large', { ...stat, size: 101 });
			sinks.file('new', { ...stat, size: 101 });
			sinks.file('line\nbreak', stat);
			sinks.file('other/a', stat);
		});
		assert.deepEqual(it.told, ['suspect large', 'scanned docs 1 0']);
		assert.deepEqual(
			it.root.skipped.map(({ reason }) => reason),
			[
				'the file is larger than the limit',
				'the name holds control characters',
				'the folder is called like another root',
			],
		);
		assert.equal(it.root.skippedCount, 3);
	});

	it('does not take a file for another root’s that has the same id', async () => {
		const it = await scene([rowOf('a', { root: 'other' })]);
		await it.scan((sinks) => sinks.file('other/a', stat));
		assert.equal(it.root.skipped[0]?.reason, 'the folder is called like another root');
	});

	it('forgets what a walk reported that begins anew', async () => {
		const it = await scene([rowOf('a'), rowOf('b')]);
		const found = await it.scan((sinks) => {
			sinks.file('a', stat);
			sinks.file('new', stat);
			sinks.skipped('pipe', 'not a regular file');
			sinks.unreadable('sub', 'EIO');
			sinks.begin();
			sinks.file('b', stat);
		});
		assert.equal(found, 1);
		assert.deepEqual(it.told, ['met new', 'missed a', 'scanned docs 1 0']);
		assert.deepEqual([it.root.skippedCount, it.root.unreadable], [0, []]);
	});

	it('proves nothing while a file is parked or held, and offers what is gone and told', async () => {
		const it = await scene([rowOf('a'), rowOf('b'), rowOf('c', { seen: null })]);
		it.attentions.set('a', { kind: 'paused', since: 0 });
		it.attentions.set('b', { kind: 'parked', stat: null, reason: '' });
		assert.equal(await it.scan(() => {}), 1);
		assert.deepEqual(it.told, ['missed a', 'missed b', 'offer c', 'suspect b', 'scanned docs 0 0']);
		assert.equal(it.root.verifiedAt, null);
	});

	it('gives everybody a turn while it goes over many rows, and stops when it is aborted', async () => {
		const it = await scene(Array.from({ length: 1000 }, (_, at) => rowOf(`${at}`)));
		let at = 0;
		// Each look at the clock is 3 ms later.
		const clock = { ...it.clock, monotonic: () => (at += 3) };
		let turns = 0;
		let counting = true;
		const count = () => {
			turns += 1;
			if (counting) setImmediate(count);
		};
		setImmediate(count);
		await it.scan(() => {}, { clock, startedAt: 0 });
		counting = false;
		assert.ok(turns >= 2, `${turns} turns`);

		const stop = new AbortController();
		setImmediate(() => stop.abort(new Error('enough')));
		await assert.rejects(
			it.scan(() => {}, { clock, startedAt: 0, signal: stop.signal }),
			/enough/,
		);
	});
});
