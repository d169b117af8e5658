/**
 * Which root has bare paths as docIds, for engine-parts.ts. That is the first root of a new state, for ever, so that
 * no document gets another name where roots are added. Only where that root is no longer watched, and nothing is
 * known yet of the one that is first now, does this one take its place: it names its files as in a new state.
 */
import type { Root } from './identity.ts';
import type { FileRow, FileState, StateHead } from './state/file-state-port.ts';

/** Rows in one transaction: more would hold the event loop. */
const COMMIT_ROWS = 500;

/** Returns the state as it is to be read from now on: every row of it is read once, whatever had to be decided. */
export async function settleFirstRoot(
	state: FileState,
	head: StateHead,
	roots: readonly Root[],
): Promise<{ readonly firstRoot: string; readonly state: FileState }> {
	const before = head.firstRoot;
	const first = roots[0]?.label ?? '';
	if (before === null) {
		await state.commit({ firstRoot: first });
		return { firstRoot: first, state };
	}
	if (roots.some(({ label }) => label === before)) return { firstRoot: before, state };
	const pages: (readonly FileRow[])[] = [];
	for await (const page of state.rows()) pages.push(page);
	const read: FileState = {
		...state,
		async *rows() {
			yield* pages;
		},
	};
	if (pages.some((page) => page.some(({ root }) => root === first)))
		return { firstRoot: before, state: read };
	await forget(
		state,
		pages.flatMap((page) => page.filter(({ root }) => root === before)),
	);
	// Last: where it was not reached, the next start does all of this again.
	await state.commit({ firstRoot: first });
	return { firstRoot: first, state: read };
}

/**
 * Its files were known by bare paths. Were that root watched again beside this one, they would have other names, and
 * what was delivered under the old ones proves nothing of those.
 */
async function forget(state: FileState, rows: readonly FileRow[]): Promise<void> {
	for (let from = 0; from < rows.length; from += COMMIT_ROWS) {
		const remove = rows.slice(from, from + COMMIT_ROWS).map(({ root, path }) => ({ root, path }));
		await state.commit({ remove });
		await new Promise((resolve) => setImmediate(resolve));
	}
}
