/** A name of a tenant that nobody ever used is a slip of the pen, and nothing found under it says so to nobody. */
import { limits } from '../../../api/contract/limits.ts';
import type { DocumentView } from '../../../api/contract/document-schema.ts';
import { ItemFailure, nodeFault } from '../failing.ts';
import { until, type Session } from '../session.ts';

/** Tenants that the error names. */
const named = 10;

/** To be called where nothing was found of the tenant: throws an ItemFailure where there is no such tenant. */
export async function refuseUnknownTenant(session: Session, tenant: string): Promise<void> {
	const { api } = session;
	const { documents } = await api.request<{ readonly documents: readonly DocumentView[] }>({
		method: 'GET',
		path: '/v1/documents',
		query: { tenant, limit: 1 },
		...until(session),
	});
	if (documents.length > 0) return;
	const { tenants } = await api.request<{ readonly tenants: readonly { readonly tenant: string }[] }>({
		method: 'GET',
		path: '/v1/tenants',
		query: { limit: limits.pageRows },
		...until(session),
	});
	// A key of one tenant is answered that one, whether it has documents or not.
	if (tenants.some((one) => one.tenant === tenant)) return;
	const known = tenants.slice(0, named).map((one) => one.tenant);
	const more = tenants.length > named ? ', …' : '';
	throw new ItemFailure(
		nodeFault(
			'not_found',
			`Tenant must be one that has documents, or had, got ${JSON.stringify(tenant)}`,
			known.length === 0
				? 'There are none yet: publish a document first.'
				: `There are: ${known.join(', ')}${more}. Choose one from the list, or publish a document first.`,
			{ field: 'tenant', retryable: false },
		),
	);
}
