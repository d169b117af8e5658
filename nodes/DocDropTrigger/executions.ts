/**
 * One execution of the workflow for some items, and what became of it. The only place that emits. n8n says that
 * an execution has ended through the promise it is handed; only the status `success` says that it went well.
 */
import type { ExecutionError, IRun, ITriggerFunctions } from 'n8n-workflow';
import { refusedKey, supersededCode, type TriggerItem } from '../item.ts';

/** `waiting`: it stands at a Wait node, and goes on when a person or a clock says so. */
export type ExecutionEnd = 'success' | 'waiting' | RefusedChanges;

/** It failed because of some of its changes, which a person has to see to. */
export interface RefusedChanges {
	readonly seqs: ReadonlySet<number>;
	/** For people. */
	readonly reason: string;
}

export interface ExecutionResult {
	readonly end: ExecutionEnd;
	/** The SHA-256 of what was published of a document, by `documentKey`, where n8n tells what the nodes gave. */
	readonly published: ReadonlyMap<string, string>;
}

export interface Executions {
	/** Rejects with the reason, for people, where it did not go well, or nobody knows. */
	run(items: readonly TriggerItem[]): Promise<ExecutionResult>;
}

export const documentKey = ({ tenant, docId }: { readonly tenant: string; readonly docId: string }): string =>
	`${tenant.length}:${tenant}${docId}`;

export function createExecutions(deps: {
	context: Pick<ITriggerFunctions, 'emit' | 'helpers'>;
	/** Called in the turn of each emit, before it. */
	beforeEmit: () => void;
	/** n8n refused to say when an execution has ended. */
	onUnsupported: (error: Error) => void;
	/** The API follows another node of the same source by now. */
	onSuperseded: () => void;
	/** An execution says that it has published documents; `told`: how many items it was for. */
	onPublished: (told: number) => void;
	/** It would refuse the next execution like the last: none is made, and what is handed in is kept back. */
	isHeld: () => boolean;
	/** Names the trigger node among all of n8n. */
	name: string;
}): Executions {
	const { context } = deps;
	return {
		async run(items) {
			if (deps.isHeld()) throw new Error('another workflow publishes this folder');
			const done = context.helpers.createDeferredPromise<IRun>();
			deps.beforeEmit();
			const json = items.map((item) => ({ json: { ...item } }));
			context.emit([json], undefined, done, keyOf(deps.name, items));
			const ended: IRun | undefined = await done.promise.catch((error: unknown) => {
				const cause = error instanceof Error ? error : new Error('unknown error');
				if (isUnsupported(cause)) deps.onUnsupported(cause);
				throw new Error(`its execution failed: ${cause.message}`, { cause });
			});
			// Nothing came back where n8n has an execution with this key, and did not run it.
			const status = ended?.status ?? 'skipped';
			if (status === 'success' || status === 'waiting') {
				const published = publishedBy(ended);
				if (published.size > 0) deps.onPublished(items.length);
				return { end: status, published };
			}
			const { message, context: about } = (ended?.data.resultData.error ?? {}) as Partial<ExecutionError>;
			if (about?.['code'] === supersededCode) deps.onSuperseded();
			const reason = `its execution ended as "${status}"${message === undefined ? '' : `: ${message}`}`;
			const seqs = refusedOf(about, items);
			if (seqs.size > 0) return { end: { seqs, reason }, published: publishedBy(ended) };
			throw new Error(reason);
		},
	};
}

/** Of these items, those that the action node named; whatever else n8n keeps beside an error is no word of ours. */
function refusedOf(about: ExecutionError['context'] | undefined, items: readonly TriggerItem[]): Set<number> {
	const named: unknown = about?.[refusedKey];
	const refused = new Set<unknown>(Array.isArray(named) ? named : []);
	return new Set(items.map(({ docdrop }) => docdrop.seq).filter((seq) => refused.has(seq)));
}

/**
 * What the items of all nodes say was published, in any of them: the DocDrop node's items do. In queue mode the data are
 * empty. A document that two nodes say different things of is left out.
 */
function publishedBy(run: IRun | undefined): ReadonlyMap<string, string> {
	const published = new Map<string, string>();
	const contested = new Set<string>();
	const tasks = Object.values(run?.data.resultData.runData ?? {}).flat();
	for (const { json } of tasks.flatMap(({ data }) =>
		(data?.['main'] ?? []).flatMap((items) => items ?? []),
	)) {
		const { tenant, docId, jobId, sha256 } = json;
		if (typeof tenant !== 'string' || typeof docId !== 'string') continue;
		if (typeof jobId !== 'string' || typeof sha256 !== 'string') continue;
		const key = documentKey({ tenant, docId });
		if ((published.get(key) ?? sha256) !== sha256) contested.add(key);
		published.set(key, sha256);
	}
	for (const key of contested) published.delete(key);
	return published;
}

/**
 * Every try has a batch ID of its own, so that n8n runs each at most once, and the execution of a batch can be found
 * by it. A key made of the files would not do: n8n keeps it as long as the execution's row, and would never run the
 * next try; and it deletes a queued execution when its key comes again.
 */
const keyOf = (name: string, items: readonly TriggerItem[]): string | undefined =>
	items[0] === undefined ? undefined : `docdrop:${name}:${items[0].docdrop.batchId}`;

/** What n8n 2.40 says where the workflow's engine is v2. */
const isUnsupported = ({ message }: Error): boolean =>
	/Engine 2\.0 cannot run a trigger that waits/.test(message);
