import {
	type Change,
	decideAccept,
	type DocState,
	type Filter,
	patchedBy,
	type PriorityRank,
	satisfies,
	type Unfit,
} from '../../domain/index.ts';
import type { Priority } from '../../contract/job-schema.ts';
import { filterableView } from './document-list.ts';
import { withLease } from './doc-rows.ts';
import type { EngineState } from './engine-state.ts';
import { epochOrderOf } from './source-epochs.ts';
import type { DocRow } from './tables.ts';

/** A change meets its document: what it does there is decided, and nothing is written. For accept-changes.ts. */

export type AcceptDecision =
	| ReturnType<typeof decideAccept>
	| { readonly kind: 'unfit'; readonly unfit: Unfit }
	| { readonly kind: 'unmatched' };

/** A change and what it does to its document. */
export interface Meeting<D extends AcceptDecision = AcceptDecision> {
	readonly change: Change;
	readonly row: DocRow | undefined;
	readonly before: DocState | null;
	readonly decision: D;
}
export type Decided<K extends AcceptDecision['kind']> = Extract<AcceptDecision, { kind: K }>;

const priorities: Readonly<Record<Priority, PriorityRank>> = { high: 0, normal: 1, low: 2 };

export function meet(
	{ engine, now }: { readonly engine: EngineState; readonly now: number },
	change: Change,
): Meeting {
	const row = engine.tables.findDoc(change.tenant, change.docId);
	const before = row === undefined ? null : withLease(engine, row);
	const met = { change, row, before };
	const { jobId, sourceId, epoch, seq, takeOver, windowMs, maxWaitMs, where } = change;
	if (where !== undefined && !(row !== undefined && isLike(engine, row, where)))
		return { ...met, decision: { kind: 'unmatched' } };
	const wanted = wantedOf(change, before, row?.body ?? null);
	if ('reason' in wanted) return { ...met, decision: { kind: 'unfit', unfit: wanted } };
	const decision = decideAccept(
		before,
		{
			...{ jobId, sourceId, epoch, seq, takeOver, windowMs, maxWaitMs, ...wanted },
			epochOrder: epochOrderOf(engine.tables, { sourceId, epoch }, now),
			priority: priorities[change.priority],
		},
		now,
	);
	return { ...met, decision };
}

/** A document that is deleted, or about to be, is like nothing. */
const isLike = (engine: EngineState, row: DocRow, where: Filter): boolean =>
	row.state.wanted.op === 'put' && satisfies(filterableView(engine, row), where);

function wantedOf({ op, meta, content, fingerprint }: Change, before: DocState | null, body: number | null) {
	if (op === 'patch') return patchedBy(meta, before, body !== null);
	return {
		...{ op, meta, sha256: content?.sha256 ?? '', size: content?.size ?? 0 },
		fingerprint: op === 'delete' ? '' : fingerprint,
	};
}

const rejections: readonly AcceptDecision['kind'][] = ['owned', 'spent', 'unfit'];

export function isRejected(meeting: Meeting): meeting is Meeting<Decided<'owned' | 'spent' | 'unfit'>> {
	return rejections.includes(meeting.decision.kind);
}
