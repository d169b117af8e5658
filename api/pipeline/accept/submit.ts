/**
 * From checked documents to receipts: changes and refusals are made durable in order, in one transaction, and what no
 * change names in the end is dropped. Called by the ways in (ingress.ts, streamed.ts, uploads.ts).
 */
import type { Receipt } from '../../contract/document-schema.ts';
import type { Priority } from '../../contract/job-schema.ts';
import type { DocDropError } from '../../errors.ts';
import type { Clock, DocStore, QueueLimits } from '../../ports/index.ts';
import {
	type AcceptResult,
	type Change,
	type ChangeContent,
	type Filter,
	ownedError,
	spentError,
	type Refusal,
	type Refused,
	shortFailure,
	type Taken,
	unfitError,
	unmatchedError,
	unpaidError,
	withReceipt,
} from '../../domain/index.ts';
import type { Telemetry } from '../../telemetry.ts';
import { admit, type Admitted } from './admit.ts';
import type { ReachCrashPoint } from '../faults/index.ts';
import { apiSource, type CheckSettings, type Normalised } from './checks.ts';
import { blobOf, dropContents } from './contents.ts';
import type { DocumentLimiter } from './document-limiter.ts';
import { queueFull, type UploadRoom } from './upload-room.ts';

export interface AcceptSettings extends QueueLimits, CheckSettings {
	readonly windowMs: number;
	readonly maxWaitMs: number;
	/** Of extractors, chunker settings and model, for a document of that type. */
	readonly fingerprintOf: (mimeType: string) => string;
}

export interface AcceptDeps {
	readonly docStore: DocStore;
	readonly nextJobId: () => string;
	/** Store time, ms. */
	readonly now: () => number;
	readonly clock: Pick<Clock, 'sleep'>;
	readonly crashPoint: ReachCrashPoint;
	readonly telemetry: Telemetry;
	readonly settings: AcceptSettings;
	/** Null: as many documents as come. */
	readonly limiter: DocumentLimiter | null;
	readonly uploadRoom: UploadRoom;
	/** Changes of these documents were accepted, and something may be due at once. */
	readonly wake: (changed: readonly Pick<Change, 'tenant' | 'docId'>[]) => void;
}

export interface AcceptOptions {
	readonly priority?: Priority;
	readonly skipWindow?: boolean;
	/** Only documents that are like this. */
	readonly where?: Filter;
}

export async function refuse(refused: Refused | DocDropError, deps: AcceptDeps): Promise<DocDropError> {
	if (refused instanceof Error) return refused;
	const [result] = await submit([refusalFrom(refused, deps)], [refused.error], deps);
	if (!(result instanceof Error)) throw new Error('a refusal without a receipt');
	return result;
}

export function nextOf<T>(results: Iterator<T, unknown>): T {
	const next = results.next();
	if (next.done === true) throw new Error('a document without a result');
	return next.value;
}

/** Makes changes and refusals durable, in order, in one transaction. One result each, in order. */
export async function submit(
	changes: readonly (Change | Refusal)[],
	errors: readonly (DocDropError | null)[],
	deps: AcceptDeps,
	reservedByOthers = deps.uploadRoom.reserved(),
): Promise<(Receipt | DocDropError)[]> {
	if (changes.length === 0) return [];
	const { docStore, settings, crashPoint, wake } = deps;
	const { maxPending, maxPendingBytes } = settings;
	const contents = changes.map((one) => ('refused' in one ? null : one.content));
	const limits: QueueLimits = { maxPending, maxPendingBytes: maxPendingBytes - reservedByOthers };
	const { results, refusals } = await admit(changes, { ...deps, limits }).catch(async (error: unknown) => {
		// A disk that is full would be filled further by every try.
		await dropContents(contents, docStore);
		throw error;
	});
	crashPoint('after-accept');
	wake(acceptedOf(changes, results));
	const unused = contents.filter(
		(content, index) => blobOf(content) !== null && results[index]?.kind !== 'accepted',
	);
	if (unused.length > 0) await dropContents(unused, docStore);
	countResults(results, deps.telemetry);
	return changes.map((sent, index) => {
		const result = results[index];
		if (result === undefined) throw new Error('the store answered fewer results than changes');
		return answer(sent, result, { own: errors[index] ?? null, limits: refusals });
	});
}

function countResults(results: readonly AcceptResult[], telemetry: Telemetry): void {
	const counts = new Map<AcceptResult['kind'], number>();
	const add = ({ kind }: AcceptResult) => counts.set(kind, (counts.get(kind) ?? 0) + 1);
	for (const one of results) {
		add(one);
		if ('previous' in one && one.previous !== undefined) add(one.previous);
	}
	for (const [result, count] of counts) telemetry.count('docdrop_changes_total', { result }, count);
}

/** Documents that have a newer change than they had, names that were left included. */
function acceptedOf(
	changes: readonly (Change | Refusal)[],
	results: readonly AcceptResult[],
): Pick<Change, 'tenant' | 'docId'>[] {
	return changes.flatMap((one, index) => {
		if ('refused' in one || results[index]?.kind !== 'accepted') return [];
		return one.previous === undefined ? [one] : [one, one.previous];
	});
}

export function changeFrom(
	{ input, op, meta, mimeType }: Pick<Normalised, 'input' | 'op' | 'meta' | 'mimeType'>,
	content: ChangeContent | null,
	options: AcceptOptions,
	{ nextJobId, settings }: AcceptDeps,
): Change {
	const { tenant, docId, source, previous, takeOver = false } = input;
	const { maxWaitMs } = settings;
	const fingerprint = settings.fingerprintOf(mimeType);
	return {
		jobId: nextJobId(),
		tenant,
		docId,
		op,
		takeOver,
		maxWaitMs,
		content,
		meta,
		fingerprint,
		sourceId: source?.sourceId ?? apiSource,
		epoch: source?.epoch ?? apiSource,
		sourceName: source?.name ?? null,
		seq: source?.seq ?? null,
		priority: options.priority ?? 'normal',
		windowMs: options.skipWindow === true ? 0 : settings.windowMs,
		...(options.where !== undefined && { where: options.where }),
		...(previous !== undefined && { previous: { jobId: nextJobId(), tenant, ...previous } }),
	};
}

export const refusalFrom = ({ tenant, docId, op, error }: Refused, { nextJobId }: AcceptDeps): Refusal => ({
	...{ jobId: nextJobId(), tenant, docId, op },
	refused: shortFailure(error),
});

function answer(
	sent: Change | Refusal,
	result: AcceptResult,
	errors: { readonly own: DocDropError | null; readonly limits: Admitted['refusals'] },
): Receipt | DocDropError {
	switch (result.kind) {
		case 'refused':
			if (errors.own === null) throw new Error('a fit change was answered as a refusal');
			return withReceipt(errors.own, result.jobId);
		case 'owned':
			return withReceipt(ownedError(result.owner, result.of), result.jobId);
		case 'spent':
			return withReceipt(spentError(result.of), result.jobId);
		case 'unfit':
			return withReceipt(unfitError(result.unfit), result.jobId);
		case 'unmatched':
			return unmatchedError();
		case 'full':
			return queueFull();
		case 'unpaid':
			return unpaidError(sent.tenant, result);
		case 'limited': {
			const refusal = errors.limits.get(sent.tenant);
			if (refusal === undefined) throw new Error('limited without a limit');
			return refusal;
		}
		default: {
			const source = 'previous' in sent ? sent.previous : undefined;
			if (source === undefined || result.previous === undefined) return receiptOf(sent, result);
			return { ...receiptOf(sent, result), previous: receiptOf(source, result.previous) };
		}
	}
}

/** `content`: what was sent. */
function receiptOf(
	{ tenant, docId, content }: Pick<Change, 'tenant' | 'docId'> & { readonly content?: ChangeContent | null },
	taken: Taken,
): Receipt {
	return {
		jobId: taken.jobId,
		tenant,
		docId,
		state: taken.kind,
		version: taken.version,
		...(taken.kind !== 'stale' && content != null && { sha256: content.sha256 }),
		...(taken.kind === 'accepted' && taken.superseded !== null && { superseded: taken.superseded }),
		...(taken.kind === 'unchanged' && taken.follows !== null && { follows: taken.follows }),
		...(taken.kind === 'stale' && taken.by !== null && { by: { name: taken.by } }),
		statusUrl: `/v1/jobs/${taken.jobId}`,
	};
}
