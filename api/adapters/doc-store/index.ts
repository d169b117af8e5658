/** The engine under every synchronous document store. */
export { type BlobFiles, type DocEngine, createDocEngine } from './doc-engine.ts';
export type { Body, Counts, DocRow, DurableState, JobRow, RefusalRow, Tables } from './tables.ts';
