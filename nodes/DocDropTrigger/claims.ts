/**
 * Which file holds which name, where two files could get the same one: the first to be told of keeps it until its
 * deletion was taken. Pure but for its own entries; lives as long as an engine, and is filled from the rows of
 * its state.
 */
import type { FileRow } from '../watch/state/file-state-port.ts';
import type { DocumentName } from './naming.ts';

export interface Claims {
	/** Gives the name to the file if nobody has it; returns the ID, in the engine, of the file that has it now. */
	claim(name: DocumentName, engineId: string): string;
	/** Takes the name from the file, if that one has it. */
	release(name: DocumentName, engineId: string): void;
}

export function createClaims(): Claims {
	const holders = new Map<string, string>();
	// A tenant holds no space.
	const keyOf = ({ tenant, docId }: DocumentName) => `${tenant} ${docId}`;
	return {
		claim(name, engineId) {
			const holder = holders.get(keyOf(name)) ?? engineId;
			holders.set(keyOf(name), holder);
			return holder;
		},
		release(name, engineId) {
			if (holders.get(keyOf(name)) === engineId) holders.delete(keyOf(name));
		},
	};
}

/** Whether the consumer may hold a document of this file. */
export const isClaiming = ({ delivered, seq, deliveredSeq, failed }: FileRow): boolean =>
	delivered !== null || (failed === null && seq > deliveredSeq);
