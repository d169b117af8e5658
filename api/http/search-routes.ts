import type { FastifyInstance } from 'fastify';
import {
	EmbeddingsRequest,
	EmbeddingsResponse,
	SearchRequest,
	SearchResponse,
} from '../contract/search-schema.ts';
import { DocDropError } from '../errors.ts';
import type { Pipeline } from '../pipeline/index.ts';
import type { Embedder } from '../ports/index.ts';
import { checkTenant } from './access.ts';
import { described } from './described.ts';
import { goneSignal } from './gone-signal.ts';

/** Questions: search, and the active embedder for anyone who speaks OpenAI's dialect. */
export function searchRoutes(
	app: FastifyInstance,
	{ pipeline, embedder }: { readonly pipeline: Pipeline; readonly embedder: Embedder },
): void {
	app.post<{ Body: SearchRequest }>(
		'/v1/search',
		described('search', 'Search a tenant’s documents', {
			body: SearchRequest,
			response: { 200: SearchResponse },
		}),
		async (request, reply) => {
			checkTenant(request, request.body.tenant);
			return pipeline.search(request.body, goneSignal(reply));
		},
	);

	app.post<{ Body: EmbeddingsRequest }>(
		'/v1/embeddings',
		described('search', 'Vectors of texts, OpenAI-compatible', {
			description:
				'Serves the active embedder, so that n8n’s own Embeddings OpenAI node can query this index.',
			body: EmbeddingsRequest,
			response: { 200: EmbeddingsResponse },
		}),
		async (request) => {
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
			const vectors = await pipeline.breakers.embedder.run((signal) => embedder.embed(texts, signal));
			const tokens = texts.reduce((sum, text) => sum + Math.ceil(text.length / 4), 0);
			return {
				object: 'list' as const,
				model: embedder.model,
				data: vectors.map((vector, index) => ({
					object: 'embedding' as const,
					index,
					embedding:
						format === 'float'
							? Array.from(vector)
							: Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength).toString('base64'),
				})),
				usage: { prompt_tokens: tokens, total_tokens: tokens },
			};
		},
	);
}
