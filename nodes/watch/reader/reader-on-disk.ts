import { createFingerprint } from '../fingerprint.ts';
import type { ReaderFactory } from './reader-port.ts';

/** Reads in the main thread: for disks that a test has made, and where there is no thread file. */
export const createDiskReader: ReaderFactory = async ({ disk }) => ({
	look: async (root, relPath) => ({ stat: await disk.find(root, relPath), fingerprint: null }),
	fingerprint: await createFingerprint(disk),
	close: async () => {},
});
