/** The engine under every synchronous document store. */
export { type DocEngine, createDocEngine } from './doc-engine.ts';
export { wholeLists } from './list-steps.ts';
export type { BlobFiles } from './engine-state.ts';
export type * from './tables.ts';
