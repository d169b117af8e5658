import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DocumentInput, Receipt } from '../../../api/contract/document-schema.ts';
import { isDocDropError } from '../../../api/errors.ts';
import type { VectorStore } from '../../../api/ports/vector-store.ts';
import type { Log } from '../../../api/telemetry.ts';
import { keyOf, type Change } from '../../crash/script.ts';
import { toInput } from '../../crash/source.ts';
import { fakeClock } from '../../support/fake-clock.ts';
import { openParts, type Bench, type IndexKind } from './bench.ts';
import { createGate, type Fault } from './gate.ts';
import { tenants, writeLoad, type Stage, type Step } from './load.ts';
import { buriedWith, compareIndex, judgeFiles } from './verdict.ts';

/**
 * One run: the load over the real pipeline and the real adapters, in which one call, or all calls for a while, fail;
 * then a verdict on what the index, the document store and the disk hold. Time is the test's: it jumps to the next
 * timer whenever nothing is under way, so that waits of minutes cost nothing and none is missed.
 *
 * What fails is a call of a port. System calls inside of SQLite cannot be made to fail from here: its own tests do
 * that, and the full disk of the fault plan does it to the whole process.
 */
export interface NthResult {
	/** Calls that failed; none: the load was over before the n-th. */
	readonly struck: readonly string[];
	/** All of them, in order, until the load was over. */
	readonly calls: readonly string[];
	readonly faults: readonly string[];
	/** Of the injected clock, until everything was settled. */
	readonly seconds: number;
}

const longestMs = 30 * 60_000;
let collections = 0;

/** A run that cannot go on. */
class Stuck extends Error {}

export async function runNth(bench: Bench, index: IndexKind, fault: Fault | null): Promise<NthResult> {
	const dataDir = await mkdtemp(join(tmpdir(), 'docdrop-nth-'));
	const collection = `nth-${(collections += 1)}`;
	const clock = fakeClock();
	const gate = createGate(fault, clock.monotonic);
	const faults: string[] = [];
	const log: Log = {
		debug() {},
		info() {},
		warn() {},
		error(fields, message) {
			// An error of the table is expected wherever it can come from; only a defect is not.
			if (message.includes('unexpectedly') && fault?.variant !== 'refused')
				faults.push(`log: ${message}: ${String((fields as { error?: unknown }).error)}`);
		},
	};
	const parts = await openParts(bench, { index, dataDir, collection, gate, clock, log });
	const { docStore, vectorStore, spools, pipeline } = parts;
	const { stages, last, poison } = writeLoad();
	const receipts = new Map<Change, Receipt[]>();

	/** Lets time pass until it is so. */
	async function drive(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
		const end = clock.monotonic() + longestMs;
		for (;;) {
			await gate.quiet();
			if (await isSo()) return;
			const ms = clock.untilNext();
			if (ms === null || clock.monotonic() > end)
				throw new Stuck(`${what}: not so after ${longestMs} ms: ${JSON.stringify(await docStore.stats())}`);
			await clock.advance(ms);
		}
	}

	function answered(change: Change, receipt: Receipt): void {
		receipts.set(change, [...(receipts.get(change) ?? []), receipt]);
		if (change.leaves !== null && receipt.previous !== undefined) answered(change.leaves, receipt.previous);
	}
	async function sendOnce({ way, changes }: Step): Promise<void> {
		if (way === 'stream') {
			for (const change of changes) {
				const { content: _content, ...input } = toInput(change);
				const bytes = new Blob([change.version?.text ?? '']).stream();
				answered(change, await pipeline.acceptStream(input, bytes, {}));
			}
			return;
		}
		const documents = changes.map(way === 'patch' ? patchOf : toInput);
		const results = await pipeline.accept(
			documents.map((document) => pipeline.check(document)),
			{},
		);
		for (const [at, change] of changes.entries()) {
			const result = results[at];
			if (result === undefined || result instanceof Error)
				faults.push(`${keyOf(change)}: refused, ${result?.message}`);
			else answered(change, result);
		}
	}
	/** As a real sender does, it sends again what it has no answer to. */
	async function send(step: Step): Promise<void> {
		for (;;) {
			try {
				return await sendOnce(step);
			} catch (error) {
				if (!isDocDropError(error)) throw error;
				await clock.sleep(150);
			}
		}
	}
	async function sendAll(stage: Stage): Promise<void> {
		const state: { left: number; error: Error | null } = { left: stage.length, error: null };
		for (const line of stage) {
			void (async () => {
				for (const step of line) await send(step);
			})()
				.catch((error: Error) => (state.error = error))
				.finally(() => (state.left -= 1));
		}
		await drive('the load', () => state.left === 0);
		if (state.error !== null) throw state.error;
	}

	/** No lease, no checkpoint, and nothing that waits. */
	async function isSettled(): Promise<boolean> {
		const { pending, leased } = await docStore.stats();
		return pending === 0 && leased === 0 && pipeline.inWork() === 0 && (await spools.list()).length === 0;
	}
	/** A check that ended before something was lost proves nothing. */
	function isChecked(after: number): boolean {
		const { state, checkedAt } = pipeline.indexCheck() ?? { state: 'unchecked', checkedAt: null };
		return state === 'sound' && checkedAt !== null && Date.parse(checkedAt) > after;
	}

	/** An operator looks what has failed, and tries it again. */
	async function retryFailed(): Promise<void> {
		const refused = new Set([...poison].map(keyOf));
		for (const tenant of tenants) {
			for (const one of await docStore.documents({ tenant, state: 'failed', limit: 100 })) {
				if (refused.has(keyOf(one))) continue;
				const { code = '', message = '' } = one.error ?? {};
				if (fault?.variant !== 'refused' || !buriedWith.has(code))
					faults.push(`${keyOf(one)}: failed with ${code}: ${message}`);
				await pipeline.retry(one.jobId);
			}
		}
	}

	let seconds = 0;
	try {
		for (const [at, stage] of stages.entries()) {
			await sendAll(stage);
			await drive('the work', isSettled);
			if (at > 0) continue;
			// So that there is something to mend.
			const lostAt = clock.now();
			await loseOne(vectorStore);
			await drive('the check', () => isChecked(lostAt));
		}
		gate.open();
		await drive('the rest', isSettled);
		seconds = clock.monotonic() / 1_000;
		await retryFailed();
		await drive('what was tried again', isSettled);
		const settledAt = clock.now();
		await drive('the last check', () => isChecked(settledAt));
		faults.push(...(await compareIndex(parts, receipts, poison, bench.judging)));
		// Whatever still held a document would keep it from this.
		await sendAll(last);
		await drive('the last changes', isSettled);
	} catch (error) {
		faults.push(error instanceof Stuck ? error.message : String((error as Error).stack));
	}
	const { documents, chunks } = await docStore.stats();
	const stopped = pipeline.stop(0);
	await clock.advance(0);
	await stopped;
	await gate.quiet();
	await vectorStore.close();
	await docStore.close();
	const { struck, calls } = gate;
	if (faults.length === 0) {
		const own = new Map([...receipts].filter(([change]) => !poison.has(change)));
		const world = { index, dataDir, collection, struck };
		faults.push(...(await judgeFiles(bench, world, own, { documents, chunks })));
	}
	if (index === 'qdrant') await fetch(`${bench.double.url}/collections/${collection}`, { method: 'DELETE' });
	await rm(dataDir, { recursive: true });
	return { struck, calls, faults, seconds };
}

function patchOf(change: Change): DocumentInput {
	const { tenant, docId, source, metadata = {} } = toInput(change);
	return { op: 'patch', tenant, docId, metadata, ...(source !== undefined && { source }) };
}

async function loseOne(vectorStore: Pick<VectorStore, 'scan' | 'remove'>): Promise<void> {
	for await (const { id } of vectorStore.scan('acme', 'c.md')) return vectorStore.remove('acme', [id]);
}
