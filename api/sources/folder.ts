import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { DocumentInput, Receipt } from '../contract/document.ts';
import { isDocDropError } from '../errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../telemetry.ts';
import type { Checked } from '../pipeline/accept.ts';
import { acceptInTime, sendInTime } from './patience.ts';
import type { Pipeline } from '../pipeline/index.ts';
import type { ContentChange, Deliver, FileChange, MovedChange, Outcome } from '../../nodes/watch/change.ts';

/**
 * A followed folder without n8n: the watch engine's batches go straight through the door. It reads the files
 * and hands their bytes over; a file that changed or vanished since it was seen is no error, because the bytes
 * that are taken are hashed anew, and the engine sends the newer state by itself.
 */
export interface FolderSourceDeps {
	readonly pipeline: Pick<Pipeline, 'check' | 'accept' | 'acceptStream'>;
	readonly tenant: string;
	readonly mimeTypeOf: (path: string) => string | null;
	readonly clock: Clock;
	readonly log: Log;
}

/** Files above this size are streamed one by one. */
const readWholeBytes = 1_048_576;
/** A batch of this many files is a first scan or a drop: it leaves the fast lane to single edits. */
const bulkFiles = 50;

export function createFolderDelivery({
	pipeline,
	tenant,
	mimeTypeOf,
	clock,
	log,
}: FolderSourceDeps): Deliver {
	const head = ({ sourceId, epoch, seq }: FileChange, docId: string) => ({
		tenant,
		docId,
		source: { sourceId, epoch, seq },
	});

	/** What a change says of the index; a moved file says two things, and has arrived when both have. */
	async function documents(
		change: FileChange,
		signal: AbortSignal,
	): Promise<readonly (DocumentInput | Outcome)[]> {
		if (change.event === 'deleted') return [{ op: 'delete', ...head(change, change.docId) }];
		const document = await content(change, signal);
		const hasArrived = !('kind' in document) || document.kind === 'delivered';
		if (change.event !== 'moved' || !hasArrived) return [document];
		return [document, { op: 'delete', ...head(change, change.previousDocId) }];
	}

	async function content(
		change: ContentChange | MovedChange,
		signal: AbortSignal,
	): Promise<DocumentInput | Outcome> {
		const mimeType = mimeTypeOf(change.relPath);
		if (mimeType === null) return { kind: 'failed', reason: 'unsupported type: no reader for this ending' };
		if (change.size > readWholeBytes) return stream(change, mimeType, signal);
		try {
			const bytes = await readFile(change.path);
			return {
				...head(change, change.docId),
				path: change.relPath,
				mimeType,
				content: { base64: bytes.toString('base64') },
			};
		} catch (error) {
			return unread(error);
		}
	}

	async function stream(
		change: ContentChange | MovedChange,
		mimeType: string,
		signal: AbortSignal,
	): Promise<Outcome> {
		const send = () =>
			pipeline.acceptStream(
				{ ...head(change, change.docId), path: change.relPath, mimeType },
				bytesOf(change.path),
				{ coalesced: true, priority: 'low' },
			);
		try {
			await sendInTime(send, { clock, signal });
			return { kind: 'delivered' };
		} catch (error) {
			return isDocDropError(error) ? outcome(error) : unread(error);
		}
	}

	return async (batch, signal) => {
		const asked = await Promise.all(batch.map((change) => documents(change, signal)));
		const told: (Outcome | undefined)[][] = asked.map(() => []);
		const sent: { readonly change: number; readonly part: number }[] = [];
		const checked: Checked[] = [];
		for (const [change, parts] of asked.entries()) {
			for (const [part, one] of parts.entries()) {
				if ('kind' in one) (told[change] ??= [])[part] = one;
				else {
					sent.push({ change, part });
					checked.push(pipeline.check(one));
				}
			}
		}
		const priority = batch.length >= bulkFiles ? 'low' : 'normal';
		const results = await acceptInTime(
			checked,
			(some) => pipeline.accept(some, { coalesced: true, priority }),
			{ clock, signal },
		).catch((error: unknown) => {
			signal.throwIfAborted();
			if (!isDocDropError(error) || error.code === 'internal')
				log.error({ error }, 'a batch of files failed unexpectedly');
			throw error;
		});
		// The engine slows down as a whole only for a rejection: a door that is shut for everyone is one.
		const shut = results.find((result) => isDocDropError(result) && result.retryable);
		if (isDocDropError(shut) && results.every((result) => isDocDropError(result) && result.retryable))
			throw shut;
		for (const [place, { change, part }] of sent.entries()) {
			(told[change] ??= [])[part] = outcome(results[place]);
		}
		return told.map(together);
	};
}

/** Opened when it is read: what is refused before that leaves no file open, and no failure that nobody waits for. */
async function* bytesOf(path: string): AsyncGenerator<Uint8Array> {
	for await (const piece of createReadStream(path)) yield piece as Uint8Array;
}

/** The outcome of a change: the worst of its parts. */
function together(parts: readonly (Outcome | undefined)[]): Outcome {
	const of = (kind: Outcome['kind']) => parts.find((part) => part?.kind === kind);
	return of('failed') ?? of('retry') ?? parts[0] ?? { kind: 'retry', reason: 'no answer' };
}

function outcome(result: Receipt | Error | undefined): Outcome {
	if (isDocDropError(result)) {
		const reason = `${result.code}: ${result.message}`;
		return result.retryable ? { kind: 'retry', reason } : { kind: 'failed', reason };
	}
	return result === undefined ? { kind: 'retry', reason: 'no answer' } : { kind: 'delivered' };
}

/** The file could not be read now: the engine looks again, and finds it changed, gone, or readable. */
function unread(error: unknown): Outcome {
	const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
	return { kind: 'retry', reason: `the file could not be read (${code})` };
}
