/** The embedders. */
export { createOpenAiEmbedder } from './openai.ts';
export { readUpTo } from './openai-answer.ts';
export { messageIn, shownWords } from './server-words.ts';
export { createStaticEmbedder } from './static.ts';
export { builtInTable } from './static-table.ts';
