/** Somebody typed what the command line does not take: answered with the usage. */
export class UsageError extends Error {}
