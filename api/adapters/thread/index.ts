/** A synchronous object in a thread, where the files of threads lie, and how much memory they may take. */
export { goBehind } from './background.ts';
export { allocator, mainSemiSpaceMb, threadLimits } from './memory-limits.ts';
export { type Thread, openThread } from './thread-client.ts';
export { packedFile, threadFile } from './thread-files.ts';
export { type ThreadCall, serveThread } from './thread-host.ts';
