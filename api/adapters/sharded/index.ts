/** A vector store made of several. */
export { refuseOtherShards, shardNames } from './names.ts';
export { createShardedStore } from './sharded-store.ts';
