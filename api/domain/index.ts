/** The rules of the project, as pure functions over plain values: they know no port, no clock and no disk. */
export * from './accept-result.ts';
export { createUsage, leavesEnough, mayGrow, capacityLeft } from './capacity.ts';
export * from './change.ts';
export { type Plan, plan } from './chunk-plan.ts';
export * from './coalesce.ts';
export * from './credit-cost.ts';
export * from './epoch-order.ts';
export * from './failure.ts';
export { type DocFields, fieldsOf } from './doc-fields.ts';
export {
	checkFieldName,
	type FieldFilter,
	type Filter,
	type FilterValue,
	parseFilter,
} from './document-filter.ts';
export { type FilterableDoc, filterableDoc, satisfies } from './filter-match.ts';
export * from './doc-state.ts';
export { createFairShare, documentCost, type FairShare, queueKeyName } from './fair-share.ts';
export * as gcra from './gcra.ts';
export { type LargePlan, createLargePlanner } from './large-chunk-plan.ts';
export * from './large-work.ts';
export * from './lease-life.ts';
export * from './manifest.ts';
export { type DocMeta, readingOf, readMeta, writeMeta } from './meta.ts';
export * from './move-wait.ts';
export { inIndex, patchedBy, type Unfit, unfitError, writePatch } from './patch.ts';
export { type Arrival, maxRank } from './place.ts';
export { bytesOfUuid, pointId, uuidOfBytes } from './point-id.ts';
export * from './queue-key.ts';
export { createRecords, type Records } from './records.ts';
export * from './refusal.ts';
export { shardOf } from './shard.ts';
export { slices } from './slices.ts';
export { anchoredTime, tombstonesFrom } from './store-time.ts';
export * from './waiting-change.ts';
