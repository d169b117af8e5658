import type { DocumentInput, Receipt } from '../contract/document-schema.ts';
import { isDocDropError, type DocDropError } from '../errors.ts';
import type { Clock } from '../../nodes/watch/clock.ts';
import { errorCode, isReplaced, type Disk } from '../../nodes/watch/disk.ts';
import type { Log } from '../telemetry.ts';
import { acceptInTime, sendInTime } from './patience.ts';
import type { Pipeline } from '../pipeline/index.ts';
import type {
	ContentChange,
	Deliver,
	FileChange,
	MovedChange,
	FileOutcome,
	TakenContent,
} from '../../nodes/watch/file-change.ts';
import { createFileReading } from '../../nodes/watch/read-file.ts';

/**
 * A followed folder without n8n: the watch engine's batches go straight to the ingress. It reads the files
 * and hands their bytes over; a file that changed or vanished since it was seen is no error, because each outcome
 * names the content that was really handed over, and the engine sends what differs from that by itself.
 */
export interface FolderSourceDeps {
	/** The folder, absolute, and the disk that the engine sees it through. */
	readonly dir: string;
	readonly disk: Pick<Disk, 'find' | 'open'>;
	readonly pipeline: Pick<Pipeline, 'check' | 'accept' | 'acceptStream'>;
	readonly tenant: string;
	/** Whether it takes over the documents of others: a person has said so (`docdrop adopt`). */
	readonly takesOver: () => boolean;
	readonly mimeTypeOf: (path: string) => string | null;
	/** Types that are passed over, and the setting that says so. */
	readonly refusedTypes: ReadonlyMap<string, string>;
	/** Whether files of a type that can be read are taken. */
	readonly isFollowed: (mimeType: string) => boolean;
	readonly clock: Clock;
	readonly log: Log;
}

/** Files above this size are streamed one by one. */
const readWholeBytes = 1_048_576;
/** A batch of this many files is a first scan or a drop: it leaves the fast lane to single edits. */
const bulkFiles = 50;

/** What is to be sent of a change, and what its content is; null of a deletion. */
interface Loaded {
	readonly document: DocumentInput;
	readonly taken: TakenContent | null;
}

export function createFolderDelivery({
	dir,
	disk,
	pipeline,
	tenant,
	takesOver,
	mimeTypeOf,
	refusedTypes,
	isFollowed,
	clock,
	log,
}: FolderSourceDeps): Deliver {
	const head = ({ sourceId, epoch, seq, root }: FileChange, docId: string) => ({
		tenant,
		docId,
		source: { sourceId, epoch, seq, name: `folder ${root}`.slice(0, 128).toWellFormed() },
		...(takesOver() && { takeOver: true }),
	});
	/** The fields of a file; of a moved one, with the name that it had. */
	const fields = (change: ContentChange | MovedChange, mimeType: string) => ({
		...head(change, change.docId),
		path: change.relPath,
		mimeType,
		...(change.event === 'moved' && { previous: { docId: change.previousDocId } }),
	});

	/** What is to be sent, or what has become of the change already. */
	async function load(change: FileChange, signal: AbortSignal): Promise<Loaded | FileOutcome> {
		if (change.event === 'deleted')
			return { document: { op: 'delete', ...head(change, change.docId) }, taken: null };
		const mimeType = mimeTypeOf(change.relPath);
		if (mimeType === null) return { kind: 'failed', reason: 'unsupported type: no reader for this ending' };
		const setting = refusedTypes.get(mimeType);
		if (setting !== undefined)
			return { kind: 'failed', reason: `unsupported type: ${setting} refuses ${mimeType}` };
		if (!isFollowed(mimeType)) return { kind: 'failed', reason: LEFT_OUT };
		const document = fields(change, mimeType);
		if (change.size > readWholeBytes) return stream(change, change.size, document, signal);
		const reading = createFileReading(disk, dir, change.relPath);
		try {
			const size = await reading.open();
			if (size > readWholeBytes) return await stream(change, size, document, signal);
			const base64 = Buffer.concat(await Array.fromAsync(reading.pieces())).toString('base64');
			return { document: { ...document, content: { base64 } }, taken: reading.taken() };
		} catch (error) {
			return unread(error);
		} finally {
			await reading.close();
		}
	}

	/**
	 * Opened when it is read, and anew by every try: what is refused before that leaves no file open. `size`: as it was
	 * seen last, which room is kept for; a file that has grown since finds none, and the engine looks again.
	 */
	async function stream(
		change: ContentChange | MovedChange,
		size: number,
		document: ReturnType<typeof fields>,
		signal: AbortSignal,
	): Promise<FileOutcome> {
		let reading = createFileReading(disk, dir, change.relPath);
		const send = async (input: typeof document): Promise<Receipt> => {
			reading = createFileReading(disk, dir, change.relPath);
			const options = { skipWindow: true, priority: 'low', size } as const;
			return pipeline.acceptStream(input, reading.pieces(), options).finally(reading.close);
		};
		const sendPatiently = (input: typeof document) => sendInTime(() => send(input), { clock, signal });
		try {
			const receipt = await sendPatiently(document).catch((error: unknown) => {
				if (isOthersName(error)) return sendPatiently(alone(document));
				throw error;
			});
			return outcome(change, receipt, reading.taken());
		} catch (error) {
			// No room was kept for what it has grown by: that is no queue's fault.
			if ((reading.size() ?? 0) > size) return CHANGED;
			return isDocDropError(error) ? outcome(change, error, { size: reading.size() }) : unread(error);
		}
	}

	return async (batch, signal) => {
		const loaded = await Promise.all(batch.map((change) => load(change, signal)));
		const sent = loaded.flatMap((one) => ('kind' in one ? [] : [one.document]));
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
		return batch.map((change, place): FileOutcome => {
			const one = loaded[place];
			if (one === undefined) throw new Error('a change that was not loaded');
			return 'kind' in one ? one : outcome(change, results[next++], one.taken);
		});
	};
}

/** The old name of a moved file belongs to somebody else by now: it stays, and the file is taken without it. */
const isOthersName = (result: unknown): boolean =>
	isDocDropError(result) && result.code === 'owned' && result.field === 'previous';

function alone<T extends { readonly previous?: unknown }>(document: T): Omit<T, 'previous'> {
	const { previous: _theirs, ...rest } = document;
	return rest;
}

/** `read`: what is known of the bytes that were handed over; null of a deletion. */
function outcome(
	change: FileChange,
	result: Receipt | DocDropError | undefined,
	read: TakenContent | { readonly size: number | null } | null,
): FileOutcome {
	if (isDocDropError(result)) {
		const reason = `${result.code}: ${result.message}${result.code === 'owned' ? ADOPT : ''}`;
		if (result.retryable) return { kind: 'retry', reason };
		// A refusal counts against the content that was seen: this one was of another.
		const isOther = result.code === 'too_large' && 'size' in change && read?.size !== change.size;
		return isOther ? CHANGED : { kind: 'failed', reason };
	}
	if (result === undefined) return { kind: 'retry', reason: 'no answer' };
	// Nothing was taken: the index has, or is about to have, what another state of this folder told.
	if (result.state === 'stale') return { kind: 'failed', reason: 'stale: a newer version is there already' };
	return { kind: 'delivered', ...(read !== null && 'sha256' in read && { taken: read }) };
}

/** What a person can do about a folder whose documents are another source's, such as the one that it was before. */
const ADOPT = '; docdrop adopt FOLDER takes it over';

const LEFT_OUT =
	'left out: data and source code are followed where DOCDROP_INCLUDE or DOCDROP_ALLOWED_TYPES says which files';
const CHANGED: FileOutcome = { kind: 'retry', reason: 'the file changed while it was taken' };

/** The file could not be read now: the engine looks again, and finds it changed, gone, or readable. */
function unread(error: unknown): FileOutcome {
	if (isReplaced(error)) return CHANGED;
	return { kind: 'retry', reason: `the file could not be read (${errorCode(error)})` };
}
