/** From a claimed document to points: claim, extract, plan, embed. */
export { cachedEmbedStep } from './cached-embed.ts';
export { type EmbedStep, createEmbedStep } from './embed.ts';
export { giveBack } from './give-back.ts';
export type { LargePrepared } from './prepare-large.ts';
export { type Prepared, prepareDeletion } from './prepare.ts';
export type { StepDeps } from './step-deps.ts';
export { type ChangedDocument, type WorkerDeps, startWorker } from './worker.ts';
export type { Lane, LaneHooks, LaneItem, LargeItem, OpenLane } from './lane-handover.ts';
