import assert from 'node:assert/strict';
import { createInProcessExtractor } from '../../api/adapters/extractors/in-process.ts';
import type { Receipt } from '../../api/contract/document-schema.ts';
import { publication, judge, type Evidence } from './judge.ts';
import type { Change } from './script.ts';
import { docFields } from '../support/doc-fields.ts';

describe('crash judge', () => {
	it('says why a change failed that should have been published', async () => {
		const change: Change = {
			tenant: 't',
			docId: 'd',
			order: 1,
			source: null,
			after: null,
			version: null,
			leaves: null,
		};
		const receipt: Receipt = {
			jobId: 'j1',
			tenant: 't',
			docId: 'd',
			state: 'accepted',
			version: 1,
			statusUrl: '/v1/jobs/j1',
		};
		const job = { state: 'failed', doc: 't/d', errorCode: 'unreadable', errorMessage: 'the file is none' };
		const faults = await judge(
			{
				receipts: new Map([[change, [receipt]]]),
				uncertain: new Set(),
				index: { points: [], faults: [] },
				store: { docs: new Map(), jobs: new Map([['j1', job]]), faults: [] },
				counted: { documents: 0, chunks: 0 },
			},
			createInProcessExtractor(),
		);
		assert.deepEqual(
			faults.map(({ message }) => message),
			['t/d: the newest receipt, answered accepted, ended as failed (unreadable: the file is none)'],
		);
	});

	/** A numbered text: 20 published, 21 published too but its answer lost, 26 the same as 20; 21 sent again last. */
	async function afterLostAnswer(lostText: string, isLost = true): Promise<string[]> {
		const extractor = createInProcessExtractor();
		const change = (seq: number, text: string): Change => ({
			tenant: 't',
			docId: 'd',
			order: seq,
			source: { sourceId: 's', epoch: 'e1', seq },
			after: null,
			version: { text, mimeType: 'text/plain', title: null, path: null, metadata: {} },
			leaves: null,
		});
		const rank = 2 ** 33;
		const receipt = (seq: number, state: Receipt['state'], version: number): Receipt => ({
			jobId: `j${seq}`,
			tenant: 't',
			docId: 'd',
			state,
			version: rank + version,
			statusUrl: `/v1/jobs/j${seq}`,
		});
		const job = (state: string) => ({ state, doc: 't/d', errorCode: null, errorMessage: null });
		const newest = change(26, 'one text');
		const { chunks, fields } = await publication(newest, extractor);
		const points = chunks.map((chunk, index) => ({
			id: `p${index}`,
			tenant: 't',
			docId: 'd',
			content: chunk.text,
			heading: chunk.heading,
			page: chunk.page,
			order: `${index}`,
			fields: docFields({ ...fields, version: rank + 21, publishedAt: 'now' }),
		}));
		const late = change(21, lostText);
		const evidence: Evidence = {
			uncertain: new Set(isLost ? [late] : []),
			receipts: new Map([
				[change(20, 'one text'), [receipt(20, 'accepted', 20)]],
				[newest, [receipt(26, 'unchanged', 26)]],
				[late, [receipt(21, 'stale', 26)]],
			]),
			index: { points, faults: [] },
			store: {
				docs: new Map([
					[
						't/d',
						{
							publishedVersion: rank + 21,
							lines: points.map(({ id, order }) => ({ pointId: id, order })),
						},
					],
				]),
				jobs: new Map([
					['j20', job('published')],
					['j21', job('stale')],
					['j26', job('unchanged')],
				]),
				faults: [],
			},
			counted: { documents: 1, chunks: points.length },
		};
		return (await judge(evidence, extractor)).map(({ kind }) => kind);
	}

	it('lets a change stand whose answer was lost and which was stale when sent again', async () => {
		assert.deepEqual(await afterLostAnswer('one text'), []);
	});

	it('does not let a change stand that was called stale at once', async () => {
		assert.deepEqual(await afterLostAnswer('one text', false), ['stale']);
	});

	it('does not let one stand that had another content', async () => {
		assert.deepEqual(await afterLostAnswer('another text'), ['stale']);
	});
});
