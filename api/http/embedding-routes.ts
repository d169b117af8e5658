import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { EmbeddingsRequest, EmbeddingsResponse, Model, ModelList } from '../contract/embedding-schema.ts';
import { DocDropError } from '../errors.ts';
import type { Pipeline } from '../pipeline/index.ts';
import type { Embedder } from '../ports/index.ts';
import { answerLeft } from './answer-left.ts';
import { described } from './described.ts';
import { goneSignal } from './gone-signal.ts';
import { longAnswer } from './long-answer.ts';

/**
 * The active embedder for anyone who speaks OpenAI's dialect: its own client, LangChain, n8n's Embeddings OpenAI node.
 * Errors are those of all routes: such clients read `message` and `code` of `error`, and both are there.
 */
export function embeddingRoutes(
	app: FastifyInstance,
	{ pipeline, embedder }: { readonly pipeline: Pipeline; readonly embedder: Embedder },
): void {
	app.post<{ Body: EmbeddingsRequest }>(
		'/v1/embeddings',
		{
			...described('search', 'Vectors of texts, OpenAI-compatible', {
				description:
					'Serves the active embedder, so that n8n’s own Embeddings OpenAI node can query this index.',
				body: EmbeddingsRequest,
				response: { 200: EmbeddingsResponse },
			}),
			preValidation: async ({ body }) => refuseTokens(body),
		},
		async (request, reply) => {
			const { input, encoding_format: format = 'float', dimensions } = request.body;
			if (dimensions !== undefined && dimensions !== embedder.dimensions) {
				throw new DocDropError('invalid', `dimensions must be ${embedder.dimensions}, got ${dimensions}`, {
					field: 'dimensions',
				});
			}
			const texts = typeof input === 'string' ? [input] : input;
			if (!texts.every((text) => text.isWellFormed())) {
				throw new DocDropError('invalid', 'input must be well-formed Unicode', { field: 'input' });
			}
			const caller = { gone: goneSignal(reply), left: answerLeft(reply) };
			const vectors = await pipeline.embeddings(texts, request.onlyTenant ?? '', caller);
			const tokens = texts.reduce((sum, text) => sum + Math.ceil(text.length / 4), 0);
			const about = {
				object: 'list',
				model: embedder.model,
				usage: { prompt_tokens: tokens, total_tokens: tokens },
			};
			return reply.type('application/json').send(longAnswer(about, 'data', embeddings(vectors, format)));
		},
	);

	const model = { id: embedder.model, object: 'model' as const, created: 0, owned_by: 'docdrop' };
	app.get(
		'/v1/models',
		described('search', 'The model of /v1/embeddings, OpenAI-compatible', { response: { 200: ModelList } }),
		async () => ({ object: 'list' as const, data: [model] }),
	);

	app.get<{ Params: { id: string } }>(
		'/v1/models/:id',
		described('search', 'One model, OpenAI-compatible', {
			params: Type.Object({ id: Type.String() }),
			response: { 200: Model },
		}),
		async ({ params: { id } }) => {
			if (id === model.id) return model;
			throw new DocDropError('not_found', `the only model is ${model.id}`, { field: 'id' });
		},
	);
}

function* embeddings(vectors: readonly Float32Array[], format: 'float' | 'base64') {
	for (const [index, vector] of vectors.entries()) {
		const embedding =
			format === 'float'
				? Array.from(vector)
				: Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength).toString('base64');
		yield { object: 'embedding', index, embedding };
	}
}

/** Clients that count tokens send them instead of the text, one array a text. */
function refuseTokens(body: unknown): void {
	const { input } = (body ?? {}) as { readonly input?: unknown };
	if (!Array.isArray(input)) return;
	const isToken = (one: unknown) => typeof one === 'number';
	if (!input.some((one) => isToken(one) || (Array.isArray(one) && one.every(isToken)))) return;
	throw new DocDropError('invalid', 'input must be a text or an array of texts, got numbers of tokens', {
		field: 'input',
		hint: 'Send the texts themselves. In LangChain for Python: OpenAIEmbeddings(check_embedding_ctx_length=False).',
	});
}
