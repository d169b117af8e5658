/** The document store in SQLite, in a thread of its own. */
export { openSqliteDocStore } from './sqlite-doc-store.ts';
export { fromSqliteError } from './sqlite-errors.ts';
export { uuidFromBytes, uuidToBytes } from './uuid.ts';
