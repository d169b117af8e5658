import assert from 'node:assert/strict';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { chooseFileState, ownSourceId } from '../../../../nodes/DocDropTrigger/file-state.ts';
import type { FileChange } from '../../../../nodes/watch/file-change.ts';
import { systemClock } from '../../../../nodes/watch/clock.ts';
import { createWatchEngine, type WatchEngine } from '../../../../nodes/watch/watch-engine.ts';
import type { WatchSnapshot } from '../../../../nodes/watch/snapshot.ts';
import type { NewestTexts } from '../../../../nodes/watch/state/static-data.ts';
import { createHandHints, QUICK, treeOf } from '../harness.ts';
import { tempDirs } from '../temp-dirs.ts';
import { createN8n, type ActiveWorkflow } from './static-data-n8n.ts';

const KEY = 'docdrop:node-1';
const CHANGES = 1000;
const ROUND = 40;
const NAMES = 120;

const SETTINGS = {
	...QUICK,
	quietMs: 10,
	deletionDelayMs: 20,
	windowMs: 5,
	burstQuietMs: 10,
	burstMaxMs: 40,
	retryMs: 2,
	retryMaxMs: 10,
	guardFloor: 1_000_000,
	// What a killed process had in flight never comes back.
	closeWaitMs: 5,
	maxTries: 1_000,
};

/** Random numbers that come again with the same seed (mulberry32). */
function randomFrom(seed: number): () => number {
	let state = seed;
	return () => {
		state = (state + 0x6d2b79f5) | 0;
		let t = Math.imul(state ^ (state >>> 15), 1 | state);
		t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
		return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
	};
}

/** Holds documents as the API does: by (epoch in order of arrival, seq); what is older than it should be is told. */
function createIndex() {
	const docs = new Map<string, { sha256: string | null; rank: number; seq: number }>();
	const ranks = new Map<string, number>();
	const given = new Map<string, string>();
	const faults: string[] = [];
	const rankOf = (epoch: string) => {
		const rank = ranks.get(epoch) ?? ranks.size;
		ranks.set(epoch, rank);
		return rank;
	};
	function put(docId: string, sha256: string | null, { epoch, seq }: FileChange): void {
		const rank = rankOf(epoch);
		// The last deliveries of an engine that was replaced.
		if (rank < ranks.size - 1) return;
		const held = docs.get(docId);
		if (held?.rank === rank && held.seq >= seq) faults.push(`${docId}: seq ${seq} after ${held.seq}`);
		docs.set(docId, { sha256, rank, seq });
	}
	return {
		faults,
		epochs: () => ranks.size,
		take(batch: readonly FileChange[]): void {
			for (const change of batch) {
				const number = `${change.epoch} ${change.seq}`;
				const meaning = `${change.event} ${change.docId}`;
				if (given.has(number)) faults.push(`${number} is ${given.get(number)} and ${meaning}`);
				given.set(number, meaning);
				if (change.event === 'moved') put(change.previousDocId, null, change);
				put(change.docId, change.event === 'deleted' ? null : change.sha256, change);
			}
		},
		close({ epoch, present }: WatchSnapshot): void {
			const rank = rankOf(epoch);
			if (rank < ranks.size - 1) return;
			for (const [docId, doc] of docs) {
				if (doc.rank < rank && !present.includes(docId)) doc.sha256 = null;
			}
		},
		held: () =>
			Object.fromEntries(
				[...docs].flatMap(([docId, { sha256 }]) => (sha256 === null ? [] : [[docId, sha256]])),
			),
	};
}

describe('static data FileState under a hammer', () => {
	const temp = tempDirs();

	it(`holds the tree after ${CHANGES} concurrent changes, kills, and a hostile writer in memory and in the database`, async () => {
		const seed = Date.now() % 1_000_000;
		const random = randomFrom(seed);
		const pick = (below: number) => Math.floor(random() * below);
		const dir = join(await temp.make(), 'docs');
		const home = await temp.make();
		await mkdir(dir);
		const n8n = createN8n();
		const index = createIndex();
		let hints = createHandHints();
		let active: ActiveWorkflow = n8n.activate();
		let newest: NewestTexts = new Map();
		const life: { engine: WatchEngine | null } = { engine: null };
		let healing: Promise<void> = Promise.resolve();
		let healed = 0;
		const seenTexts: unknown[] = [];

		async function start(): Promise<void> {
			const workflow = active;
			const chosen = chooseFileState({
				...{ setting: 'staticData', data: workflow.data, workflowId: 'w1', nodeId: 'node-1', roots: [dir] },
				...{ clock: systemClock, env: {}, home, newest, sourceId: ownSourceId('w1', 'node-1') },
				onOverwritten: () => {
					healing = healing.then(async () => {
						if (workflow !== active) return;
						healed += 1;
						await stop();
						await start();
					});
				},
			});
			hints = createHandHints();
			const executed = async () => {
				chosen.beforeEmit();
				seenTexts.push(workflow.data[KEY]);
				await workflow.emit();
			};
			const engine = createWatchEngine({
				roots: [{ label: 'docs', dir }],
				...{
					state: chosen.state,
					hints: hints.factory,
					clock: systemClock,
					settings: SETTINGS,
					log: () => {},
				},
				deliver: async (batch) => {
					await executed();
					index.take(batch);
					return batch.map(() => ({ kind: 'delivered' }));
				},
				snapshot: async (snapshot) => {
					await executed();
					index.close(snapshot);
					return { held: 0 };
				},
			});
			life.engine = engine;
			await engine.start();
			void workflow.save();
		}
		/** An engine whose state was overwritten says so once more. */
		const stop = async () => {
			const ending = life.engine;
			life.engine = null;
			await ending
				?.close()
				.catch((error: { code?: unknown }) => assert.equal(error.code, 'state_overwritten'));
		};

		const contents = new Map<string, number>();
		async function change(): Promise<void> {
			const name = `f${pick(NAMES)}`;
			const kind = random();
			const at = join(dir, name);
			try {
				if (kind < 0.7) {
					contents.set(name, (contents.get(name) ?? 0) + 1);
					await writeFile(at, `${name} ${contents.get(name)}`);
				} else if (kind < 0.85) await rm(at);
				else await rename(at, join(dir, `f${pick(NAMES)}`));
			} catch {
				// It is not there.
			}
			if (random() < 0.5) hints.file(name);
		}

		const garbage = (): unknown => {
			const text = String(active.data[KEY]);
			const values = [
				'garbage',
				null,
				text.slice(0, pick(text.length)),
				{ v: 1 },
				text.replace('node', 'edon'),
			];
			return values[pick(values.length)];
		};
		async function trouble(): Promise<void> {
			const kind = pick(6);
			if (kind === 0) active.data[KEY] = garbage();
			else if (kind === 1) active.data[KEY] = seenTexts[pick(seenTexts.length)];
			else if (kind === 2) delete active.data[KEY];
			else if (kind === 3) return;
			else {
				active.kill();
				await healing;
				await stop();
				// While it is down, files change and somebody may write to the database.
				await Promise.all(Array.from({ length: 5 }, change));
				if (kind === 5) {
					const broken = [{ global: { [KEY]: garbage() } }, { global: {} }, {}];
					n8n.column = JSON.stringify(broken[pick(broken.length)]);
				}
				JSON.parse(n8n.column);
				active = n8n.activate();
				newest = new Map();
				await start();
			}
		}

		await start();
		for (let done = 0; done < CHANGES; done += ROUND) {
			await Promise.all(Array.from({ length: ROUND }, change));
			await systemClock.sleep(20 + pick(60));
			await trouble();
		}
		for (;;) {
			await healing;
			const before = healed;
			await life.engine?.idle().catch(() => {});
			await healing;
			if (healed === before) break;
		}
		await stop();
		assert.deepEqual(index.faults, [], `seed ${seed}`);
		assert.deepEqual(index.held(), await treeOf(dir), `seed ${seed}`);
		assert.ok(healed > 0 && index.epochs() > 1, `seed ${seed}: ${healed} healed`);
	});
});
