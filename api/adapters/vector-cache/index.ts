/** Vectors that were paid for once, in a SQLite file of their own. */
export { openVectorCache } from './sqlite-vector-cache.ts';
