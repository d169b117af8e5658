/** The settings, and what the process reads of them. */
export { chunkSettings } from './chunk-settings.ts';
export { embedderServer, tokenAdvice } from './embedder-server.ts';
export { readConfig, settings, type Config } from './environment.ts';
export { followedTypes } from './followed-types.ts';
export { withSecretFiles } from './secret-files.ts';
export { refusedTypes } from './refused-types.ts';
export type { ApiKey } from './kinds.ts';
