import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { DocumentInput, Receipt } from '../contract/document.ts';
import { isDocDropError, type DocDropError } from '../errors.ts';
import type { Log } from '../telemetry.ts';
import type { Normalised } from '../pipeline/accept.ts';
import type { Pipeline } from '../pipeline/index.ts';
import type { Deliver, FileChange, Outcome } from '../../nodes/watch/change.ts';

/**
 * A followed folder without n8n: the watch engine's batches go straight through the door. It reads the files
 * and hands their bytes over; a file that changed or vanished since it was seen is no error, because the bytes
 * that are taken are hashed anew, and the engine sends the newer state by itself.
 */
export interface FolderSourceDeps {
	readonly pipeline: Pick<Pipeline, 'normalise' | 'accept' | 'acceptStream'>;
	readonly tenant: string;
	readonly mimeTypeOf: (path: string) => string | null;
	readonly log: Log;
}

/** Files above this size are streamed one by one. */
const readWholeBytes = 1_048_576;
/** A batch of this many files is a first scan or a drop: it leaves the fast lane to single edits. */
const bulkFiles = 50;

export function createFolderDelivery({ pipeline, tenant, mimeTypeOf, log }: FolderSourceDeps): Deliver {
	const head = (change: FileChange) => ({
		tenant,
		docId: change.docId,
		source: { sourceId: change.sourceId, epoch: change.epoch, seq: change.seq },
	});

	async function document(change: FileChange): Promise<DocumentInput | Outcome> {
		if (change.event === 'deleted') return { op: 'delete', ...head(change) };
		const mimeType = mimeTypeOf(change.relPath);
		if (mimeType === null) return { kind: 'failed', reason: 'unsupported type: no reader for this ending' };
		if (change.size > readWholeBytes) return stream(change, mimeType);
		try {
			const bytes = await readFile(change.path);
			return {
				...head(change),
				path: change.relPath,
				mimeType,
				content: { base64: bytes.toString('base64') },
			};
		} catch (error) {
			return unread(error);
		}
	}

	async function stream(change: FileChange, mimeType: string): Promise<Outcome> {
		try {
			await pipeline.acceptStream(
				{ ...head(change), path: change.relPath, mimeType },
				createReadStream(change.path),
				{ coalesced: true, priority: 'low' },
			);
			return { kind: 'delivered' };
		} catch (error) {
			return isDocDropError(error) ? outcome(error) : unread(error);
		}
	}

	return async (batch) => {
		const documents = await Promise.all(batch.map(document));
		const outcomes: Outcome[] = [];
		const sent: number[] = [];
		const checked = documents.flatMap((one, index): (Normalised | DocDropError)[] => {
			if ('kind' in one) {
				outcomes[index] = one;
				return [];
			}
			sent.push(index);
			try {
				return [pipeline.normalise(one)];
			} catch (error) {
				if (isDocDropError(error)) return [error];
				throw error;
			}
		});
		const priority = batch.length >= bulkFiles ? 'low' : 'normal';
		const results = await pipeline.accept(checked, { coalesced: true, priority }).catch((error: unknown) => {
			if (!isDocDropError(error) || error.code === 'internal')
				log.error({ error }, 'a batch of files failed unexpectedly');
			throw error;
		});
		// The engine slows down as a whole only for a rejection: a door that is shut for everyone is one.
		const shut = results.find((result) => isDocDropError(result) && result.retryable);
		if (isDocDropError(shut) && results.every((result) => isDocDropError(result) && result.retryable))
			throw shut;
		for (const [place, index] of sent.entries()) outcomes[index] = outcome(results[place]);
		return outcomes;
	};
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
