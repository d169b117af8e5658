/**
 * What becomes of the text that the index has of a file whose new content was refused for good. It stays, since a file
 * that became unreadable by mistake must not take its text along; the option Refused Files takes it out.
 */
import type { Change } from '../input/submission.ts';
import { failsRun, type Refusal } from './refusals.ts';
import type { Session } from '../session.ts';

/** As far as the trigger knows, the index has an earlier content of the document. */
export const hasEarlier = ({ told, content }: Change): boolean =>
	content !== null && told !== null && told.docdrop.previousSha256 !== null;

/** The deletions that the user wants in the place of refused contents. */
export function wantedRemovals(
	{ parameters, continues }: Session,
	changes: readonly Change[],
	refusalOf: (change: Change) => Refusal | null,
): Change[] {
	return changes.flatMap((change) => {
		const refusal = refusalOf(change);
		if (refusal === null || refusal.about.earlier === undefined || failsRun(refusal, continues)) return [];
		if (parameters.options('options', change.item)['refusedFiles'] !== 'remove') return [];
		const { tenant, docId, source, takeOver } = change.head;
		const head = {
			...{ tenant, docId },
			...(source !== undefined && { source }),
			...(takeOver !== undefined && { takeOver }),
		};
		return [{ ...change, head, content: null, ifSha256: null, previous: null }];
	});
}
