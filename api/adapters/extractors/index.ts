/** The extractors. */
export { mimeTypeOf } from './mime.ts';
export { createExtractorPool } from './pool.ts';
