/** The embedded vector index. */
export { SCHEMA_VERSION as indexSchemaVersion } from './index-schema.ts';
export { createSqliteVecStore } from './sqlite-vec-store.ts';
