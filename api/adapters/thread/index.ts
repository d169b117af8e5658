/** A synchronous object in a thread, where the files of threads lie, and how much memory they may take. */
export { goBehind } from './background.ts';
export { forward } from './forward.ts';
export { groupCommit } from './group-commit.ts';
export { allocator, heapMb, mainSemiSpaceMb } from './memory-limits.ts';
export { type Thread, openThread } from './thread-client.ts';
export { packedFile, threadFile } from './thread-files.ts';
export { type Served, serveThread, type ThreadCall } from './thread-host.ts';
