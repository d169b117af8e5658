/** The engine under every synchronous document store. */
export { type DocEngine, createDocEngine } from './doc-engine.ts';
export type { BlobFiles } from './engine-state.ts';
export type { Body, Counts, DocRow, DurableState, JobRow, RefusalRow, Tables } from './tables.ts';
