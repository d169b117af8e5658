import type { FastifyInstance } from 'fastify';
import { Type, type Static } from 'typebox';
import { FolderReport, ReportedFolders } from '../contract/folder-report-schema.ts';
import { SourceId } from '../contract/id-schema.ts';
import { limits } from '../contract/limits.ts';
import { checkAnyTenant, checkTenant } from './access.ts';
import { described } from './described.ts';
import type { FolderReports } from './folder-reports.ts';

/** Folders that workflows of n8n watch: they tell how these are, and people ask. */
const Params = Type.Object({ id: SourceId });
const Told = Type.Object({
	others: Type.Integer({ description: 'How many others tell of the same source now.' }),
});

export function reportRoutes(app: FastifyInstance, { reports }: { readonly reports: FolderReports }): void {
	app.put<{ Params: Static<typeof Params>; Body: FolderReport }>(
		'/v1/sources/:id/report',
		{
			bodyLimit: limits.reportBytes,
			...described('operation', 'Tell how the folders of a source are', {
				description:
					'What the trigger of a workflow does once a minute. Kept in memory for a day, and shown as silent after two and a half minutes without a new one.',
				params: Params,
				body: FolderReport,
				response: { 200: Told },
			}),
		},
		async (request) => {
			const { tenant } = request.body;
			if (tenant === null) checkAnyTenant(request);
			else checkTenant(request, tenant);
			return { others: reports.put(request.params.id, request.body) };
		},
	);

	app.get(
		'/v1/sources/reports',
		described('operation', 'List the folders that workflows watch, as they told of them last', {
			description: 'With a key of one tenant: those of that tenant.',
			response: { 200: Type.Object({ reports: Type.Array(ReportedFolders) }) },
		}),
		async (request) => ({ reports: reports.list(request.onlyTenant) }),
	);
}
