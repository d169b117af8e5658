import type { FastifyInstance } from 'fastify';
import { Type, type Static } from 'typebox';
import { Tenant } from '../contract/id-schema.ts';
import { limits } from '../contract/limits.ts';
import { ProgressView } from '../contract/progress-schema.ts';
import { figuresOf } from '../pipeline/upkeep/index.ts';
import type { DocStore } from '../ports/index.ts';
import { checkAnyTenant, checkTenant } from './access.ts';
import { described, describedList } from './described.ts';
import { next, pageAfter, pageLimit } from './paging.ts';

/** How far a tenant's documents are: an onboarding is followed with it. Counted as they move; asking costs little. */
const Query = Type.Object(
	{ tenant: Type.Optional({ ...Tenant, description: 'Absent: all tenants together.' }) },
	{ additionalProperties: false },
);
const Page = Type.Object(
	{ after: pageAfter(limits.tenantChars), limit: pageLimit(50) },
	{ additionalProperties: false },
);

interface ProgressDeps {
	readonly docStore: Pick<DocStore, 'progress' | 'refusals' | 'tenants'>;
	/** Store time, ms. */
	readonly now: () => number;
}

/** Null: of all tenants together. */
export async function progressOf(
	tenant: string | null,
	{ docStore, now }: ProgressDeps,
): Promise<ProgressView> {
	const [progress, refused] = await Promise.all([
		docStore.progress(tenant, now()),
		docStore.refusals(tenant),
	]);
	const { documents: total, pending, failed } = progress;
	const { perMinute, secondsLeft } = figuresOf(progress);
	return {
		tenant,
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
}

/** Of the tenants from above `after` ('': from the first), as far as a caller of one tenant may see. */
export async function progressOfTenants(
	{ after, limit }: { readonly after: string; readonly limit: number },
	onlyTenant: string | null,
	deps: ProgressDeps,
): Promise<ProgressView[]> {
	const tenants =
		onlyTenant === null
			? await deps.docStore.tenants({ after, limit })
			: [onlyTenant].filter((tenant) => tenant > after);
	return Promise.all(tenants.map((tenant) => progressOf(tenant, deps)));
}

export function progressRoutes(app: FastifyInstance, deps: ProgressDeps): void {
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
			return progressOf(tenant ?? null, deps);
		},
	);

	app.get<{ Querystring: Static<typeof Page> }>(
		'/v1/progress/tenants',
		describedList('operation', 'How far each tenant is, page by page', {
			description: 'With a key of one tenant: that one.',
			querystring: Page,
			response: { 200: Type.Object({ tenants: Type.Array(ProgressView), next }) },
		}),
		async (request) => {
			const { after = '', limit = 50 } = request.query;
			const tenants = await progressOfTenants({ after, limit }, request.onlyTenant, deps);
			const last = tenants.length === limit ? tenants.at(-1) : undefined;
			return { tenants, next: last?.tenant ?? null };
		},
	);
}
