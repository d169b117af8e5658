/**
 * What the writer tells the thread that has vectors in memory, after each commit and before it is acknowledged. Plain data:
 * it is cloned on the way.
 */
export interface VectorChange {
	readonly tenant: number;
	/** The tenant's edition with this change; each change makes one. */
	readonly edition: number;
	/** Rows in the order in which they changed; one may be there more than once. */
	readonly rows: readonly number[];
	/** What each of them has since, one after the other; zeros for none. */
	readonly vectors: Int8Array;
}

/** One transaction's. Nobody hears of what was undone. */
export interface ChangeLog {
	begin(): void;
	note(change: VectorChange): void;
	committed(): void;
}

export function createChangeLog(tell: (changes: readonly VectorChange[]) => void): ChangeLog {
	let noted: VectorChange[] = [];
	return {
		begin: () => void (noted = []),
		note: (change) => void noted.push(change),
		committed() {
			if (noted.length > 0) tell(noted);
		},
	};
}
