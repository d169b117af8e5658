/** Documents of one request, in one transaction. */
import type { Receipt } from '../../contract/document-schema.ts';
import type { DocDropError } from '../../errors.ts';
import type { Checked } from './checks.ts';
import { inlineContent, needsBlob, storeContents } from './contents.ts';
import { type AcceptDeps, type AcceptOptions, changeFrom, nextOf, refusalFrom, submit } from './submit.ts';

/** A document as it was checked, and how its change waits. */
export interface Sent {
	readonly checked: Checked;
	readonly options: AcceptOptions;
}

/**
 * Accepts documents that are fit, tells of refused ones, and passes errors through: one result each, in order.
 * `reservedByOthers`: the room of other uploads; what was reserved for these is counted by the store from here on.
 */
export async function acceptTogether(
	documents: readonly Sent[],
	deps: AcceptDeps,
	reservedByOthers?: number,
): Promise<(Receipt | DocDropError)[]> {
	const named = documents.flatMap(({ checked, options }) =>
		checked instanceof Error ? [] : [{ checked, options }],
	);
	const all = named.map(({ checked }) => checked);
	const contents = all.some(needsBlob) ? await storeContents(all, deps.docStore) : all.map(inlineContent);
	const errors = all.map((one) => ('error' in one ? one.error : null));
	const changes = named.map(({ checked, options }, index) =>
		'error' in checked
			? refusalFrom(checked, deps)
			: changeFrom(checked, contents[index] ?? null, options, deps),
	);
	const results = (await submit(changes, errors, deps, reservedByOthers)).values();
	return documents.map(({ checked }) => (checked instanceof Error ? checked : nextOf(results)));
}
