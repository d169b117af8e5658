/**
 * What a tenant that the API does not know is answered with, where the honest answer would be an empty one: an error
 * that names the tenants there are. A typing mistake looks like an index without content else, to a person as to a
 * model that chooses the tenant, and both read errors before anything else. A tenant that has documents, or had, is
 * known: for it an empty answer is one.
 */
import { limits } from '../../../api/contract/limits.ts';
import { ItemFailure, nodeFault } from '../failing.ts';
import { until, type Session } from '../session.ts';

/** Tenants that the error names. */
const named = 10;

/** Throws an ItemFailure for a tenant that the API does not know. To be asked only where nothing was found. */
export async function refuseUnknownTenant(session: Session, tenant: string): Promise<void> {
	const [found] = await tenantsAfter(session, justBefore(tenant), 1);
	if (found === tenant) return;
	const all = await tenantsAfter(session, undefined, named + 1);
	const more = all.length > named ? ' and more' : '';
	const others =
		all.length === 0 ? 'nothing was published yet' : `there are: ${all.slice(0, named).join(', ')}${more}`;
	throw new ItemFailure(
		nodeFault(
			'not_found',
			`there is no tenant ${JSON.stringify(tenant)}; ${others}`,
			'Choose another Tenant, or publish a document of this one first.',
			{ field: 'tenant', retryable: false },
		),
	);
}

/** The API lists them by name; a key of one tenant gets that one. */
async function tenantsAfter(session: Session, after: string | undefined, limit: number): Promise<string[]> {
	const { tenants } = await session.api.request<{ readonly tenants: readonly { readonly tenant: string }[] }>(
		{
			method: 'GET',
			path: '/v1/tenants',
			query: { after, limit },
			...until(session),
		},
	);
	return tenants.map(({ tenant }) => tenant);
}

/** No tenant's name is between this text and the tenant, because "~" is above all signs of a name. */
function justBefore(tenant: string): string {
	const last = tenant.length - 1;
	const below = String.fromCharCode(tenant.charCodeAt(last) - 1);
	return `${tenant.slice(0, last)}${below}~`.slice(0, limits.tenantChars);
}
