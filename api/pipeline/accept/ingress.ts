import type { DocumentInput, Receipt } from '../../contract/document-schema.ts';
import type { Priority } from '../../contract/job-schema.ts';
import { DocDropError, isDocDropError } from '../../errors.ts';
import type { DocStore, QueueLimits } from '../../ports/index.ts';
import {
	type AcceptResult,
	type Change,
	type ChangeContent,
	ownedError,
	spentError,
	type Refusal,
	refusalOf,
	type Refused,
	shortFailure,
	type Taken,
	unpaidError,
	withReceipt,
} from '../../domain/index.ts';
import type { Telemetry } from '../../telemetry.ts';
import { admit, type Admitted } from './admit.ts';
import type { ReachCrashPoint } from '../faults/index.ts';
import {
	apiSource,
	check,
	type Checked,
	type CheckSettings,
	type DocumentFields,
	normalise,
	type Normalised,
	normaliseFields,
	sizeLimitOf,
} from './checks.ts';
import { dropContents, inlineContent, needsBlob, receiveContent, storeContents } from './contents.ts';
import type { DocumentLimiter } from './document-limiter.ts';
import { queueFull, unknownPart, type UploadRoom, upTo } from './upload-room.ts';

/**
 * The ingress: from what a caller sent to a durable receipt, in one transaction a call. One document's fault is its
 * own result; what is wrong with a document is found by checks.ts, and its bytes are stored by contents.ts.
 */
export interface AcceptSettings extends QueueLimits, CheckSettings {
	readonly windowMs: number;
	readonly maxWaitMs: number;
	/** Of extractors, chunker settings and model. */
	readonly fingerprint: string;
}

export interface AcceptDeps {
	readonly docStore: DocStore;
	readonly nextJobId: () => string;
	/** Store time, ms. */
	readonly now: () => number;
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
}

export interface StreamOptions extends AcceptOptions {
	/** Lower-case hex: other bytes are not taken. */
	readonly ifSha256?: string;
	/** Of the bytes, where it is known; else room for the largest is reserved. */
	readonly size?: number;
}

export type Ingress = ReturnType<typeof createIngress>;

export function createIngress(deps: AcceptDeps) {
	const { settings } = deps;
	return {
		normalise: (document: DocumentInput): Normalised => normalise(document, settings),
		check: (document: DocumentInput): Checked => check(document, settings),
		/** Leaves a receipt of the refusal, and returns the error that names it. Rejects where the store does. */
		refuse: (refused: Refused | DocDropError) => refuse(refused, deps),
		/** Accepts documents that are fit, tells of refused ones, and passes errors through. */
		accept: (documents: readonly Checked[], options: AcceptOptions) => accept(documents, options, deps),
		/** Accepts one document whose bytes come as a stream; the bytes' hash wins over a declared one. */
		acceptStream: (
			input: Omit<DocumentFields, 'op'>,
			bytes: AsyncIterable<Uint8Array>,
			options: StreamOptions,
		) => acceptStream(input, bytes, options, deps),
	};
}

async function accept(
	documents: readonly Checked[],
	options: AcceptOptions,
	deps: AcceptDeps,
): Promise<(Receipt | DocDropError)[]> {
	const named = documents.filter((one): one is Normalised | Refused => !(one instanceof Error));
	const contents = named.some(needsBlob)
		? await storeContents(named, deps.docStore)
		: named.map(inlineContent);
	const errors = named.map((one) => ('error' in one ? one.error : null));
	const changes = named.map((one, index) =>
		'error' in one ? refusalFrom(one, deps) : changeFrom(one, contents[index] ?? null, options, deps),
	);
	const results = (await submit(changes, errors, deps)).values();
	return documents.map((one) => (one instanceof Error ? one : nextOf(results)));
}

async function acceptStream(
	input: Omit<DocumentFields, 'op'>,
	bytes: AsyncIterable<Uint8Array>,
	options: StreamOptions,
	deps: AcceptDeps,
): Promise<Receipt> {
	const { docStore, limiter, settings } = deps;
	// Refused only after its bytes have come, they would have come for nothing.
	limiter?.check(input.tenant);
	const fields = await checkedFields(input, deps);
	const limit = sizeLimitOf(fields.mimeType, settings);
	const room = Math.min(options.size ?? settings.maxPendingBytes * unknownPart, limit.bytes);
	const giveBack = await deps.uploadRoom.reserve(input.tenant, room);
	try {
		const content = await receiveContent(
			room < limit.bytes ? upTo(room, bytes) : bytes,
			limit,
			docStore,
		).catch((error: unknown) => refuseForGood(error, input, deps));
		return await acceptReceived(changeFrom(fields, content, options, deps), room, options, deps);
	} finally {
		giveBack();
	}
}

async function checkedFields(input: Omit<DocumentFields, 'op'>, deps: AcceptDeps) {
	try {
		return normaliseFields(input, deps.settings);
	} catch (error) {
		return refuseForGood(error, input, deps);
	}
}

/** What is wrong with the document leaves a receipt; what is wrong here does not. */
async function refuseForGood(
	error: unknown,
	input: Omit<DocumentFields, 'op'>,
	deps: AcceptDeps,
): Promise<never> {
	throw isDocDropError(error) ? await refuse(refusalOf(error, input), deps) : error;
}

/** `own`: what is reserved for it still, and counted by the store from here on. */
async function acceptReceived(
	change: Change,
	own: number,
	options: StreamOptions,
	deps: AcceptDeps,
): Promise<Receipt> {
	const { docStore } = deps;
	// It leaves no receipt: nothing is wrong with the document, and nobody has to hear of it but the caller.
	const changed = changedSince(change, options);
	if (changed !== null) {
		await dropContents([change.content], docStore);
		throw changed;
	}
	const others = deps.uploadRoom.reserved() - own;
	const result = nextOf((await submit([change], [], deps, others)).values());
	if (result instanceof Error) throw result;
	return result;
}

function changedSince({ content }: Change, { ifSha256 }: StreamOptions): DocDropError | null {
	if (ifSha256 === undefined || content === null || content.sha256 === ifSha256) return null;
	const field = 'ifSha256';
	return new DocDropError(
		'changed_since',
		`${field} must be the hash of the bytes, got ${ifSha256} for bytes with ${content.sha256}`,
		{ field },
	);
}

async function refuse(refused: Refused | DocDropError, deps: AcceptDeps): Promise<DocDropError> {
	if (refused instanceof Error) return refused;
	const [result] = await submit([refusalFrom(refused, deps)], [refused.error], deps);
	if (!(result instanceof Error)) throw new Error('a refusal without a receipt');
	return result;
}

function nextOf<T>(results: Iterator<T, unknown>): T {
	const next = results.next();
	if (next.done === true) throw new Error('a document without a result');
	return next.value;
}

/** Makes changes and refusals durable, in order, in one transaction. One result each, in order. */
async function submit(
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
	await dropContents(
		contents.filter((_, index) => results[index]?.kind !== 'accepted'),
		docStore,
	);
	return changes.map((sent, index) => {
		const result = results[index];
		if (result === undefined) throw new Error('the store answered fewer results than changes');
		return answer(sent, result, { own: errors[index] ?? null, limits: refusals }, deps);
	});
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

function changeFrom(
	{ input, op, meta }: Pick<Normalised, 'input' | 'op' | 'meta'>,
	content: ChangeContent | null,
	options: AcceptOptions,
	{ nextJobId, settings }: AcceptDeps,
): Change {
	const { tenant, docId, source, previous, takeOver = false } = input;
	const { maxWaitMs, fingerprint } = settings;
	return {
		...{ jobId: nextJobId(), tenant, docId, op, takeOver, maxWaitMs, content, meta, fingerprint },
		sourceId: source?.sourceId ?? apiSource,
		epoch: source?.epoch ?? apiSource,
		sourceName: source?.name ?? null,
		seq: source?.seq ?? null,
		priority: options.priority ?? 'normal',
		windowMs: options.skipWindow === true ? 0 : settings.windowMs,
		...(previous !== undefined && { previous: { jobId: nextJobId(), tenant, ...previous } }),
	};
}

const refusalFrom = ({ tenant, docId, op, error }: Refused, { nextJobId }: AcceptDeps): Refusal => ({
	...{ jobId: nextJobId(), tenant, docId, op },
	refused: shortFailure(error),
});

function answer(
	sent: Change | Refusal,
	result: AcceptResult,
	errors: { readonly own: DocDropError | null; readonly limits: Admitted['refusals'] },
	{ telemetry }: AcceptDeps,
): Receipt | DocDropError {
	telemetry.count('docdrop_changes_total', { result: result.kind });
	switch (result.kind) {
		case 'refused':
			if (errors.own === null) throw new Error('a fit change was answered as a refusal');
			return withReceipt(errors.own, result.jobId);
		case 'owned':
			return withReceipt(ownedError(result.owner, result.of), result.jobId);
		case 'spent':
			return withReceipt(spentError(result.of), result.jobId);
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
			telemetry.count('docdrop_changes_total', { result: result.previous.kind });
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
