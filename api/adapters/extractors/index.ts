/** The extractors. */
export { LONGEST_OCR_MS } from './ocr-bounds.ts';
export { checkOcr } from './ocr-data.ts';
export { createExtractorPool } from './pool.ts';
export { openTikaExtractor } from './tika.ts';
