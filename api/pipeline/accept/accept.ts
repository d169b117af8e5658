import { hash } from 'node:crypto';
import { docIdFault } from '../../contract/doc-id-fault.ts';
import type { DocumentInput, Receipt } from '../../contract/document-schema.ts';
import { reservedMetadata } from '../../contract/reserved-metadata.ts';
import type { Priority } from '../../contract/job-schema.ts';
import { DocDropError, isDocDropError } from '../../errors.ts';
import type { DocStore, QueueLimits } from '../../ports/doc-store.ts';
import {
	type AcceptResult,
	type Change,
	type ChangeContent,
	type MoveSource,
	type DocMeta,
	ownedError,
	type Refusal,
	refusalOf,
	type Refused,
	shortFailure,
	type Taken,
	unpaidError,
	withReceipt,
	writeMeta,
} from '../../domain/index.ts';
import type { Telemetry } from '../../telemetry.ts';
import { admit, type Admitted } from './admit.ts';
import type { ReachCrashPoint } from '../faults/index.ts';
import type { DocumentLimiter } from './document-limiter.ts';

/**
 * The door: from what a caller sent to a durable receipt. `normalise` checks everything that the schema
 * cannot say and touches nothing; `accept` makes it durable. One document's fault is its own result.
 */
export interface AcceptSettings extends QueueLimits {
	readonly windowMs: number;
	readonly maxWaitMs: number;
	readonly maxFileBytes: number;
	/** Of types that are not `streamable`. */
	readonly maxBufferedBytes: number;
	readonly streamable: readonly string[];
	/** Of extractors, chunker settings and model. */
	readonly fingerprint: string;
	readonly mimeTypes: readonly string[];
	readonly mimeTypeOf: (path: string) => string | null;
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
	/** Something may be due at once. */
	readonly wake: () => void;
}

export interface AcceptOptions {
	readonly priority?: Priority;
	readonly skipWindow?: boolean;
}

/** Contents up to this size wait in the document's row, larger ones in a file. */
export const inlineBytes = 65_536;
const maxMetadataBytes = 16_384;
const maxMetadataDepth = 32;
const metadataName = /^[^\p{Cc}]{1,128}$/u;

/** Owner, and only epoch, of what is written without a source. */
const apiSource = 'api';

/** A document whose fields hold together, with its bytes or the blob that holds them. */
export interface Normalised {
	readonly input: Omit<DocumentInput, 'content'>;
	readonly op: 'put' | 'delete';
	readonly meta: string;
	readonly mimeType: string;
	readonly bytes: string | Uint8Array | null;
	readonly size: number;
	readonly sha256: string;
}

/** A document as the door found it: fit, or refused, with a receipt where its name is known. */
export type Checked = Normalised | Refused | DocDropError;

export function createIngress(deps: AcceptDeps) {
	const { docStore, nextJobId, now, crashPoint, telemetry, settings, limiter, wake } = deps;
	const { maxPending, maxPendingBytes } = settings;
	const limits: QueueLimits = { maxPending, maxPendingBytes };

	const invalid = (field: string, message: string) =>
		new DocDropError('invalid', `${field} ${message}`, { field });

	function checkMetadata(metadata: Readonly<Record<string, unknown>> | undefined): void {
		if (metadata === undefined) return;
		const taken = reservedMetadata.find((name) => Object.hasOwn(metadata, name));
		if (taken !== undefined) throw invalid(`metadata/${taken}`, 'is a name of DocDrop’s own; use another');
		if (!Object.keys(metadata).every((name) => metadataName.test(name))) {
			throw invalid('metadata', 'must have names of 1 to 128 characters without control characters');
		}
		// Depth first, with a stack of its own: what follows recurses.
		const open: { readonly value: unknown; readonly depth: number }[] = [{ value: metadata, depth: 1 }];
		for (let item = open.pop(); item !== undefined; item = open.pop()) {
			if (typeof item.value === 'string' && !item.value.isWellFormed()) {
				throw invalid('metadata', 'must be well-formed Unicode');
			}
			if (typeof item.value !== 'object' || item.value === null) continue;
			if (item.depth > maxMetadataDepth)
				throw invalid('metadata', `must be at most ${maxMetadataDepth} levels deep`);
			for (const [name, value] of Object.entries(item.value)) {
				if (!name.isWellFormed()) throw invalid('metadata', 'must be well-formed Unicode');
				if (name === '__proto__') throw invalid('metadata', 'must not hold the name __proto__');
				open.push({ value, depth: item.depth + 1 });
			}
		}
		const bytes = Buffer.byteLength(JSON.stringify(metadata));
		if (bytes > maxMetadataBytes)
			throw invalid('metadata', `must be at most ${maxMetadataBytes} bytes of JSON, got ${bytes}`);
	}

	function mimeTypeFor(input: Pick<DocumentInput, 'mimeType' | 'path' | 'docId'>, isText: boolean): string {
		const named = input.mimeType?.split(';')[0]?.trim().toLowerCase();
		const guessed =
			named ?? settings.mimeTypeOf(input.path ?? input.docId) ?? settings.mimeTypeOf(input.docId);
		const mimeType = guessed ?? (isText ? 'text/plain' : null);
		if (mimeType === null) {
			throw new DocDropError(
				'unsupported_type',
				'mimeType is missing, and the ending of path or docId does not tell it',
				{
					field: 'mimeType',
				},
			);
		}
		if (!settings.mimeTypes.includes(mimeType)) {
			throw new DocDropError(
				'unsupported_type',
				`mimeType must be one of ${settings.mimeTypes.join(', ')}, got ${JSON.stringify(mimeType)}`,
				{ field: 'mimeType' },
			);
		}
		return mimeType;
	}

	function checkDocId(field: string, docId: string): void {
		const fault = docIdFault(docId);
		if (fault !== null) throw invalid(field, fault);
	}

	/** What a followed folder, which no schema stands before, could get wrong too. */
	function checkIdentity({ op, tenant, docId, source, previous }: Omit<DocumentInput, 'content'>): void {
		checkDocId('docId', docId);
		if (previous !== undefined) {
			if (op === 'delete') throw invalid('previous', 'must be absent when op is delete');
			checkDocId('previous/docId', previous.docId);
			if (previous.docId === docId && (previous.tenant ?? tenant) === tenant)
				throw invalid('previous', 'must name another document than docId does');
		}
		// Its order is the order of arrival: an epoch of its own would make every later write without a source stale.
		if (source?.sourceId === apiSource) {
			throw invalid('source/sourceId', `must not be ${JSON.stringify(apiSource)}, which means no source`);
		}
	}

	/** Checks one document that passed the schema. Throws `invalid`, `too_large` or `unsupported_type`. */
	function normalise(document: DocumentInput): Normalised {
		const { content, ...input } = document;
		checkIdentity(input);
		for (const field of ['title', 'path'] as const) {
			if (input[field]?.isWellFormed() === false) throw invalid(field, 'must be well-formed Unicode');
		}
		if (input.op === 'delete') {
			if (content !== undefined) throw invalid('content', 'must be absent when op is delete');
			return { input, op: 'delete', meta: '', mimeType: '', bytes: null, size: 0, sha256: '' };
		}
		if (content === undefined) throw invalid('content', 'is required when op is put');
		checkMetadata(input.metadata);
		let bytes: string | Uint8Array;
		if ('text' in content) {
			if (!content.text.isWellFormed()) throw invalid('content/text', 'must be well-formed Unicode');
			bytes = content.text;
		} else {
			const { base64 } = content;
			const decoded = decodeBase64(base64);
			if (decoded === null) {
				throw invalid('content/base64', 'must be standard base64 with padding');
			}
			bytes = decoded;
		}
		const size = Buffer.byteLength(bytes);
		return { ...describe(input, 'text' in content, size), bytes, sha256: hash('sha256', bytes, 'hex') };
	}

	/** The part of `normalise` that a streamed document shares; its bytes and hash come later. */
	function describe(
		input: Omit<DocumentInput, 'content'>,
		isText: boolean,
		size: number,
	): Omit<Normalised, 'bytes' | 'sha256'> {
		const mimeType = mimeTypeFor(input, isText);
		const limit = limitOf(mimeType);
		if (size > limit.bytes) throw tooLarge(limit, `, got ${size}`);
		const meta: DocMeta = {
			mimeType,
			path: input.path ?? null,
			title: input.title ?? null,
			metadata: input.metadata ?? {},
		};
		return { input, op: 'put', meta: writeMeta(meta), mimeType, size };
	}

	/** What cannot be read in pieces is held in memory as a whole. */
	function limitOf(mimeType: string): Limit {
		const { maxFileBytes, maxBufferedBytes, streamable } = settings;
		return maxBufferedBytes < maxFileBytes && !streamable.includes(mimeType)
			? { bytes: maxBufferedBytes, why: ` of ${mimeType}, which is read as a whole` }
			: { bytes: maxFileBytes, why: '' };
	}

	/** What cannot be removed now goes at the next opening of the store. */
	const dropBlobs = async (blobs: readonly string[]): Promise<void> => {
		await Promise.all(blobs.map((blob) => docStore.dropBlob(blob).catch(() => {})));
	};
	const blobsOf = (contents: readonly (ChangeContent | null)[]): string[] =>
		contents.flatMap((content) => {
			const body = content?.body;
			return typeof body === 'object' && 'blob' in body ? [body.blob] : [];
		});

	/** All of them, or no file of any. */
	async function bodiesOf(documents: readonly (Normalised | Refused)[]): Promise<(ChangeContent | null)[]> {
		const written = await Promise.allSettled(
			documents.map(async (one) => ('error' in one ? null : bodyOf(one))),
		);
		const failed = written.find((one) => one.status === 'rejected');
		const contents = written.map((one) => (one.status === 'fulfilled' ? one.value : null));
		if (failed === undefined) return contents;
		await dropBlobs(blobsOf(contents));
		throw failed.reason;
	}

	const bodyOf = async (document: Normalised): Promise<ChangeContent | null> => {
		const { bytes, size, sha256 } = document;
		if (bytes === null) return null;
		if (size <= inlineBytes) return { sha256, size, body: bytes };
		const whole = typeof bytes === 'string' ? Buffer.from(bytes) : bytes;
		const { blob } = await docStore.writeBlob(
			(async function* () {
				yield whole;
			})(),
		);
		return { sha256, size, body: { blob } };
	};

	/** A stream that turns out small stays in memory and saves the file. */
	async function receive(bytes: AsyncIterable<Uint8Array>): Promise<ChangeContent> {
		const source = bytes[Symbol.asyncIterator]() as AsyncIterator<Uint8Array, undefined>;
		const head: Uint8Array[] = [];
		let size = 0;
		while (size <= inlineBytes) {
			const { value, done } = await source.next();
			if (done === true) {
				const body = Buffer.concat(head);
				return { sha256: hash('sha256', body, 'hex'), size, body };
			}
			head.push(value);
			size += value.byteLength;
		}
		const written = await docStore.writeBlob(
			(async function* () {
				yield* head;
				for (let next = await source.next(); next.done !== true; next = await source.next()) yield next.value;
			})(),
		);
		return { sha256: written.sha256, size: written.size, body: { blob: written.blob } };
	}

	const moveSourceOf = ({ tenant, previous }: Normalised['input']): { readonly previous?: MoveSource } =>
		previous === undefined ? {} : { previous: { jobId: nextJobId(), tenant, ...previous } };

	function change(
		{ input, op, meta }: Normalised,
		content: ChangeContent | null,
		options: AcceptOptions,
	): Change {
		return {
			jobId: nextJobId(),
			tenant: input.tenant,
			docId: input.docId,
			op,
			sourceId: input.source?.sourceId ?? apiSource,
			epoch: input.source?.epoch ?? apiSource,
			seq: input.source?.seq ?? null,
			takeOver: input.takeOver ?? false,
			priority: options.priority ?? 'normal',
			windowMs: options.skipWindow === true ? 0 : settings.windowMs,
			maxWaitMs: settings.maxWaitMs,
			content,
			meta,
			fingerprint: settings.fingerprint,
			...moveSourceOf(input),
		};
	}

	function answer(
		sent: Change | Refusal,
		result: AcceptResult,
		errors: { readonly own: DocDropError | null; readonly limits: Admitted['refusals'] },
	): Receipt | DocDropError {
		telemetry.count('docdrop_changes_total', { result: result.kind });
		if (result.kind === 'refused') {
			if (errors.own === null) throw new Error('a fit change was answered as a refusal');
			return withReceipt(errors.own, result.jobId);
		}
		if (result.kind === 'owned') return withReceipt(ownedError(result.owner, result.of), result.jobId);
		if (result.kind === 'full') {
			return new DocDropError('queue_full', 'the queue is full', { retryAfterMs: 5_000 });
		}
		if (result.kind === 'unpaid') return unpaidError(sent.tenant, result);
		if (result.kind === 'limited') {
			const refusal = errors.limits.get(sent.tenant);
			if (refusal === undefined) throw new Error('limited without a limit');
			return refusal;
		}
		const left = 'previous' in sent ? sent.previous : undefined;
		if (left === undefined || result.previous === undefined) return receipt(sent, result);
		telemetry.count('docdrop_changes_total', { result: result.previous.kind });
		return { ...receipt(sent, result), previous: receipt(left, result.previous) };
	}

	/** Makes changes and refusals durable, in order, in one transaction. One result each, in order. */
	async function submit(
		changes: readonly (Change | Refusal)[],
		errors: readonly (DocDropError | null)[],
	): Promise<(Receipt | DocDropError)[]> {
		if (changes.length === 0) return [];
		const contents = changes.map((one) => ('refused' in one ? null : one.content));
		const { results, refusals } = await admit(changes, { docStore, limiter, now, limits }).catch(
			async (error: unknown) => {
				// A disk that is full would be filled further by every try.
				await dropBlobs(blobsOf(contents));
				throw error;
			},
		);
		crashPoint('after-accept');
		wake();
		await dropBlobs(blobsOf(contents.filter((_, index) => results[index]?.kind !== 'accepted')));
		return changes.map((sent, index) => {
			const result = results[index];
			if (result === undefined) throw new Error('the store answered fewer results than changes');
			return answer(sent, result, { own: errors[index] ?? null, limits: refusals });
		});
	}

	const refusing = ({ tenant, docId, op, error }: Refused): Refusal => ({
		...{ jobId: nextJobId(), tenant, docId, op },
		refused: shortFailure(error),
	});

	/** Leaves a receipt of the refusal, and returns the error that names it. Rejects where the store does. */
	async function refuse(refused: Refused | DocDropError): Promise<DocDropError> {
		if (refused instanceof Error) return refused;
		const [result] = await submit([refusing(refused)], [refused.error]);
		if (!(result instanceof Error)) throw new Error('a refusal without a receipt');
		return result;
	}

	return {
		normalise,
		refuse,

		/** As `normalise`, with what is wrong in the place of the document. */
		check(document: DocumentInput): Checked {
			try {
				return normalise(document);
			} catch (error) {
				if (!isDocDropError(error)) throw error;
				return refusalOf(error, document);
			}
		},

		/** Accepts documents that are fit, tells of refused ones, and passes errors through. */
		async accept(documents: readonly Checked[], options: AcceptOptions): Promise<(Receipt | DocDropError)[]> {
			const named = documents.filter((one): one is Normalised | Refused => !(one instanceof Error));
			const contents = named.some((one) => 'size' in one && one.size > inlineBytes)
				? await bodiesOf(named)
				: null;
			const errors = named.map((one) => ('error' in one ? one.error : null));
			const changes = named.map((one, index) => {
				if ('error' in one) return refusing(one);
				const { bytes, size, sha256 } = one;
				const content =
					contents === null
						? bytes === null
							? null
							: { sha256, size, body: bytes }
						: (contents[index] ?? null);
				return change(one, content, options);
			});
			const results = await submit(changes, errors);
			let next = 0;
			return documents.map((one) => {
				if (one instanceof Error) return one;
				const result = results[next++];
				if (result === undefined) throw new Error('a document without a result');
				return result;
			});
		},

		/** Accepts one document whose bytes come as a stream; the bytes' hash wins over a declared one. */
		async acceptStream(
			input: Omit<DocumentInput, 'content' | 'op'>,
			bytes: AsyncIterable<Uint8Array>,
			options: AcceptOptions,
		): Promise<Receipt> {
			// Refused after it has come, it would have come for nothing.
			limiter?.check(input.tenant);
			const arrive = async () => {
				checkIdentity(input);
				checkMetadata(input.metadata);
				const described = describe(input, false, 0);
				const content = await receive(limited(bytes, limitOf(described.mimeType)));
				return { ...described, content, size: content.size, sha256: content.sha256, bytes: null };
			};
			const { content, ...arrived } = await arrive().catch(async (error: unknown) => {
				throw isDocDropError(error) ? await refuse(refusalOf(error, input)) : error;
			});
			const [result] = await submit([change(arrived, content, options)], []);
			if (result === undefined) throw new Error('a document without a result');
			if (result instanceof Error) throw result;
			return result;
		},
	};
}

function receipt({ tenant, docId }: Pick<Change, 'tenant' | 'docId'>, taken: Taken): Receipt {
	return {
		jobId: taken.jobId,
		tenant,
		docId,
		state: taken.kind,
		version: taken.version,
		...(taken.kind === 'accepted' && taken.superseded !== null && { superseded: taken.superseded }),
		...(taken.kind === 'unchanged' && taken.follows !== null && { follows: taken.follows }),
		statusUrl: `/v1/jobs/${taken.jobId}`,
	};
}

interface Limit {
	readonly bytes: number;
	/** Why it is not the limit of all documents. */
	readonly why: string;
}

const tooLarge = ({ bytes, why }: Limit, got = '') =>
	new DocDropError('too_large', `content must be at most ${bytes} bytes${why}${got}`, { field: 'content' });

async function* limited(bytes: AsyncIterable<Uint8Array>, limit: Limit): AsyncGenerator<Uint8Array> {
	let size = 0;
	for await (const piece of bytes) {
		size += piece.byteLength;
		if (size > limit.bytes) throw tooLarge(limit);
		yield piece;
	}
}

/**
 * Null where the text is not standard base64. Node skips what it does not know, so a foreign character shows
 * itself in the length; matching megabytes with an expression would hold the event loop.
 */
function decodeBase64(text: string): Uint8Array | null {
	if (text.length % 4 !== 0 || text.includes('-') || text.includes('_')) return null;
	const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
	const bytes = Buffer.from(text, 'base64');
	return bytes.length === (text.length / 4) * 3 - padding ? bytes : null;
}
