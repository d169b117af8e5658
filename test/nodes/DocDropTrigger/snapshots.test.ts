import assert from 'node:assert/strict';
import type { ExecutionEnd } from '../../../nodes/DocDropTrigger/executions.ts';
import { createNaming } from '../../../nodes/DocDropTrigger/naming.ts';
import type { FileEvent, TriggerSettings } from '../../../nodes/DocDropTrigger/trigger-parameters.ts';
import { createSnapshots } from '../../../nodes/DocDropTrigger/snapshots.ts';
import type { SnapshotItem, TriggerItem } from '../../../nodes/item.ts';
import { fakeClock } from '../../support/fake-clock.ts';

const MINUTE = 60_000;

function bench(
	over: Partial<Pick<TriggerSettings, 'events' | 'onActivation'>> & { isConfirmed?: boolean } = {},
) {
	const clock = fakeClock();
	const items: TriggerItem[] = [];
	let end: ExecutionEnd | Error = 'success';
	const take = createSnapshots({
		settings: {
			events: over.events ?? new Set<FileEvent>(['created', 'deleted']),
			onActivation: over.onActivation ?? 'catchUp',
			takeOver: true,
		},
		isConfirmed: over.isConfirmed ?? false,
		naming: createNaming({ tenant: { kind: 'segment', number: 1 }, template: '{name}' }, false),
		locate: (docId) => (docId === 'elsewhere' ? null : { root: 'docs', relPath: docId, docId }),
		executions: {
			async run(given) {
				items.push(...given);
				if (end instanceof Error) throw end;
				return { end, published: new Map() };
			},
		},
		clock,
	});
	const order = { sourceId: 's', epoch: 'e', seq: 9 };
	return {
		clock,
		items,
		willEnd: (with_: ExecutionEnd | Error) => void (end = with_),
		take: (present: readonly string[] = [], confirmed = false) =>
			take({ ...order, present, confirmed }, new AbortController().signal),
	};
}

describe('snapshots of the trigger', () => {
	it('are an item that names what is present as the API knows it', async () => {
		const it = bench();
		assert.deepEqual(await it.take(['acme/a.md', 'nameless', 'elsewhere']), { held: 0 });
		const [item = assert.fail()] = it.items;
		assert.deepEqual(Object.keys(item), ['event', 'docdrop']);
		assert.equal(item.event, 'snapshotComplete');
		const { batchId, ...marks } = item.docdrop;
		assert.match(batchId, /^[0-9a-f-]{36}$/);
		assert.deepEqual(marks, {
			...{ sourceId: 's', epoch: 'e', seq: 9 },
			...{ present: [{ tenant: 'acme', docId: 'a.md' }], confirmed: false, takeOver: true },
		});
	});

	it('carry a person’s word', async () => {
		for (const [isConfirmed, confirmed] of [
			[true, false],
			[false, true],
		] as const) {
			const it = bench({ isConfirmed });
			await it.take([], confirmed);
			const [item = assert.fail()] = it.items;
			assert.equal((item as SnapshotItem).docdrop.confirmed, true);
		}
	});

	it('are kept to themselves where not all files were told of', async () => {
		const events = (...names: FileEvent[]) => new Set(names);
		for (const over of [
			{ events: events('created', 'changed', 'moved') },
			{ events: events('changed', 'moved', 'deleted') },
			{ onActivation: 'fromNow' as const },
		]) {
			const it = bench(over);
			assert.deepEqual([await it.take(), it.items], [{ held: 0 }, []]);
		}
	});

	/** Minutes at which it was sent, from the first time on, while it is asked for every minute. */
	async function sentAt(it: ReturnType<typeof bench>, minutes: number): Promise<number[]> {
		const sent: number[] = [];
		for (let minute = 0; minute < minutes; minute += 1) {
			const before = it.items.length;
			await assert.rejects(it.take());
			if (it.items.length > before) sent.push(minute);
			await it.clock.advance(MINUTE);
		}
		return sent;
	}

	it('wait ever longer after a failure, up to an hour', async () => {
		const it = bench();
		it.willEnd(new Error('held'));
		assert.deepEqual(await sentAt(it, 200), [0, 1, 3, 7, 15, 31, 63, 123, 183]);
		it.willEnd('success');
		await it.clock.advance(60 * MINUTE);
		assert.deepEqual(await it.take(), { held: 0 });
	});

	it('wait for a day where their execution waits', async () => {
		const it = bench();
		it.willEnd('waiting');
		assert.deepEqual(await sentAt(it, 1), [0]);
		await it.clock.advance(1438 * MINUTE);
		assert.deepEqual(await sentAt(it, 3), [1]);
	});
});
