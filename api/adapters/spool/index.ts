/** Chunks and vectors of large documents, on disk. */
export { createSpools } from './files.ts';
