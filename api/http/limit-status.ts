import { Type } from 'typebox';
import type { LimiterStatus } from '../pipeline/accept/index.ts';
import type { EmbedderBudget, StoreStats } from '../ports/index.ts';
import type { Telemetry } from '../telemetry.ts';

/** What the limits of documents say of themselves; shown by status-routes.ts. */
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

const Meter = Type.Union([Type.Object({ limit: Type.Integer(), left: Type.Integer() }), Type.Null()]);
export const EmbedderLimits = Type.Object({
	requests: Meter,
	tokens: Meter,
	waiting: Type.Integer({ description: 'Requests that wait for their turn.' }),
	inFlight: Type.Integer(),
	refusals: Type.Integer({ description: 'Answers 429 since the start.' }),
	pausedMs: Type.Integer({ description: 'Until something may be sent after a refusal.' }),
});

/** Counts refusals by what was new since the last look. */
export function createBudgetMeasure(telemetry: Telemetry): (budget: EmbedderBudget | undefined) => void {
	let counted = 0;
	return (budget) => {
		if (budget === undefined) return;
		for (const kind of ['requests', 'tokens'] as const) {
			const meter = budget[kind];
			if (meter === null) continue;
			telemetry.set('docdrop_embedder_limit', { kind }, meter.limit);
			telemetry.set('docdrop_embedder_left', { kind }, meter.left);
		}
		telemetry.set('docdrop_embedder_waiting_requests', {}, budget.waiting);
		telemetry.count('docdrop_embedder_refusals_total', {}, budget.refusals - counted);
		counted = budget.refusals;
	};
}

export const CreditTotals = Type.Object({
	tenants: Type.Integer({ description: 'Tenants with a limit.' }),
	exhausted: Type.Integer({ description: 'Those of them with nothing left.' }),
	granted: Type.Integer(),
	spent: Type.Integer(),
	refunded: Type.Integer(),
	left: Type.Integer(),
});

export function measureCredits(credits: StoreStats['credits'], telemetry: Telemetry): void {
	telemetry.set('docdrop_credit_tenants', { state: 'limited' }, credits.tenants);
	telemetry.set('docdrop_credit_tenants', { state: 'exhausted' }, credits.exhausted);
	for (const kind of ['granted', 'spent', 'refunded', 'left'] as const) {
		telemetry.set('docdrop_credits', { kind }, credits[kind]);
	}
}

export function measureLimits(status: LimiterStatus | null, telemetry: Telemetry): void {
	if (status === null) return;
	if (status.total !== null)
		telemetry.set('docdrop_document_limit_free', { scope: 'all' }, status.total.free);
	telemetry.set('docdrop_document_limit_turns', {}, status.turns);
}
