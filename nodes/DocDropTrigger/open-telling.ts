import { randomUUID } from 'node:crypto';
import type { ITriggerFunctions } from 'n8n-workflow';
import { openApi } from '../DocDrop/open-api.ts';
import type { NamingSettings } from './naming.ts';
import { sourceNameOf } from './source-register.ts';
import { createTelling, type Telling, type TellingDeps } from './telling.ts';

const credential = 'docDropApi';

/** Telling the API of the node's credential; null where it has none. */
export function openTelling(
	context: ITriggerFunctions,
	{
		sourceId,
		tenant,
		...deps
	}: Pick<TellingDeps, 'clock' | 'status' | 'onLeftAlone'> & {
		readonly sourceId: string;
		readonly tenant: NamingSettings['tenant'];
	},
): Telling | null {
	if (context.getNode().credentials?.[credential] === undefined) return null;
	const path = `/v1/sources/${encodeURIComponent(sourceId)}/report`;
	return createTelling({
		...deps,
		head: {
			sender: randomUUID(),
			tenant: tenant.kind === 'fixed' ? tenant.tenant : null,
			name: sourceNameOf(context.getWorkflow().name),
		},
		async send(report, signal) {
			// Opened anew for each: the credential may be another one by now.
			const api = openApi(context);
			const told = await api.request<{ readonly others: number }>({
				method: 'PUT',
				path,
				body: report,
				signal,
			});
			return told.others;
		},
		onFailed: (error) =>
			context.logger.debug('DocDrop Trigger: the API was not told of the folder', {
				reason: error instanceof Error ? error.message : 'unknown',
			}),
	});
}
