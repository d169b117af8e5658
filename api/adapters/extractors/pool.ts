/**
 * The extractor for files that nobody vouches for: child processes with bounded memory, a bounded time, no
 * environment but the allocator's, and (by Node's permission model) nothing they may write, start or load natively. Threads would
 * not do: an out-of-memory in a thread ends the whole process.
 *
 * A pool of our own, not tinypool: tinypool finds its child's entry file beside its own module, which a bundle
 * does not have; it has no time limit; and it gives a dead child's whole load the same error, where only the
 * file at hand is to blame here.
 *
 * Invariants:
 *  - A child works on its files in order and answers one before it begins the next; the first unanswered file
 *    of a child that dies is the one it died of, and all behind it go back to the front of the queue.
 *  - A file that a child died of is tried once more, alone in a new child, before it is called unreadable: the
 *    machine may have killed the first child for reasons of its own, and what earlier files left in its memory
 *    counts too. A file over its time is not tried again, but for one of which a page took text recognition too
 *    long: that is tried without the page, and after some of those without all pages from the last of them on.
 *  - A child that a file left unfit answers first and says so; nobody is to blame for its end.
 *  - A child that could not be started says nothing of any file. None is started for a while then: the children
 *    that run do all the work, and where there are none, every file is answered at once.
 */
import { statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { DocDropError } from '../../errors.ts';
import type { ChunkSink, Clock, Extracted, ExtractInput } from '../../ports/index.ts';
import { checkChunkSettings, type ChunkSettings } from '../../chunking/index.ts';
import { isPicture, readTypes, streamedTypes } from '../../contract/file-types.ts';
import { threadFile } from '../thread/index.ts';
import type { FileExtractor, FileInput } from './extract.ts';
import { ocrBounds } from './ocr-bounds.ts';
import type { CheckedOcr } from './ocr-data.ts';
import { type Child, type ChildLimits, type ChildSettings, sendFiles, startChild } from './pool-child.ts';
import type { Task } from './pool-task.ts';
import type { UnwantedTypes } from './readers.ts';
import { readingFingerprint } from './reading-fingerprint.ts';

export interface ExtractorPoolSettings {
	/** Child processes at most; each is started when it is first needed and stays. */
	readonly workers: number;
	/** What one child may take; for tests. */
	readonly limits?: Partial<ChildLimits>;
	readonly chunking: ChunkSettings;
	/** Text recognition of pictures; absent: they are not read. */
	readonly ocr?: CheckedOcr | undefined;
	/** Of what lies within a file, such as an attachment; the types of the files themselves are their caller's matter. */
	readonly unwanted?: UnwantedTypes;
	readonly clock: Clock;
	/** Another program for the children, for tests. */
	readonly workerFile?: URL;
}

/** Small files travel together: at most so many, and no further one once so many bytes are in. */
const FILES_PER_MESSAGE = 8;
const BYTES_PER_MESSAGE = 128 * 1024;

/** After a failed start, until the next one. */
const START_PAUSE_MS = 5_000;

/** A small file has 20 s; the largest text that is read as a whole, 64 MB, three and a half minutes. */
const defaultLimits: ChildLimits = {
	...{ heapMb: 512, memoryMb: 768, timeoutMs: 20_000, timeoutMsPerMb: 3_000 },
	recognisedPageMs: ocrBounds.pageMs,
};

interface Pool {
	readonly settings: ChildSettings & { readonly workers: number };
	readonly children: Set<Child>;
	queue: Task[];
	/** After a failed start, monotonic ms before which no child is started. */
	startAgainAt: number;
	closed: boolean;
}

/** Throws `config_invalid` for chunk sizes that cannot work. */
export function createExtractorPool(settings: ExtractorPoolSettings): FileExtractor {
	const { workerFile, chunking, ocr, unwanted = {} } = settings;
	checkChunkSettings(chunking);
	const file = fileURLToPath(workerFile ?? threadFile('adapters/extractors/extractor-worker'));
	const pool: Pool = {
		settings: { ...settings, file, limits: { ...defaultLimits, ...settings.limits } },
		children: new Set(),
		queue: [],
		startAgainAt: -Infinity,
		closed: false,
	};
	return {
		fingerprintOf: readingFingerprint({ chunking, ocr, unwanted }),
		mimeTypes: readTypes(ocr !== undefined),
		streamable: streamedTypes,
		extract: (input, signal) => submit(pool, { ...input, unwanted }, null, signal),
		async stream(input, sink, signal) {
			let hasBegun = false;
			const begin = async () => {
				hasBegun = true;
				await sink.begin();
			};
			const page: ChunkSink['page'] = (chunks) => sink.page(chunks);
			const { chunks: _none, ...facts } = await submit(pool, { ...input, unwanted }, { begin, page }, signal);
			if (!hasBegun) await sink.begin();
			return facts;
		},
		close: () => close(pool),
	};
}

async function submit(
	pool: Pool,
	input: FileInput,
	sink: ChunkSink | null,
	signal: AbortSignal | undefined,
): Promise<Extracted> {
	signal?.throwIfAborted();
	if (pool.closed) throw new DocDropError('shutting_down', 'the extractor is closed');
	const { promise, resolve, reject } = Promise.withResolvers<Extracted>();
	const task: Task = {
		input,
		bytes: sizeOf(input.content),
		chunks: [],
		sink,
		sinkDone: Promise.resolve(),
		isFresh: true,
		abandoned: false,
		slowPages: [],
		deaths: 0,
		resolve,
		reject,
	};
	const abandon = () => {
		task.abandoned = true;
		reject(signal?.reason);
	};
	signal?.addEventListener('abort', abandon, { once: true });
	// Calls of the same turn are handed out together.
	if (pool.queue.push(task) === 1) queueMicrotask(() => dispatch(pool));
	try {
		return await promise;
	} finally {
		signal?.removeEventListener('abort', abandon);
	}
}

/** A file that is gone is found so by the child that reads it. */
const sizeOf = (content: ExtractInput['content']): number =>
	content instanceof Uint8Array
		? content.length
		: (statSync(content.file, { throwIfNoEntry: false })?.size ?? BYTES_PER_MESSAGE);

function dispatch(pool: Pool): void {
	if (pool.closed) return;
	pool.queue = pool.queue.filter((task) => !task.abandoned);
	while (pool.queue.length > 0) {
		const idle = [...pool.children].find((child) => child.tasks.size === 0 && child.process.connected);
		if (idle === undefined && pool.children.size >= pool.settings.workers) return;
		const child = idle ?? start(pool);
		if (child !== null) sendFiles(child, takeShare(pool));
		else if (pool.children.size > 0) return;
		else rejectQueue(pool);
	}
}

/** Null where a child could not be started now or a while ago. */
function start(pool: Pool): Child | null {
	if (pool.startAgainAt > pool.settings.clock.monotonic()) return null;
	const child = startChild(pool.settings, {
		idle: () => dispatch(pool),
		end: (ended) => {
			if (pool.children.delete(ended)) requeue(pool, ended);
		},
	});
	if (child === null) pauseStarts(pool);
	else pool.children.add(child);
	return child;
}

function pauseStarts(pool: Pool): void {
	pool.startAgainAt = pool.settings.clock.monotonic() + START_PAUSE_MS;
}

/**
 * Takes a fair share of the queue for one child. A file that a child has died of goes alone, and so does one that may be
 * scanned: what waited behind it would wait for minutes.
 */
function takeShare({ queue, settings: { workers, ocr } }: Pool): Task[] {
	const isAlone = ({ deaths, input: { mimeType } }: Task) =>
		deaths > 0 || (ocr !== undefined && (isPicture(mimeType) || mimeType === 'application/pdf'));
	const share = Math.min(FILES_PER_MESSAGE, Math.ceil(queue.length / workers));
	let bytes = 0;
	let count = 0;
	while (count < share && bytes < BYTES_PER_MESSAGE) {
		const task = queue[count];
		if (task === undefined || (isAlone(task) && count > 0)) break;
		bytes += task.bytes;
		count += 1;
		if (isAlone(task)) break;
	}
	return queue.splice(0, count);
}

/** A child is gone: what it has not answered goes back, but for a file that is not tried again. */
function requeue(pool: Pool, child: Child): void {
	const tasks = [...child.tasks.values()];
	child.tasks.clear();
	if (!child.ready) pauseStarts(pool);
	const [culprit, ...innocent] = tasks;
	const isCulpritDone =
		child.ready && !child.isSpent && culprit !== undefined && !isTriedAgain(child, culprit);
	pool.queue = [...(isCulpritDone ? innocent : tasks), ...pool.queue];
	dispatch(pool);
}

/** Whether the file that a child died of has another try; else it is rejected here. */
function isTriedAgain({ broken, settings: { limits } }: Child, culprit: Task): boolean {
	culprit.chunks.length = 0;
	culprit.isFresh = true;
	if (culprit.abandoned) return true;
	const reading = `reading the file as ${culprit.input.mimeType}`;
	const limit = broken?.task === culprit ? broken.limit : null;
	if (limit !== null && limit !== 'memory') {
		if (limit.recognising !== null && culprit.slowPages.length <= ocrBounds.slowPages) {
			culprit.slowPages.push(limit.recognising);
			return true;
		}
		const what = limit.recognising !== null ? `${reading}, text recognition (OCR) of a page` : reading;
		culprit.reject(new DocDropError('unreadable', `${what} took longer than ${limit.ms} ms`));
		return false;
	}
	culprit.deaths += 1;
	if (culprit.deaths === 1) return true;
	const end =
		limit === 'memory'
			? `took more than ${limits.memoryMb} MB of memory`
			: `ended the process that did it, which has ${limits.heapMb} MB of memory`;
	culprit.reject(new DocDropError('unreadable', `${reading} ${end}`));
	return false;
}

/** Nothing is known about the files: the program is missing, or the machine has no room for it. */
function rejectQueue(pool: Pool): void {
	const retryAfterMs = Math.ceil(pool.startAgainAt - pool.settings.clock.monotonic());
	const message = 'the process that reads files could not be started';
	for (const task of pool.queue)
		task.reject(new DocDropError('extractor_unavailable', message, { retryAfterMs }));
	pool.queue = [];
}

async function close(pool: Pool): Promise<void> {
	pool.closed = true;
	const children = [...pool.children];
	pool.children.clear();
	const error = new DocDropError('shutting_down', 'the extractor is closed');
	for (const task of pool.queue) task.reject(error);
	pool.queue = [];
	for (const child of children) {
		child.cancelTimer();
		for (const task of child.tasks.values()) task.reject(error);
		child.tasks.clear();
		child.process.kill('SIGKILL');
	}
	await Promise.all(children.map((child) => child.exited));
}
