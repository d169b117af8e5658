/**
 * Publish, publish many and delete: send what the items ask for, and say of each what became of it.
 *
 * Ends of a run: what becomes of refused documents is said in refusals.ts. What another try may mend, and what is wrong
 * with the way to the API, is thrown under every setting; router.ts sees to it that whatever is thrown fails the node,
 * so that the trigger sends again.
 */
import type { INodeExecutionData } from 'n8n-workflow';
import type { Fault } from '../node-errors.ts';
import { faultOf, inOtherWords, toNodeError } from '../failing.ts';
import { readDeletion, readSubmission, type Change, type Submission } from '../input/submission.ts';
import { readListed } from '../input/listed-item.ts';
import { readLimits } from '../api-limits.ts';
import { sendChanges, type SendOutcome, type SenderDeps, type Sent, type Stop } from '../send/sender.ts';
import type { Session } from '../session.ts';
import type { ChangeItem, SnapshotDone } from '../output-items.ts';
import { errorItem } from './each-item.ts';
import { closeSnapshot } from './end-snapshot.ts';
import { inPanelWords } from './refusal-words.ts';
import { failsRun, refusalError, refusalHint, type Refusal } from './refusals.ts';
import { hasEarlier, wantedRemovals } from './refused-files.ts';
import { supersededFault } from './superseded.ts';

/** Of a JSON body, bytes, whatever the API would take. */
const maxBodyBytes = 8 * 1_048_576;
type Result = { readonly json: ChangeItem | SnapshotDone } | Refusal;

/** One request a document. */
export const publish = (session: Session) => submit(session, readSubmission, 'one by one');
/** One request a document. */
export const deleteDocument = (session: Session) => submit(session, readDeletion, 'one by one');
/** All items in as few requests as the limits of the API allow. */
export const publishMany = (session: Session) => submit(session, readSubmission, 'together');
/** The same, of what Sync a List wanted. */
export const publishListed = (session: Session) => submit(session, readListed, 'together');

async function submit(
	session: Session,
	read: (session: Session, item: number) => Submission,
	mode: 'one by one' | 'together',
): Promise<INodeExecutionData[]> {
	const submissions = [...session.items.keys()].map((item) => read(session, item));
	const limits = await readLimits(session.api, session.clock);
	const changes = submissions.filter((one): one is Change => one.kind === 'change');
	const way = {
		api: session.api,
		signal: session.signal,
		maxDocuments: mode === 'together' ? limits.batchDocuments : 1,
		maxBytes: Math.min(limits.bodyBytes, maxBodyBytes),
	};
	const sent = await sendChanges(changes, way);
	const stop = sent.stop ?? (await unseen(changes, sent));
	if (stop !== null) throw stopped(session, stop, sent, changes.length);

	const results: (Result | undefined)[] = submissions.map(() => undefined);
	const { mimeTypes } = limits;
	const isLive = session.context.getMode() === 'trigger';
	for (const [place, change] of changes.entries()) {
		results[change.item] = resultOf(change, sent.outcomes[place], sent.previous[place], {
			mimeTypes,
			isLive,
		});
	}
	await removeRefused(session, changes, results, way);
	for (const one of submissions) {
		if (one.kind === 'unusable')
			results[one.item] = { item: one.item, about: {}, fault: one.fault, toldSeq: null };
	}
	judge(session, results);
	for (const one of submissions) {
		if (one.kind === 'snapshot') results[one.item] = { json: await closeSnapshot(session, one) };
	}
	return results.map((result, item): INodeExecutionData => {
		if (result === undefined) throw new Error('an item without a result');
		return 'fault' in result
			? errorItem(result.fault, item, result.about)
			: { json: { ...result.json }, pairedItem: { item } };
	});
}

/** Takes the earlier text of refused files out of the index, where the user wants that. */
async function removeRefused(
	session: Session,
	changes: readonly Change[],
	results: (Result | undefined)[],
	way: SenderDeps,
): Promise<void> {
	const refusalOf = ({ item }: Change) => {
		const result = results[item];
		return result !== undefined && 'fault' in result ? result : null;
	};
	const removals = wantedRemovals(session, changes, refusalOf);
	if (removals.length === 0) return;
	const sent = await sendChanges(removals, way);
	if (sent.stop !== null) throw stopped(session, sent.stop, sent, removals.length);
	for (const [place, removal] of removals.entries()) {
		const refusal = refusalOf(removal);
		if (refusal === null || sent.outcomes[place]?.kind !== 'receipt') continue;
		results[removal.item] = { ...refusal, about: { ...refusal.about, earlier: 'removed' } };
	}
}

/** Throws where a refusal must not be passed over, and tells of the others. */
function judge(session: Session, results: readonly (Result | undefined)[]): void {
	const refused = results.filter((one): one is Refusal => one !== undefined && 'fault' in one);
	const [first, ...others] = refused.filter((one) => failsRun(one, session.continues));
	if (first !== undefined) throw refusalError(session, [first, ...others], results.length);
	if (refused.length > 0) session.context.addExecutionHints(refusalHint(refused, results.length));
}

function resultOf(
	change: Change,
	outcome: SendOutcome | undefined,
	previous: SendOutcome | undefined,
	{ mimeTypes, isLive }: { readonly mimeTypes: readonly string[]; readonly isLive: boolean },
): Result {
	const { tenant, docId } = change.head;
	const head = { tenant, docId, ...(change.told !== null && { event: change.told.event }) };
	if (outcome === undefined) throw new Error('a change without an outcome');
	for (const part of [outcome, previous]) {
		// The old name of a move may have a change of its own by now, which has a higher number.
		const fault = faultIn(part, change, isLive && part === outcome);
		if (fault === null) continue;
		const shown = inPanelWords(fault, change.head, mimeTypes);
		const about = hasEarlier(change) ? { ...head, earlier: 'kept' as const } : head;
		return { item: change.item, about, fault: shown, toldSeq: change.told?.docdrop.seq ?? null };
	}
	if (outcome.kind !== 'receipt') {
		return {
			json: { ...head, state: 'vanished', sha256: null, jobId: null, version: null, statusUrl: null },
		};
	}
	const { state, sha256 = null, jobId, version, statusUrl } = outcome.receipt;
	const left = previous?.kind === 'receipt' ? { previousJobId: previous.receipt.jobId } : {};
	const words = state === 'stale' ? { message: 'a newer version is in the index, or on its way there' } : {};
	return { json: { ...head, state, sha256, jobId, version, statusUrl, ...left, ...words } };
}

function faultIn(part: SendOutcome | undefined, change: Change, isLive: boolean): Fault | null {
	if (part?.kind === 'failed') return part.fault;
	return part?.kind === 'receipt' ? supersededFault(part.receipt, change, isLive) : null;
}

/** The first file that looks deleted, where this process may just not see its folder. */
async function unseen(changes: readonly Change[], { outcomes }: Sent): Promise<Stop | null> {
	for (const [place, { content, item }] of changes.entries()) {
		if (outcomes[place]?.kind !== 'vanished' || content?.kind !== 'stream') continue;
		try {
			await content.confirmGone?.();
		} catch (error) {
			return { fault: faultOf(error), item };
		}
	}
	return null;
}

function stopped({ context }: Session, { fault, item }: Stop, { outcomes }: Sent, total: number): Error {
	const accepted = outcomes.filter((one) => one?.kind === 'receipt').length;
	const rest =
		total > 1
			? ` ${accepted} of ${total} documents were accepted before; sending all again is harmless.`
			: '';
	return toNodeError(context, inOtherWords(fault, fault.message, fault.hint + rest), item);
}
