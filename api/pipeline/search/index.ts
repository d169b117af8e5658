/** From words to passages. */
export { search } from './search.ts';
