import assert from 'node:assert/strict';
import { unlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Guard } from '../../../nodes/DocDropTrigger/folder-access.ts';
import { createClaims } from '../../../nodes/DocDropTrigger/claims.ts';
import { createDelivery } from '../../../nodes/DocDropTrigger/delivery.ts';
import { documentKey, type ExecutionEnd } from '../../../nodes/DocDropTrigger/executions.ts';
import { createNaming } from '../../../nodes/DocDropTrigger/naming.ts';
import type { FileEvent } from '../../../nodes/DocDropTrigger/trigger-parameters.ts';
import type { TriggerItem } from '../../../nodes/item.ts';
import type { FileChange } from '../../../nodes/watch/file-change.ts';
import { fakeClock } from '../../support/fake-clock.ts';
import { tempDirs } from '../watch/temp-dirs.ts';

const DAY = 86_400_000;

describe('delivery of the trigger', () => {
	const temp = tempDirs();
	let dir: string;
	beforeEach(async () => {
		dir = await temp.make();
	});

	function bench(
		over: { template?: string; events?: readonly FileEvent[]; guard?: Guard; since?: number } = {},
	) {
		const told: string[][] = [];
		const items: TriggerItem[] = [];
		const refused: string[] = [];
		let end: ExecutionEnd | Error = 'success';
		const published = new Map<string, string>();
		const clock = fakeClock();
		const naming = createNaming(
			{ tenant: { kind: 'fixed', tenant: 't' }, template: over.template ?? null },
			false,
		);
		const deliver = createDelivery({
			sourceName: 'workflow Files',
			settings: {
				events: new Set(over.events ?? ['created', 'changed', 'moved', 'deleted']),
				takeOver: false,
			},
			naming,
			claims: naming.isInjective ? null : createClaims(),
			guard: over.guard ?? (async () => null),
			locate: (docId) => ({ root: 'docs', relPath: docId, docId, path: join(dir, docId) }),
			executions: {
				async run(given) {
					told.push(given.map((it) => `${it.event} ${'docId' in it ? it.docId : ''}`));
					items.push(...given);
					if (end instanceof Error) throw end;
					return { end, published };
				},
			},
			baseline: () => over.since ?? null,
			clock,
			onRefused: (reason, relPaths) => void refused.push(`${reason}: ${relPaths.join()}`),
		});
		let seq = 0;
		return {
			published,
			clock,
			items,
			refused,
			/** What was told since the last call. */
			told: () => told.splice(0),
			willEnd: (with_: ExecutionEnd | Error) => void (end = with_),
			deliver: (...changes: readonly FileChange[]) => deliver(changes, new AbortController().signal),
			change(event: 'created' | 'changed' | 'deleted', relPath: string): FileChange {
				const head = {
					...{ root: 'docs', path: join(dir, relPath), relPath, docId: relPath },
					...{ sourceId: 's', epoch: 'e', seq: (seq += 1), previousSha256: null },
				};
				if (event === 'deleted') return { event, ...head };
				return { event, ...head, size: 1, mtimeMs: 0, sha256: 'a', xxh64: 'b' };
			},
			moved(from: string, to: string): FileChange {
				const change = this.change('created', to);
				const names = { previousDocId: from, previousPath: join(dir, from) };
				return { ...change, event: 'moved', ...names } as FileChange;
			},
		};
	}
	const kinds = (outcomes: readonly { kind: string }[]) => outcomes.map(({ kind }) => kind);

	it('has a success checked, and acknowledges what nobody wants to hear of without an execution', async () => {
		const it = bench({ events: ['created'] });
		const outcomes = await it.deliver(it.change('deleted', 'gone'), it.change('created', 'a'));
		assert.deepEqual(outcomes, [{ kind: 'delivered' }, { kind: 'delivered', check: true }]);
		assert.deepEqual(it.told(), [['created a']]);
		assert.deepEqual(await it.deliver(it.change('changed', 'a')), [{ kind: 'delivered' }]);
		assert.deepEqual(it.told(), []);
	});

	it('parks what waits for a day, and rejects with what went wrong', async () => {
		const it = bench({ events: ['created'] });
		it.willEnd('waiting');
		const [waits, unwanted] = await it.deliver(it.change('created', 'a'), it.change('deleted', 'b'));
		assert.deepEqual(waits, {
			kind: 'failed',
			reason: 'its execution waits',
			retryAt: it.clock.now() + DAY,
		});
		assert.deepEqual(unwanted, { kind: 'delivered' });
		it.willEnd(new Error('its execution ended as "error"'));
		await assert.rejects(it.deliver(it.change('created', 'a')), /ended as "error"/);
	});

	it('keeps back what was refused until a person decides, and sends the rest of its execution again', async () => {
		const it = bench();
		const [a, b] = [it.change('created', 'a'), it.change('created', 'b')];
		it.willEnd({ seqs: new Set([a.seq]), reason: 'another workflow owns it' });
		assert.deepEqual(await it.deliver(a, b), [
			{ kind: 'failed', reason: 'another workflow owns it' },
			{ kind: 'retry', reason: 'another workflow owns it' },
		]);
	});

	it('refuses files that cannot be named, and tells which', async () => {
		const it = bench({ template: '{ext}' });
		const outcomes = await it.deliver(
			it.change('created', 'a'),
			it.change('created', 'b.md'),
			it.change('deleted', 'c'),
		);
		assert.deepEqual(kinds(outcomes), ['failed', 'delivered', 'delivered']);
		assert.deepEqual(it.refused, ['its document ID is empty: a']);
		assert.deepEqual(it.told(), [['created md']]);
	});

	it('tells nothing of a file that n8n may not read, its deletion included', async () => {
		const guard: Guard = async ({ relPath }) => (relPath.startsWith('secret') ? 'it is secret' : null);
		const it = bench({ guard });
		const outcomes = await it.deliver(
			it.change('created', 'secret'),
			it.change('deleted', 'secret too'),
			it.change('created', 'a'),
		);
		assert.deepEqual(kinds(outcomes), ['failed', 'delivered', 'delivered']);
		assert.deepEqual([it.told(), it.refused], [[['created a']], ['it is secret: secret']]);
	});

	it('says which content was published, where that is known', async () => {
		const it = bench();
		it.published.set(documentKey({ tenant: 't', docId: 'a' }), 'the hash');
		assert.deepEqual(await it.deliver(it.change('created', 'a'), it.change('created', 'b')), [
			{ kind: 'delivered', check: true, sha256: 'the hash' },
			{ kind: 'delivered', check: true },
		]);
	});

	it('acknowledges what was there before, checked, and tells of everything else', async () => {
		await writeFile(join(dir, 'old'), '');
		const since = Date.now() + 1000;
		const it = bench({ since });
		const outcomes = await it.deliver(
			it.change('created', 'old'),
			it.change('created', 'gone'),
			it.change('deleted', 'x'),
		);
		assert.deepEqual(outcomes[0], { kind: 'delivered', check: true });
		assert.deepEqual(it.told(), [['created gone', 'deleted x']]);
	});

	it('goes by when a file came, not by the time of its content', async () => {
		const since = Date.now() - 1000;
		await writeFile(join(dir, 'copied'), '');
		await utimes(join(dir, 'copied'), 1, 1);
		const it = bench({ since });
		await it.deliver(it.change('created', 'copied'));
		assert.deepEqual(it.told(), [['created copied']]);
	});

	it('keeps a name for the file that had it first, until its deletion was taken', async () => {
		await writeFile(join(dir, 'a.txt'), '');
		const it = bench({ template: '{ext}' });
		await it.deliver(it.change('created', 'a.txt'));
		const [second] = await it.deliver(it.change('created', 'b.txt'));
		assert.deepEqual(second, { kind: 'failed', reason: 'another file has the same document ID' });
		assert.deepEqual(it.refused, ['another file has the same document ID: b.txt']);
		// The document is the other file's.
		assert.deepEqual(await it.deliver(it.change('deleted', 'b.txt')), [{ kind: 'delivered' }]);
		assert.deepEqual(it.told(), [['created txt']]);
		await unlink(join(dir, 'a.txt'));
		const [third] = await it.deliver(it.change('created', 'b.txt'));
		assert.equal(third?.kind, 'retry');
		it.willEnd(new Error('no'));
		await assert.rejects(it.deliver(it.change('deleted', 'a.txt')));
		assert.deepEqual(kinds(await it.deliver(it.change('created', 'b.txt'))), ['retry']);
		it.willEnd('success');
		await it.deliver(it.change('deleted', 'a.txt'));
		it.told();
		await it.deliver(it.change('created', 'b.txt'));
		assert.deepEqual(it.told(), [['created txt']]);
	});

	it('keeps the name of two files that come together to one of them', async () => {
		await writeFile(join(dir, 'a.txt'), '');
		await writeFile(join(dir, 'b.txt'), '');
		const it = bench({ template: '{ext}' });
		const outcomes = await it.deliver(it.change('created', 'a.txt'), it.change('created', 'b.txt'));
		assert.deepEqual(kinds(outcomes), ['delivered', 'failed']);
	});

	it('moves a name with its file', async () => {
		const it = bench({ template: '{stem}' });
		await it.deliver(it.change('created', 'a.txt'));
		await it.deliver(it.moved('a.txt', 'x/a.txt'));
		assert.deepEqual(it.told(), [['created a'], ['changed a']]);
		await writeFile(join(dir, 'x'), '');
		assert.notEqual(kinds(await it.deliver(it.change('created', 'y/a.txt')))[0], 'delivered');
		await it.deliver(it.moved('x/a.txt', 'b.txt'));
		assert.deepEqual(it.told(), [['moved b']]);
		await it.deliver(it.change('created', 'y/a.txt'));
		assert.deepEqual(it.told(), [['created a']]);
	});

	it('leaves a name to the file that was moved until the move was taken', async () => {
		const it = bench({ template: '{stem}' });
		await it.deliver(it.change('created', 'a.txt'));
		it.willEnd('waiting');
		await it.deliver(it.moved('a.txt', 'b.txt'));
		it.willEnd('success');
		assert.deepEqual(kinds(await it.deliver(it.change('created', 'x/a.txt'))), ['retry']);
	});
});
