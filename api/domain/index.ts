/** The rules of the project, as pure functions over plain values: they know no port, no clock and no disk. */
export type { AcceptResult, Taken } from './accept-result.ts';
export { createUsage, mayGrow, capacityLeft } from './capacity.ts';
export type { Change, ChangeContent, MoveSource, Refusal } from './change.ts';
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
export {
	type Ledger,
	chargeCredits,
	costOfPut,
	grantCredits,
	creditsLeft,
	mostGranted,
	noLedger,
	refundCredits,
} from './credit-cost.ts';
export { type Failure, failureOf, shortFailure } from './failure.ts';
export { createFairShare, documentCost, queueKeyName } from './fair-share.ts';
export * as gcra from './gcra.ts';
export { type LargePlan, createLargePlanner } from './large-chunk-plan.ts';
export type { ManifestChunk, ManifestEntry, StoredEntry } from './manifest.ts';
export { type DocMeta, readMeta, writeMeta } from './meta.ts';
export { giveUpMove, endWait, successorOf, waitForSuccessor, withdrawMove } from './move-wait.ts';
export type { QueueKey, QueueUsage, WorkClass } from './queue-key.ts';
export { type Refused, ownedError, refusalOf, unpaidError, withReceipt } from './refusal.ts';
export { shardOf } from './shard.ts';
export { slices } from './slices.ts';
export { anchoredTime } from './store-time.ts';
