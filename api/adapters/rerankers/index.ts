/** The rerankers. */
export { createHttpReranker } from './http-reranker.ts';
