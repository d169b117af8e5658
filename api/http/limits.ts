import { Type } from 'typebox';
import type { LimiterStatus } from '../pipeline/document-limiter.ts';
import type { Telemetry } from '../telemetry.ts';

/** What the limits of documents say of themselves; shown by status.ts. */
export const DocumentLimits = Type.Object({
	total: Type.Union(
		[
			Type.Object({
				perMinute: Type.Integer(),
				free: Type.Integer({ description: 'Documents that may be taken at once.' }),
			}),
			Type.Null(),
		],
		{ description: 'Of all tenants together; null: no limit.' },
	),
	eachTenant: Type.Union([Type.Integer(), Type.Null()], {
		description: 'Documents a minute of a tenant without a limit of its own; null: no limit.',
	}),
	named: Type.Integer({ description: 'Tenants with a limit of their own.' }),
	turns: Type.Integer({ description: 'Tenants that were refused and whose turn is kept.' }),
});

export function measureLimits(status: LimiterStatus | null, telemetry: Telemetry): void {
	if (status === null) return;
	if (status.total !== null)
		telemetry.set('docdrop_document_limit_free', { scope: 'all' }, status.total.free);
	telemetry.set('docdrop_document_limit_turns', {}, status.turns);
}
