import multipart from '@fastify/multipart';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { BatchResponse } from '../contract/batch-schema.ts';
import { limits } from '../contract/limits.ts';
import { FormQuery, UploadForm } from '../contract/upload-schema.ts';
import { DocDropError } from '../errors.ts';
import type { Pipeline } from '../pipeline/index.ts';
import { checkTenant } from './access.ts';
import { batchAnswer, refuseWhole, sayRetryAfter } from './batch-answer.ts';
import { type FormDocument, readFormDocuments } from './form-documents.ts';
import { type Form, isPartAFile, parserLimits, readForm } from './form-reader.ts';
import { isForm } from './streamed-body.ts';
import { validatorCompiler } from './validation.ts';

/** Files come in as forms send them: POST /v1/files, and the other way of a batch. */
export interface UploadDeps {
	readonly pipeline: Pipeline;
	/** Of files that nobody names a tenant for. */
	readonly tenant: string;
}

interface FormAnswer {
	readonly documents: readonly FormDocument[];
	readonly results: Awaited<ReturnType<Awaited<ReturnType<Pipeline['openUpload']>>['accept']>>;
}

const readQuery = validatorCompiler({ schema: FormQuery, httpPart: 'querystring' });

/** Beyond it the context takes forms. */
export async function installForms(app: FastifyInstance): Promise<void> {
	await app.register(multipart, { limits: parserLimits, isPartAFile, throwFileSizeLimit: false });
}

export function uploadRoutes(app: FastifyInstance, deps: UploadDeps): void {
	app.post<{ Querystring: FormQuery }>(
		'/v1/files',
		{
			config: { takesForms: true },
			schema: {
				tags: ['changes'],
				summary: 'Publish files as upload forms send them',
				description: `Up to ${limits.batchDocuments} files in one request, such as curl -F file=@notes.md. Each is called by its name, unless a manifest says otherwise; a file that cannot be taken is named in its place, and the others are taken. Where it is the only one, the answer is its error. Nothing is taken of a request that was cut off. Other fields of the form are passed over.`,
				querystring: FormQuery,
				body: { content: { 'multipart/form-data': { schema: UploadForm } } },
				response: { 202: BatchResponse },
			},
			// Its parts are checked one by one as they come.
			validatorCompiler: (route) =>
				route.httpPart === 'body' ? (value: unknown) => ({ value }) : validatorCompiler(route),
		},
		async (request, reply) => {
			if (!isForm(request)) throw noForm();
			const answer = await takeForm(request, deps, { query: request.query, isStrict: false });
			const [only, ...others] = answer.results;
			if (only instanceof Error && others.length === 0) throw only;
			return sendAnswer(reply, answer);
		},
	);
}

const noForm = () =>
	new DocDropError('unsupported_type', 'content-type must be multipart/form-data', {
		field: 'content-type',
		hint: 'Send a form with files, or one file by PUT /v1/documents/content.',
	});

export function sendAnswer(reply: FastifyReply, { documents, results }: FormAnswer): FastifyReply {
	refuseWhole(results);
	sayRetryAfter(reply, results);
	return reply.code(202).send(batchAnswer(results, (index) => documents[index]?.file ?? null));
}

/** `isStrict`: fields that mean nothing here are refused. */
export async function takeForm(
	request: FastifyRequest,
	deps: UploadDeps,
	{ query, isStrict }: { readonly query: FormQuery; readonly isStrict: boolean },
): Promise<FormAnswer> {
	if (query.tenant !== undefined) checkTenant(request, query.tenant);
	const { pipeline } = deps;
	const upload = await pipeline.openUpload(request.onlyTenant ?? query.tenant ?? '', lengthOf(request));
	try {
		const form = await readForm(request, upload);
		const said = { ...fieldsOf(form, query, isStrict), ...query };
		const tenant = said.tenant ?? request.onlyTenant ?? deps.tenant;
		const documents = readFormDocuments(form, { ...said, tenant }, request, pipeline);
		return { documents, results: await upload.accept(documents) };
	} finally {
		await upload.close();
	}
}

/** Null where it is not said. */
function lengthOf({ headers }: FastifyRequest): number | null {
	if (headers['content-length'] === undefined) return null;
	const length = Number(headers['content-length']);
	if (length <= limits.uploadBytes) return length;
	const message = `body must be at most ${limits.uploadBytes} bytes, got ${length}`;
	throw new DocDropError('too_large', message, { field: 'body' });
}

function fieldsOf({ fields }: Form, query: FormQuery, isStrict: boolean): FormQuery {
	const known = [...fields].filter(([name]) => isStrict || Object.hasOwn(FormQuery.properties, name));
	const twice = known.find(([name]) => Object.hasOwn(query, name));
	if (twice !== undefined) {
		const [field] = twice;
		throw new DocDropError('invalid', `${field} must be given once, in the form or in the address`, {
			field,
		});
	}
	const read = readQuery(Object.fromEntries(known));
	if ('error' in read) throw read.error;
	return read.value as FormQuery;
}
