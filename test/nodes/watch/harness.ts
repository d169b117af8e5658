import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { lstat, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Deliver, FileChange, FileOutcome } from '../../../nodes/watch/file-change.ts';
import { systemClock } from '../../../nodes/watch/clock.ts';
import type { WatchEngineDeps } from '../../../nodes/watch/engine-parts.ts';
import { createWatchEngine, type WatchEngine } from '../../../nodes/watch/watch-engine.ts';
import type { Hints, HintsFactory } from '../../../nodes/watch/hints/hints-port.ts';
import type { WatchSettings } from '../../../nodes/watch/settings.ts';
import { createMemoryFileState } from '../../doubles/memory-file-state.ts';
import type { FileState } from '../../../nodes/watch/state/file-state-port.ts';

/** The defaults, shortened so that a test takes tenths of a second; scans come only when asked for. */
export const QUICK: Partial<WatchSettings> = {
	quietMs: 30,
	longestWaitMs: 2000,
	deletionDelayMs: 60,
	windowMs: 10,
	retryMs: 10,
	retryMaxMs: 40,
	burstQuietMs: 20,
	burstMaxMs: 100,
	scanEveryMs: 600_000,
	closeWaitMs: 500,
};

export const sha256 = (bytes: string | Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** Regular files below `dir` that no default exclude names, by relative path. */
export async function treeOf(dir: string): Promise<Record<string, string>> {
	const tree: Record<string, string> = {};
	for (const entry of await readdir(dir, { recursive: true, withFileTypes: true })) {
		const path = join(entry.parentPath, entry.name);
		if ((await lstat(path)).isFile()) tree[path.slice(dir.length + 1)] = sha256(await readFile(path));
	}
	return tree;
}

export interface Consumer {
	/** Every change that was handed over, in order, taken or not. */
	readonly all: FileChange[];
	/** Answers in place of `delivered`; what it answers otherwise was not taken. */
	answer: Deliver | null;
	/** What a consumer that took everything that it acknowledged now holds: SHA-256 by docId. Fails where the contract was broken. */
	held(): Record<string, string>;
	/** `event docId` of each change since the last call, sorted. */
	news(): string[];
	calls(): number;
	readonly deliver: Deliver;
}

/** Takes batches over, replays them, and holds the engine to its contract. */
export function createConsumer(): Consumer {
	const held = new Map<string, string>();
	const lastSeq = new Map<string, number>();
	const flying = new Set<string>();
	const all: FileChange[] = [];
	const violations: string[] = [];
	let calls = 0;
	const consumer: Consumer = {
		all,
		answer: null,
		held() {
			assert.deepEqual(violations, []);
			return Object.fromEntries(held);
		},
		news() {
			assert.deepEqual(violations, []);
			return all
				.splice(0)
				.map((it) => `${it.event} ${it.docId}`)
				.sort();
		},
		calls: () => calls,
		deliver: async (batch, signal) => {
			calls += 1;
			for (const change of batch) {
				// Told by `held` and `news`: what is thrown here is a failed delivery to the engine.
				for (const docId of docIdsOf(change)) {
					if (flying.has(docId)) violations.push(`${docId} is in flight twice`);
					flying.add(docId);
				}
				if (change.seq <= (lastSeq.get(change.epoch) ?? 0))
					violations.push(`seq ${change.seq} does not grow`);
				lastSeq.set(change.epoch, change.seq);
				all.push(change);
			}
			try {
				const outcomes = consumer.answer
					? await consumer.answer(batch, signal)
					: batch.map((): FileOutcome => ({ kind: 'delivered' }));
				batch.forEach((change, index) => {
					const outcome = outcomes[index];
					if (outcome?.kind !== 'delivered') return;
					const taken = outcome.check === true ? undefined : outcome.taken;
					if (change.event === 'moved') held.delete(change.previousDocId);
					if (change.event === 'deleted') held.delete(change.docId);
					else held.set(change.docId, taken?.sha256 ?? change.sha256);
				});
				return outcomes;
			} finally {
				for (const docId of batch.flatMap(docIdsOf)) flying.delete(docId);
			}
		},
	};
	return consumer;
}

const docIdsOf = (change: FileChange): string[] =>
	change.event === 'moved' ? [change.docId, change.previousDocId] : [change.docId];

/** Hints that the test gives by hand. */
export function createHandHints() {
	let sinks: Parameters<Hints['start']> | null = null;
	let alive = true;
	const covered: string[] = [];
	const factory: HintsFactory = () => ({
		start: (...given) => {
			sinks = given;
			alive = true;
		},
		cover: (relPath) => void covered.push(relPath),
		scanned: () => {},
		probe: async () => alive,
		close: async () => void (sinks = null),
	});
	return {
		factory,
		file: (relPath: string) => sinks?.[0]({ relPath, kind: 'file' }),
		directory: (relPath: string) => sinks?.[0]({ relPath, kind: 'directory' }),
		error: () => sinks?.[1](Object.assign(new Error('lost'), { code: 'ENOSPC' })),
		/** From now on until it is started again, a probe finds it dead. */
		die: () => void (alive = false),
		/** What scans covered since the last call, in order. */
		covered: () => covered.splice(0),
	};
}

/** Engines for the tests of the describe it is called in; closed after each. */
export function engines() {
	const running: WatchEngine[] = [];
	afterEach(async () => {
		for (const engine of running.splice(0)) await engine.close();
	});
	return {
		async start(dir: string, consumer: Consumer, over: Partial<WatchEngineDeps> = {}): Promise<WatchEngine> {
			const engine = createWatchEngine({
				roots: [{ label: 'docs', dir }],
				state: newState(),
				hints: createHandHints().factory,
				clock: systemClock,
				deliver: consumer.deliver,
				log: () => {},
				...over,
				settings: { ...QUICK, ...over.settings },
			});
			running.push(engine);
			await engine.start();
			return engine;
		},
	};
}

export const newState = (): FileState => createMemoryFileState({ clock: systemClock });

/** Resolves as soon as `test` holds; a condition that never comes fails by mocha's timeout. */
export async function until(test: () => boolean): Promise<void> {
	while (!test()) await new Promise((resolve) => setTimeout(resolve, 2));
}
