import type { FastifyInstance } from 'fastify';
import { Type, type Static } from 'typebox';
import { Tenant } from '../contract/id-schema.ts';
import { figuresOf } from '../pipeline/upkeep/index.ts';
import type { DocStore } from '../ports/index.ts';
import { checkAnyTenant, checkTenant } from './access.ts';
import { described } from './described.ts';

/** How far a tenant's documents are: an onboarding is followed with it. Counted as they move; asking costs little. */
const Query = Type.Object(
	{ tenant: Type.Optional({ ...Tenant, description: 'Absent: all tenants together.' }) },
	{ additionalProperties: false },
);
const ProgressView = Type.Object({
	tenant: Type.Union([Type.String(), Type.Null()]),
	total: Type.Integer({ description: 'Documents that are there or on their way.' }),
	processed: Type.Integer({ description: 'Those that are in the index as they are wanted.' }),
	pending: Type.Integer({ description: 'Those with a change that waits or is worked on.' }),
	failed: Type.Integer({ description: 'Those whose newest change was given up.' }),
	refused: Type.Integer({
		description:
			'Changes that were refused for good, and after which nothing of their document was taken; of no document in the other figures. GET /v1/jobs?state=failed lists them.',
	}),
	percent: Type.Number({ description: 'Of the total, processed or failed.' }),
	filesPerMinute: Type.Number({ description: 'Changes that ended, by the last minute.' }),
	secondsLeft: Type.Union([Type.Integer(), Type.Null()], {
		description: 'At that rate; null where something waits and nothing moves.',
	}),
});

export function progressRoutes(
	app: FastifyInstance,
	{ docStore, now }: { readonly docStore: DocStore; readonly now: () => number },
): void {
	app.get<{ Querystring: Static<typeof Query> }>(
		'/v1/progress',
		described('operation', 'How far the documents of a tenant are', {
			querystring: Query,
			response: { 200: ProgressView },
		}),
		async (request) => {
			const { tenant } = request.query;
			if (tenant === undefined) checkAnyTenant(request);
			else checkTenant(request, tenant);
			const [progress, refused] = await Promise.all([
				docStore.progress(tenant ?? null, now()),
				docStore.refusals(tenant ?? null),
			]);
			const { documents: total, pending, failed } = progress;
			const { perMinute, secondsLeft } = figuresOf(progress);
			return {
				tenant: tenant ?? null,
				total,
				processed: total - pending - failed,
				pending,
				failed,
				refused: refused.count,
				// Rounded down: 100 is said when nothing waits, and not before.
				percent: total === 0 ? 100 : Math.floor(((total - pending) / total) * 1_000) / 10,
				filesPerMinute: perMinute,
				secondsLeft,
			};
		},
	);
}
