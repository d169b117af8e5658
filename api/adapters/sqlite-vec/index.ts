/** The embedded vector index. */
export { createSqliteVecStore } from './sqlite-vec-store.ts';
