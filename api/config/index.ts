/** The settings, and what the process reads of them. */
export { chunkSettings } from './chunk-settings.ts';
export { embedderServer, tokenAdvice } from './embedder-server.ts';
export { readConfig, settings, type Config } from './environment.ts';
export { followedTypes } from './followed-types.ts';
export { withSecretFiles } from './secret-files.ts';
export { keyNameRule, type KeyringEntry } from './keyring.ts';
export { addKey, readKeyring, revokeKey } from './keyring-file.ts';
export { refusedTypes } from './refused-types.ts';
