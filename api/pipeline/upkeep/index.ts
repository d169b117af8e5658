/** What goes on beside the changes: verification and audits of the index, sweeps, figures of the queue. */
export type { AuditedFolder } from './audit-folder.ts';
export { auditOwed } from './audits.ts';
export { createCheckRequests, startIndexCheck } from './index-check.ts';
export { type HealthLimits, figuresOf, startQueueHealth } from './queue-health.ts';
export { startSpoolSweep } from './spool-sweep.ts';
export { startSweeper } from './sweep.ts';
