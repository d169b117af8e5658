import { Type } from 'typebox';
import { queryOf, tenantOf, type AgentView } from './agent-view.ts';
import { portableObject } from './portable-schema.ts';
import { given } from './shared-fields.ts';
import type { Tool } from './tool.ts';

/** Of what GET /v1/progress answers, what an agent has use for. */
interface Progress {
	readonly total: number;
	readonly processed: number;
	readonly pending: number;
	readonly failed: number;
	readonly percent: number;
}

const mostTenants = 50;

export const statusTool: Tool = {
	name: 'status',
	title: 'State of the index',
	description:
		'Says how many documents there are, whether some still wait to be indexed or failed, and which tenants can be read. Ask it when a document is missing.',
	input: portableObject({ tenant: given.tenant }),
	output: portableObject(
		{
			version: Type.String({ description: 'Of DocDrop.' }),
			tenant: Type.String(),
			documents: Type.Integer({ description: 'Of the tenant: those there and on their way.' }),
			indexed: Type.Integer({ description: 'Those that search finds as they are wanted.' }),
			pending: Type.Integer({ description: 'Those with a change that waits or is worked on.' }),
			failed: Type.Integer({ description: 'Those whose newest change was given up.' }),
			percent: Type.Number({ description: 'Indexed or failed.' }),
			tenants: Type.Array(Type.String(), {
				description: `Those that can be named; the first ${mostTenants}.`,
			}),
		},
		['version', 'tenant', 'documents', 'indexed', 'pending', 'failed', 'percent', 'tenants'],
	),
	async run(args, view, signal) {
		const tenant = tenantOf(args['tenant'], view);
		const path = `/v1/progress?${queryOf({ ...args, tenant })}`;
		const progress = (await view.ask({ method: 'GET', path }, signal)) as Progress;
		const { total, processed, pending, failed, percent } = progress;
		return {
			version: view.version,
			...{ tenant, documents: total, indexed: processed, pending, failed, percent },
			tenants: await tenantsOf(view, signal),
		};
	},
};

async function tenantsOf(view: AgentView, signal: AbortSignal): Promise<readonly string[]> {
	if (view.onlyTenant !== null) return [view.onlyTenant];
	const path = `/v1/tenants?limit=${mostTenants}`;
	const answer = (await view.ask({ method: 'GET', path }, signal)) as {
		readonly tenants: readonly { readonly tenant: string }[];
	};
	return answer.tenants.map(({ tenant }) => tenant);
}
