import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { DocumentInput, Receipt } from '../contract/document-schema.ts';
import { isDocDropError } from '../errors.ts';
import type { Clock } from '../../nodes/watch/clock.ts';
import type { Log } from '../telemetry.ts';
import { acceptInTime, sendInTime } from './patience.ts';
import type { Pipeline } from '../pipeline/index.ts';
import type {
	ContentChange,
	Deliver,
	FileChange,
	MovedChange,
	FileOutcome,
} from '../../nodes/watch/file-change.ts';

/**
 * A followed folder without n8n: the watch engine's batches go straight to the ingress. It reads the files
 * and hands their bytes over; a file that changed or vanished since it was seen is no error, because the bytes
 * that are taken are hashed again, and the engine sends the newer state by itself.
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
	const head = ({ sourceId, epoch, seq, root }: FileChange, docId: string) => ({
		tenant,
		docId,
		source: { sourceId, epoch, seq, name: `folder ${root}`.slice(0, 128).toWellFormed() },
	});
	/** The fields of a file; of a moved one, with the name that it had. */
	const fields = (change: ContentChange | MovedChange, mimeType: string) => ({
		...head(change, change.docId),
		path: change.relPath,
		mimeType,
		...(change.event === 'moved' && { previous: { docId: change.previousDocId } }),
	});

	/** What is to be sent, or what has become of the change already. */
	async function read(change: FileChange, signal: AbortSignal): Promise<DocumentInput | FileOutcome> {
		if (change.event === 'deleted') return { op: 'delete', ...head(change, change.docId) };
		const mimeType = mimeTypeOf(change.relPath);
		if (mimeType === null) return { kind: 'failed', reason: 'unsupported type: no reader for this ending' };
		if (change.size > readWholeBytes) return stream(change, change.size, fields(change, mimeType), signal);
		try {
			const bytes = await readFile(change.path);
			return { ...fields(change, mimeType), content: { base64: bytes.toString('base64') } };
		} catch (error) {
			return unread(error);
		}
	}

	async function stream(
		{ path }: FileChange,
		size: number,
		document: ReturnType<typeof fields>,
		signal: AbortSignal,
	): Promise<FileOutcome> {
		const options = { skipWindow: true, priority: 'low', size } as const;
		const send = (input: typeof document) =>
			sendInTime(() => pipeline.acceptStream(input, bytesOf(path), options), { clock, signal });
		try {
			await send(document).catch((error: unknown) => {
				if (isOthersName(error)) return send(alone(document));
				throw error;
			});
			return { kind: 'delivered' };
		} catch (error) {
			return isDocDropError(error) ? outcome(error) : unread(error);
		}
	}

	return async (batch, signal) => {
		const asked = await Promise.all(batch.map((change) => read(change, signal)));
		const sent = asked.filter((one): one is DocumentInput => !('kind' in one));
		const priority = batch.length >= bulkFiles ? 'low' : 'normal';
		const accept = (documents: readonly DocumentInput[]) =>
			acceptInTime(
				documents.map(pipeline.check),
				(some) => pipeline.accept(some, { skipWindow: true, priority }),
				{ clock, signal },
			).catch((error: unknown) => {
				signal.throwIfAborted();
				if (!isDocDropError(error) || error.code === 'internal')
					log.error({ error }, 'a batch of files failed unexpectedly');
				throw error;
			});
		const results = await accept(sent);
		const others = sent.filter((_, place) => isOthersName(results[place]));
		if (others.length > 0) {
			const again = await accept(others.map(alone));
			for (const [place, document] of others.entries()) {
				const result = again[place];
				if (result !== undefined) results[sent.indexOf(document)] = result;
			}
		}
		// The engine slows down as a whole only for a rejection: an ingress that is shut for everyone is one.
		const shut = results.find((result) => isDocDropError(result) && result.retryable);
		if (isDocDropError(shut) && results.every((result) => isDocDropError(result) && result.retryable))
			throw shut;
		let next = 0;
		return asked.map((one) => ('kind' in one ? one : outcome(results[next++])));
	};
}

/** Opened when it is read: what is refused before that leaves no file open, and no failure that nobody waits for. */
async function* bytesOf(path: string): AsyncGenerator<Uint8Array> {
	for await (const piece of createReadStream(path)) yield piece as Uint8Array;
}

/** The old name of a moved file belongs to somebody else by now: it stays, and the file is taken without it. */
const isOthersName = (result: unknown): boolean =>
	isDocDropError(result) && result.code === 'owned' && result.field === 'previous';

function alone<T extends { readonly previous?: unknown }>(document: T): Omit<T, 'previous'> {
	const { previous: _theirs, ...rest } = document;
	return rest;
}

function outcome(result: Receipt | Error | undefined): FileOutcome {
	if (isDocDropError(result)) {
		const reason = `${result.code}: ${result.message}`;
		return result.retryable ? { kind: 'retry', reason } : { kind: 'failed', reason };
	}
	return result === undefined ? { kind: 'retry', reason: 'no answer' } : { kind: 'delivered' };
}

/** The file could not be read now: the engine looks again, and finds it changed, gone, or readable. */
function unread(error: unknown): FileOutcome {
	const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
	return { kind: 'retry', reason: `the file could not be read (${code})` };
}
