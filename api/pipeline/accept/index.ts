/** From what a caller sent to a durable receipt. */
export { type AcceptDeps, type AcceptOptions, type Checked, createIngress } from './accept.ts';
export { type Snapshot, closeSnapshot } from './close-snapshot.ts';
export { type LimiterStatus, createDocumentLimiter } from './document-limiter.ts';
export { createJobIds } from './job-id.ts';
export { preview } from './preview.ts';
