import { v4 as uuid, v7 as uuidv7 } from 'uuid';
import type { Clock } from '../../nodes/watch/clock.ts';
import type { FileRow, FileState, RowKey, StateHead } from '../../nodes/watch/state/file-state-port.ts';

/** A FileState that lives as long as the object: for tests, and for a caller that keeps nothing. */
export function createMemoryFileState(deps: { clock: Clock; sourceId?: string }): FileState {
	let head: StateHead | null = null;
	const rows = new Map<string, FileRow>();
	const keyOf = (key: RowKey) => JSON.stringify([key.root, key.path]);
	return {
		open: async () =>
			(head ??= {
				sourceId: deps.sourceId ?? uuid(),
				epoch: uuidv7({ msecs: deps.clock.now() }),
				nextSeq: 1,
				firstRoot: null,
				rootIds: {},
				snapshotClosed: false,
			}),
		async *rows() {
			if (rows.size > 0) yield structuredClone([...rows.values()]);
		},
		async commit(change) {
			if (head === null) throw new Error('the state is not open');
			const { put = [], remove = [], ...headChange } = change;
			const { nextSeq } = { ...head, ...headChange };
			if (nextSeq < head.nextSeq) throw new Error('nextSeq must not go back');
			const copies = structuredClone(put);
			head = { ...head, ...structuredClone(headChange) };
			for (const row of copies) rows.set(keyOf(row), row);
			for (const key of remove) rows.delete(keyOf(key));
		},
		close: async () => {},
	};
}
