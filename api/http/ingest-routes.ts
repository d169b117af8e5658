import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Readable } from 'node:stream';
import { Type, type Static } from 'typebox';
import { DocumentInput, PatchRequest, PublishRequest, Receipt, Source } from '../contract/document-schema.ts';
import { DocId, Sha256, Tenant } from '../contract/id-schema.ts';
import { Priority } from '../contract/job-schema.ts';
import { PreviewRequest, PreviewResponse } from '../contract/preview-schema.ts';
import { toldType } from '../contract/told-type.ts';
import { DocDropError } from '../errors.ts';
import type { AcceptOptions } from '../pipeline/accept/index.ts';
import type { Pipeline } from '../pipeline/index.ts';
import { checkDocument, checkTenant } from './access.ts';
import { answerLeft } from './answer-left.ts';
import { receiptStatus } from './batch-answer.ts';
import { described } from './described.ts';
import { goneSignal } from './gone-signal.ts';
import { longAnswer } from './long-answer.ts';
import { refusedBy } from './refused-by.ts';
import { waiting } from './waiting-options.ts';

/** Changes come in: one, many, streamed, patched or deleted; and preview, which changes nothing. */
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

/** Throws `invalid` for what the schema cannot say. */
function streamedDocument(query: Static<typeof PutQuery>, contentType: string | undefined) {
	const { tenant, docId, mimeType, charset, title, path, metadata } = query;
	const type = mimeType ?? toldType(contentType, path ?? docId, 'body');
	return {
		tenant,
		docId,
		...(type !== null && { mimeType: type }),
		...(charset !== undefined && { charset }),
		...(title !== undefined && { title }),
		...(path !== undefined && { path }),
		...metadataOf(metadata),
		...previousOf(query),
		...sourceOf(query),
	};
}

export function publishRoutes(app: FastifyInstance, { pipeline }: { readonly pipeline: Pipeline }): void {
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

	app.post<{ Body: DocumentInput }>(
		'/v1/preview',
		described('changes', 'What publishing would do', {
			description: 'Extracts, chunks and compares with what is published now. Changes nothing.',
			body: PreviewRequest,
			response: { 200: PreviewResponse },
		}),
		async (request, reply) => {
			checkDocument(request, request.body);
			const caller = { gone: goneSignal(reply), left: answerLeft(reply) };
			const { chunks, ...found } = await pipeline.preview(request.body, caller);
			return reply.type('application/json').send(longAnswer(found, 'chunks', chunks));
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

	app.patch<{ Body: PatchRequest }>(
		'/v1/documents',
		described('changes', 'Change the metadata of one document, without its content', {
			description:
				'Takes its turn like any change. Its passages stay as they are, and nothing is embedded. Answers 202 when the change is durable, 200 when it is unchanged or stale.',
			body: PatchRequest,
			response: { 200: Receipt, 202: Receipt },
		}),
		async (request, reply) => {
			const { priority, coalesced, ...document } = request.body;
			checkTenant(request, document.tenant);
			return answer(reply, await acceptOne({ op: 'patch', ...document }, waiting({ priority, coalesced })));
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
						'The body is the file. Its type is mimeType, else content-type, else told by path or docId; text/plain, application/json and application/octet-stream in content-type, which clients set by themselves, only where path and docId tell none. A charset in content-type counts in any case.',
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
