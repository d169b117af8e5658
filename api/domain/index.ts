/** The rules of the project, as pure functions over plain values: they know no port, no clock and no disk. */
export * from './accept-result.ts';
export { createUsage, mayGrow, capacityLeft } from './capacity.ts';
export * from './change.ts';
export { type Plan, plan } from './chunk-plan.ts';
export {
	type DocState,
	type LeaseState,
	type PriorityRank,
	deadLetterLeased,
	cancelWaiting,
	commitLeased,
	decideAccept,
	dueAt,
	highLead,
	holdsLease,
	recordIntent,
	isClaimable,
	isEarlier,
	isPending,
	takeLease,
	queueClass,
	releaseLease,
	retryFailed,
	versionOf,
} from './coalesce.ts';
export * from './credit-cost.ts';
export * from './failure.ts';
export { type DocFields, fieldsOf } from './doc-fields.ts';
export { createFairShare, documentCost, queueKeyName } from './fair-share.ts';
export * as gcra from './gcra.ts';
export { type LargePlan, createLargePlanner } from './large-chunk-plan.ts';
export * from './manifest.ts';
export { type DocMeta, readMeta, writeMeta } from './meta.ts';
export * from './move-wait.ts';
export * from './queue-key.ts';
export * from './refusal.ts';
export { shardOf } from './shard.ts';
export { slices } from './slices.ts';
export { anchoredTime } from './store-time.ts';
