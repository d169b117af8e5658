import type { FastifyInstance, FastifyRequest } from 'fastify';
import { BatchEnvelope, BatchRequest, BatchResponse } from '../contract/batch-schema.ts';
import { limits } from '../contract/limits.ts';
import { UploadForm } from '../contract/upload-schema.ts';
import { DocDropError } from '../errors.ts';
import { loopTurn } from '../loop-turn.ts';
import type { AcceptOptions, Checked } from '../pipeline/accept/index.ts';
import type { Pipeline } from '../pipeline/index.ts';
import { checkDocument } from './access.ts';
import { batchAnswer, refuseWhole, sayRetryAfter } from './batch-answer.ts';
import { refusedBy } from './refused-by.ts';
import { isForm } from './streamed-body.ts';
import { toDocument } from './to-document.ts';
import { sendAnswer, takeForm, type UploadDeps } from './upload-routes.ts';
import { createCheck } from './validation.ts';
import { waiting } from './waiting-options.ts';

/** A long batch lets others in between: so much is checked and hashed in one turn of the event loop. */
const bytesATurn = 262_144;

const toBatch = createCheck<BatchRequest>(BatchEnvelope);

/** Many changes in one request: as JSON, or as a form with files and a manifest. */
export function batchRoutes(app: FastifyInstance, deps: UploadDeps): void {
	const { pipeline } = deps;
	app.post(
		'/v1/ingest/batch',
		{
			config: { takesForms: true },
			// Which check a body wants follows from its type.
			validatorCompiler: () => (value: unknown) => ({ value }),
			schema: {
				tags: ['changes'],
				summary: `Publish and delete up to ${limits.batchDocuments} documents`,
				description:
					'One durable transaction. Results in request order; `errors` is true when any was not taken. Under a limit of documents the batch is taken in order, up to the first document of a tenant that finds no place: that one and what follows of its tenant are answered rate_limited, each; where that is all of the batch, it is answered 429 as a whole. Credits are taken for all puts of a tenant in advance, one each; where so many are not left, nothing of that tenant is taken, and a batch of it alone is answered 402. As a form, its files are the contents that its manifest names, and nothing is taken of one that was cut off.',
				body: {
					content: {
						'application/json': { schema: BatchRequest },
						'multipart/form-data': { schema: UploadForm },
					},
				},
				response: { 202: BatchResponse },
			},
		},
		async (request, reply) => {
			if (isForm(request))
				return sendAnswer(reply, await takeForm(request, deps, { query: {}, isStrict: true }));
			const { documents, priority, coalesced, snapshotComplete } = toBatch(request.body);
			// What is checked is let go of, instead of being kept until the answer.
			request.body = null;
			if (documents.length === 0 && snapshotComplete === undefined) {
				throw new DocDropError('invalid', 'documents must have at least 1 item, got an array of 0', {
					field: 'documents',
				});
			}
			const results = await acceptAll(documents, request, pipeline, waiting({ priority, coalesced }));
			refuseWhole(results);
			sayRetryAfter(reply, results);
			const answer = batchAnswer(results);
			if (snapshotComplete === undefined || answer.errors) return reply.code(202).send(answer);
			const { onlyTenant } = request;
			const snapshot = await pipeline.closeSnapshot({ ...snapshotComplete, onlyTenant });
			return reply.code(202).send({ ...answer, snapshot });
		},
	);
}

async function acceptAll(
	documents: unknown[],
	request: FastifyRequest,
	pipeline: Pipeline,
	options: AcceptOptions,
) {
	const { check, close } = pipeline.openCheck(Number(request.headers['content-length']));
	try {
		return await pipeline.accept(await checkAll(documents, request, check), options);
	} finally {
		close();
	}
}

async function checkAll(
	documents: unknown[],
	request: FastifyRequest,
	check: Pipeline['check'],
): Promise<Checked[]> {
	const checked: Checked[] = [];
	let bytes = 0;
	for (const [index, raw] of documents.entries()) {
		documents[index] = null;
		if (bytes >= bytesATurn) {
			bytes = 0;
			await loopTurn();
		}
		try {
			const document = toDocument(raw, `documents/${index}`);
			checkDocument(request, document);
			const found = check(document);
			checked.push(found);
			if ('size' in found) bytes += found.size + found.meta.length;
		} catch (error) {
			checked.push(refusedBy(request, raw, error));
		}
	}
	return checked;
}
