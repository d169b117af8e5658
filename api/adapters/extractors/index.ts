/** The extractors. */
export { createExtractorPool } from './pool.ts';
