/** The door of the embedded vector index. */
export { createSqliteVecStore } from './sqlite-vec-store.ts';
