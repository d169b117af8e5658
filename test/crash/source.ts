import { setTimeout as sleep } from 'node:timers/promises';
import type { BatchResponse } from '../../api/contract/batch-schema.ts';
import type { DocumentInput, Receipt } from '../../api/contract/document-schema.ts';
import type { Random } from './random.ts';
import { epochKey, keyOf, type Change, type Script, type Sending } from './script.ts';

/**
 * Sends a script over HTTP as real senders do: several requests at a time, and whatever has no answer is sent
 * again, as it was, until it has one. A change without a source is sent only after the one before it has
 * been answered, because its place is the order of arrival.
 */
export interface Source {
	/** Lets the next part of the script go out. */
	release(): void;
	/** Everything that was released has been answered. */
	isThrough(): boolean;
	/** The answers to each change; more than one where it was doubled or sent again. */
	readonly receipts: ReadonlyMap<Change, readonly Receipt[]>;
	/** Answers that no change of the script should get. */
	readonly refusals: readonly string[];
	/** Requests whose answer was lost. */
	unanswered(): number;
	/** Changes that were in one of them: taken perhaps, before they were sent again. */
	readonly uncertain: ReadonlySet<Change>;
	stop(): Promise<void>;
}

/** An answer that says to try again. */
class TryAgain extends Error {}

const senders = 4;
const longestPauseMs = 60;
const timeoutMs = 30_000;

export function startSource(deps: {
	readonly script: Script;
	readonly random: Random;
	/** Where the process listens; null while none does. */
	readonly address: () => string | null;
	/** A request was answered, this very moment. */
	readonly onAnswer: () => void;
}): Source {
	const { script, random, address, onAnswer } = deps;
	const queue: Sending[] = [];
	/** Documents without a source that are being sent. */
	const busy = new Set<string>();
	const seenEpochs = new Set<string>();
	const receipts = new Map<Change, Receipt[]>();
	const refusals: string[] = [];
	const uncertain = new Set<Change>();
	let released = 0;
	let inFlight = 0;
	let unanswered = 0;
	let isStopping = false;

	const ordered = (sending: Sending) =>
		sending.changes.filter((change) => change.source === null).flatMap(keysOf);

	/** The first sending that may go; what waits keeps later changes of its documents back. */
	function take(): Sending | null {
		const blocked = new Set(busy);
		for (const [place, sending] of queue.entries()) {
			const docs = ordered(sending);
			const isFree =
				docs.every((doc) => !blocked.has(doc)) &&
				sending.changes.every(({ after }) => after === null || seenEpochs.has(after));
			if (isFree) {
				queue.splice(place, 1);
				for (const doc of docs) busy.add(doc);
				return sending;
			}
			for (const doc of docs) blocked.add(doc);
		}
		return null;
	}

	function answered(change: Change, receipt: Receipt): void {
		const { leaves } = change;
		if (leaves !== null) {
			if (receipt.previous === undefined)
				refusals.push(`${keyOf(change)}: a move without its second receipt`);
			else answered(leaves, receipt.previous);
		}
		receipts.set(change, [...(receipts.get(change) ?? []), receipt]);
		if (change.source !== null) seenEpochs.add(epochKey(change.source.sourceId, change.source.epoch));
	}

	async function send(url: string, sending: Sending): Promise<readonly Change[]> {
		const { way, coalesced, changes } = sending;
		const [first] = changes;
		if (first === undefined) return [];
		if (way === 'batch') {
			const documents = changes.map(toInput);
			const body = (await call(url, '/v1/ingest/batch', { documents, coalesced })) as BatchResponse;
			onAnswer();
			return changes.filter((change, index) => {
				const { receipt, error } = body.results[index] ?? {};
				if (receipt !== undefined) answered(change, receipt);
				else if (error?.retryable !== true) refusals.push(`${keyOf(change)}: ${JSON.stringify(error)}`);
				return receipt === undefined && error?.retryable === true;
			});
		}
		const receipt =
			way === 'stream' && first.version !== null
				? await stream(url, first, coalesced)
				: await call(url, '/v1/publish', { ...toInput(first), coalesced });
		onAnswer();
		answered(first, receipt as Receipt);
		return [];
	}

	async function sender(): Promise<void> {
		while (!isStopping) {
			const url = address();
			const sending = url === null ? null : take();
			if (url === null || sending === null) {
				await sleep(4);
				continue;
			}
			inFlight += 1;
			try {
				const left = await send(url, sending);
				if (left.length > 0) queue.unshift({ ...sending, changes: left });
			} catch (error) {
				if (error instanceof Refused)
					refusals.push(`${keyOf(sending.changes[0] as Change)}: ${error.message}`);
				else {
					if (!(error instanceof TryAgain)) {
						unanswered += 1;
						for (const change of sending.changes.flatMap(withLeft)) uncertain.add(change);
					}
					queue.unshift(...(random.chance(0.3) ? oneByOne(sending) : [sending]));
					await sleep(5);
				}
			} finally {
				inFlight -= 1;
				for (const doc of ordered(sending)) busy.delete(doc);
			}
			await sleep(random.int(0, longestPauseMs));
		}
	}

	const running = Array.from({ length: senders }, sender);
	return {
		release() {
			queue.push(...(script[released] ?? []));
			released += 1;
		},
		isThrough: () => queue.length === 0 && inFlight === 0,
		receipts,
		refusals,
		unanswered: () => unanswered,
		uncertain,
		async stop() {
			isStopping = true;
			await Promise.all(running);
		},
	};
}

const oneByOne = (sending: Sending): Sending[] =>
	sending.changes.map((change) => ({
		...sending,
		way: sending.way === 'batch' ? 'publish' : sending.way,
		changes: [change],
	}));

/** A change and, of a move, the deletion that travels with it. */
const withLeft = (change: Change): Change[] => (change.leaves === null ? [change] : [change, change.leaves]);

/** Every document that the change is about. */
const keysOf = (change: Change): string[] => withLeft(change).map(keyOf);

class Refused extends Error {}

async function read(response: Response): Promise<unknown> {
	const body: unknown = await response.json();
	if (response.ok) return body;
	if (response.status >= 500 || response.status === 429) throw new TryAgain(JSON.stringify(body));
	throw new Refused(`${response.status} ${JSON.stringify(body)}`);
}

async function call(url: string, path: string, body: object): Promise<unknown> {
	return read(
		await fetch(`${url}${path}`, {
			method: 'POST',
			headers: { 'content-type': 'application/json' },
			body: JSON.stringify(body),
			signal: AbortSignal.timeout(timeoutMs),
		}),
	);
}

async function stream(url: string, change: Change, coalesced: boolean): Promise<unknown> {
	const { content: _content, metadata, source, previous, ...fields } = toInput(change);
	const query = new URLSearchParams({ coalesced: String(coalesced), metadata: JSON.stringify(metadata) });
	const left = previous && { previousTenant: previous.tenant, previousDocId: previous.docId };
	for (const [name, value] of Object.entries({ ...fields, ...source, ...left }))
		query.set(name, String(value));
	return read(
		await fetch(`${url}/v1/documents/content?${query.toString()}`, {
			method: 'PUT',
			headers: { 'content-type': 'application/octet-stream' },
			body: change.version?.text ?? '',
			signal: AbortSignal.timeout(timeoutMs),
		}),
	);
}

export function toInput({ tenant, docId, source, version, order, leaves }: Change): DocumentInput {
	const common = { tenant, docId, ...(source !== null && { source }) };
	if (version === null) return { ...common, op: 'delete' };
	const { text, mimeType, title, path, metadata } = version;
	return {
		...common,
		content: order % 3 === 0 ? { base64: Buffer.from(text).toString('base64') } : { text },
		mimeType,
		...(title !== null && { title }),
		...(path !== null && { path }),
		metadata,
		...(leaves !== null && { previous: { tenant: leaves.tenant, docId: leaves.docId } }),
	};
}
