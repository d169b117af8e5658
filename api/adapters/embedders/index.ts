/** The embedders. */
export { createOpenAiEmbedder } from './openai.ts';
export { createStaticEmbedder } from './static.ts';
export { builtInTable } from './static-table.ts';
