/**
 * What the watch engine's batches become: executions of the workflow, or nothing where nobody wants to hear of a
 * change. Used by watching.ts. It answers for each file; what an answer leads to is the engine's business.
 */
import { randomUUID } from 'node:crypto';
import { lstat, stat } from 'node:fs/promises';
import type { FileItem } from '../item.ts';
import type { Deliver, FileChange, FileOutcome } from '../watch/file-change.ts';
import type { Clock } from '../watch/clock.ts';
import type { Guard } from './folder-access.ts';
import type { Claims } from './claims.ts';
import { documentKey, type Executions } from './executions.ts';
import { itemsOf, type PreviousFile } from './items.ts';
import type { EngineName, Naming } from './naming.ts';
import type { TriggerSettings } from './trigger-parameters.ts';

export interface DeliveryDeps {
	readonly settings: Pick<TriggerSettings, 'events' | 'takeOver'>;
	readonly sourceName: string;
	readonly naming: Naming;
	/** Null where no two files can get one name. */
	readonly claims: Claims | null;
	readonly guard: Guard;
	/** A file by its ID in the engine. */
	readonly locate: (engineId: string) => (EngineName & { readonly path: string }) | null;
	readonly executions: Executions;
	/** Wall ms: what was there before is not told of; null: everything is. Asked for each batch. */
	readonly baseline: () => number | null;
	readonly clock: Clock;
	/** Files that cannot be told of, and why, for people. */
	readonly onRefused: (reason: string, relPaths: readonly string[]) => void;
}

/** What becomes of one change: an outcome at once, or items whose execution gives it. */
type DeliveryPlan =
	{ readonly outcome: FileOutcome } | { readonly items: readonly FileItem[]; readonly onTaken: () => void };

/** Files of an execution that waits are sent again after this time, ms, unless they change before. */
const PARKED = 86_400_000;

const TAKEN: DeliveryPlan = { outcome: { kind: 'delivered' } };
const refused = (reason: string): DeliveryPlan => ({ outcome: { kind: 'failed', reason } });

export function createDelivery(deps: DeliveryDeps): Deliver {
	const { naming, claims, settings } = deps;

	async function plan(change: FileChange, batchId: string): Promise<DeliveryPlan> {
		const unreadable = await deps.guard(change);
		// Nothing was ever told of a file that may not be read.
		if (unreadable !== null) return change.event === 'deleted' ? TAKEN : refused(unreadable);
		const since = deps.baseline();
		if (since !== null && change.event !== 'deleted' && (await isOlder(change.path, since))) {
			return { outcome: { kind: 'delivered', check: true } };
		}
		const name = naming.nameOf(change);
		if ('fault' in name) return change.event === 'deleted' ? TAKEN : refused(name.fault);
		const previous = change.event === 'moved' ? previousOf(change.previousDocId) : null;
		const holder = claims?.claim(name, change.docId) ?? change.docId;
		// A moved file may keep its name; until the move was taken, the file that it was has it.
		if (holder !== change.docId && holder !== previous?.engineId) return contested(change, holder);
		const marks = { sourceName: deps.sourceName, takeOver: settings.takeOver, batchId };
		const items = itemsOf(change, name, previous, settings.events, marks);
		const onTaken = () => {
			if (change.event === 'deleted') claims?.release(name, change.docId);
			if (previous === null) return;
			claims?.release(previous, previous.engineId);
			claims?.claim(name, change.docId);
		};
		if (items.length > 0) return { items, onTaken };
		onTaken();
		return TAKEN;
	}

	function previousOf(engineId: string): (PreviousFile & { readonly engineId: string }) | null {
		const file = deps.locate(engineId);
		if (file === null) return null;
		const name = naming.nameOf(file);
		if ('fault' in name) return null;
		// What another file is known by must not go with this one.
		const isOwn = (claims?.claim(name, engineId) ?? engineId) === engineId;
		return isOwn ? { ...file, ...name, engineId } : null;
	}

	/** Another file has the name. */
	async function contested(change: FileChange, holder: string): Promise<DeliveryPlan> {
		// The document is the other file's, whatever becomes of this one.
		if (change.event === 'deleted') return TAKEN;
		const path = deps.locate(holder)?.path;
		const isThere =
			path !== undefined &&
			(await lstat(path).then(
				() => true,
				() => false,
			));
		// Its deletion is on its way, and leaves the name free.
		if (!isThere) return { outcome: { kind: 'retry', reason: 'its document ID is about to be free' } };
		return refused('another file has the same document ID');
	}

	return async (batch) => {
		const batchId = randomUUID();
		const plans = await Promise.all(batch.map((change) => plan(change, batchId)));
		tellRefused(batch, plans, deps.onRefused);
		const items = plans.flatMap((it) => ('items' in it ? it.items : []));
		if (items.length === 0) return plans.map((it) => ('outcome' in it ? it.outcome : { kind: 'delivered' }));
		const { end, published } = await deps.executions.run(items);
		return plans.map((it, index): FileOutcome => {
			if ('outcome' in it) return it.outcome;
			if (typeof end === 'object') {
				const { reason } = end;
				const isRefused = end.seqs.has(batch[index]?.seq ?? 0);
				return isRefused ? { kind: 'failed', reason } : { kind: 'retry', reason };
			}
			if (end === 'waiting') {
				return { kind: 'failed', reason: 'its execution waits', retryAt: deps.clock.now() + PARKED };
			}
			it.onTaken();
			const sha256 = hashOf(it.items, published);
			return { kind: 'delivered', check: true, ...(sha256 !== undefined && { sha256 }) };
		});
	};
}

/** Of the item with content: a move may have one without, for the name before. */
function hashOf(items: readonly FileItem[], published: ReadonlyMap<string, string>): string | undefined {
	const item = items.find(({ event }) => event !== 'deleted');
	return item && published.get(documentKey(item));
}

function tellRefused(
	batch: readonly FileChange[],
	plans: readonly DeliveryPlan[],
	tell: DeliveryDeps['onRefused'],
): void {
	const byReason = new Map<string, string[]>();
	for (const [index, it] of plans.entries()) {
		if (!('outcome' in it) || it.outcome.kind !== 'failed') continue;
		const { reason } = it.outcome;
		byReason.set(reason, [...(byReason.get(reason) ?? []), batch[index]?.relPath ?? '']);
	}
	for (const [reason, relPaths] of byReason) tell(reason, relPaths);
}

/** Whether the file last changed in any way, its name included, before `since` (wall ms). */
async function isOlder(path: string, since: number): Promise<boolean> {
	try {
		return (await stat(path)).ctimeMs < since;
	} catch {
		return false;
	}
}
