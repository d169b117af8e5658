/** From words to passages. */
export { embeddings } from './embeddings.ts';
export { search } from './search.ts';
