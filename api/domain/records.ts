/**
 * Records of one width, packed into one buffer and found by their content: what a hundred thousand hashes or
 * point ids take as strings would be ten times as much. Their first four bytes must be spread evenly.
 */
export interface Records {
	readonly count: () => number;
	/** The index of an equal record; -1 where there is none. */
	find(record: Uint8Array): number;
	/** Adds a record that is not there yet; its index. */
	add(record: Uint8Array): number;
	/** A view, good until the next `add`. */
	at(index: number): Uint8Array;
}

export function createRecords(width: number): Records {
	let data = Buffer.alloc(width * 1_024);
	let slots = new Int32Array(4_096).fill(-1);
	let count = 0;

	const at = (index: number) => data.subarray(index * width, (index + 1) * width);
	const firstSlot = (record: Uint8Array) =>
		(((record[0] ?? 0) << 24) | ((record[1] ?? 0) << 16) | ((record[2] ?? 0) << 8) | (record[3] ?? 0)) &
		(slots.length - 1);

	/** The slot that holds an equal record, or the free one where it would be. */
	function slotOf(record: Uint8Array): number {
		let slot = firstSlot(record);
		for (;;) {
			const index = slots[slot] ?? -1;
			if (index < 0 || Buffer.compare(at(index), record) === 0) return slot;
			slot = (slot + 1) & (slots.length - 1);
		}
	}

	function grow(): void {
		if ((count + 1) * width > data.length) {
			const larger = Buffer.alloc(data.length * 2);
			data.copy(larger);
			data = larger;
		}
		if ((count + 1) * 2 <= slots.length) return;
		slots = new Int32Array(slots.length * 2).fill(-1);
		for (let index = 0; index < count; index += 1) slots[slotOf(at(index))] = index;
	}

	return {
		count: () => count,
		find: (record) => slots[slotOf(record)] ?? -1,
		add(record) {
			grow();
			data.set(record, count * width);
			slots[slotOf(record)] = count;
			count += 1;
			return count - 1;
		},
		at,
	};
}
