/** The Qdrant vector store. */
export { createQdrantStore } from './qdrant-store.ts';
