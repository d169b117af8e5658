/** What audits need of an index check that nobody asks for one. */
export const noAudits = { fingerprintOf: () => '', folders: () => [], everyMs: 0, isBusy: () => false };

/** A followed folder of which no file is known. */
export const noFiles = { row: () => undefined, rows: () => [], tellAgain: () => false };
