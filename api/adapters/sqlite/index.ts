/** The document store in SQLite, in a thread of its own. */
export { copyFrozen, freezing } from './frozen-file.ts';
export { schemaVersion } from './doc-schema.ts';
export { openSqliteDocStore, type SqliteDocStore } from './sqlite-doc-store.ts';
export { fromFileError, fromSqliteError } from './sqlite-errors.ts';
export { uuidFromBytes, uuidToBytes } from './uuid.ts';
