/** The embedders. */
export { createLexicalEmbedder } from './lexical-pool.ts';
export { createOpenAiEmbedder } from './openai.ts';
