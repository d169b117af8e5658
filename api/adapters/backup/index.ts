/** Copies of a data folder that belong together, and the way back. */
export { restoreBackup, restoredName, restoringName } from './restore-backup.ts';
export { takeBackup } from './take-backup.ts';
