/** The extractors. */
export { createExtractorPool } from './pool.ts';
export { openTikaExtractor } from './tika.ts';
