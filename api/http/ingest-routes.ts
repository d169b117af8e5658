import { setImmediate as nextTurn } from 'node:timers/promises';
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Readable } from 'node:stream';
import { Type, type Static } from 'typebox';
import { BatchEnvelope, BatchRequest, BatchResponse, type BatchItem } from '../contract/batch-schema.ts';
import { DocumentInput, PublishRequest, Receipt, Source } from '../contract/document-schema.ts';
import { DocId, Sha256, Tenant } from '../contract/id-schema.ts';
import { Priority } from '../contract/job-schema.ts';
import { mimeTypeOf } from '../contract/file-types.ts';
import { limits } from '../contract/limits.ts';
import { PreviewRequest, PreviewResponse } from '../contract/preview-schema.ts';
import { DocDropError } from '../errors.ts';
import type { AcceptOptions, Checked } from '../pipeline/accept/index.ts';
import type { Pipeline } from '../pipeline/index.ts';
import { checkDocument, checkTenant } from './access.ts';
import { described } from './described.ts';
import { itemError, statusOf } from './error-answers.ts';
import { goneSignal } from './gone-signal.ts';
import { refusedBy } from './refused-by.ts';
import { createCheck, validatorCompiler } from './validation.ts';

/** Changes come in: one, many, streamed, or deleted; and preview, which changes nothing. */
const sourceQuery = {
	sourceId: Type.Optional(Source.properties.sourceId),
	epoch: Type.Optional(Source.properties.epoch),
	seq: Type.Optional(Source.properties.seq),
	sourceName: Type.Optional(Source.properties.name),
	takeOver: Type.Optional(Type.Boolean()),
};
const options = { priority: Type.Optional(Priority), coalesced: Type.Optional(Type.Boolean()) };

const PutQuery = Type.Object(
	{
		tenant: Tenant,
		docId: DocId,
		mimeType: Type.Optional(DocumentInput.properties.mimeType),
		charset: Type.Optional(DocumentInput.properties.charset),
		title: Type.Optional(DocumentInput.properties.title),
		path: Type.Optional(DocumentInput.properties.path),
		metadata: Type.Optional(Type.String({ description: 'A JSON object.' })),
		// Together what `previous` is in a body.
		previousDocId: Type.Optional(DocId),
		previousTenant: Type.Optional(Tenant),
		ifSha256: Type.Optional(
			Type.Unsafe<Static<typeof Sha256>>({
				...Sha256,
				description: 'Take the bytes only where this is their hash; otherwise 412 changed_since.',
			}),
		),
		...sourceQuery,
		...options,
	},
	{ additionalProperties: false },
);
const DeleteQuery = Type.Object(
	{ tenant: Tenant, docId: DocId, ...sourceQuery, ...options },
	{ additionalProperties: false },
);

function sourceOf(query: Static<typeof DeleteQuery>) {
	const { sourceId, epoch, seq, sourceName, takeOver } = query;
	const owner = takeOver === undefined ? {} : { takeOver };
	if (sourceId === undefined && epoch === undefined && seq === undefined) return owner;
	for (const [field, value] of Object.entries({ sourceId, epoch, seq })) {
		if (value === undefined) {
			throw new DocDropError('invalid', `${field} is required where sourceId, epoch or seq is given`, {
				field,
			});
		}
	}
	const name = sourceName === undefined ? {} : { name: sourceName };
	return { ...owner, source: { sourceId: sourceId ?? '', epoch: epoch ?? '', seq: seq ?? 0, ...name } };
}

function previousOf({ previousDocId, previousTenant }: Static<typeof PutQuery>) {
	if (previousDocId !== undefined) {
		const tenant = previousTenant === undefined ? {} : { tenant: previousTenant };
		return { previous: { docId: previousDocId, ...tenant } };
	}
	if (previousTenant === undefined) return {};
	const field = 'previousDocId';
	throw new DocDropError('invalid', `${field} is required where previousTenant is given`, { field });
}

function metadataOf(text: string | undefined) {
	if (text === undefined) return {};
	let metadata: unknown;
	try {
		metadata = JSON.parse(text);
	} catch {
		throw new DocDropError('invalid', 'metadata must be well-formed JSON', { field: 'metadata' });
	}
	if (typeof metadata !== 'object' || metadata === null || Array.isArray(metadata)) {
		throw new DocDropError('invalid', 'metadata must be a JSON object', { field: 'metadata' });
	}
	return { metadata: metadata as Record<string, unknown> };
}

/** What clients send of themselves: of a text body, of bytes, of a form, of a JSON request. */
const UNASKED =
	/^(?:text\/plain|application\/json|application\/octet-stream|application\/x-www-form-urlencoded)\b/i;

/** A header that clients set by themselves says less than the file's ending, but for the charset. */
function typeOfHeader(contentType: string | undefined, path: string): string | undefined {
	if (contentType === undefined || !UNASKED.test(contentType)) return contentType;
	const ending = mimeTypeOf(path);
	if (ending !== null) return `${ending}${/;.*$/.exec(contentType)?.[0] ?? ''}`;
	return /^application\/(?:octet-stream|x-www-form-urlencoded)/i.test(contentType) ? undefined : contentType;
}

/** Throws `invalid` for what the schema cannot say. */
function streamedDocument(query: Static<typeof PutQuery>, contentType: string | undefined) {
	const { tenant, docId, mimeType, charset, title, path, metadata } = query;
	const type = mimeType ?? typeOfHeader(contentType, path ?? docId);
	return {
		tenant,
		docId,
		...(type !== undefined && { mimeType: type }),
		...(charset !== undefined && { charset }),
		...(title !== undefined && { title }),
		...(path !== undefined && { path }),
		...metadataOf(metadata),
		...previousOf(query),
		...sourceOf(query),
	};
}

/** How the change waits, with what the caller left out left out. */
const waiting = ({
	priority,
	coalesced,
}: {
	readonly priority?: Priority | undefined;
	readonly coalesced?: boolean | undefined;
}): AcceptOptions => ({
	...(priority !== undefined && { priority }),
	...(coalesced !== undefined && { skipWindow: coalesced }),
});

/** A batch of large documents lets others in between: so much is hashed in one turn of the event loop. */
const bytesATurn = 262_144;

/**
 * A batch of which nothing was taken because of a limit is refused as a whole, as each of its documents would have
 * been alone: then whoever sends it knows by the status, without looking into it.
 */
function refuseWhole(results: readonly (Receipt | DocDropError)[]): void {
	for (const code of ['rate_limited', 'credits_exhausted'] as const) {
		const refused = results.filter((one): one is DocDropError => one instanceof Error && one.code === code);
		if (refused.length === 0 || refused.length < results.length) continue;
		throw refused.reduce((a, b) => ((b.retryAfterMs ?? 0) > (a.retryAfterMs ?? 0) ? b : a));
	}
}

const receiptStatus = (receipt: Receipt) => (receipt.state === 'accepted' ? 202 : 200);

export function publishRoutes(app: FastifyInstance, { pipeline }: { readonly pipeline: Pipeline }): void {
	const toDocument = createCheck<DocumentInput>(DocumentInput);
	const answer = (reply: FastifyReply, receipt: Receipt) => reply.code(receiptStatus(receipt)).send(receipt);

	async function acceptOne(document: DocumentInput, options: AcceptOptions): Promise<Receipt> {
		const [result] = await pipeline.accept([pipeline.check(document)], options);
		if (result === undefined) throw new Error('a document without a result');
		if (result instanceof Error) throw result;
		return result;
	}

	app.post<{ Body: PublishRequest }>(
		'/v1/publish',
		{
			attachValidation: true,
			schema: {
				tags: ['changes'],
				summary: 'Publish one document',
				description: 'Answers 202 when the change is durable, 200 when it is unchanged or stale.',
				body: PublishRequest,
				response: { 200: Receipt, 202: Receipt },
			},
		},
		async (request, reply) => {
			if (request.validationError !== undefined) {
				throw await pipeline.refuse(refusedBy(request, request.body, request.validationError));
			}
			const { priority, coalesced, ...document } = request.body;
			checkDocument(request, document);
			return answer(reply, await acceptOne(document, waiting({ priority, coalesced })));
		},
	);

	app.post<{ Body: BatchRequest }>(
		'/v1/ingest/batch',
		{
			validatorCompiler: () => validatorCompiler({ schema: BatchEnvelope, httpPart: 'body' }),
			schema: {
				tags: ['changes'],
				summary: `Publish and delete up to ${limits.batchDocuments} documents`,
				description:
					'One durable transaction. Results in request order; `errors` is true when any was not taken. Under a limit of documents the batch is taken in order, up to the first document of a tenant that finds no place: that one and what follows of its tenant are answered rate_limited, each; where that is all of the batch, it is answered 429 as a whole. Credits are taken for all puts of a tenant in advance, one each; where so many are not left, nothing of that tenant is taken, and a batch of it alone is answered 402.',
				body: BatchRequest,
				response: { 202: BatchResponse },
			},
		},
		async (request, reply) => {
			const { documents, priority, coalesced, snapshotComplete } = request.body;
			if (documents.length === 0 && snapshotComplete === undefined) {
				throw new DocDropError('invalid', 'documents must have at least 1 item, got an array of 0', {
					field: 'documents',
				});
			}
			const checked: Checked[] = [];
			let bytes = 0;
			for (const [index, raw] of documents.entries()) {
				try {
					const document = toDocument(raw, `documents/${index}`);
					checkDocument(request, document);
					const found = pipeline.check(document);
					checked.push(found);
					if ('size' in found) bytes += found.size;
				} catch (error) {
					checked.push(refusedBy(request, raw, error));
				}
				if (bytes >= bytesATurn) {
					bytes = 0;
					await nextTurn();
				}
			}
			const results = await pipeline.accept(checked, waiting({ priority, coalesced }));
			refuseWhole(results);
			const counts = { accepted: 0, unchanged: 0, stale: 0, failed: 0 };
			const items = results.map((result, index): BatchItem => {
				if (result instanceof Error) {
					counts.failed += 1;
					return { index, status: statusOf(result), error: itemError(result) };
				}
				counts[result.state] += 1;
				return { index, status: receiptStatus(result), receipt: result };
			});
			const waitMs = Math.max(...results.map((one) => (one instanceof Error ? (one.retryAfterMs ?? 0) : 0)));
			if (waitMs > 0) void reply.header('retry-after', Math.ceil(waitMs / 1000));
			const answer = { errors: counts.failed > 0, ...counts, results: items };
			if (snapshotComplete === undefined || answer.errors) return reply.code(202).send(answer);
			const { onlyTenant } = request;
			const snapshot = await pipeline.closeSnapshot({ ...snapshotComplete, onlyTenant });
			return reply.code(202).send({ ...answer, snapshot });
		},
	);

	app.post<{ Body: DocumentInput }>(
		'/v1/preview',
		described('changes', 'What publishing would do', {
			description: 'Extracts, chunks and compares with what is published now. Changes nothing.',
			body: PreviewRequest,
			response: { 200: PreviewResponse },
		}),
		async (request, reply) => {
			checkDocument(request, request.body);
			return pipeline.preview(request.body, goneSignal(reply));
		},
	);

	app.delete<{ Querystring: Static<typeof DeleteQuery> }>(
		'/v1/documents',
		described('changes', 'Delete one document', {
			querystring: DeleteQuery,
			response: { 200: Receipt, 202: Receipt },
		}),
		async (request, reply) => {
			const { tenant, docId, priority, coalesced } = request.query;
			checkTenant(request, tenant);
			const document = { op: 'delete' as const, tenant, docId, ...sourceOf(request.query) };
			return answer(reply, await acceptOne(document, waiting({ priority, coalesced })));
		},
	);

	// A context of its own: every type is taken as a stream here, JSON files too.
	void app.register(async (streamed) => {
		streamed.removeAllContentTypeParsers();
		streamed.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
		streamed.put<{ Querystring: Static<typeof PutQuery>; Body: Readable | undefined }>(
			'/v1/documents/content',
			{
				config: { isStreamed: true },
				attachValidation: true,
				schema: {
					tags: ['changes'],
					summary: 'Publish one streamed file',
					description:
						'The body is the file. Its type is mimeType, else content-type, else told by path or docId; text/plain, application/json and application/octet-stream in content-type, which clients set by themselves, only where path and docId tell none.',
					querystring: PutQuery,
					response: { 200: Receipt, 202: Receipt },
				},
			},
			async (request, reply) => {
				let document: ReturnType<typeof streamedDocument>;
				try {
					if (request.validationError !== undefined) throw request.validationError;
					checkTenant(request, request.query.tenant);
					document = streamedDocument(request.query, request.headers['content-type']);
					checkDocument(request, document);
				} catch (error) {
					request.body?.resume();
					throw await pipeline.refuse(refusedBy(request, request.query, error));
				}
				// A stream that is refused half-way is read to its end all the same: left alone, it would stop the
				// connection, and the caller would never come to read the answer.
				const { ifSha256 } = request.query;
				const receipt = await pipeline
					.acceptStream(document, request.body?.iterator({ destroyOnReturn: false }) ?? nothing(), {
						...waiting(request.query),
						...(ifSha256 !== undefined && { ifSha256 }),
						...sizeOf(request.headers['content-length']),
					})
					.catch((error: unknown) => {
						request.body?.resume();
						throw error;
					});
				return reply.code(receiptStatus(receipt)).send(receipt);
			},
		);
	});
}

const sizeOf = (length: string | undefined) => (length === undefined ? {} : { size: Number(length) });

async function* nothing(): AsyncGenerator<Uint8Array> {}
