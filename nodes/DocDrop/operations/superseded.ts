/** Whether somebody else's word counts for what the trigger told of. Pure. */
import type { Receipt } from '../../../api/contract/document-schema.ts';
import { sampleEpoch } from '../../../api/contract/sample-epoch.ts';
import { supersededCode } from '../../item.ts';
import { nodeFault } from '../failing.ts';
import type { Fault } from '../node-errors.ts';
import type { Change } from '../input/submission.ts';

/** A version is its epoch's rank times this, and the seq. */
const seqs = 2 ** 32;

/** `isLive`: the trigger started the execution and waits for its end; otherwise it may be as late as it likes. */
export function supersededFault(
	{ state, by, version }: Receipt,
	{ told }: Pick<Change, 'told'>,
	isLive: boolean,
): Fault | null {
	if (state !== 'stale' || told === null) return null;
	if (by !== undefined) return byCopy(by.name);
	const { epoch, seq } = told.docdrop;
	// Under the same number another content was first: the file changed while it was read, and is told of again.
	return isLive && epoch !== sampleEpoch && version % seqs > seq ? byTwin() : null;
}

const byCopy = (name: string) =>
	nodeFault(
		supersededCode,
		`"${name}" publishes this folder now: its changes are newer than this workflow's`,
		'Unpublish (before n8n 2: deactivate) one of the two workflows. The one that stays takes over by itself.',
		{ retryable: true },
	);

/** A trigger never has two changes of one document under way, and numbers them upwards. */
const byTwin = () =>
	nodeFault(
		supersededCode,
		'The index has newer changes of these files than this one: another n8n sends them in the name of this same workflow',
		'Two n8n run from copies of one database or user folder, or this one from an older copy. Unpublish (before n8n 2: deactivate) the workflow in one of them. The one that stays begins anew by itself.',
		{ retryable: true },
	);
