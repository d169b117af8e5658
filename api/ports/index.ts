/** The ports: what the pipeline asks of the world. Types alone, so that this door loads nothing. */
export type * from './time.ts';
export type * from './doc-store.ts';
export type * from './work-claims.ts';
export type * from './doc-views.ts';
export type * from './repair-store.ts';
export type * from './credits.ts';
export type * from './vector-store.ts';
export type * from './embedder.ts';
export type * from './reranker.ts';
export type * from './vector-cache.ts';
export type * from './extractor.ts';
export type * from './spool.ts';
