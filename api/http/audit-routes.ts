import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Type, type Static } from 'typebox';
import { AuditReport, AuditRequest, AuditStatus } from '../contract/audit-schema.ts';
import { Tenant } from '../contract/id-schema.ts';
import { DocDropError } from '../errors.ts';
import type { Pipeline } from '../pipeline/index.ts';
import { checkAnyTenant, checkTenant } from './access.ts';
import { described } from './described.ts';

/** Audits: asked for, looked at and stopped, of all tenants or of one; a key of one tenant reaches its own alone. */
const Scope = Type.Object(
	{ tenant: Type.Optional({ ...Tenant, description: 'Absent: the audit of all tenants.' }) },
	{ additionalProperties: false },
);
type Scope = Static<typeof Scope>;
const Stopped = Type.Object({ stopped: Type.Boolean({ description: 'False: none was under way.' }) });

function scopeOf(request: FastifyRequest, tenant: string | undefined): string | null {
	if (tenant === undefined) checkAnyTenant(request);
	else checkTenant(request, tenant);
	return tenant ?? null;
}

export function auditRoutes(app: FastifyInstance, { pipeline }: { readonly pipeline: Pipeline }): void {
	const audits = () => {
		if (pipeline.audits !== null) return pipeline.audits;
		throw new DocDropError('conflict', 'this process does not work on the index', {
			hint: 'Ask a process that runs as docdrop serve or docdrop watch, with DOCDROP_WORKERS above 0.',
		});
	};

	app.post<{ Body: AuditRequest }>(
		'/v1/audit',
		described('operation', 'Hold folder, manifest and index against each other', {
			description:
				'Begins, or waits for another audit to end: one runs at a time, gives way to changes, and goes on after a restart. GET /v1/audit tells how far it is and what it has found.',
			body: AuditRequest,
			response: { 202: AuditReport },
		}),
		async (request, reply) => {
			const { tenant, repair = false } = request.body;
			return reply.code(202).send(audits().begin({ tenant: scopeOf(request, tenant), repair }));
		},
	);

	app.get<{ Querystring: Scope }>(
		'/v1/audit',
		described('operation', 'The audit that is under way, and the last proof', {
			querystring: Scope,
			response: { 200: AuditStatus },
		}),
		async (request) => audits().status(scopeOf(request, request.query.tenant)),
	);

	app.delete<{ Querystring: Scope }>(
		'/v1/audit',
		described('operation', 'Stop an audit', {
			description: 'What it has mended stays mended.',
			querystring: Scope,
			response: { 200: Stopped },
		}),
		async (request) => ({ stopped: audits().stop(scopeOf(request, request.query.tenant)) }),
	);
}
