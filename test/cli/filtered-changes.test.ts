import assert from 'node:assert/strict';
import type { Asked } from '../../api/cli/api-client.ts';
import { changeAll, metadataOf, printChanged } from '../../api/cli/filtered-changes.ts';
import { printDocuments } from '../../api/cli/print.ts';
import { UsageError } from '../../api/cli/usage-error.ts';
import type { DocumentView } from '../../api/contract/document-schema.ts';
import type { FilteredResponse } from '../../api/contract/filtered-schema.ts';

describe('docdrop patch and delete', () => {
	const asked: Asked = { tenant: 't', filter: { a: 1 }, metadata: null, dryRun: false, takeOver: false };
	const page = (change: Partial<FilteredResponse>): FilteredResponse => ({
		...{ matched: 1_000, accepted: 998, unchanged: 1, failed: 1, next: null, ...change },
		failures: [{ docId: 'o', error: { code: 'owned', message: 'not yours', hint: 'h', retryable: false } }],
	});
	function client(pages: FilteredResponse[]) {
		const afters: string[] = [];
		return {
			afters,
			async changeByFilter(_asked: Asked, after: string) {
				afters.push(after);
				return pages.shift() ?? assert.fail('asked once too often');
			},
		};
	}

	it('go on to the end, and say what became of all', async () => {
		const api = client([page({ next: 'm' }), page({})]);
		const sum = await changeAll(api, asked);
		assert.deepEqual([api.afters, sum.matched, sum.accepted], [['', 'm'], 2_000, 1_996]);
		const said = printChanged(asked, sum);
		assert.match(
			said,
			/^1,996 documents of 2,000 will be deleted, 2 needed nothing\.\nREFUSED {4}2 documents/,
		);
		assert.match(said, /\n {11}o: not yours\n/);
		assert.equal(
			printChanged({ ...asked, metadata: {}, dryRun: true }, sum),
			'2,000 documents would be changed.',
		);
	});

	it('end where the API takes no more, and say so', async () => {
		const stopped = { code: 'queue_full', message: 'the queue is full', hint: 'Wait.', retryable: true };
		const sum = await changeAll(client([page({ next: 'm' }), page({ next: 'n', stopped })]), asked);
		assert.match(printChanged(asked, sum), /\nSTOPPED {4}the queue is full\. Wait\.$/);
	});

	it('take metadata as an object alone', () => {
		assert.deepEqual(metadataOf('{"a":null}'), { a: null });
		for (const [text, message] of [
			[undefined, /wants --set/],
			['a=1', /--set must be JSON/],
			['[1]', /--set must be an object/],
		] as const)
			assert.throws(
				() => metadataOf(text),
				(error) => error instanceof UsageError && message.test(error.message),
			);
	});

	it('list shows a line a document', () => {
		const one = {
			docId: 'a.md',
			state: 'published',
			title: 'A',
			metadata: { n: 1 },
		} as unknown as DocumentView;
		assert.equal(
			printDocuments({
				documents: [one, { ...one, docId: 'b.md', title: null, metadata: {} }],
				next: 'b.md',
			}),
			'published  a.md  (A)  {"n":1}\npublished  b.md\n…and more: raise --limit, or narrow --filter',
		);
		assert.equal(printDocuments({ documents: [], next: null }), 'No document.');
	});
});
