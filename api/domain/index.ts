/** The rules of the project, as pure functions over plain values: they know no port, no clock and no disk. */
export type { AcceptResult, Taken } from './accept-result.ts';
export { createUsage, mayGrow, capacityLeft } from './capacity.ts';
export type { Change, ChangeContent, MoveSource, Refusal } from './change.ts';
export { type Plan, plan } from './chunk-plan.ts';
export {
	type DocState,
	type LeaseState,
	type PriorityRank,
	deadLetter,
	cancel,
	commit,
	decideAccept,
	dueAt,
	highLead,
	holds,
	recordIntent,
	isClaimable,
	isEarlier,
	isPending,
	lease,
	queueClass,
	release,
	retry,
	versionOf,
} from './coalesce.ts';
export { type Ledger, charge, costOfPut, grant, left, mostGranted, noLedger, refund } from './credit-cost.ts';
export { type Failure, failureOf, shortFailure } from './failure.ts';
export { createFairShare, documentCost, queueKeyName } from './fair-share.ts';
export { type Rate, type RateState, free, reserve, rateOf, confirm, spent, unused, waitFor } from './gcra.ts';
export { type LargePlan, createLargePlanner } from './large-chunk-plan.ts';
export type { ManifestChunk, ManifestEntry, StoredEntry } from './manifest.ts';
export { type DocMeta, readMeta, writeMeta } from './meta.ts';
export { giveUp, go, successorOf, wait, withdraw } from './move-wait.ts';
export type { QueueKey, QueueUsage, WorkClass } from './queue-key.ts';
export { type Refused, ownedError, refusalOf, unpaidError, withReceipt } from './refusal.ts';
export { shardOf } from './shard.ts';
export { slices } from './slices.ts';
export { anchoredTime } from './store-time.ts';
