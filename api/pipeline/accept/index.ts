/** From what a caller sent to a durable receipt. */
export { createIngress } from './ingress.ts';
export type { AcceptDeps, AcceptOptions } from './submit.ts';
export type { Sent } from './accept-together.ts';
export type { Checked } from './checks.ts';
export { changeByFilter, type FilteredChange } from './change-by-filter.ts';
export { type SourceSnapshot, closeSnapshot } from './close-snapshot.ts';
export { type LimiterStatus, createDocumentLimiter } from './document-limiter.ts';
export { createJobIds } from './job-id.ts';
export { createRounds } from './list-rounds.ts';
export { preview } from './preview.ts';
export { createUploadRoom } from './upload-room.ts';
export { syncList } from './sync-list.ts';
