/** What a key may do: look, change documents, or what is an operator's alone. None stands for another one. */
export const keyRights = ['read', 'write', 'admin'] as const;
export type KeyRight = (typeof keyRights)[number];

/** Keys that one keyring may hold, and its bytes: every key is compared with what a caller sends. */
export const keyringKeys = 1_000;
export const keyringBytes = 1_048_576;
