import type { FastifyInstance } from 'fastify';
import { Type, type Static } from 'typebox';
import { Tenant } from '../contract/id-schema.ts';
import { DocDropError } from '../errors.ts';
import { mostGranted } from '../domain/index.ts';
import type { DocStore } from '../ports/index.ts';
import { checkAnyTenant, checkTenant } from './access.ts';
import { described } from './described.ts';
import { next, pageLimit } from './paging.ts';

/** Credits: what a tenant has, which its own key may see, and grants, which are the operator's. */
const Granted = Type.Union([Type.Integer({ minimum: 0, maximum: mostGranted }), Type.Null()], {
	description: 'All that was ever granted; null: no limit.',
});
const Ledger = Type.Object({
	tenant: Type.String(),
	granted: Granted,
	spent: Type.Integer({ description: 'All that was ever charged: one credit for each put.' }),
	refunded: Type.Integer({
		description: 'Of that given back: unchanged, stale, refused, superseded, canceled and failed changes.',
	}),
	left: Type.Union([Type.Integer({ minimum: 0 }), Type.Null()], {
		description: 'granted - spent + refunded; null: no limit.',
	}),
});
const One = Type.Object({ tenant: Tenant }, { additionalProperties: false });
const Page = Type.Object(
	{ after: Type.Optional(Tenant), limit: pageLimit(100) },
	{ additionalProperties: false },
);
const Grant = Type.Object(
	{
		tenant: Tenant,
		granted: Granted,
		expected: Type.Optional(
			Type.Union([Type.Integer({ minimum: 0, maximum: mostGranted }), Type.Null()], {
				description: 'Refuse with 409 where something else is granted until now.',
			}),
		),
	},
	{ additionalProperties: false },
);

export function creditRoutes(app: FastifyInstance, { docStore }: { readonly docStore: DocStore }): void {
	app.get<{ Querystring: Static<typeof One> }>(
		'/v1/credits',
		described('credits', 'Credits of a tenant', {
			description: 'One credit is one put. A tenant that was never granted any has no limit.',
			querystring: One,
			response: { 200: Ledger },
		}),
		async (request) => {
			checkTenant(request, request.query.tenant);
			return docStore.credits(request.query.tenant);
		},
	);

	app.get<{ Querystring: Static<typeof Page> }>(
		'/v1/credits/all',
		described('credits', 'Credits of all tenants that were ever granted any', {
			querystring: Page,
			response: { 200: Type.Object({ credits: Type.Array(Ledger), next }) },
		}),
		async (request) => {
			checkAnyTenant(request);
			const { after = '', limit = 100 } = request.query;
			const credits = await docStore.creditLedgers({ after, limit });
			return { credits, next: credits.length === limit ? (credits.at(-1)?.tenant ?? null) : null };
		},
	);

	app.put<{ Body: Static<typeof Grant> }>(
		'/v1/credits',
		described('credits', 'Grant credits', {
			description:
				'Sets what is granted in all, ever, so that the same request again grants nothing twice: to add 1,000, send granted + 1,000, with `expected` where somebody else may do so at the same time. null takes the limit away. Wants a key that is good for every tenant.',
			body: Grant,
			response: { 200: Ledger },
		}),
		async (request) => {
			if (request.onlyTenant !== null) {
				throw new DocDropError('forbidden', 'a key of one tenant must not grant credits', {
					hint: 'Use a key that is good for every tenant.',
				});
			}
			const { kind, ledger } = await docStore.grantCredits(request.body);
			if (kind === 'granted') return ledger;
			const { granted, spent, refunded } = ledger;
			if (kind === 'changed') {
				throw new DocDropError(
					'conflict',
					`expected must be what is granted until now, which is ${granted}`,
					{ field: 'expected' },
				);
			}
			throw new DocDropError(
				'conflict',
				`granted must be at least ${spent - refunded}, which is spent, got ${request.body.granted}`,
				{ field: 'granted' },
			);
		},
	);
}
