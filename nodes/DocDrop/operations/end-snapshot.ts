/** The end of an epoch's first round: the API lets go of what the source did not tell of. */
import type { BatchResponse } from '../../../api/contract/batch-schema.ts';
import { faultOf, nodeFault, toNodeError } from '../failing.ts';
import type { SnapshotComplete } from '../input/submission.ts';
import type { SnapshotDone } from '../output-items.ts';
import { until, type Session } from '../session.ts';

/** Throws while the API holds deletions, so that the trigger asks again. */
export async function closeSnapshot(
	session: Session,
	{ item, snapshot }: SnapshotComplete,
): Promise<SnapshotDone> {
	const { sourceId, epoch, seq, present, confirmed } = snapshot.docdrop;
	const { snapshot: answer } = await session.api
		.request<BatchResponse>({
			method: 'POST',
			path: '/v1/ingest/batch',
			body: { documents: [], snapshotComplete: { sourceId, epoch, seq, present, confirmed } },
			...until(session),
		})
		.catch((error: unknown) => {
			session.signal?.throwIfAborted();
			throw toNodeError(session.context, faultOf(error), item);
		});
	if (answer === undefined) throw new Error('a snapshot without an answer');
	if (answer.held > 0) throw toNodeError(session.context, heldBack(answer.held), item);
	return { event: 'snapshotComplete', sourceId, state: 'accepted', deleted: answer.deleted };
}

const heldBack = (held: number) =>
	nodeFault(
		'deletions_held',
		`The API holds ${held} deletions: these documents of the trigger were not found in its folders again, and they are so many that a person must agree`,
		'If the files are to come back (a volume that is not mounted), do nothing. If they are gone for good, release the deletions: switch on the option "Confirm Held Deletions" of the DocDrop Trigger, publish the workflow, and switch it off again.',
		{ retryable: true },
	);
