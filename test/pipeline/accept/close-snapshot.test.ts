import assert from 'node:assert/strict';
import type { DocumentInput } from '../../../api/contract/document-schema.ts';
import { startPipelineFixture, type PipelineFixture } from '../../support/pipeline-fixture.ts';

describe('closing a snapshot', () => {
	const sourceId = '3f2504e0-4f89-41d3-9a0c-0305e82c3301';
	const epochs = ['018f6f5e-0000-7000-8000-000000000001', '018f6f5e-0000-7000-8000-000000000002'] as const;
	let fixture: PipelineFixture;
	beforeEach(() => {
		fixture = startPipelineFixture();
	});
	afterEach(() => fixture.stop());

	let seq = 1;
	async function tell(epoch: string, docIds: readonly string[], tenant = 't'): Promise<void> {
		const documents = docIds.map((docId): DocumentInput => ({
			tenant,
			docId,
			content: { text: `text of ${docId}` },
			source: { sourceId, epoch, seq: seq++ },
		}));
		const { normalise, accept } = fixture.pipeline;
		await accept(
			documents.map((one) => normalise(one)),
			{ skipWindow: true, priority: 'normal' },
		);
	}
	const names = (count: number) => Array.from({ length: count }, (_, n) => `f${String(n).padStart(4, '0')}`);
	const close = (present: readonly string[] = [], confirmed = false) =>
		fixture.pipeline.closeSnapshot({
			onlyTenant: 't',
			sourceId,
			epoch: epochs[1],
			seq: seq++,
			present: present.map((docId) => ({ tenant: 't', docId })),
			confirmed,
		});
	/** What the source wants published still. */
	const there = async () => {
		const page = { sourceId, epoch: epochs[1], after: 0, limit: 10_000 };
		return (await fixture.docStore.sourceDocuments(page)).map(({ tenant, docId }) =>
			tenant === 't' ? docId : `${tenant}/${docId}`,
		);
	};

	it('deletes what an earlier epoch had and this one was not told of, and keeps what it names', async () => {
		await tell(epochs[0], ['a', 'b', 'c', 'd', 'e']);
		await tell(epochs[1], ['a', 'b']);
		assert.deepEqual(await close(['c']), { deleted: 2, held: 0 });
		assert.deepEqual(await there(), ['a', 'b', 'c']);
		assert.deepEqual(await close(['c']), { deleted: 0, held: 0 }, 'asked again');
	});

	it('touches no other source, tenant or epoch', async () => {
		await tell(epochs[0], ['a', 'gone']);
		await tell(epochs[0], ['gone'], 'other');
		await tell(epochs[1], ['a', 'new']);
		const { normalise, accept } = fixture.pipeline;
		await accept([normalise({ tenant: 't', docId: 'by hand', content: { text: 'x' } })], {
			skipWindow: true,
			priority: 'normal',
		});
		assert.deepEqual(await close(), { deleted: 1, held: 0 });
		assert.deepEqual((await there()).sort(), ['a', 'new', 'other/gone']);
		const byHand = await fixture.docStore.jobs({ tenant: 't', docId: 'by hand', limit: 10 });
		assert.equal(byHand.length, 1);
	});

	it('holds more than a fifth, and all of any number, until it is confirmed', async () => {
		const all = names(800);
		await tell(epochs[0], all);
		assert.deepEqual(await close(), { deleted: 0, held: 800 }, 'an empty folder');
		await tell(epochs[1], all.slice(0, 600));
		assert.deepEqual(await close(), { deleted: 0, held: 200 });
		assert.equal((await there()).length, 800);
		assert.deepEqual(await close([], true), { deleted: 200, held: 0 });
		assert.deepEqual(await there(), all.slice(0, 600));
	});
});
