import assert from 'node:assert/strict';
import { createInProcessExtractor } from '../../api/adapters/extractors/in-process.ts';
import type { Receipt } from '../../api/contract/document.ts';
import { judge } from './judge.ts';
import type { Change } from './script.ts';

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
});
