/** The embedders. */
export { createOpenAiEmbedder } from './openai.ts';
export { openStaticEmbedder } from './static.ts';
export { builtInTable } from './static-table.ts';
