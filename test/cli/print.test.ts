import assert from 'node:assert/strict';
import type { FolderStatus, ReportedFolders, Status } from '../../api/cli/api-client.ts';
import { timeLeft } from '../../api/cli/counts.ts';
import { printPreview } from '../../api/cli/print-preview.ts';
import { explain, printStatus } from '../../api/cli/print.ts';

describe('docdrop status, as text', () => {
	const root: FolderStatus['roots'][number] = {
		...{ label: 'inbox', mode: 'watch', files: 3, pending: 0, inFlight: 0, failedCount: 0, failed: [] },
		...{ restless: [], skippedCount: 0, skipped: [], unreadable: [], held: null },
		...{ lastScanAt: null, verifiedAt: '2026-01-01T00:00:00.000Z' },
		...{ digest: 'aa', deliveredDigest: 'aa' },
	};
	const delivery = { failures: 0, lastFailure: null };
	const folder = (more: object = {}, over: Partial<FolderStatus> = {}): FolderStatus => ({
		...{ tenant: 't', sourceId: 's', snapshot: { closed: true, held: 0 }, delivery },
		roots: [{ ...root, ...more }],
		...over,
	});
	const reported = (more: object = {}, over: Partial<ReportedFolders> = {}): ReportedFolders => {
		const { digest: _digest, deliveredDigest: _delivered, ...told } = root;
		return {
			...{ sourceId: 's', tenant: 't', name: 'workflow Files', toldAt: 'then', isSilent: false, delivery },
			roots: [{ ...told, isDelivered: true, ...more }],
			...over,
		};
	};
	const status = (more: Partial<Status> = {}): Status => ({
		...{ documents: 3, chunks: 4, pending: 0, inWork: 0, failed: 0, oldestPendingSeconds: 0 },
		refused: { count: 0, newest: null },
		index: { kind: 'sqlite-vec', breaker: 'closed', audit: null },
		embedder: { model: 'lexical', breaker: 'closed', fault: null },
		...{ folders: [], reports: [], ...more },
	});
	const remarks = (count: number) =>
		Array.from({ length: count }, (_, n) => ({ relPath: `file ${n}`, reason: `reason ${n}` }));

	/** Lines before the first that says how the index is. */
	const wrong = (text: string) => text.slice(0, text.indexOf('\nindex ')).split('\n').slice(1);

	it('says nothing wrong where nothing is', () => {
		const text = printStatus(status({ folders: [folder()], reports: [reported()] }), 'http://here');
		assert.deepEqual(wrong(text), []);
		assert.match(text, /folder {5}inbox \(tenant t\)\n[^]+verified 2026[^]+all of it handed over/);
		assert.match(text, /folder {5}inbox \(tenant t, workflow Files\)/);
	});

	it('begins with what is wrong: away, held, waiting, refused, skipped and restless, with names', () => {
		const text = printStatus(
			status({
				failed: 2,
				folders: [
					folder({ unreadable: [{ relPath: '', reason: 'ENOENT' }] }),
					folder({ pending: 7 }, { delivery: { failures: 3, lastFailure: 'the API is away' } }),
					folder({ failedCount: 9, failed: remarks(8), skippedCount: 1, skipped: remarks(1) }),
					folder({ restless: ['a.log'] }),
				],
				reports: [reported({ held: { count: 6, reason: '6 of 20 files are gone at once', since: 'then' } })],
			}),
			null,
		);
		const lines = wrong(text);
		for (const sign of [
			/^FAILED {5}2 documents/,
			/^AWAY {7}inbox \(tenant t\): it cannot be read \(ENOENT\)/,
			/^WAITING {4}inbox \(tenant t\): 7 changes, because the API is away/,
			/^REFUSED {4}inbox \(tenant t\): 9 files/,
			/^ {11}file 0: reason 0/,
			/^ {11}… and 4 more/,
			/^SKIPPED {4}inbox \(tenant t\): 1 file left out/,
			/^RESTLESS {3}inbox \(tenant t\): 1 file never standing still/,
			/^ {11}a\.log$/,
			/^HELD {7}inbox \(tenant t, workflow Files\): 6 deletions since then/,
			/because 6 of 20 files are gone at once; Confirm Held Deletions/,
		])
			assert.ok(
				lines.some((line) => sign.test(line)),
				`${String(sign)} in\n${lines.join('\n')}`,
			);
	});

	it('says which workflow tells nothing any more, and what does not answer', () => {
		const text = printStatus(
			status({
				index: { kind: 'qdrant', breaker: 'open', audit: null },
				reports: [reported({}, { isSilent: true, tenant: null })],
			}),
			null,
		);
		assert.match(
			wrong(text).join('\n'),
			/^AWAY {7}the index does not answer[^]+SILENT {5}workflow Files has told/,
		);
		assert.match(text, /inbox \(several tenants, workflow Files\)/);
	});

	it('explains a file of a workflow’s folder: who watches it, who owns it, and why it is left out', () => {
		const told = {
			name: 'workflow Files',
			label: 'inbox',
			toldAt: 'then',
			isSilent: true,
			reason: 'too large',
		};
		const document = {
			...{ state: 'failed', version: 3, sourceId: 's', sourceName: 'workflow Files' },
			published: { chunks: 2, publishedAt: 'before', contentSha256: 'ab'.repeat(32) },
			error: { code: 'too_large', message: 'content must be smaller' },
		};
		const file = { phase: null, excluded: null, row: null, told };
		const text = explain('a.md', { file, document, jobs: [] });
		for (const sign of [
			/folder {5}inbox, watched by workflow Files \(told then, silent since\)/,
			/left out {3}too large/,
			/owner {6}workflow Files \(s\)/,
			/2 chunks since before[^\n]+of what it was before/,
		])
			assert.match(text, sign);
	});
});

describe('docdrop explain, as text', () => {
	it('says of a file that it is on its way, and since when', () => {
		const file = { phase: 'settling', since: '2026-11-30T12:00:00.000Z', excluded: null, row: null };
		const said = (own: object) => explain('a.md', { file: { ...file, ...own }, document: null, jobs: [] });
		assert.match(said({}), /folder +settling since 2026-11-30T12:00:00.000Z; on its way for the first time/);
		assert.match(said({ phase: null, since: null }), /folder +not seen/);
		const row = { note: 'delivered', seq: 7 };
		assert.match(said({ phase: 'at rest', since: null, row }), /folder +at rest; last: delivered \(seq 7\)/);
	});
});

describe('the time that is left', () => {
	it('is guessed, and not where nobody can', () => {
		assert.deepEqual([0, 59.4, 60, 3599, 3700, 86_400].map(timeLeft), [
			'0 s left',
			'59 s left',
			'1 min left',
			'59 min left',
			'1 h 1 min left',
			'24 h 0 min left',
		]);
		// What cli-progress has in place of a number.
		for (const none of ['NULL', 'INF', NaN, Infinity]) assert.equal(timeLeft(none), 'time left unknown');
	});
});

describe('docdrop preview, as text', () => {
	it('says the tokens of a passage where the API does', () => {
		const passage = { index: 0, change: 'added', heading: 'Guide', page: 2, text: 'Go.' } as const;
		const shown = printPreview({
			...{ tenant: 't', docId: 'a.md', state: 'new', title: null, mimeType: 'text/markdown', charset: null },
			...{ contentSha256: null, bytes: 3, warnings: [] },
			diff: { added: 2, kept: 0, removed: 0, embeddings: 2 },
			chunks: [{ ...passage, tokens: 2 }, passage],
		});
		assert.deepEqual(shown.match(/^1\..*$/gm), ['1. page 2 Guide (2 tokens)', '1. page 2 Guide']);
	});
});
