/**
 * One execution of the workflow for some items, and what became of it. The only place that emits. n8n says that
 * an execution has ended through the promise it is handed; only the status `success` says that it went well.
 */
import type { ExecutionError, IRun, ITriggerFunctions } from 'n8n-workflow';
import { refusedKey, supersededCode, type TriggerItem } from '../item.ts';
import type { Clock } from '../watch/clock.ts';

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

interface ExecutionsDeps {
	context: Pick<ITriggerFunctions, 'emit' | 'helpers' | 'getWorkflowSettings'>;
	clock: Pick<Clock, 'after'>;
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
}

/** How long an execution may take where its workflow has no timeout, seconds. */
const LONGEST_RUN = 2700;
/** A longer timeout of a workflow counts as one of a day, seconds: a timer holds 24 days at most. */
const LONGEST_TIMEOUT = 86_400;
/** How long it may stand in n8n's queue before and after that, seconds. */
const LONGEST_QUEUE = 900;

export function createExecutions(deps: ExecutionsDeps): Executions {
	const { context } = deps;
	return {
		async run(items) {
			if (deps.isHeld()) throw new Error('another workflow publishes this folder');
			const done = context.helpers.createDeferredPromise<IRun>();
			deps.beforeEmit();
			const json = items.map((item) => ({ json: { ...item } }));
			context.emit([json], undefined, done, keyOf(deps.name, items));
			const heard = done.promise.catch((error: unknown) => {
				const cause = error instanceof Error ? error : new Error('unknown error');
				if (isUnsupported(cause)) deps.onUnsupported(cause);
				throw new Error(`its execution failed: ${cause.message}`, { cause });
			});
			const ended: IRun | undefined = await endOf(deps, heard);
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

/**
 * n8n 2.40 never says how an execution ended whose worker was killed after it had put its success down and before it
 * told of it. What is not heard of for so long counts as failed, and its files are sent again.
 */
function endOf<T>({ context, clock }: ExecutionsDeps, heard: Promise<T>): Promise<T> {
	const timeout = context.getWorkflowSettings().executionTimeout ?? 0;
	const seconds = (timeout > 0 ? Math.min(timeout, LONGEST_TIMEOUT) : LONGEST_RUN) + LONGEST_QUEUE;
	return new Promise((resolve, reject) => {
		const message = `nothing was heard of its execution for ${Math.round(seconds / 60)} minutes`;
		const cancel = clock.after(seconds * 1000, () => reject(new Error(message)));
		heard.finally(cancel).then(resolve, reject);
	});
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
